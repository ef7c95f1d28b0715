"""A private root folder for the child, from the plan of view.py: a read-only view with one folder that can be written
to.

Needs a mount namespace of its own; changes nothing outside it.  Raises OSError with the step that was refused.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat

from . import sandbox

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.job import View

_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_DETACH = 2
_MOUNT_SETATTR, _AT_RECURSIVE, _AT_FDCWD = 442, 0x8000, -100
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_INHERITED = _RDONLY | _NOSUID | _NODEV | _NOEXEC | 1024 | 2048  # ... noatime, nodiratime: they must be said again

_DEVICES = ("null", "zero", "full", "random", "urandom")
# names, or what names begin with, in /dev and in these folders of it
_ACCELERATORS = {
    "": ("nvidia", "kfd", "dxg", "nvhost", "nvmap"),
    "nvidia-caps": ("",),
    "nvidia-caps-imex-channels": ("",),
    "dri": ("",),
    "nvgpu": ("",),
    "nvgpu/igpu0": ("",),
    "accel": ("",),
}


class _Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user")]


class Readable:
    """whole: paths to read with all that is below them; listed: folders of which the names alone are shown."""

    __slots__ = ("whole", "listed")

    def __init__(self, whole: list[str], listed: list[str]) -> None:
        self.whole, self.listed = whole, listed


def without_hidden(plan: View) -> Readable:
    """What may be read of a plan where single paths cannot be hidden: all that leads to them is listed instead."""
    whole: list[str] = []
    listed: list[str] = []
    queue, hidden = [path for path in plan["read"] if os.path.exists(path)], set(plan["hide"])
    while queue:
        path = queue.pop()
        if path in hidden:
            continue
        if not any(place.startswith(path.rstrip("/") + "/") for place in hidden):
            whole.append(path)
            continue
        listed.append(path)
        try:
            queue += [entry.path for entry in os.scandir(path)]
        except OSError:
            continue
    return Readable(whole, listed)


def devices() -> list[str]:
    """The device files that the child gets: those without state, and the accelerators."""
    found = [os.path.join("/dev", name) for name in _DEVICES]
    for folder, beginnings in _ACCELERATORS.items():
        try:
            names = sorted(os.listdir(os.path.join("/dev", folder)))
        except OSError:
            continue
        paths = [os.path.join("/dev", folder, name) for name in names if name.startswith(beginnings)]
        found += [path for path in paths if os.path.exists(path) and stat.S_ISCHR(os.stat(path).st_mode)]
    return found


def sockets() -> list[str]:
    """Paths of the sockets that somebody listens on now: each is a way out of any folder that can be read."""
    found = []
    try:
        with open("/proc/net/unix", encoding="utf-8", errors="surrogateescape") as table:
            for line in table:
                path = line.rstrip("\n").split(" ", 7)[-1].strip()
                if path.startswith("/"):
                    found.append(path)
    except OSError:
        pass
    return found


class Root:
    """The new root folder while it is being built.  `base` is an empty folder that becomes it."""

    def __init__(self, base: str) -> None:
        self.base, self._libc = base, ctypes.CDLL(None, use_errno=True)
        self._call("make mounts private", self._libc.mount(b"none", b"/", None, ctypes.c_ulong(_REC | _PRIVATE), None))
        self.mount("tmpfs", base, "tmpfs", _NOSUID | _NODEV, "mode=755,size=4m")

    def _call(self, step: str, result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"{step}: {errno.errorcode.get(number, number)}")

    def mount(self, source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
        """mount(2).  Raises OSError."""
        self._call(
            f"mount {kind or 'bind'} {source}",
            self._libc.mount(
                os.fsencode(source),
                os.fsencode(target),
                None if kind is None else kind.encode(),
                ctypes.c_ulong(flags),
                None if data is None else data.encode(),
            ),
        )

    def place(self, path: str) -> str:
        """Where a path of the new root is now."""
        return self.base + path if path != "/" else self.base

    def bind(self, source: str, path: str, writable: bool = False, devices: bool = False) -> None:
        """Shows `source` at `path`; links among the parents of `path` are followed inside the new root alone."""
        target = self._prepared(path, os.path.isdir(source))
        if target is None:
            return
        self.mount(source, target, None, _BIND | _REC)
        try:
            self._seal(target, (0 if writable else _RDONLY) | _NOSUID | (0 if devices else _NODEV))
        except OSError:
            self._libc.umount2(os.fsencode(target), _DETACH)
            raise

    def _prepared(self, path: str, folder: bool) -> str | None:
        """The path below the base, made where it is missing; only ever inside the base's own temporary file system."""
        target = self.place(path)
        if not os.path.realpath(target).startswith(self.base + "/"):
            return None  # an absolute link on the way: it will lead to the right place in the finished view
        if not os.path.lexists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            if folder:
                os.mkdir(target)
            else:
                os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_NOFOLLOW, 0o644))
        return target

    def _seal(self, target: str, flags: int) -> None:
        attributes = _Attributes(flags & (_RDONLY | _NOSUID | _NODEV))  # these three have the same values here
        done = self._libc.syscall(
            ctypes.c_long(_MOUNT_SETATTR),
            ctypes.c_int(_AT_FDCWD),
            os.fsencode(target),
            ctypes.c_uint(_AT_RECURSIVE),
            ctypes.byref(attributes),
            ctypes.c_size_t(32),
        )
        if done == 0:
            return
        if ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
            self._call(f"protect {target}", done)
        for point in _mounts_below(target):  # before Linux 5.12: one after the other
            again = os.statvfs(point).f_flag & _INHERITED
            self.mount("none", point, None, _BIND | _REMOUNT | flags | again)

    def hide(self, path: str) -> None:
        """Puts nothing over a folder or file that is shown."""
        target = self.place(path)
        if os.path.islink(target) or not os.path.exists(target):
            return
        if os.path.isdir(target):
            self.mount("tmpfs", target, "tmpfs", _NOSUID | _NODEV | _RDONLY, "mode=755,size=4k")
        else:
            self.mount("/dev/null", target, None, _BIND)

    def bind_if_possible(self, path: str, writable: bool = False, devices: bool = False) -> bool:
        """Shows a path where it is; tells whether it could: what a system withholds is not there."""
        try:
            self.bind(path, path, writable, devices)
        except OSError:
            return False
        return True

    def link(self, path: str, to: str) -> None:
        """A symbolic link."""
        os.makedirs(os.path.dirname(self.place(path)), exist_ok=True)
        os.symlink(to, self.place(path))

    def finish(self) -> None:
        """Makes it the root of this mount namespace, and the old one unreachable."""
        self._call(
            "protect /",
            self._libc.mount(
                b"none",
                os.fsencode(self.base),
                None,
                ctypes.c_ulong(_BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV),
                None,
            ),
        )
        os.chdir(self.base)
        number = _PIVOT_ROOT.get(os.uname().machine)
        if number is None:
            raise OSError(errno.ENOSYS, "pivot_root: unknown on this machine")
        self._call("pivot_root", self._libc.syscall(ctypes.c_long(number), b".", b"."))
        self._call("leave the old root", self._libc.umount2(b".", _DETACH))
        os.chdir("/")


def build(plan: View, base: str, memory: int, sockets: list[str]) -> str | None:
    """Builds the view and enters it.  Returns a sentence about what could not be done as wished, or None.

    memory         bytes that /dev/shm may take            sockets   paths of sockets to hide where they are shown
    """
    root, note = Root(base), None
    scratch = plan["scratch"]
    _system(root, plan)
    _devices(root, memory)
    # whatever is shown below these comes on top of them
    root.bind(os.path.join(scratch, "tmp"), "/tmp", writable=True)
    root.bind(os.path.join(scratch, "tmp"), "/var/tmp", writable=True)
    os.makedirs(root.place("/run"))
    root.link("/var/run", "/run")
    shown: list[str] = []
    for path in sorted((path for path in plan["read"] if os.path.exists(path)), key=lambda path: path.count("/")):
        if os.path.realpath(path) == path and any(path == known or path.startswith(known + "/") for known in shown):
            continue  # it is shown with a folder above it
        if os.path.islink(path) and path.count("/") == 1:
            root.link(path, os.readlink(path))  # /lib -> usr/lib
            continue
        if root.bind_if_possible(path):
            shown.append(path)
    for path in plan["hide"]:
        root.hide(path)
    root.bind(scratch, scratch, writable=True)
    for path in sockets:
        if _is_socket(root.place(path)):
            root.hide(path)
    os.makedirs(root.place("/proc"), exist_ok=True)
    try:
        root.mount("proc", root.place("/proc"), "proc", _NOSUID | _NODEV | _NOEXEC)
        _lock_namespaces(root.place("/proc"))
        # a process of the real root may write to the kernel's settings there without any capability
        root.mount("none", root.place("/proc"), None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV | _NOEXEC)
    except OSError as error:
        note = f"/proc shows other processes ({error.strerror})"
        root.bind("/proc", "/proc")
    root.finish()
    return note


def _system(root: Root, plan: View) -> None:
    os.makedirs(root.place("/etc"))
    for path in plan["etc"]:
        if os.path.islink(path):
            root.link(path, os.readlink(path))
            real = os.path.realpath(path)
            if (
                os.path.exists(real)
                and real.startswith(("/run/", "/var/", "/etc/"))
                and not os.path.lexists(root.place(real))
            ):
                root.bind_if_possible(real)  # resolv.conf of systemd
        elif os.path.exists(path):
            root.bind_if_possible(path)


def _devices(root: Root, memory: int) -> None:
    os.makedirs(root.place("/dev"))
    for path in devices():
        root.bind_if_possible(path, writable=True, devices=True)
    for name, to in (
        ("fd", "/proc/self/fd"),
        ("stdin", "/proc/self/fd/0"),
        ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"),
    ):
        root.link("/dev/" + name, to)
    os.mkdir(root.place("/dev/shm"))
    root.mount("tmpfs", root.place("/dev/shm"), "tmpfs", _NOSUID | _NODEV, f"mode=1777,size={memory}")


def _lock_namespaces(proc: str) -> None:
    """No further namespaces, and no more processes than a program has use for (Linux 6.14), in here."""
    for name, value in (
        ("sys/user/max_user_namespaces", "0"),
        ("sys/user/max_mnt_namespaces", "0"),
        ("sys/kernel/pid_max", str(sandbox.most_tasks())),
    ):
        try:
            with open(os.path.join(proc, name), "w") as control:
                control.write(value)
        except OSError:
            pass  # the filter on system calls says no as well


def _is_socket(path: str) -> bool:
    try:
        return stat.S_ISSOCK(os.stat(path).st_mode)
    except OSError:
        return False


def _mounts_below(target: str) -> list[str]:
    found = []
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as table:
        for line in table:
            point = line.split(" ")[4].replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\")
            if point == target or point.startswith(target + "/"):
                found.append(point)
    return found
