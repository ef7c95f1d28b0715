"""Write a file that may be new, no regular file at all, or a link that somebody has put there."""

from __future__ import annotations

import os


def save(path: str, data: bytes) -> None:
    """Put `data` into `path` in one step; a pipe or a device is simply written to.  Raises OSError."""
    from tflint_mem.storage.in_place import write_atomic

    if os.path.exists(path) and not os.path.isfile(path):
        with open(path, "wb") as file:
            file.write(data)
        return
    created = not os.path.exists(path)
    if created:
        open(path, "xb").close()
    try:
        write_atomic(path, data)
    except OSError:
        if created:
            os.unlink(path)
        raise


def put(path: str, text: str) -> None:
    """Make `path` a file with `text` (UTF-8) in one step: see `put_bytes`.  Raises OSError."""
    put_bytes(path, text.encode("utf-8", "backslashreplace"))


def put_bytes(path: str, data: bytes, mode: int = 0o666) -> None:
    """Make `path` a file with `data` in one step; `mode` is its mode, but for what the process masks.  Raises OSError.

    A symbolic link that lies there is replaced and not followed: what we write has a name that a repository can
    foresee.
    """
    number = 0
    while True:
        temporary = f"{path}.{os.getpid()}-{number}.part"
        try:
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)  # never through a link
            break
        except FileExistsError:
            number += 1
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
