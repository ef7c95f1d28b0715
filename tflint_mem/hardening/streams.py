"""The standard streams of a process that may have been started without them (`>&-`)."""

from __future__ import annotations

import errno
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

# what writing to an open file may end in
_REFUSED = frozenset(
    (errno.ENOSPC, errno.EBADF, errno.EIO, errno.EFBIG, errno.EDQUOT, errno.EPERM, errno.ENXIO, errno.EAGAIN)
)


def refused(error: BaseException) -> bool:
    """Is this what standard output says when nothing can be written to it (a full disk, a closed stream)?"""
    return isinstance(error, OSError) and error.filename is None and error.errno in _REFUSED


def complete() -> None:
    """Give a process its three standard streams.

    A closed one would be taken by the next file that is opened, and what is meant for the stream would be written
    there.  What goes to a closed standard error is lost; reading from a closed standard input and writing to a closed
    standard output fail as they should.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            handle = os.open(os.devnull, os.O_RDONLY if number == 1 else os.O_WRONLY)
            if handle != number:
                os.dup2(handle, number)
                os.close(handle)
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.stderr = _Forgiving(sys.stderr)


class _Forgiving:
    """Standard error: what cannot be written there is lost, and nothing else."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        try:
            return self._stream.write(text)
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            self._stream.flush()
        except (OSError, ValueError):
            pass
