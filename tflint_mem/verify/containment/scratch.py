"""The folder of one job: the only one that its child can write to."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

_PREFIX = "tflint-mem-verify-"


class Scratch:
    """A temporary folder with the layout of one job; removed at the end, whatever a program has made of it.

    `root` is what the child sees, `base` an empty folder beside it for its view of the system.
    """

    def __init__(self) -> None:
        self._top = os.path.realpath(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock = _locked(os.path.join(self._top, "lock"), os.O_CREAT)  # until this process is gone, however it goes
        self.root, self.base = os.path.join(self._top, "job"), os.path.join(self._top, "view")
        for folder in (self.root, self.base, *(self.path(name) for name in ("home", "tmp", "work", "binding"))):
            os.mkdir(folder, 0o700)

    def path(self, *names: str) -> str:
        """A path inside the folder."""
        return os.path.join(self.root, *names)

    def __enter__(self) -> Scratch:
        return self

    def __exit__(self, *ignored: object) -> None:
        remove(self._top)
        if self._lock is not None:
            os.close(self._lock)


def sweep() -> None:
    """Removes the folders of this user's runs that were killed: nobody holds their locks any more."""
    try:
        entries = list(os.scandir(tempfile.gettempdir()))
    except OSError:
        return
    for entry in entries:
        try:
            ours = entry.name.startswith(_PREFIX) and entry.stat(follow_symlinks=False).st_uid == os.getuid()
            if not ours or not entry.is_dir(follow_symlinks=False):
                continue
            lock = _locked(os.path.join(entry.path, "lock"))
        except OSError:
            continue
        if lock is not None:
            remove(entry.path)
            os.close(lock)


def _locked(path: str, create: int = 0) -> int | None:
    """A descriptor that holds the lock of a folder; None when another process has it, or there is none."""
    try:
        import fcntl

        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | create, 0o600)
    except (ImportError, OSError):
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def remove(folder: str) -> None:
    """Removes a folder with all that is in it: what is locked, however deep; links are not followed."""
    _remove(folder)
    if os.path.lexists(folder):
        # a program may take rights from itself; whoever owns the folders can take them back
        for path, names, _ in os.walk(folder):
            for name in names:
                place = os.path.join(path, name)
                if not os.path.islink(place):
                    try:
                        os.chmod(place, 0o700)
                    except OSError:
                        pass
        _remove(folder)


def _remove(folder: str) -> None:
    try:
        # Python's own way ends at a thousand folders in each other
        subprocess.run(
            ["rm", "-rf", "--", folder],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        shutil.rmtree(folder, ignore_errors=True)
