"""A secret of the user: what is signed with it was written by a run of his own, whoever carried it here.

It lies in the user's state folder, readable by nobody else, and is made by the first run that wants it.  Somebody
without a home, or with one that cannot be written to, has no secret; then nothing can be signed, and that is no error.
"""

from __future__ import annotations

import os
import stat

from tflint_mem.storage import user

NAME, SIZE = "key", 32  # bytes
_FLAGS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def key(tree: str) -> bytes | None:
    """The secret, or None.  tree: the folder under check; a secret that lies there would be anybody's."""
    folder = user.state_folder()
    if folder is None or user.is_inside(folder, tree):
        return None
    path = os.path.join(folder, NAME)
    try:
        return _read(path)
    except FileNotFoundError:
        pass
    except OSError:
        return None
    try:
        os.makedirs(folder, 0o700, exist_ok=True)
        _make(path)
        return _read(path)
    except OSError:
        return None


def _read(path: str) -> bytes | None:
    """The secret, None when others could know it."""
    handle = os.open(path, os.O_RDONLY | _FLAGS)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode) or status.st_size != SIZE:
            return None
        if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o077):
            return None
        return os.read(handle, SIZE)
    finally:
        os.close(handle)


def _make(path: str) -> None:
    """Write a new secret, unless another run is quicker: the file appears in one step and is never replaced."""
    temporary = f"{path}.{os.urandom(8).hex()}"  # a run that was killed leaves its own behind, and in no one's way
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _FLAGS, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(SIZE))
        try:
            os.link(temporary, path)
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            os.rename(temporary, path)
    finally:
        try:
            os.unlink(temporary)
        except OSError:
            pass
