"""What the measured process and its guard are told: plain data, as events.py is what comes back.  For types alone.

A job has two parts on one standard input: `Guarded`, marshalled, for containment/guard.py, and then `Job` as JSON for
child/child.py.
"""

from __future__ import annotations

from typing import Literal, TypedDict

Protocol = Literal["memory", "speed", "once", "held", "behind", "seen"]


class PlanFields(TypedDict, total=False):
    """Arguments of `probe.Plan`, which says what they mean; what is absent has its default there."""

    protocol: Protocol
    seconds: float
    least: int
    most: int
    blocks: int
    vary: bool
    rounds: bool
    keyed: bool
    soft_limit: int | None
    clear: bool
    seed: int
    ends: float | None


class Measurement(TypedDict, total=False):
    """Fields of the task "measure".

    snippet, text     path of the snippet's file, and what stands in it
    plan              how long and how often to repeat
    flagged           [name, row] of the flagged line: "__main__" or the relative name of a module beside the snippet
    setup, rewrites   stand-ins that are known already: source, and [old, new] of the snippet's text
    pretend_gpus      number of GPUs to add to TensorFlow's list
    attempts          most tries
    project           folders to look for real files in, nearest first
    repair_seconds    time after which nothing more is put in place
    modules           top names of the modules beside the snippet; module_files  their relative paths
    """

    snippet: str
    text: str
    plan: PlanFields
    flagged: list[str | int] | None
    setup: list[str]
    rewrites: list[list[str]]
    pretend_gpus: int
    attempts: int
    project: list[str]
    repair_seconds: float
    modules: list[str]
    module_files: list[str]


class Job(Measurement):
    """The child's part.

    task        "environment": say what the interpreter has; "measure": run a snippet; "alone": become a program that
                is `text`, in the file `snippet`, and knows nothing of us
    protected   folders that cannot be written to            cwd       working directory, below the scratch folder
    binding     folder with a copy of `pynvml`               device    "auto", "cpu" or "gpu"
    """

    task: Literal["environment", "measure", "alone"]
    protected: list[str]
    cwd: str
    binding: str
    device: str


class SentJob(Job, total=False):
    """The same on its way; the child takes these out.  key: what begins each event; events: the descriptor for them."""

    key: str
    events: int


class View(TypedDict):
    """Which files the child may see (containment/view.py): absolute paths.

    read      with all that is below them, but for those of `hide`
    scratch   the one folder that it may write to
    etc       single files and folders of /etc
    wide      folders that are not shown: they would show a home, or what everybody shares
    """

    read: list[str]
    hide: list[str]
    scratch: str
    etc: list[str]
    wide: list[str]


class Guarded(TypedDict):
    """The guard's part.

    command, environment   of the child                   network       leave the network reachable
    namespaces             try to have own ones           events        descriptor that the child inherits
    base                   an empty folder for the view   folders       first-party folders
    memory, file_bytes     limits in bytes                cpu_seconds   of each process
    cpus                   processors that it may use, None for all
    """

    command: list[str]
    environment: dict[str, str]
    network: bool
    namespaces: bool
    events: int
    cwd: str
    view: View
    base: str
    folders: list[str]
    memory: int
    cpu_seconds: float
    file_bytes: int
    cpus: tuple[int, ...] | None
