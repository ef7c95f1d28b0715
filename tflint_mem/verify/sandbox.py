"""What a measured child may not do, in layers: each is taken where the system allows it, and each says whether it holds.

Namespaces (Linux; of an own user where that is needed) give it processes, network, IPC and files of its own; it keeps no
capability, can gain no privileges, and a filter on system calls keeps it from undoing any of that.  Where namespaces are
refused, Landlock guards files and signals, and the filter the network.  Everything here is for guard.py.
"""

import ctypes
import os
import struct
import sys

_NEWNS, _NEWUTS, _NEWIPC, _NEWUSER, _NEWPID, _NEWNET = 0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000
_PDEATHSIG, _DUMPABLE, _BOUNDING_DROP, _SECUREBITS, _SUBREAPER, _NO_NEW_PRIVS, _AMBIENT = 1, 4, 24, 28, 36, 38, 47
_AMBIENT_CLEAR = 4
_NO_ROOT_POWERS = 0b111111  # noroot, no-setuid-fixup, keep-caps off where it is on: each with its lock, see capabilities(7)
MOST_PROCESSES = 1024       # tasks of one child, threads included, where the system counts them for it alone

# what the report calls each layer, in the order of the documentation
LAYERS = ("processes", "files", "secrets", "network", "sockets", "privileges", "system calls", "memory")


def linux():
    """Are the means of this module there at all?"""
    return sys.platform.startswith("linux")


def _libc():
    return ctypes.CDLL(None, use_errno=True)


def own_namespaces(network):
    """Enters new namespaces; the process-id namespace begins with the next child.  network: leave it reachable.

    Returns the reason when that is refused, else None.  Must run before any thread exists.
    """
    libc, user, group = _libc(), os.getuid(), os.getgid()
    spaces = _NEWNS | _NEWUTS | _NEWIPC | _NEWPID | (0 if network else _NEWNET)
    if libc.unshare(spaces | _NEWUSER) != 0:
        reason = os.strerror(ctypes.get_errno())
        # root may do without a user of its own; it loses its capabilities all the same
        return None if user == 0 and libc.unshare(spaces) == 0 else f"namespaces: {reason}"
    for name, text in (("setgroups", "deny"), ("uid_map", f"{user} {user} 1"), ("gid_map", f"{group} {group} 1")):
        with open("/proc/self/" + name, "w") as control:
            control.write(text)
    return None


def loopback_up():
    """Local servers and test clients may use 127.0.0.1 of the new, empty network."""
    import fcntl
    import socket
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            fcntl.ioctl(handle, 0x8914, struct.pack("16sh", b"lo", 1))  # SIOCSIFFLAGS, IFF_UP
    except OSError:
        pass  # no loopback: a snippet that needs one will say so itself


def drop_capabilities():
    """Gives up every capability for good, also those that a program could get back.  Raises OSError."""
    libc = _libc()
    libc.prctl(_SECUREBITS, _NO_ROOT_POWERS, 0, 0, 0)  # refused without CAP_SETPCAP: then there is nothing to get back
    libc.prctl(_AMBIENT, _AMBIENT_CLEAR, 0, 0, 0)
    number = 0
    while libc.prctl(_BOUNDING_DROP, number, 0, 0, 0) == 0 and number < 64:
        number += 1
    header = struct.pack("=Ii", 0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, this process
    if libc.capset(header, struct.pack("=6I", 0, 0, 0, 0, 0, 0)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def no_new_privileges():
    """setuid programs and file capabilities give nothing any more, here and in all that is started."""
    if _libc().prctl(_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "no_new_privs")


def die_with_parent(number):
    """Asks the kernel to send this process a signal when the one that started it is gone, however that one went (Linux)."""
    _libc().prctl(_PDEATHSIG, number, 0, 0, 0)


def keep_closed():
    """No other process of this user may look into this one."""
    _libc().prctl(_DUMPABLE, 0, 0, 0, 0)


def adopt_orphans():
    """Descendants whose parents end become children of this process, not of the system's first one."""
    _libc().prctl(_SUBREAPER, 1, 0, 0, 0)


def limit_resources(cpu_seconds, file_bytes, counted):
    """CPU time of each process, size of any one file, no core files; the number of tasks where only its own are `counted`.

    Address space is left alone: TensorFlow and CUDA reserve far more of it than they use; memory is watched from outside.
    """
    try:
        import resource
    except ImportError:
        return
    limits = [("RLIMIT_CPU", int(cpu_seconds) + 1), ("RLIMIT_FSIZE", int(file_bytes)), ("RLIMIT_CORE", 0)]
    if counted:
        limits.append(("RLIMIT_NPROC", max(MOST_PROCESSES, 64 * (os.cpu_count() or 1))))
    for name, value in limits:
        number = getattr(resource, name, None)
        if number is None:
            continue
        hard = resource.getrlimit(number)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        try:
            resource.setrlimit(number, (value, hard if name == "RLIMIT_CPU" else value))
        except (ValueError, OSError):
            pass  # a tighter limit is in force already
