"""The code under check, parsed and compiled: silently, and in any number of threads.

What the compiler remarks about it (an invalid escape, `is` with a number) is the business of who runs it.  It would be
printed, or be an error under `python -W error`, unless a filter of warnings says otherwise; those are the process's,
and `warnings.catch_warnings` changes them for all threads.  So ours is one that fits nothing but what a thread of ours
is compiling right now, and it is taken out when the last thread is done.

CPython up to 3.12 counts the depth of the tree that it builds in one place for all threads: when a collection of
garbage lets another thread parse meanwhile, it says `SystemError: AST constructor recursion depth mismatch`.  So our
threads build one tree at a time (they hold the interpreter's lock anyway), and one that another thread of the process
has spoilt is built again.
"""

from __future__ import annotations

import os
from _thread import RLock, allocate_lock, get_ident

TYPE_CHECKING = False
if TYPE_CHECKING:
    import ast
    from collections.abc import Callable
    from types import TracebackType
    from typing import TypeVar

    T = TypeVar("T")

_ONLY_AST = 0x400  # ast.PyCF_ONLY_AST; top-level `await` parses, as notebooks need
_TRIES = 5  # to build a tree


class _Silence:
    """`with SILENCE:` a block in which this thread's warnings are ignored, and those of no other thread."""

    def __init__(self) -> None:
        self._lock = allocate_lock()
        self.building = RLock()  # held by who builds a tree
        self._inside: list[int] = []  # threads, once for each block they are in
        self._entry = ("ignore", None, Warning, self, 0)  # as `warnings.filters` has them
        self._put: list[object] = []  # the list that it was put into

    def match(self, module: str) -> bool:
        """Is it a thread in a block that warns?  Called by `warnings` in place of a regular expression's method."""
        return get_ident() in self._inside

    def __enter__(self) -> None:
        with self._lock:
            self._inside.append(get_ident())
            filters = _filters()
            if filters is not self._put or not filters or filters[0] is not self._entry:
                self._take_out()
                filters.insert(0, self._entry)
                self._put = filters

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            if get_ident() in self._inside:  # not in a process that was forked in the middle of a block: see `forget`
                self._inside.remove(get_ident())
            if not self._inside:
                self._take_out()

    def _take_out(self) -> None:
        for filters in (self._put, _filters()):
            if self._entry in filters:
                filters.remove(self._entry)
        self._put = []

    def forget(self) -> None:
        """In a new process nobody is inside."""
        self._lock, self.building = allocate_lock(), RLock()
        self._inside.clear()
        self._take_out()


def _filters() -> list[object]:
    """The filters that hold now; `catch_warnings` puts another list in their place."""
    import warnings

    return warnings.filters  # type: ignore[return-value]  # it is a list, and `warnings` itself inserts


SILENCE = _Silence()


if hasattr(os, "register_at_fork"):  # a fork copies locks as they are, and of the threads only the one that forks
    os.register_at_fork(after_in_child=SILENCE.forget)


def undisturbed(work: Callable[[], T]) -> T:
    """What `work`, which builds a syntax tree, gives: no other thread of ours builds one meanwhile."""
    tries = _TRIES
    while True:
        tries -= 1
        try:
            with SILENCE.building:
                return work()
        except SystemError:
            if not tries:
                raise


def parsed(code: str | bytes, filename: str = "<text>") -> ast.Module:
    """The syntax tree.  Raises SyntaxError, ValueError (NUL), RecursionError and MemoryError, as `compile` does."""
    with SILENCE:
        tree: ast.Module = undisturbed(lambda: compile(code, filename, "exec", _ONLY_AST, dont_inherit=True))
    return tree


def compiled(code: str | bytes, filename: str, flags: int = 0) -> None:
    """Raises what `compile` raises for code that Python does not run."""
    with SILENCE:
        compile(code, filename, "exec", flags=flags, dont_inherit=True)
