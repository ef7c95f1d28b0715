"""A filter on system calls for the measured child (Linux on x86-64 and 64-bit ARM): what no TensorFlow program needs.

It keeps namespaces and mounts as they were set up, other processes' memory and the terminal's input out of reach, and
families of sockets that no network namespace holds back.  Needs no privileges, only no-new-privileges.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

_PR_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _EQUAL, _GREATER_OR_EQUAL, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000
_NEW_NAMESPACES = 0x7E020080  # CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET, NEWTIME
_TERMINAL_INPUT = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
UNIX, NETLINK, INET, INET6 = 1, 16, 2, 10

TYPE_CHECKING = False
if TYPE_CHECKING:
    Call = tuple[int, int]  # a system call: its number on x86-64, and on 64-bit ARM

# machine -> its number in the audit interface
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}

_REFUSED: dict[str, Call] = {
    # other views of the file system, other namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "acct": (163, 89),
    "fanotify_init": (300, 262),
    # other processes
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    # the kernel itself, and what is shared beside files
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "vhangup": (153, 58),
}
_ONLY_X86 = {"iopl": 172, "ioperm": 173, "modify_ldt": 154, "uselib": 134}
# what changes a file's mode, owner, times or attributes: Landlock does not ask for these
_QUIETLY_REFUSED: dict[str, Call] = {
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
_QUIETLY_REFUSED_ON_X86 = {"chmod": 90, "chown": 92, "lchown": 94, "utime": 132, "utimes": 235, "futimesat": 261}
_CLONE, _CLONE3, _SOCKET, _IOCTL = (56, 220), (435, 435), (41, 198), (16, 29)
_SIGNALS = ((62, 129), (200, 130), (234, 131))  # kill, tkill, tgkill; pidfd_send_signal needs a descriptor


def program(
    machine: str, families: tuple[int, ...], guard: int | None = None, keep_modes: bool = False
) -> bytes | None:
    """The filter as bytes, or None for a machine that is not known.

    families    address families that `socket` may have
    guard       process id that may not be signalled, nor "all" of them
    keep_modes  changes of modes, owners, times and attributes seem to succeed and do nothing: copying asks for them
    """
    if machine not in _ARCHITECTURES:
        return None
    on_x86 = machine == "x86_64"

    def number_of(call: Call) -> int:
        x86, arm = call
        return x86 if on_x86 else arm

    refuse = _ERRNO | errno.EPERM
    code = [
        _jump(_LOAD, _ARCHITECTURE),
        _jump(_EQUAL, _ARCHITECTURES[machine], 1, 0),
        _jump(_RETURN, refuse),
        _jump(_LOAD, _NUMBER),
    ]
    if on_x86:
        code += [_jump(_GREATER_OR_EQUAL, _X32, 0, 1), _jump(_RETURN, refuse)]
    numbers = [number_of(call) for call in _REFUSED.values()] + (list(_ONLY_X86.values()) if on_x86 else [])
    for number in numbers:
        code += [_jump(_EQUAL, number, 0, 1), _jump(_RETURN, refuse)]
    if keep_modes:
        quiet = [number_of(call) for call in _QUIETLY_REFUSED.values()]
        quiet += list(_QUIETLY_REFUSED_ON_X86.values()) if on_x86 else []
        for number in quiet:
            code += [_jump(_EQUAL, number, 0, 1), _jump(_RETURN, _ERRNO)]
    # its flags lie in memory, where a filter cannot look: the C library then takes the older call
    code += [_jump(_EQUAL, number_of(_CLONE3), 0, 1), _jump(_RETURN, _ERRNO | errno.ENOSYS)]
    code += _argument(number_of(_CLONE), 0, [_jump(_ANY_BIT, _NEW_NAMESPACES, 0, 1), _jump(_RETURN, refuse)])
    terminal = [step for number in _TERMINAL_INPUT for step in (_jump(_EQUAL, number, 0, 1), _jump(_RETURN, refuse))]
    code += _argument(number_of(_IOCTL), 1, terminal)
    allowed = [step for family in families for step in (_jump(_EQUAL, family, 0, 1), _jump(_RETURN, _ALLOW))]
    code += _argument(number_of(_SOCKET), 0, allowed + [_jump(_RETURN, _ERRNO | errno.EACCES)])
    if guard is not None:
        everybody = 0xFFFFFFFF  # kill(-1, ...)
        spared = [
            step
            for pid in (guard, everybody, -guard & everybody)
            for step in (_jump(_EQUAL, pid, 0, 1), _jump(_RETURN, refuse))
        ]
        for call in _SIGNALS:
            code += _argument(number_of(call), 0, spared)
    return b"".join([*code, _jump(_RETURN, _ALLOW)])


def _argument(number: int, index: int, steps: list[bytes]) -> list[bytes]:
    """Steps on the low half of an argument of one system call; the number is loaded again behind them."""
    look = [_jump(_LOAD, _ARGUMENTS + 8 * index), *steps, _jump(_LOAD, _NUMBER)]
    return [_jump(_EQUAL, number, 0, len(look)), *look]


def _jump(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value & 0xFFFFFFFF)


def install(families: tuple[int, ...], guard: int | None = None, keep_modes: bool = False) -> str | None:
    """Puts this process and all it starts under the filter.  Returns None, or why there is none."""
    text = program(os.uname().machine, families, guard, keep_modes)
    if text is None:
        return f"no list of system calls for {os.uname().machine}"
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(text, len(text))

    class Program(ctypes.Structure):
        _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_void_p)]

    given = Program(len(text) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    if libc.prctl(_PR_SET_SECCOMP, _FILTER, ctypes.byref(given), 0, 0) != 0:
        return f"seccomp: {errno.errorcode.get(ctypes.get_errno(), 'refused')}"
    return None
