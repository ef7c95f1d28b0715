"""What a measured child may not do, in layers: each is taken where the system allows it, and each says whether it
holds.

Namespaces (Linux; of an own user where that is needed) give it processes, network, IPC and files of its own; it keeps
no capability, can gain no privileges, and a filter on system calls keeps it from undoing any of that.  Where
namespaces are refused, Landlock guards files and signals, and the filter the network.  Everything here is for
guard.py.
"""

from __future__ import annotations

import ctypes
import os
import struct
import sys

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = (
    0x00020000,
    0x04000000,
    0x08000000,
    0x10000000,
    0x20000000,
    0x40000000,
)
_PDEATHSIG, _DUMPABLE, _BOUNDING_DROP, _SECUREBITS, _SUBREAPER, _NO_NEW_PRIVS, _AMBIENT = 1, 4, 24, 28, 36, 38, 47
_AMBIENT_CLEAR = 4
_NO_ROOT_POWERS = 0b101111  # noroot and no-setuid-fixup on, keep-caps off, each locked: see capabilities(7)
NOBODY = 65534  # the user and group that root's child becomes

# what the report calls each layer, in the order of the documentation
LAYERS = (
    "processes",
    "files",
    "secrets",
    "network",
    "sockets",
    "privileges",
    "system calls",
    "memory",
    "number of processes",
)


def linux() -> bool:
    """Are the means of this module there at all?"""
    return sys.platform.startswith("linux")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def most_tasks() -> int:
    """Tasks that a child may have at once, threads included: TensorFlow starts several for each processor."""
    return max(1024, 64 * (os.cpu_count() or 1))


def own_namespaces(network: bool) -> str | None:
    """Enters new namespaces; the process-id namespace begins with the next child.  network: leave it reachable.

    Returns the reason when that is refused, else None.  Must run before any thread exists.
    """
    libc, user, group = _libc(), os.getuid(), os.getgid()
    spaces = _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | (0 if network else _NEWNET)
    helper = _Mapper() if user == 0 else None
    refused = libc.unshare(spaces | _NEWUSER) != 0
    reason = os.strerror(ctypes.get_errno()) if refused else None
    if helper is not None and helper.map(not refused):
        return None
    if refused:
        # root may do without a user of its own; it loses its capabilities all the same
        return None if user == 0 and libc.unshare(spaces) == 0 else f"namespaces: {reason}"
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open("/proc/self/" + name, "w") as control:
            control.write(text)
    return None


class _Mapper:
    """A process of root that stays outside and gives the new user namespace two users: root, and nobody for the
    child.
    """

    def __init__(self) -> None:
        self._go, go = os.pipe()
        done, self._done = os.pipe()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(go)
            os.close(done)
            wanted, written = os.read(self._go, 1) == b"y", b"n"
            try:
                if wanted:
                    for name in ("uid_map", "gid_map"):
                        with open(f"/proc/{parent}/{name}", "w") as control:
                            control.write(f"0 0 1\n{NOBODY} {NOBODY} 1\n")
                    written = b"y"
            except OSError:
                pass
            os.write(self._done, written)
            os._exit(0)
        os.close(self._go)
        os.close(self._done)
        self._go, self._done = go, done

    def map(self, wanted: bool) -> bool:
        """Lets it write; tells whether it could."""
        os.write(self._go, b"y" if wanted else b"n")
        written = os.read(self._done, 1) == b"y"
        os.waitpid(self._pid, 0)
        os.close(self._go)
        os.close(self._done)
        return written


def can_be_nobody(needed: list[str]) -> bool:
    """Could root's child become nobody, and would that user be able to read what is `needed`?  Tried out in a process
    of its own.
    """
    trial = os.fork()
    if trial == 0:
        try:
            _be_nobody()
            fine = all(_readable(path) for path in needed)
        except OSError:
            fine = False
        os._exit(0 if fine else 1)
    _, status = os.waitpid(trial, 0)
    return status == 0


def become_nobody() -> None:
    """Root's child becomes a user without files, whom limits on processes hold.  Raises OSError.

    Must be called with the capabilities of root, before they are dropped.
    """
    _close_bounding_set(_libc())  # afterwards it may no longer
    _be_nobody()


def _be_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _readable(path: str, most: int = 5000) -> bool:
    """Can this process read the file, or the folder and what stands in it?"""
    if not os.path.isdir(path):
        return os.access(path, os.R_OK)
    if not os.access(path, os.R_OK | os.X_OK):
        return False
    names = os.listdir(path)[:most]
    return all(
        os.access(os.path.join(path, name), os.R_OK) for name in names if os.path.exists(os.path.join(path, name))
    )


def loopback_up() -> None:
    """Local servers and test clients may use 127.0.0.1 of the new, empty network."""
    import _socket  # `socket` itself takes longer to import than all else here
    import fcntl

    try:
        handle = _socket.socket(_socket.AF_INET, _socket.SOCK_DGRAM)
        try:
            fcntl.ioctl(handle.fileno(), 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
        finally:
            handle.close()
    except OSError:
        pass  # no loopback: a snippet that needs one will say so itself


def drop_capabilities() -> None:
    """Gives up every capability for good, also those that a program could get back.  Raises OSError."""
    libc = _libc()
    libc.prctl(_SECUREBITS, _NO_ROOT_POWERS, 0, 0, 0)  # refused without CAP_SETPCAP: then there is nothing to get back
    libc.prctl(_AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    _close_bounding_set(libc)
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if libc.capset(header, struct.pack("=6I", 0, 0, 0, 0, 0, 0)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def _close_bounding_set(libc: ctypes.CDLL) -> None:
    number = 0
    while libc.prctl(_BOUNDING_DROP, number, 0, 0, 0) == 0 and number < 64:
        number += 1


def no_new_privileges() -> None:
    """setuid programs and file capabilities give nothing any more, here and in all that is started."""
    if _libc().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


def die_with_parent(number: int) -> None:
    """Asks the kernel to send this process a signal when the one that started it is gone, however that one went
    (Linux).
    """
    _libc().prctl(_PDEATHSIG, number, 0, 0, 0)


def keep_closed() -> None:
    """No other process of this user may look into this one."""
    _libc().prctl(_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans() -> None:
    """Descendants whose parents end become children of this process, not of the system's first one."""
    _libc().prctl(_SUBREAPER, 1, 0, 0, 0)


def tasks_of_user() -> int:
    """Tasks that this user has now, in all namespaces that can be seen."""
    found, user = 0, os.getuid()
    for name in os.listdir("/proc"):
        try:
            if name.isdigit() and os.stat("/proc/" + name).st_uid == user:
                found += len(os.listdir(f"/proc/{name}/task"))
        except OSError:
            continue
    return found


def limit_resources(cpu_seconds: float, file_bytes: int, tasks: int | None = None) -> None:
    """CPU time of each process, size of any one file, no core files; tasks of this user (None: no limit).

    Address space is left alone: TensorFlow and CUDA reserve far more of it than they use; memory is watched from
    outside.
    """
    try:
        import resource
    except ImportError:
        return
    limits = [("RLIMIT_CPU", int(cpu_seconds) + 1), ("RLIMIT_FSIZE", int(file_bytes)), ("RLIMIT_CORE", 0)]
    if tasks is not None:
        limits.append(("RLIMIT_NPROC", tasks))
    for name, value in limits:
        number = getattr(resource, name, None)
        if number is None:
            continue
        _, hard = resource.getrlimit(number)
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (value, hard if name == "RLIMIT_CPU" else value))
        except (ValueError, OSError):
            pass  # a tighter limit is in force already


def stay_on(cpus: tuple[int, ...]) -> None:
    """Uses these processors only; all where the system has no such call or refuses."""
    try:
        os.sched_setaffinity(0, cpus)
    except (AttributeError, OSError):
        pass
