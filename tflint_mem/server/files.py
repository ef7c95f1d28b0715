"""The files of the disk, read again only when they have changed."""

from __future__ import annotations

import os

from tflint_mem.sources.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    State = tuple[int, int, int, int]  # times of change, size, number

_MOST_BYTES = 200_000_000  # that are kept


class Files:
    """What was read, as long as it is so on the disk."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[State, Source]] = {}
        self._size = 0

    def read(self, path: str, limit: int) -> Source:
        """The file at a path.  Raises what `Source.read` raises."""
        state = _state(path)
        kept = self._kept.pop(path, None)
        if kept is not None:
            if kept[0] == state and len(kept[1].raw) <= limit:
                self._kept[path] = kept
                return kept[1]
            self._size -= len(kept[1].raw)
        source = Source.read(path, limit)
        if state is not None:
            self._kept[path] = (state, source)
            self._size += len(source.raw)
            while self._size > _MOST_BYTES:
                _, oldest = self._kept.pop(next(iter(self._kept)))
                self._size -= len(oldest.raw)
        return source


def _state(path: str) -> State | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino
