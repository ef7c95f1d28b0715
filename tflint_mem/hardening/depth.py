"""Deeply nested code needs a deeper limit of recursion, which is one for the whole process.

So it is only ever raised, by whoever comes first, and put back when the last one has left; nobody lowers it while
others are inside.  A limit that somebody else has set meanwhile stays.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

RECURSION = 6000  # calls


class _Deep:
    """`with DEEP:` a block in which calls may be nested `RECURSION` deep, in any number of threads at once."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self._inside = 0
        self._before = 0

    def __enter__(self) -> None:
        with self._lock:
            if not self._inside:
                self._before = sys.getrecursionlimit()
                if self._before < RECURSION:
                    sys.setrecursionlimit(RECURSION)
            self._inside += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            if not self._inside:  # a process that was forked in the middle of a block: see `forget`
                return
            self._inside -= 1
            if not self._inside and self._before < RECURSION == sys.getrecursionlimit():
                try:
                    sys.setrecursionlimit(self._before)
                except RecursionError:  # whoever called us is deeper by now than it allowed
                    pass

    def forget(self) -> None:
        """In a new process nobody is inside."""
        self._lock = allocate_lock()
        if self._inside:
            self._inside = 1
            self.__exit__(None, None, None)


DEEP = _Deep()
if hasattr(os, "register_at_fork"):  # a fork copies locks as they are, and of the threads only the one that forks
    os.register_at_fork(after_in_child=DEEP.forget)
