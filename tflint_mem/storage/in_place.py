"""Replace a file's contents in one step: nothing half-written, nothing of another process lost, nothing left behind.

The new bytes go into a temporary file beside the old one, which takes its name when all is there.  The process that
made a temporary file holds a lock on it for as long as it lives; a file of that name without a lock belongs to a run
that was killed, and the next run takes it away.
"""

from __future__ import annotations

import errno
import os
import re
import stat

from tflint_mem.storage.user import is_inside

try:
    import fcntl
except ImportError:  # Windows: a file that is open can be neither removed nor renamed, so no lock is needed
    fcntl = None  # type: ignore[assignment]  # as the lines that use it ask

_PREFIX, _SUFFIX = ".tflint-mem-", ".tmp"
_OURS = re.compile(re.escape(_PREFIX) + "[0-9a-f]{16}" + re.escape(_SUFFIX))
_ANYBODY_WRITES = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
_OF_THE_CONTENT = ("security.ima", "security.evm")  # the kernel works these out anew
_NO_SUCH_THING = (errno.ENOTSUP, errno.ENOSYS, errno.EPERM, errno.EACCES, errno.EINVAL)


class Refused(OSError):
    """The file was left as it is; `strerror` tells why."""

    def __init__(self, reason: str) -> None:
        super().__init__(errno.EPERM, reason)


def replace(path: str, new: bytes, old: bytes, roots: tuple[str, ...] = (), tidied: set[str] | None = None) -> None:
    """Replace the bytes `old` of the file at `path` by `new`, keeping owner, group, mode and extended attributes.

    A symbolic link stays one and its target is replaced.
    roots   real paths of folders: a link that leads out of all of them is not followed; none: every link is
    tidied  folders that `tidy` has seen to in this run; more are added
    Raises OSError, and then the file is as it was: it holds something else by now, it is read-only, it has other names
    (hard links, from which a new file would part it), or the file system says no.
    """
    target = os.path.realpath(path)
    if roots and not any(is_inside(target, root) for root in roots):
        raise Refused(f"a link to {target}, outside of what is checked; name it to change it")
    before = os.stat(target)
    if not stat.S_ISREG(before.st_mode):
        raise Refused("not a regular file")
    if _read(target) == new:
        return  # written already, by another of its names
    if not before.st_mode & _ANYBODY_WRITES or not os.access(target, os.W_OK):
        raise Refused("the file is read-only")
    if before.st_nlink > 1:
        raise Refused(f"the file has {before.st_nlink} names (hard links), which a fix would part from each other")
    folder = os.path.dirname(target)
    if tidied is None or folder not in tidied:
        tidy(folder)
        if tidied is not None:
            tidied.add(folder)
    handle, temporary = _create(folder)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(new)
            file.flush()
            _take_after(file.fileno(), temporary, target, before)
            os.fsync(file.fileno())
            if fcntl is not None:  # while the lock is held
                _swap(temporary, target, old)
        if fcntl is None:
            _swap(temporary, target, old)
    except BaseException:
        _discard(temporary)
        raise
    _sync(folder)


def _swap(temporary: str, target: str, old: bytes) -> None:
    if _read(target) != old:  # as late as can be
        raise Refused("another program changed the file meanwhile")
    os.replace(temporary, target)


def write_atomic(path: str, data: bytes) -> None:
    """Write a report or the like: in one step, keeping the mode of a file that is there; a symbolic link stays one.

    Raises OSError, and then the file is as it was.
    """
    target = os.path.realpath(path)
    mode = stat.S_IMODE(os.stat(target).st_mode)
    handle, temporary = _create(os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        _discard(temporary)
        raise


def tidy(folder: str) -> None:
    """Remove the temporary files that killed runs of this user left in `folder`."""
    try:
        with os.scandir(folder) as entries:
            left = [entry.path for entry in entries if entry.name.startswith(_PREFIX) and _OURS.fullmatch(entry.name)]
    except OSError:
        return
    for path in left:
        try:
            _remove_if_abandoned(path)
        except OSError:
            pass  # somebody else's, or just gone: not ours to worry about


def _remove_if_abandoned(path: str) -> None:
    found = os.lstat(path)
    if (
        not stat.S_ISREG(found.st_mode)
        or found.st_nlink != 1
        or hasattr(os, "geteuid")
        and found.st_uid != os.geteuid()
    ):
        return
    if fcntl is None:
        os.unlink(path)
        return
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises while the process that made it lives
        if os.path.samestat(os.fstat(handle), os.lstat(path)):
            os.unlink(path)
    finally:
        os.close(handle)


def _create(folder: str) -> tuple[int, str]:
    """(descriptor, path) of a new locked temporary file in `folder`."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    while True:
        path = os.path.join(folder, _PREFIX + os.urandom(8).hex() + _SUFFIX)
        try:
            handle = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        if fcntl is not None:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:  # another run took it for abandoned between the two calls
                os.close(handle)
                continue
            except OSError:  # a file system without locks: nobody can take it away either, see `_remove_if_abandoned`
                pass
        return handle, path


def _take_after(handle: int, temporary: str, target: str, before: os.stat_result) -> None:
    """Give the new file the owner, group, mode and extended attributes (access lists are such) of the old one.

    handle, temporary   descriptor and path of the new file
    """
    if hasattr(os, "fchown"):
        now = os.fstat(handle)
        if (now.st_uid, now.st_gid) != (before.st_uid, before.st_gid):
            try:
                os.fchown(handle, before.st_uid, before.st_gid)
            except OSError:
                raise Refused("the file's owner and group cannot be kept") from None
        os.fchmod(handle, stat.S_IMODE(before.st_mode))
    else:
        os.chmod(temporary, stat.S_IMODE(before.st_mode))  # Windows; by its descriptor only since Python 3.13
    if hasattr(os, "listxattr"):
        _copy_attributes(target, handle)


def _copy_attributes(target: str, handle: int) -> None:
    wanted, there = _attributes(target), _attributes(handle)
    for name in wanted.keys() | there.keys():
        if wanted.get(name) == there.get(name) or name in _OF_THE_CONTENT:
            continue
        try:
            if name in wanted:
                os.setxattr(handle, name, wanted[name])
            else:
                os.removexattr(handle, name)
        except OSError:
            raise Refused(f"the file's attribute {name} cannot be kept") from None


def _attributes(where: str | int) -> dict[str, bytes]:
    """{name: value} of the extended attributes of a file that can be read."""
    found: dict[str, bytes] = {}
    try:
        names = os.listxattr(where)
    except OSError as error:
        if error.errno in _NO_SUCH_THING:
            return found
        raise
    for name in names:
        try:
            found[name] = os.getxattr(where, name)
        except OSError as error:
            if error.errno not in (errno.ENODATA, *_NO_SUCH_THING):
                raise
    return found


def _discard(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        pass


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read()


def _sync(folder: str) -> None:
    """Make the new name last through a loss of power, where the system can do that for folders."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
