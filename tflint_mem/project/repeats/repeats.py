"""repeats(site): why a call runs again and again, with the way from the repeat to the call.

A call repeats when it stands in the body of a loop or comprehension, or when the function around it is called from
such a place, is a request handler, an objective, a callback, a worker's job, a recursion.  It does not when the loop
always leaves in its first pass or has one element, or when a once-guard stands in between.
"""

from __future__ import annotations

from collections import deque

from tflint_mem.facts import Expression, tail_of
from tflint_mem.facts.record import Record
from tflint_mem.project.linking.call_names import call_text

from .caching import Caching
from .feasible import Feasible
from .guards import Guards
from .handlers import Handlers
from .kindred import Kindred
from .leaving import Leaving, one_of_them
from .lengths import Lengths
from .nearest import Nearest
from .owners import Owners
from .places import is_made_anew
from .recursion import instead
from .repeat import Repeat
from .scripts import Scripts
from .turns import picks, takes_turns
from .usual import Usual

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Set
    from typing import TypeAlias

    from tflint_mem.hardening.budget import Search
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .repeat import Caller, ClassId, Kind, Site

    Hops: TypeAlias = tuple[Site, ...]
    Way: TypeAlias = tuple[Repeat, tuple[ClassId, ...]]  # and the classes of which each repeat must make an object

MAX_DEPTH = 9  # functions in each other on a way that is looked at
FEW = 3  # passes that say little: the callers are asked, too
# Places that the search by ways looks at: two calls of each function make it see four ways after two functions.
MAX_PATHS = 60
MAX_CHAIN = 60  # functions in each other on a way that is looked at because it is the shortest


class _Reach:
    """How far a search for repeats goes.

    most      functions in each other
    nearest   gives the one caller of each function that is looked at; None: all are
    time      whether the question is about the time of all runs: see `Guards.once`
    cut       tells that some way is longer
    """

    __slots__ = ("most", "nearest", "time", "cut")

    def __init__(self, most: int, nearest: Nearest | None, time: bool) -> None:
        self.most = most
        self.nearest = nearest
        self.time = time
        self.cut = False


class _Place(Record):
    """A call on a way that is looked at.

    hops    the calls from it to the flagged one, itself the first
    seen    functions that are on the way
    owners  classes of which each repeat must make an object for it to count: a guard on `self.model` holds for one
    rerun   whether only a Streamlit script that runs again repeats the call: what it keeps itself lasts until then
    """

    __slots__ = ()
    m: Module
    i: int
    hops: Hops
    seen: Set[tuple[int, int]]
    owners: tuple[ClassId, ...]
    rerun: bool


class _Again(Record):
    """How a function repeats that is handed over.

    kind     of the Repeat
    phrase   what repeats it, from the call that is given the function, and the function's name
    counted  whether the second argument of the call says how often
    """

    __slots__ = ()
    kind: Kind
    phrase: Callable[[Module, int, str], str]
    counted: bool


class Repeats:
    """Answers of one project."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.lengths = Lengths(project)
        self.leaving = Leaving()
        self.guards = Guards(project)
        self.caching = Caching(project)
        self.handlers = Handlers(project)
        self.scripts = Scripts(project)
        self.feasible = Feasible(project)
        self.kindred = Kindred(project)
        self.owners = Owners(project)
        self.nearest = Nearest(project)
        self.usual = Usual(project)
        self._plain: dict[tuple[int, int], bool] = {}

    def parts(self) -> tuple[object, ...]:
        """Everything that answers for this project, itself included: each has it as `project`."""
        return (
            self,
            self.lengths,
            self.guards,
            self.guards.tables,
            self.guards.places,
            self.caching,
            self.handlers,
            self.handlers.decorated,
            self.scripts,
            self.feasible,
            self.kindred,
            self.owners,
            self.nearest,
            self.usual,
        )

    def of_call(self, m: Module, i: int, accept: Callable[[Repeat], object] | None = None) -> Repeat | None:
        """The nearest way in which call `i` repeats, of those that `accept` does not refuse; None when it does not."""
        for repeat in self.all_of_call(m, i):
            if accept is None or accept(repeat):
                return repeat
        return None

    def all_of_call(self, m: Module, i: int, time: bool = False) -> Iterator[Repeat]:
        """Every way in which call `i` repeats, nearest first; those beyond so many places on the way are not known.

        With `time` the question is whether the time of all runs adds up: see `Guards.once`.
        """
        search, found = self.project.searches.begin("why a call repeats", m, i, MAX_PATHS), False
        reach, hops = _Reach(MAX_DEPTH, None, time), ((m, i),)
        seen = frozenset(((m.index, m.calls[i].scope),))
        for repeat in self._search(_Place(m, i, hops, seen, (), False), search, reach):
            found = True
            yield repeat
        if found or not search.spent and not reach.cut:
            return
        shortest = self.project.searches.begin("why a call repeats", m, i, MAX_CHAIN)  # too many ways, or too long ones
        reach = _Reach(MAX_CHAIN, self.nearest, time)
        for repeat in self._search(_Place(m, i, hops, frozenset(), (), False), shortest, reach):
            if self.feasible.way(repeat.hops[repeat.handed :]):
                found = True
                yield repeat
        if not found and (search.spent or shortest.spent):
            search.give_up()

    def count(self, m: Module, loop: int) -> int | None:
        """Number of passes of a loop when the code says it, else None."""
        return self.lengths.count(m, loop)

    def length(self, m: Module, scope: int, e: Expression | None, at: int) -> int | None:
        """The number of elements of what an expression gives at statement `at`, at most; None when it is unknown."""
        return self.lengths.length(m, scope, e, at)

    def number(self, m: Module, scope: int, e: Expression, at: int) -> int | None:
        """The whole number that an expression is at statement `at`, else None."""
        return self.lengths.number(m, scope, e, at)

    def local_loop(self, m: Module, i: int, time: bool = False) -> list[int]:
        """The blocks of the loops around call `i` that really repeat it, innermost first."""
        found: list[int] = []
        for loop in m.loops(m.calls[i].block):
            if self.count(m, loop) in (0, 1):
                continue
            if self.leaving.at_once(m, i, loop) or one_of_them(m, i, loop):
                continue
            if m.blocks[loop].kind == "while" and self.guards.until_loaded(m, i, loop):
                continue
            if self.guards.once(m, i, loop, time):
                return found  # guarded inside this loop: the loops around it do not repeat it either
            found.append(loop)
        return found

    # -- the search, nearest repeats first -----------------------------------------------------------------------------

    def _search(self, place: _Place, search: Search, reach: _Reach) -> Iterator[Repeat]:
        queue = deque([place])
        while queue:
            place = queue.popleft()
            if not search.step():
                return
            for repeat, owners in self._ways(place, queue, search, reach):
                if all(self.owners.made(repeat, owner) for owner in owners):
                    yield repeat

    def _ways(self, place: _Place, queue: deque[_Place], search: Search, reach: _Reach) -> Iterator[Way]:
        """The repeats of a place; those of its callers are put into the queue."""
        m, i, hops, owners = place.m, place.i, place.hops, place.owners
        scope = m.calls[i].scope
        found = [] if place.rerun else self._loops(place, reach)
        passes: int | None = 1
        for loop in found:
            count = self.count(m, loop)
            passes = None if count is None or passes is None else passes * count
            yield _loop_repeat(m, loop, hops, passes), owners
        if found:  # an outer caller adds nothing, but a handler around the loop is the better explanation
            handling = self.handlers.of_function(m, scope)
            if handling.kind == "handler":
                yield self._run_repeat(place, "handler", handling.phrase), owners
            if passes is None or passes > FEW:
                return
        held = self._held(place, reach.time)
        if held is None:
            return
        owners, rerun = held.owners, held.rerun
        record = m.scopes[scope]
        if scope == 0:
            script = self.scripts.phrase(m)
            if script:
                line = m.statements[m.calls[i].statement].line
                yield Repeat("script", hops, m, None, 0, None, script, line), owners
            return
        if record.name in ("__init__", "__post_init__") and m.is_method(scope):
            if self.caching.makes_one(m, record.parent):
                return
        handling = self.handlers.of_function(m, scope)
        if handling.kind == "once":
            return
        if handling.kind is not None and not rerun:
            yield self._run_repeat(place, handling.kind, handling.phrase), owners
            return
        if record.kind == "class":
            return
        if len(hops) > reach.most:
            reach.cut = True
            return
        for other, j, loop in () if rerun else self.project.iterated.loops(m, scope):
            count = self.count(other, loop)
            if not other.unit_test and count not in (0, 1):
                yield _loop_repeat(other, loop, ((other, j), *hops), count), owners
        if not m.unit_test:  # a test runs once; only a loop around the call itself repeats it
            yield from self._callers_of(held, queue, search, reach)

    def _loops(self, place: _Place, reach: _Reach) -> list[int]:
        """The loops around the call that repeat it, and what it leads to."""
        found = self.local_loop(place.m, place.i, reach.time)
        if not found or len(place.hops) == 1:
            return found
        return [
            loop
            for loop in found
            if not takes_turns(self.project, place.m, place.i, loop) and not picks(self.project, place.hops, loop)
        ]

    def _held(self, place: _Place, time: bool) -> _Place | None:
        """The place with what a guard or a cache around it changes; None when that lets the call run only once."""
        m, i, owners, rerun = place.m, place.i, place.owners, place.rerun
        scope = m.calls[i].scope
        guard = self.guards.once(m, i, -1, time)
        in_object = bool(guard) and self.guards.places.of_object(m, scope, guard)
        if guard and not in_object:
            if not is_made_anew(m, guard) or not self.scripts.phrase(m):
                return None
            rerun = True
        if scope > 0:
            cached = self.caching.cached(m, scope)
            if cached and not self.caching.for_each_object(m, scope):
                if not self.caching.anew(m, scope) or not self.scripts.phrase(m):
                    return None
                rerun = True
            elif in_object or cached:
                owners = (*owners, (m.index, m.scopes[scope].parent))
        return _Place(m, i, place.hops, place.seen, owners, rerun)

    def _callers_of(self, place: _Place, queue: deque[_Place], search: Search, reach: _Reach) -> Iterator[Way]:
        """The repeats by callers of the function around a place; the other callers are put into the queue."""
        m, hops, seen, nearest = place.m, place.hops, place.seen, reach.nearest
        scope = m.calls[place.i].scope
        callers = self._callers(m, scope, nearest)
        only_calls = nearest is None and self._only_calls(m, scope, callers)
        for other, j, how in callers:
            itself = other is m and other.calls[j].scope == scope
            if len(queue) > search.left and (only_calls or how == "call" and not itself):
                if only_calls:
                    break
                continue  # before its turn the search is given up
            if other.unit_test or how == "process" or how == "compiled":
                continue
            around = other.calls[j].scope
            key = (other.index, around)
            if not itself and key in seen and around != 0:
                continue
            site = (other, j)
            if how == "call" and not self.feasible.way((site, *(hops if nearest is None else hops[:MAX_DEPTH]))):
                continue
            if itself:
                again = None if place.rerun else self._recursion(place, site, how)
                if again is not None:
                    yield again, place.owners
                continue
            if how == "compiled-map":
                continue
            repeat = self._handed_repeat(place, site, how)
            if repeat is None:
                known = seen | {key} if nearest is None else seen
                queue.append(_Place(other, j, (site, *hops), known, place.owners, place.rerun))
            elif not place.rerun:
                yield repeat, place.owners

    def _callers(self, m: Module, scope: int, nearest: Nearest | None) -> Sequence[Caller]:
        """The callers that the search looks at."""
        if nearest is not None:
            return nearest.callers(m, scope)
        callers = self.project.callers(m, scope)
        if all(other.unit_test for other, _, _ in callers):  # what a test repeats is no evidence for the program
            return self.kindred.callers(m, scope)
        return callers

    def _only_calls(self, m: Module, scope: int, callers: Sequence[Caller]) -> bool:
        """Are all callers of a function calls in other functions?"""
        key = (m.index, scope)
        if key not in self._plain:
            self._plain[key] = all(
                how == "call" and not (other is m and other.calls[j].scope == scope) for other, j, how in callers
            )
        return self._plain[key]

    # -- one repeat ----------------------------------------------------------------------------------------------------

    def _run_repeat(self, place: _Place, kind: Kind, what: str) -> Repeat:
        """The repeat whose every time is a run of the function around the place."""
        scope = place.m.calls[place.i].scope
        return Repeat(kind, place.hops, place.m, None, scope, None, what, place.m.scopes[scope].line)

    def _recursion(self, place: _Place, site: Site, how: str) -> Repeat | None:
        """The repeat when the function around the place calls or schedules itself at `site`, else None."""
        (m, j), scope = site, place.m.calls[place.i].scope
        if how not in ("call", "submit") or len(place.hops) > 2 or instead(m, place.i, j):
            return None
        if not self.feasible.way((site, site)):
            return None
        name = m.scopes[scope].name
        if how == "call":
            what = f"each recursive call of `{name}`"
        else:
            what = f"each turn of `{name}`, which schedules itself again"
        return Repeat("recursion", place.hops, m, None, scope, None, what, m.calls[j].pos.line)

    def _handed_repeat(self, place: _Place, site: Site, how: str) -> Repeat | None:
        """The repeat when `site` hands the function around the place to what runs it again and again, else None."""
        again = _AGAIN.get(how)
        if again is None:
            return None
        m, i = site
        call, scope = m.calls[i], place.m.calls[place.i].scope
        count = None
        if again.counted and len(call.args) > 1:
            count = self.length(m, call.scope, call.args[1], call.statement)
        what = again.phrase(m, i, place.m.scopes[scope].name)
        return Repeat(again.kind, (site, *place.hops), m, None, scope, count, what, call.pos.line, True)


def _loop_repeat(m: Module, loop: int, hops: Hops, passes: int | None) -> Repeat:
    """The repeat by a loop."""
    kind, phrase = _LOOPS[m.blocks[loop].kind]
    return Repeat(kind, hops, m, loop, None, passes, phrase, m.loop_line(loop))


def _event_phrase(m: Module, i: int, name: str) -> str:
    if (tail_of(m.calls[i].func) or "").startswith("enqueue"):
        return f"each RQ job `{name}` of a worker that does not fork"
    return f"each event handled by `{name}`"


def _item_phrase(m: Module, i: int, name: str) -> str:
    return f"each item of `{call_text(m, i)}`"


# kind of a block -> kind of the Repeat, and its phrase
_LOOPS: dict[str, tuple[Kind, str]] = {
    "for": ("loop", "the `for` loop"),
    "while": ("while", "the `while` loop"),
    "comp": ("comprehension", "the comprehension"),
}
# how a function is handed over (see `callers`) -> how it repeats; in any other way it runs once for each run around it
_AGAIN = {
    "map": _Again("map", _item_phrase, True),
    "pool": _Again("worker", _item_phrase, True),
    "objective": _Again("objective", lambda m, i, name: f"each trial of `{call_text(m, i)}`", False),
    "evaluation": _Again("map", lambda m, i, name: f"each evaluation by `{call_text(m, i)}`", False),
    "handler": _Again("handler", _event_phrase, False),
    "callback": _Again("callback", lambda m, i, name: f"each run of the callback `{call_text(m, i)}`", False),
}
