"""Landlock (Linux 5.13 and later): a process gives up files, network and signals for itself and all it starts.

It needs no privileges and no namespaces: the layer that is left in containers and on systems where the others are
refused.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat

_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_VERSION, _PATH_BENEATH = 1, 1
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REFER, _TRUNCATE = 1 << 13, 1 << 14
_FILES = (1 << 13) - 1  # all rights of the first version
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE
_TCP = 0b11  # bind, connect
_SCOPES = 0b11  # abstract sockets, signals


class _Attributes(ctypes.Structure):
    _fields_ = [("files", ctypes.c_uint64), ("network", ctypes.c_uint64), ("scoped", ctypes.c_uint64)]


class _Beneath(ctypes.Structure):
    _pack_ = 1
    _fields_ = [("allowed", ctypes.c_uint64), ("folder", ctypes.c_int32)]


class Restricted:
    """version: of Landlock's interface that holds, 0 when none does; reason: why not, None when one holds."""

    __slots__ = ("version", "reason")

    def __init__(self, version: int, reason: str | None = None) -> None:
        self.version, self.reason = version, reason


def version() -> int:
    """The version of Landlock's interface that this kernel offers, 0 for none."""
    libc = ctypes.CDLL(None, use_errno=True)
    return max(0, int(libc.syscall(ctypes.c_long(_CREATE), None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))))


def restrict(readable: list[str], listed: list[str], writable: list[str], network: bool) -> Restricted:
    """Leaves this process what is beneath `readable` to read and run, what is beneath `writable` for everything, and
    no more.

    listed    folders whose names alone may be seen          network   leave TCP alone
    Needs no-new-privileges.
    """
    offered = version()
    if not offered:
        return Restricted(0, "this kernel has no Landlock")
    libc = ctypes.CDLL(None, use_errno=True)
    handled = _FILES | (_REFER if offered >= 2 else 0) | (_TRUNCATE if offered >= 3 else 0)
    attributes = _Attributes(handled, _TCP if offered >= 4 and not network else 0, _SCOPES if offered >= 6 else 0)
    size = 24 if offered >= 6 else 16 if offered >= 4 else 8
    rules = libc.syscall(ctypes.c_long(_CREATE), ctypes.byref(attributes), ctypes.c_size_t(size), ctypes.c_uint32(0))
    if rules < 0:
        return Restricted(0, "Landlock: " + errno.errorcode.get(ctypes.get_errno(), "refused"))
    try:
        for paths, rights in ((readable, _EXECUTE | _READ_FILE | _READ_DIR), (listed, _READ_DIR), (writable, handled)):
            for path in paths:
                _allow(libc, rules, path, rights)
        if libc.syscall(ctypes.c_long(_RESTRICT), ctypes.c_int(rules), ctypes.c_uint32(0)) != 0:
            return Restricted(0, "Landlock: " + errno.errorcode.get(ctypes.get_errno(), "refused"))
    finally:
        os.close(rules)
    return Restricted(offered)


def _allow(libc: ctypes.CDLL, rules: int, path: str, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there need not be allowed
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            rights &= _OF_A_FILE
        libc.syscall(
            ctypes.c_long(_ADD),
            ctypes.c_int(rules),
            ctypes.c_int(_PATH_BENEATH),
            ctypes.byref(_Beneath(rights, place)),
            ctypes.c_uint32(0),
        )
    finally:
        os.close(place)
