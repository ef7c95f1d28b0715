"""The shortest way from a function up to something that repeats it, found once for all functions that share it.

`repeats` looks at ways one by one, the nearest first, and can look at few: functions that call each other from several
places make very many.  Behind those stands this: for each function one caller, the next one on a shortest way to a loop
or a handler.  Whether the way can be taken is for the asker to check; where it cannot, the answer is unknown.
"""

from __future__ import annotations

from heapq import heappop, heappush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Caller

    Key: TypeAlias = tuple[int, int]  # a function: the index of its module, and its scope
    Usable: TypeAlias = tuple[Caller, bool]  # a caller, and whether it repeats the function itself

_NOT_HERE = frozenset(("process", "compiled", "compiled-map"))
_PLAIN = frozenset(("call", "submit"))


class Nearest:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        # function -> (functions to go through, caller), None when nothing repeats it
        self._known: dict[Key, tuple[int, Caller] | None] = {}

    def callers(self, m: Module, scope: int) -> tuple[Caller, ...]:
        """The next caller on a shortest way from a function to a repeat, in a tuple; an empty one without a way."""
        function = (m.index, scope)
        if function not in self._known:
            self._learn(function)
        found = self._known[function]
        if found is None:
            return ()
        _, caller = found
        return (caller,)

    def _learn(self, function: Key) -> None:
        """Enter the function and all that are above it."""
        above = self._above(function)
        heap: list[tuple[int, int, Key]] = []  # (functions to go through, which of its callers, function)
        users: dict[Key, list[tuple[Key, int]]] = {}  # function -> [(one that it calls, which of whose callers it is)]
        for each, callers in above.items():
            for number, ((m, i, _), repeats) in enumerate(callers):
                user = (m.index, m.calls[i].scope)
                if repeats:
                    heappush(heap, (1, number, each))
                elif user in above:
                    users.setdefault(user, []).append((each, number))
                else:
                    known = self._known[user]
                    if known is not None:
                        distance, _ = known
                        heappush(heap, (distance + 1, number, each))
        while heap:
            distance, number, each = heappop(heap)
            if each not in self._known:
                caller, _ = above[each][number]
                self._known[each] = distance, caller
                for called, which in users.get(each, ()):
                    heappush(heap, (distance + 1, which, called))
        for each in above:
            self._known.setdefault(each, None)

    def _above(self, function: Key) -> dict[Key, list[Usable]]:
        """{function: its usable callers} of all above a function that are not known yet."""
        found: dict[Key, list[Usable]] = {}
        waiting = [function]
        while waiting:
            each = waiting.pop()
            if each in found or each in self._known:
                continue
            self.project.searches.count("the shortest way to a repeat")
            index, scope = each
            found[each] = list(self._usable(self.project.module(index), scope))
            waiting.extend((m.index, m.calls[j].scope) for (m, j, _), repeats in found[each] if not repeats)
        return found

    def _usable(self, m: Module, scope: int) -> Iterator[Usable]:
        """The callers that may lead to a repeat."""
        repeats = self.project.repeats_of
        if scope == 0 or m.unit_test or repeats.caching.cached(m, scope):
            return
        for other, j, how in self.project.callers(m, scope):
            if other.unit_test or how in _NOT_HERE:
                continue
            user = other.calls[j].scope
            if how not in _PLAIN or repeats.local_loop(other, j):
                yield (other, j, how), True
            elif not repeats.guards.once(other, j, -1):
                kind = repeats.handlers.of_function(other, user).kind
                if kind != "once":
                    yield (other, j, how), kind is not None or user == 0 and bool(repeats.scripts.phrase(other))
