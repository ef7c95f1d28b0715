"""Reading files of a tree that nobody vouches for: regular files of bounded size, and nothing else.

A named pipe is not waited for, a device not drained, and a file of any size is measured before it is read.
"""

import errno
import os
import stat

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
UNBOUNDED = 1 << 30  # bytes: more than any file that is asked for by an exact name of ours


class TooLarge(OSError):
    """A file has more bytes than are read; `size` says how many, None when it grew meanwhile."""

    def __init__(self, path: str, size: int | None, limit: int) -> None:
        super().__init__(errno.EFBIG, f"larger than {limit / 1e6:g} MB", path)
        self.size = size


def read_regular(path: str, limit: int = UNBOUNDED, cut: bool = False) -> bytes:
    """The bytes of a regular file; with `cut` the first `limit` of them.

    Raises OSError when there is no such file or it is none that can be read, and TooLarge when it has more than `limit`
    bytes.
    """
    try:
        handle = os.open(path, _FLAGS)
    except ValueError:  # a NUL, or half a surrogate pair: no file has such a name
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path) from None
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            if stat.S_ISDIR(status.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), path)
            raise OSError(errno.EINVAL, "not a regular file", path)
        size = status.st_size
        if size > limit and not cut:
            raise TooLarge(path, size, limit)
        chunks, left = [], limit if cut else limit + 1
        while left > 0 and (chunk := os.read(handle, min(size + 1 if size else 1 << 16, left))):
            chunks.append(chunk)
            left -= len(chunk)
    finally:
        os.close(handle)
    if left <= 0 and not cut:
        raise TooLarge(path, None, limit)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
