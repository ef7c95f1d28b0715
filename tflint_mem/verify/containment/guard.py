"""Stands between the tool and what it measures; the job is on its standard input.

Started by supervisor.py under the tool's own interpreter, so that the interpreter of the child (which a project may
name) is itself contained.  Three processes: this one, which waits; the first process of the new namespaces, with
whose end the kernel ends everything in them; and the child.  Where there are no namespaces, this process adopts what
the child leaves behind and ends it.

The first part of the job says what to do here; the rest is the child's.  Two lines go to the report, Python's
literals: what holds (and the child's process id), then how the child ended.  The child has no part in that channel.
Every import here is time before each measurement: neither `json` nor `re`, nor what needs them.
"""

from __future__ import annotations

import errno
import marshal
import os
import time

from . import sandbox
from .become import become, tell, unprotected
from .process_table import descendants  # here, not where it is used: a signal may come in the middle of an import

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import NoReturn

    from tflint_mem.verify.events import Told
    from tflint_mem.verify.job import Guarded
else:
    import _signal as signal  # `signal` itself takes longer to import than all else here

# how supervisor.py starts it: as a module, so that its compiled form is used
START = (
    "import sys; sys.path.insert(0, sys.argv[1]); from tflint_mem.verify.containment import guard; "
    "guard.main(int(sys.argv[2]))"
)


def main(report: int) -> NoReturn:
    """Runs the job on standard input.  report: the descriptor to report to."""
    os.set_inheritable(report, False)
    job = _own_part()
    state: Told = {
        "network": "on: as configured" if job["network"] else "on: this system has no namespaces",
        "readonly": [],
        "reason": None,
        "protections": {},
        "pids": [],
        "worker": os.getpid(),
        "init": None,
    }
    if not sandbox.linux():
        unprotected(state, "only Linux has the means")
        become(job, state, report, None)
    parent = os.getppid()
    sandbox.die_with_parent(signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)
    from . import mounts

    sockets = mounts.sockets()
    state["reason"] = sandbox.own_namespaces(job["network"]) if job["namespaces"] else "namespaces: not usable here"
    if state["reason"] is None:
        _with_namespaces(job, state, report, sockets)
    else:
        _without(job, state, report)


def _own_part() -> Guarded:
    """The job's first part: its length in eight bytes, then plain data; both ends are the same interpreter."""
    job: Guarded = marshal.loads(_read_bytes(int.from_bytes(_read_bytes(8), "little")))
    return job


def _read_bytes(count: int) -> bytes:
    text = b""
    while len(text) < count:
        part = os.read(0, count - len(text))
        if not part:
            os._exit(1)
        text += part
    return text


def _with_namespaces(job: Guarded, state: Told, report: int, sockets: list[str]) -> NoReturn:
    """Forks the first process of the namespaces and waits for it; its end is the end of all."""
    alive, held = os.pipe()
    first = os.fork()
    if first == 0:
        os.close(held)
        sandbox.die_with_parent(signal.SIGKILL)
        _first_process(job, state, report, sockets, alive)
    os.close(alive)
    signal.signal(signal.SIGTERM, lambda number, frame: os.kill(first, signal.SIGKILL))
    _quiet()
    status = _waited(first)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 1)


def _first_process(job: Guarded, state: Told, report: int, sockets: list[str], alive: int) -> NoReturn:
    """Makes the view, starts the child in it, and collects what ends.  alive: readable once the parent is gone."""
    import select

    readable, _, _ = select.select([alive], [], [], 0)
    if readable:
        os._exit(1)  # the parent was gone before the kernel had been asked
    os.close(alive)
    protections = state["protections"]
    try:
        outside = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        outside = None
    if not job["network"]:
        sandbox.loopback_up()
        state["network"] = "off"
    protections["processes"] = "on"
    protections["network"] = "on" if not job["network"] else "off: as configured"
    from . import mounts

    seen = False
    try:
        note = mounts.build(job["view"], job["base"], job["memory"] // 2, sockets)
        seen = True
        state["readonly"] = [path for path in job["folders"] if path not in job["view"]["wide"]]
        protections.update(files="on", secrets="on", sockets="on")
        if note:
            state["reason"] = note
    except OSError as error:
        state["reason"] = f"own files: {error.strerror or error}"
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        state.update(_outer_ids(outside))
        become(job, state, report, None, seen, spaces=True)
    sandbox.keep_closed()
    try:
        sandbox.drop_capabilities()
        sandbox.no_new_privileges()
    except OSError:
        pass  # this process runs no code but this; the child says whether it could
    _quiet()
    _reap(child, report)


def _outer_ids(outside: int | None) -> Told:
    """Ids of the first process and of this one, as /proc outside (a descriptor) names them."""
    if outside is None:
        return {"init": None, "worker": None, "pids": []}
    with os.fdopen(os.open("self/status", os.O_RDONLY, dir_fd=outside), encoding="utf-8", errors="replace") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    ids = [int(word) for word in fields.get("NSpid", fields["Pid"]).split()]
    os.close(outside)
    return {"init": int(fields["PPid"]), "worker": ids[0], "pids": ids}


def _without(job: Guarded, state: Told, report: int) -> NoReturn:
    """No namespaces: this process adopts whatever the child's processes leave behind, and ends it."""
    unprotected(state, state["reason"])
    sandbox.adopt_orphans()
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        sandbox.die_with_parent(signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)
        state["worker"] = os.getpid()
        become(job, state, report, guard)
    sandbox.keep_closed()

    def end(number: int, frame: object) -> None:
        _end_all(guard)
        os._exit(1)

    signal.signal(signal.SIGTERM, end)
    _quiet()
    status = _waited(child)
    _end_all(guard)
    tell(report, {"exit": _code(status)})
    os._exit(0)


def _quiet() -> None:
    """Lets go of the child's standard streams."""
    empty = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(empty, number)


def _waited(child: int) -> int:
    while True:
        try:
            _, status = os.waitpid(child, 0)
            return status
        except InterruptedError:
            continue


def _reap(child: int, report: int) -> NoReturn:
    """The first process: collects everything that ends, until the child does."""
    while True:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        if pid == child:
            tell(report, {"exit": _code(status)})
            os._exit(0)


def _code(status: int) -> int:
    return os.WEXITSTATUS(status) if os.WIFEXITED(status) else -os.WTERMSIG(status)


def _end_all(guard: int, most: float = 10.0) -> None:
    """Ends all descendants: stopped first, so that none starts another meanwhile, until there is none."""
    deadline = time.monotonic() + most
    while time.monotonic() < deadline:
        found = descendants(guard)
        for number in (signal.SIGSTOP, signal.SIGKILL):
            for pid in found:
                try:
                    os.kill(pid, number)
                except OSError:
                    pass
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except OSError as error:
            if error.errno == errno.ECHILD and not found:
                return
        time.sleep(0.005)
