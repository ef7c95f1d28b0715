"""One measured child from its start behind the guard to its end: what is watched from outside, and how that is told."""

from __future__ import annotations

import json
import marshal
import os
import subprocess
import sys
import tempfile
import time

from . import limits, processes, view
from .channel import Channel
from .guard import START
from .process_table import descendants, has_proc
from .run import Run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.verify.events import Event, Isolated
    from tflint_mem.verify.job import Guarded, Job, SentJob
    from tflint_mem.verify.plan.options import Options

    from .run import Status
    from .scratch import Scratch

_VERIFY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_ROOT = os.path.dirname(os.path.dirname(_VERIFY))


def supervised(
    options: Options,
    scratch: Scratch,
    job: Job,
    environment: dict[str, str],
    seconds: float,
    folders: Sequence[str] = (),
) -> Run:
    """Runs a job behind the guard, and ends it after `seconds`.  Raises OSError when the interpreter cannot be started.

    environment   what the child has as environment        folders   the project's, which it may see
    """
    folders = [os.path.realpath(folder) for folder in folders]
    run = _guarded(options, scratch, job, environment, seconds, folders, True)
    if run is None:
        # a system that gives namespaces and then not what belongs to them: nothing of the project has run yet
        run = _guarded(options, scratch, job, environment, seconds, folders, False)
    if run is None:
        raise RuntimeError("a guard without namespaces always leaves a run")
    return run


def _guarded(
    options: Options,
    scratch: Scratch,
    job: Job,
    environment: dict[str, str],
    seconds: float,
    folders: list[str],
    namespaces: bool,
) -> Run | None:
    """One try of `supervised`.  None when the guard gave up before it started the child, and may do with less."""
    began = time.monotonic()
    channel = Channel()
    guarded: Guarded = {
        "command": [options.python, os.path.join(_VERIFY, "child", "child.py")],
        "environment": environment,
        "network": options.network,
        "namespaces": namespaces,
        "events": channel.events,
        "cwd": job["cwd"],
        "view": view.plan(options.python, folders, environment, scratch.root),
        "base": scratch.base,
        "folders": folders,
        "memory": options.memory,
        "cpu_seconds": seconds * (os.cpu_count() or 1) + 30,
        "file_bytes": limits.LARGEST_FILE,
        "cpus": options.seat.cpus,
    }
    status: Status | None = None
    peak, loaded = 0, False
    known: dict[int, object] | None = None if has_proc() else {}
    try:
        guard = _started(guarded, {**job, "key": channel.key, "events": channel.events}, channel, scratch)
        try:
            channel.begin()
            watch = _Watch(options, scratch, guard, channel, began + seconds, known)
            while guard.poll() is None:
                if options.seat.over():
                    raise KeyboardInterrupt
                before = time.monotonic()
                status = watch.look()
                if status is not None:
                    loaded = status == "timeout" and processes.has_loaded_tensorflow(watch.worker)
                    break
                # where a look is a process of its own (`ps`), most of the time belongs to what is measured
                time.sleep(max(limits.POLL_SECONDS, 4 * (time.monotonic() - before)))
            peak = watch.peak
        finally:
            if known is not None:
                from . import without_proc

                known.update(without_proc.at_home_in(scratch.root))  # daemons that no look has met with their parents
            processes.end(guard, channel.told().get("init"), known)
    finally:
        channel.end()
    told = channel.told()
    if "error" in told:
        raise OSError(0, told["error"])
    if not told and status is None and namespaces and guard.returncode != 0:
        return None
    events = channel.read_events()
    if told.get("event") == "isolated":
        isolated: Isolated = {
            "event": "isolated",
            "network": told["network"],
            "readonly": told["readonly"],
            "reason": told["reason"],
            "protections": told["protections"],
        }
        events.insert(0, isolated)
    # where nobody could stand between, the guard has become the child
    code = None if status is not None else told.get("exit", guard.returncode)
    if status is None:
        status = status_of(events, code)
    return Run(status, events, time.monotonic() - began, peak, code, channel.tail(), time.time(), loaded)


def _started(guarded: Guarded, job: SentJob, channel: Channel, scratch: Scratch) -> subprocess.Popen[bytes]:
    """The guard, with both parts of the job on its standard input."""
    with tempfile.TemporaryFile() as given:  # without a name: the key is for the child's own eyes
        own = marshal.dumps(guarded)  # type: ignore[arg-type]  # typeshed knows no TypedDict there
        given.write(len(own).to_bytes(8, "little") + own)
        given.write(json.dumps(job).encode("ascii"))
        given.seek(0)
        return subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", START, _ROOT, str(channel.report)],
            stdin=given,
            stdout=channel.output,
            stderr=subprocess.STDOUT,
            cwd=scratch.path("work"),
            env={"PATH": os.environ.get("PATH", os.defpath)},
            pass_fds=(channel.events, channel.report),
            start_new_session=True,
        )


class _Watch:
    """The limits that are kept from outside.

    peak    highest resident bytes of the child and its children so far
    worker  id of the child, as soon as the guard has told it; until then the guard's
    """

    def __init__(
        self,
        options: Options,
        scratch: Scratch,
        guard: subprocess.Popen[bytes],
        channel: Channel,
        deadline: float,
        known: dict[int, object] | None,
    ) -> None:
        self._options, self._scratch, self._guard, self._channel = options, scratch, guard, channel
        self._deadline, self._known_family = deadline, known  # on time.monotonic(); what `descendants` is to remember
        self.peak, self.worker = 0, guard.pid
        self._init: int | None = None
        self._next_disk, self._known = time.monotonic() + 1.0, False

    def look(self) -> Status | None:
        """The status of a run that is over one of the limits: "memory", "processes", "disk" or "timeout"; else None."""
        if not self._known:
            told = self._channel.told()
            if "worker" in told:
                self.worker, self._init, self._known = told["worker"] or self._guard.pid, told["init"], True
        family = [pid for pid in descendants(self._guard.pid, self._known_family) if pid != self._init]
        if self.worker == self._guard.pid:
            family.append(self.worker)
        memory = processes.resident(family, self._options.memory) + processes.shared_memory(self.worker)
        self.peak = max(self.peak, memory)
        if memory > self._options.memory:
            return "memory"
        if len(family) > limits.MOST_PROCESSES:
            return "processes"
        now = time.monotonic()
        if now > self._next_disk:
            if processes.on_disk(self._scratch.root, family) > limits.MOST_ON_DISK:
                return "disk"
            self._next_disk = max(now + 1.0, now + 20 * (time.monotonic() - now))
        return "timeout" if now > self._deadline else None


def status_of(events: list[Event], code: int | None) -> Status:
    """How a child ended that was not ended from here."""
    names = [event["event"] for event in events]
    if code not in (0, None):
        return "crashed"
    ends = [event for event in events if event["event"] == "end"]
    if ends:
        return ends[-1]["reason"]
    if "environment" in names:
        return "done"
    return "error" if "error" in names else "left"
