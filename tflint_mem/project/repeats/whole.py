"""Answers about the whole project, such as who calls a function, that do not depend on what was asked before them.

They ask the inference, which asks them.  So each is found apart from the questions that are open, and where it leads
back to itself, or to another one that is being found, it is cut: the one that was asked first gets all that there is,
and those in between, which rest on the cut, are forgotten again.  Where questions stand too deep in each other the next
one is cut as well; the outermost then keeps what it got.
"""

from __future__ import annotations

from tflint_mem.project.holds.answers import LARGE_CYCLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any, TypeVar

    from tflint_mem.project.project import Project

    T = TypeVar("T")


class Whole:
    """The memo of such answers."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self._memo: dict[Hashable, Any] = {}
        self._open: dict[Hashable, int] = {}  # question -> how many were open before it
        self._between: dict[Hashable, tuple[int, Any]] = {}  # question -> (the open one it was cut at, what was found)
        self._cut = self._none = 1 << 30  # the outermost open question that what is being found was cut at

    def forget(self) -> None:
        """Drop what was found."""
        self._memo.clear()
        self._between.clear()

    def ask(self, key: Hashable, nothing: T, find: Callable[..., T], *about: object) -> T:
        """What `find(*about)` gives, remembered under `key`; `nothing` where it is being found."""
        known: T | None = self._memo.get(key)
        if known is not None:
            return known
        if key in self._open:
            return self._rests_on(self._open[key], nothing)
        if key in self._between:
            cut, known = self._between[key]
            return self._rests_on(cut, known)
        if self._open and self.project.infer.too_deep(len(self._open)):
            return self._rests_on(0, nothing)
        depth = self._open[key] = len(self._open)
        outer, self._cut = self._cut, self._none
        try:
            found: T = self.project.infer.apart(find, *about)
        finally:
            del self._open[key]
            cut, self._cut = self._cut, outer
        if cut < depth:
            self._between[key] = (cut, found)
            return self._rests_on(cut, found)
        self._memo[key] = found
        self._forget_between(depth)
        return found

    def _rests_on(self, cut: int, found: T) -> T:
        self._cut = min(self._cut, cut)
        self.project.infer.cut()
        return found

    def _forget_between(self, depth: int) -> None:
        """What was cut at the question of that depth is asked again when it is needed, or stays when it is much."""
        over = [key for key, (cut, _) in self._between.items() if cut >= depth]
        for key in over:
            _, found = self._between.pop(key)
            if len(over) > LARGE_CYCLE:
                self._memo[key] = found
