"""How the guard's last process becomes the child: it takes the limits upon itself, says what holds, and runs the
child's program.

A part of guard.py, with the same care for what it imports.
"""

from __future__ import annotations

import os
import sys

from . import sandbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Iterable
    from typing import NoReturn

    from tflint_mem.verify.events import Told
    from tflint_mem.verify.job import Guarded
else:
    import _signal as signal  # `signal` itself takes longer to import than all else here


def tell(report: int, what: Told) -> None:
    """One line for the tool: a literal of Python's."""
    os.write(report, repr(what).encode("ascii", "backslashreplace") + b"\n")


def unprotected(state: Told, reason: str | None) -> None:
    """Says of every layer that it does not hold, and why."""
    for name in ("processes", "files", "secrets", "network", "sockets", "privileges", "system calls"):
        state["protections"][name] = f"off: {reason}"


def become(
    job: Guarded, state: Told, report: int, guard: int | None, seen: bool = False, spaces: bool = False
) -> NoReturn:
    """Takes the limits upon itself, says what holds, and becomes the child.

    state    what is known of the layers so far; told to `report` (a descriptor)
    guard    id of the process that ends what is left, where no namespace does
    seen     this process sees a view of its own           spaces   it has namespaces of its own
    """
    protections = state["protections"]
    if sandbox.linux():
        _give_up_root(job, seen)
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
    if job["cpus"] is not None:
        sandbox.stay_on(job["cpus"])
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
        tell(report, state)
        for number in range(1, signal.NSIG):
            if number not in (signal.SIGKILL, signal.SIGSTOP) and number < 32:
                signal.signal(number, signal.SIG_DFL)
        os.execvpe(job["command"][0], job["command"], environment)
    except OSError as error:
        tell(report, {"error": error.strerror or str(error)})
    finally:
        os._exit(127)


def _give_up_root(job: Guarded, seen: bool) -> None:
    """Root's child becomes nobody, with the scratch folder as its own, where nobody may read what it needs."""
    if os.getuid() != 0:
        return
    folders = [folder for folder in job["folders"] if folder not in job["view"]["wide"]]
    libraries = [path for path in job["view"]["read"] if path.endswith(("-packages", "/tflint_mem"))]
    if not sandbox.can_be_nobody([*job["command"], *folders, *libraries]):
        return
    scratch = job["view"]["scratch"]
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


def _restrict(job: Guarded, state: Told, guard: int | None, seen: bool, spaces: bool) -> None:
    """Gives up capabilities, then files and signals (Landlock, where there is no view), then system calls."""
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
        readable = mounts.without_hidden(plan)
        held = landlock.restrict(
            [*readable.whole, *plan["etc"], "/proc"],
            readable.listed,
            [plan["scratch"], *mounts.devices()],
            job["network"],
        )
        if held.version:
            protections["files"] = (
                "on (Landlock)" if held.version >= 3 else "off: this version of Landlock lets files be cut short"
            )
            protections["secrets"] = "on (Landlock)"
            state["readonly"] = [path for path in job["folders"] if path not in plan["wide"]]
            if not spaces:
                protections["processes"] = (
                    "on (Landlock; ended by the guard)"
                    if held.version >= 6
                    else "off: signals reach other processes of this user"
                )
        else:
            reason = held.reason or state["reason"]
            for name in ("files", "secrets", "sockets"):
                protections[name] = f"off: {reason}"
    families: tuple[int, ...] = (seccomp.UNIX, seccomp.INET, seccomp.INET6, seccomp.NETLINK)
    if not seen or not spaces:  # nothing else holds sockets back: neither those with a path nor the network
        families = (
            (seccomp.NETLINK,) if not job["network"] and not spaces else (seccomp.INET, seccomp.INET6, seccomp.NETLINK)
        )
    refused = seccomp.install(families, guard, keep_modes=not seen)
    protections["system calls"] = "on" if refused is None else f"off: {refused}"
    if not seen and protections["files"].startswith("on") and refused is not None:
        protections["files"] = f"off: modes and owners can be changed ({refused})"
    if refused is None and not seen:
        protections["sockets"] = "on (system calls)"
    if refused is None and not spaces and not job["network"]:
        state["network"], protections["network"] = "off", "on (system calls)"


def _close_others(kept: set[int]) -> None:
    """Closes all descriptors but the standard ones and these."""
    names: Iterable[str]
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
