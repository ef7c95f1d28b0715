"""Stands between the tool and what it measures; the job is on its standard input.

Started by runner.py under the tool's own interpreter, so that the interpreter of the child (which a project may name)
is itself contained.  Three processes: this one, which waits; the first process of the new namespaces, with whose end
the kernel ends everything in them; and the child.  Where there are no namespaces, this process adopts what the child
leaves behind and ends it.

The first part of the job says what to do here; the rest is the child's.  Two lines go to the report, Python's
literals: what holds (and the child's process id), then how the child ended.  The child has no part in that channel.
Every import here is time before each measurement: neither `json` nor `re`, nor what needs them.
"""

from __future__ import annotations

import _signal as signal
import errno
import marshal
import os
import sys
import time

from . import sandbox
from .processes import descendants  # here, not where it is used: a signal may come in the middle of an import

# how runner.py starts it: as a module, so that its compiled form is used
START = "import sys; sys.path.insert(0, sys.argv[1]); from tflint_mem.verify.containment import guard; guard.main(int(sys.argv[2]))"


def main(report: int) -> None:
    """Runs the job on standard input; never returns."""
    os.set_inheritable(report, False)
    job = _own_part()
    state = {
        "network": "on: as configured" if job["network"] else "on: this system has no namespaces",
        "readonly": [],
        "reason": None,
        "protections": {},
        "pids": [],
        "worker": os.getpid(),
        "init": None,
    }
    if not sandbox.linux():
        _unprotected(state, "only Linux has the means")
        _become(job, state, report, None)
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


def _own_part() -> dict:
    """The job's first part: its length in eight bytes, then plain data; both ends are the same interpreter."""
    return marshal.loads(_read_bytes(int.from_bytes(_read_bytes(8), "little")))


def _read_bytes(count: int) -> bytes:
    text = b""
    while len(text) < count:
        part = os.read(0, count - len(text))
        if not part:
            os._exit(1)
        text += part
    return text


def _tell(report: int, what: dict) -> None:
    os.write(report, repr(what).encode("ascii", "backslashreplace") + b"\n")


def _with_namespaces(job: dict, state: dict, report: int, sockets: list) -> None:
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


def _first_process(job: dict, state: dict, report: int, sockets: list, alive: int) -> None:
    import select

    if select.select([alive], [], [], 0)[0]:
        os._exit(1)  # the parent was gone before the kernel had been asked
    os.close(alive)
    protections = state["protections"]
    try:
        old = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        old = None
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
        state["init"], state["worker"], state["pids"] = _outer_ids(old)
        _become(job, state, report, None, seen, spaces=True)
    sandbox.keep_closed()
    try:
        sandbox.drop_capabilities()
        sandbox.no_new_privileges()
    except OSError:
        pass  # this process runs no code but this; the child says whether it could
    _quiet()
    _reap(child, report)


def _outer_ids(old: int | None) -> tuple:
    """(id of the first process, of this one, all ids of this one) as /proc outside names them."""
    if old is None:
        return None, None, []
    with os.fdopen(os.open("self/status", os.O_RDONLY, dir_fd=old), encoding="utf-8", errors="replace") as status:
        fields = dict(line.rstrip("\n").split(":\t", 1) for line in status if ":\t" in line)
    ids = [int(word) for word in fields.get("NSpid", fields["Pid"]).split()]
    os.close(old)
    return int(fields["PPid"]), ids[0], ids


def _without(job: dict, state: dict, report: int) -> None:
    """No namespaces: this process adopts whatever the child's processes leave behind, and ends it."""
    _unprotected(state, state["reason"])
    sandbox.adopt_orphans()
    guard = os.getpid()
    child = os.fork()
    if child == 0:
        sandbox.die_with_parent(signal.SIGKILL)
        if os.getppid() != guard:
            os._exit(1)
        state["worker"] = os.getpid()
        _become(job, state, report, guard)
    sandbox.keep_closed()

    def end(number: int, frame: object) -> None:
        _end_all(guard)
        os._exit(1)

    signal.signal(signal.SIGTERM, end)
    _quiet()
    status = _waited(child)
    _end_all(guard)
    _tell(report, {"exit": _code(status)})
    os._exit(0)


def _unprotected(state: dict, reason: str) -> None:
    for name in ("processes", "files", "secrets", "network", "sockets", "privileges", "system calls"):
        state["protections"][name] = f"off: {reason}"


def _become(job: dict, state: dict, report: int, guard: int | None, seen: bool = False, spaces: bool = False) -> None:
    """Takes the limits upon itself, says what holds, and becomes the child.  Never returns."""
    protections = state["protections"]
    if sandbox.linux():
        _give_up_root(job, state, seen)
        # where there are no namespaces, what else this user runs counts as well
        counted = os.getuid() != 0
        tasks = sandbox.most_tasks() + (0 if spaces else sandbox.tasks_of_user()) if counted else None
        few = _read("/proc/sys/kernel/pid_max") == str(sandbox.most_tasks())
        protections["number of processes"] = (
            "on" if counted or few else "off: the kernel does not count root's; they are watched from outside"
        )
    else:
        tasks = None
    sandbox.limit_resources(job["cpu_seconds"], job["file_bytes"], tasks)
    protections["memory"] = "on" if os.path.isdir("/proc/self") or sys.platform == "darwin" else "off: no /proc"
    if sandbox.linux():
        _restrict(job, state, guard, seen, spaces)
    environment = dict(job["environment"])
    if state["pids"]:
        environment["TFLINT_MEM_PIDS"] = " ".join(map(str, state["pids"]))
    if job["network"]:
        state["network"], protections["network"] = "on: as configured", "off: as configured"
    try:
        os.chdir(job["cwd"])
        os.set_inheritable(job["events"], True)
        _close_others({report, job["events"]})
        state["event"] = "isolated"
        _tell(report, state)
        for number in range(1, signal.NSIG):
            if number not in (signal.SIGKILL, signal.SIGSTOP) and number < 32:
                signal.signal(number, signal.SIG_DFL)
        os.execvpe(job["command"][0], job["command"], environment)
    except OSError as error:
        _tell(report, {"error": error.strerror or str(error)})
    finally:
        os._exit(127)


def _give_up_root(job: dict, state: dict, seen: bool) -> None:
    """Root's child becomes nobody, with the scratch folder as its own, where nobody may read what it needs."""
    if os.getuid() != 0:
        return
    folders = [folder for folder in job["folders"] if folder not in job["view"]["wide"]]
    libraries = [path for path in job["view"]["read"] if path.endswith(("-packages", "/tflint_mem"))]
    if not sandbox.can_be_nobody([*job["command"], *folders, *libraries]):
        return
    scratch = job["view"]["write"][0]
    try:
        _hand_over(scratch, sandbox.NOBODY)
        if not seen:
            os.chmod(os.path.dirname(scratch), 0o711)
        sandbox.become_nobody()
    except OSError:
        _hand_over(scratch, 0)


def _hand_over(scratch: str, user: int) -> None:
    for folder, _, files in os.walk(scratch):
        for path in [folder, *(os.path.join(folder, name) for name in files)]:
            os.chown(path, user, user, follow_symlinks=False)


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as handle:
            return handle.read().strip()
    except OSError:
        return None


def _restrict(job: dict, state: dict, guard: int | None, seen: bool, spaces: bool) -> None:
    from . import landlock, mounts, seccomp

    protections = state["protections"]
    try:
        sandbox.drop_capabilities()
        sandbox.no_new_privileges()
        protections["privileges"] = "on"
    except OSError as error:
        protections["privileges"] = f"off: {error}"
    if not seen:
        plan = job["view"]
        readable, listed = mounts.without_hidden(plan)
        version, reason = landlock.restrict(
            [*readable, *plan["etc"], "/proc"], listed, [*plan["write"], *mounts.devices()], job["network"]
        )
        reason = reason or state["reason"]
        if version:
            protections["files"] = (
                "on (Landlock)" if version >= 3 else "off: this version of Landlock lets files be cut short"
            )
            protections["secrets"] = "on (Landlock)"
            state["readonly"] = [path for path in job["folders"] if path not in plan["wide"]]
            if not spaces:
                held = "on (Landlock; ended by the guard)"
                protections["processes"] = held if version >= 6 else "off: signals reach other processes of this user"
        else:
            for name in ("files", "secrets", "sockets"):
                protections[name] = f"off: {reason}"
    families = (seccomp.UNIX, seccomp.INET, seccomp.INET6, seccomp.NETLINK)
    if not seen or not spaces:  # nothing else holds sockets back: neither those with a path nor the network
        families = (
            (seccomp.NETLINK,) if not job["network"] and not spaces else (seccomp.INET, seccomp.INET6, seccomp.NETLINK)
        )
    reason = seccomp.install(families, guard, keep_modes=not seen)
    protections["system calls"] = "on" if reason is None else f"off: {reason}"
    if not seen and protections["files"].startswith("on") and reason is not None:
        protections["files"] = f"off: modes and owners can be changed ({reason})"
    if reason is None and not seen:
        protections["sockets"] = "on (system calls)"
    if reason is None and not spaces and not job["network"]:
        state["network"], protections["network"] = "off", "on (system calls)"


def _close_others(kept: set) -> None:
    """Closes all descriptors but the standard ones and these."""
    try:
        names = os.listdir("/proc/self/fd")
    except OSError:
        try:
            names = os.listdir("/dev/fd")
        except OSError:
            names = map(str, range(3, 256))
    for name in names:
        if int(name) > 2 and int(name) not in kept:
            try:
                os.close(int(name))
            except OSError:
                pass


def _quiet() -> None:
    """Lets go of the child's standard streams."""
    empty = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(empty, number)


def _waited(child: int) -> int:
    while True:
        try:
            return os.waitpid(child, 0)[1]
        except InterruptedError:
            continue


def _reap(child: int, report: int) -> None:
    """The first process: collects everything that ends, until the child does."""
    while True:
        try:
            pid, status = os.wait()
        except InterruptedError:
            continue
        if pid == child:
            _tell(report, {"exit": _code(status)})
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
