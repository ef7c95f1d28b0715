"""The two jobs that a measured child is given: say what your interpreter has, and run this snippet.

The child gets a view of the system, processes and a network of its own (guard.py), a scratch working directory, an
environment by allow list, and limits.  Its memory, processes and files and those of everything it started are
supervised from here (supervisor.py): a limit on address space would stop TensorFlow before it starts.  An end by
memory, time or a crash is a result like any other.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from typing import NamedTuple

from .run import Run
from .scratch import Scratch, sweep
from .supervisor import supervised
from .variables import child_environment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    from tflint_mem.verify.events import Environment, Isolated
    from tflint_mem.verify.job import Job, PlanFields
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.snippet.snippet import Snippet


class Inspected(NamedTuple):
    """environment: what an interpreter has, None where it cannot be used; reason: why not, in one sentence."""

    environment: Environment | None
    reason: str | None


def inspect(options: Options) -> Inspected:
    """What the interpreter of the options has, and which protections its child had ("isolated", "unprotected")."""
    if options.device != "cpu":
        _wake_gpu()
    sweep()
    with Scratch() as scratch:
        job = _job(options, scratch, "environment")
        try:
            run = supervised(
                options,
                scratch,
                job,
                child_environment(options, scratch.root, cache=False),
                options.timeout,
                # what the interpreter may need to see before a snippet is there: where its configuration stands
                [os.path.realpath(options.base)],
            )
        except OSError as error:
            return Inspected(None, f"cannot start {options.python}: {error.strerror or error}")
    environment = run.last("environment")
    if environment is None:
        told = run.last("error")
        reason = told["message"] if told else run.log.strip().split("\n")[-1] or run.status
        return Inspected(None, f"{options.python} cannot run a verification: {reason}")
    if environment["error"] and not environment["tensorflow"]:
        return Inspected(
            None,
            f"{options.python} has no usable TensorFlow ({environment['error']}): install tflint-mem[verify] there, "
            "name the interpreter that has it with --verify-python, or make one: tflint-mem env create",
        )
    environment["isolated"] = run.last("isolated")
    environment["unprotected"] = unprotected(environment["isolated"])
    return Inspected(environment, None)


def execute(
    snippet: Snippet,
    options: Options,
    plan: PlanFields,
    seconds: float,
    folders: Sequence[str] = (),
    setup: Iterable[str] = (),
    rewrites: Iterable[Sequence[str]] = (),
    pretend_gpus: int = 0,
    attempts: int = 30,
    leave: int = 0,
) -> Run:
    """Runs a Snippet in a child.  Raises KeyboardInterrupt only after the child has been ended.

    plan     how long and how often to repeat      seconds   wall time for this child
    folders  first-party folders, nearest first    setup, rewrites   stand-ins known already
    leave    bytes of GPU memory to leave free
    """
    memory = plan.get("protocol") != "speed"
    with Scratch() as scratch:
        job = measuring_job(
            snippet,
            options,
            scratch,
            plan,
            seconds,
            folders,
            setup,
            rewrites,
            pretend_gpus=pretend_gpus,
            attempts=attempts,
        )
        return supervised(
            options,
            scratch,
            job,
            child_environment(options, scratch.root, memory, snippet.growth, leave),
            seconds,
            folders,
        )


def alone(text: str, options: Options, seconds: float, folders: Sequence[str] = (), growth: bool = True) -> Run:
    """Runs a program as its interpreter alone would; the Run's log has what it printed.

    seconds   wall time      folders   first-party, nearest first      growth   let the GPU's memory grow on demand
    """
    with Scratch() as scratch:
        job = _job(options, scratch, "alone", folders)
        job.update({"snippet": scratch.path("work", "reproduction.py"), "text": text})
        environment = child_environment(options, scratch.root, memory=False, growth=growth)
        return supervised(options, scratch, job, environment, seconds, folders)


def measuring_job(
    snippet: Snippet,
    options: Options,
    scratch: Scratch,
    plan: PlanFields,
    seconds: float,
    folders: Sequence[str] = (),
    setup: Iterable[str] = (),
    rewrites: Iterable[Sequence[str]] = (),
    pretend_gpus: int = 0,
    attempts: int = 30,
) -> Job:
    """What the child is told of a Snippet: arguments as those of `execute`."""
    rendered = snippet.render()
    job = _job(options, scratch, "measure", folders)
    flagged = rendered.rows.get(snippet.flagged)
    job.update(
        {
            "snippet": scratch.path("work", "snippet.py"),
            "text": rendered.text,
            "plan": {**plan, "soft_limit": int(options.memory * 0.6), "ends": time.time() + seconds},
            "flagged": list(flagged) if flagged else None,
            "setup": list(setup),
            "rewrites": [list(pair) for pair in rewrites],
            "pretend_gpus": pretend_gpus,
            "attempts": attempts,
            "project": [os.path.abspath(folder) for folder in folders],
            "repair_seconds": seconds * 0.85,
            "modules": sorted({name.split("/")[0].removesuffix(".py") for name in snippet.modules}),
            "module_files": sorted(snippet.modules),
        }
    )
    return job


def unprotected(isolated: Isolated | None) -> dict[str, str]:
    """{layer: why it does not hold} for what an "isolated" event says, without what the user switched off."""
    return {
        name: state[5:]
        for name, state in (isolated["protections"] if isolated is not None else {}).items()
        if state.startswith("off: ") and state != "off: as configured"
    }


def _job(
    options: Options, scratch: Scratch, task: Literal["environment", "measure", "alone"], folders: Sequence[str] = ()
) -> Job:
    _lend_binding(scratch.path("binding"))
    return {
        "task": task,
        "protected": [os.path.realpath(folder) for folder in folders],
        "cwd": scratch.path("work"),
        "binding": scratch.path("binding"),
        "device": options.device,
    }


def _lend_binding(folder: str) -> None:
    """Copies `nvidia-ml-py` of this interpreter to where the child finds it last, for a TensorFlow environment
    without it.
    """
    spec = importlib.util.find_spec("pynvml")
    if spec is not None and spec.origin and spec.origin.endswith(".py"):
        try:
            shutil.copy(spec.origin, os.path.join(folder, "pynvml.py"))
        except OSError:
            pass  # the child then reports that the binding is not installed


def _wake_gpu() -> None:
    """Has the driver's own helper make the device file that CUDA would ask it for: in its view a child cannot."""
    if os.path.exists("/dev/nvidiactl") and not os.path.exists("/dev/nvidia-uvm"):
        helper = shutil.which("nvidia-modprobe")
        if helper is not None:
            try:
                subprocess.run(
                    [helper, "-u", "-c=0"], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False
                )
            except (OSError, subprocess.SubprocessError):
                pass  # TensorFlow then says that it sees no GPU
