"""The shortest way from a function up to something that repeats it, found once for all functions that share it.

`repeats` looks at ways one by one, the nearest first, and can look at few: functions that call each other from several
places make very many.  Behind those stands this: for each function one caller, the next one on a shortest way to a loop
or a handler.  Whether the way can be taken is for the asker to check; where it cannot, the answer is unknown.
"""

from heapq import heappop, heappush

_NOT_HERE = frozenset(("process", "compiled", "compiled-map"))
_PLAIN = frozenset(("call", "submit"))


class Nearest:
    """Answers about one project, for its Repeats."""

    def __init__(self, repeats) -> None:
        self.project = repeats.project
        self._known: dict = {}  # function -> (functions to go through, caller), None when nothing repeats it

    def callers(self, m, scope: int) -> tuple:
        """The next caller (module, call, how) on a shortest way from a function to a repeat, as callers are given; empty when there is none."""
        function = (m.index, scope)
        if function not in self._known:
            self._learn(function)
        found = self._known[function]
        return () if found is None else (found[1],)

    def _learn(self, function: tuple) -> None:
        """Enter the function and all that are above it."""
        above, heap = self._above(function), []
        users: dict = {}  # function -> [(those that it calls, which of their callers it is, the caller)]
        for each, callers in above.items():
            for number, (caller, repeats) in enumerate(callers):
                user = (caller[0].index, caller[0].calls[caller[1]][3])
                if repeats:
                    heappush(heap, (1, number, each))
                elif user in above:
                    users.setdefault(user, []).append((each, number))
                elif self._known[user] is not None:
                    heappush(heap, (self._known[user][0] + 1, number, each))
        while heap:
            distance, number, each = heappop(heap)
            if each not in self._known:
                self._known[each] = distance, above[each][number][0]
                for called, which in users.get(each, ()):
                    heappush(heap, (distance + 1, which, called))
        for each in above:
            self._known.setdefault(each, None)

    def _above(self, function: tuple) -> dict:
        """{function: [(caller, does it repeat the function itself?)]} of all above a function that are not known yet."""
        found: dict = {}
        waiting = [function]
        while waiting:
            each = waiting.pop()
            if each in found or each in self._known:
                continue
            self.project.searches.count("the shortest way to a repeat")
            found[each] = list(self._usable(self.project.module(each[0]), each[1]))
            waiting.extend((m.index, m.calls[j][3]) for (m, j, _), repeats in found[each] if not repeats)
        return found

    def _usable(self, m, scope: int):
        """(caller, does it repeat the function itself?) of those that may lead to a repeat."""
        repeats = self.project.repeats_of
        guards, handlers = repeats.guards, repeats.handlers
        if scope == 0 or m.unit_test or guards.cached(m, scope):
            return
        for other, j, how in self.project.callers(m, scope):
            if other.unit_test or how in _NOT_HERE:
                continue
            user = other.calls[j][3]
            if how not in _PLAIN or repeats.local_loop(other, j):
                yield (other, j, how), True
            elif not guards.once(other, j, -1):
                kind = handlers.of_function(other, user)[0]
                if kind != "once":
                    yield (other, j, how), bool(kind) or user == 0 and bool(handlers.script(other))
