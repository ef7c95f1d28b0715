"""What runs before a call, in the order in which a program makes the calls, across functions and imports?

`Order(context, classify).earlier(m, i)` gives one iterator for each way to call `i`: of the tagged calls that run
before it, as `Event`s.  `classify(m, j)` gives a tag for calls of interest, else None.

An event is not sure when a condition stands between it and the call.  A loop counts as gone through once, a handler as
run or not, and what too many ways lead to, or too much code, has no events: unknown.
"""

from __future__ import annotations

from collections import deque

from tflint_mem.facts import ClassDef, Comparison, Constant, If, Import, Name, Record, UnaryOp
from tflint_mem.hardening.budget import settle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.hardening.budget import Search
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

    Tag = str | None
    Classify = Callable[[Module, int], Tag]
    Key = tuple[int, int]  # the index of a module, and the number of a scope or a call in it
    Way = tuple["_Hop", ...]  # from where the program starts to the call
    Branches = dict[tuple[int, str], set[int]]  # `if` statement and tag -> branches that surely give such an event

MAX_WAYS = 12
MAX_HOPS = 7
MAX_DEPTH = 200  # functions in each other
MOST_WAYS = 1_000  # steps of the search for the ways to one call
MOST_CODE = 50_000  # statements and calls gone through for one call
_CONDITIONAL = frozenset(("if", "except", "match"))


class Event:
    """A call that runs before another.

    tag   what `classify` says of it
    m, i  its module, and its number there
    sure  no condition lies in between
    """

    __slots__ = ("tag", "m", "i", "sure")

    def __init__(self, tag: str, m: Module, i: int, sure: bool) -> None:
        self.tag = tag
        self.m = m
        self.i = i
        self.sure = sure


class Order:
    """What runs before what, for one kind of events."""

    def __init__(self, context: Context, classify: Classify) -> None:
        self.context = context
        self._classify = classify
        self._tags: dict[Key, Tag] = {}
        self._loud: dict[Key, int] = {}

    def tag(self, m: Module, i: int) -> Tag:
        """The tag of call `i`, or None."""
        key = (m.index, i)
        if key not in self._tags:
            self._tags[key] = self._classify(m, i)
        return self._tags[key]

    def loud(self, m: Module, scope: int) -> bool:
        """Can a run of the function give an event, itself or in what it calls and imports?

        The others need not be gone through.
        """
        return settle((m.index, scope), self._look, self._loud) > 0

    def _look(self, function: Key) -> tuple[int, Iterator[Key]]:
        index, scope = function
        m = self.context.project.module(index)
        self.context.project.searches.count("what gives events")
        return int(any(self.tag(m, i) for i in m.scope_calls(scope))), self._onward(m, scope)

    def _onward(self, m: Module, scope: int) -> Iterator[Key]:
        """The functions, classes and modules that a run of the scope runs."""
        project = self.context.project
        for i in m.scope_calls(scope):
            for fm, s in project.functions_called(m, i):
                yield (fm.index, s)
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if isinstance(statement, ClassDef):
                yield (m.index, statement.defines)
            elif isinstance(statement, Import):
                for target in project.imports.of_statement(m, statement):
                    yield (target.index, 0)

    def earlier(self, m: Module, i: int) -> list[Iterator[Event]]:
        """For each way to reach call `i`, an iterator of the events before it, in order.

        There is none for a call that too many ways lead to, and an iterator ends early where there is too much code:
        what comes before such a call is unknown.
        """
        searches = self.context.project.searches
        code = searches.begin("what runs before", m, i, MOST_CODE)
        return [
            _along(self, way, code)
            for way in _ways(self.context, m, i, searches.begin("the ways to a call", m, i, MOST_WAYS))
        ]


class _Hop(Record):
    """A place that a run of a scope reaches: call `i`, or, when that is None, a class statement."""

    __slots__ = ()
    m: Module
    scope: int
    statement: int
    i: int | None
    block: int

    @classmethod
    def at_call(cls, m: Module, i: int) -> _Hop:
        """The place of a call."""
        call = m.calls[i]
        return cls(m, call.scope, call.statement, i, call.block)


def _ways(context: Context, m: Module, i: int, search: Search) -> list[Way]:
    """The ways to a call, as far back as callers are known; none when there are too many."""
    queue: deque[Way] = deque([(_Hop.at_call(m, i),)])
    found: list[Way] = []
    while queue and len(found) < MAX_WAYS:
        if not search.step():
            search.give_up()
            return []
        way = queue.popleft()
        first = way[0]
        hops = (
            []
            if first.scope == 0 or len(way) > MAX_HOPS
            else [
                hop
                for hop in _hops_to(context, first.m, first.scope)
                if all(hop.m is not h.m or hop.scope != h.scope for h in way)
            ]
        )
        if hops:
            queue.extend((hop, *way) for hop in hops[:MAX_WAYS])
        else:
            found.append(way)
    return found


def _hops_to(context: Context, m: Module, scope: int) -> list[_Hop]:
    """The places that run the scope: calls of a function, the statement of a class."""
    record = m.scopes[scope]
    if record.kind == "class":
        statement = record.statement
        return [_Hop(m, record.parent, statement, None, m.statements[statement].block)]
    hops = []
    for cm, j, how in context.project.callers(m, scope):
        if how not in ("compiled", "compiled-map", "process") and not context.in_tests(cm):
            hops.append(_Hop.at_call(cm, j))
    return hops


def _along(order: Order, way: Way, search: Search) -> Iterator[Event]:
    """The events before the last hop of a way: imports, module level, then each function up to its hop."""
    walk, context = _Walk(order, search), order.context
    first = way[0]
    if first.scope != 0:  # nobody calls the function: its module was imported
        yield from walk.module(first.m)
    for hop in way:
        m, scope = hop.m, hop.scope
        if m.is_method(scope) and m.scopes[scope].name != "__init__":
            init = context.infer.lookup(m, m.scopes[scope].parent, "__init__")
            if init:
                yield from walk.function(*init)
        if scope == 0:
            walk.imported.add(m.index)
        yield from walk.part(m, scope, hop)


class _Walk:
    """One run through the code.

    Modules are imported once, and each function is gone through once: it gives the same events again.

    imported  indices of modules that have been imported by now
    active    functions that are being gone through
    known     function -> its events
    """

    def __init__(self, order: Order, search: Search) -> None:
        self.order, self.context, self.search = order, order.context, search
        self.imported: set[int] = set()
        self.active: set[Key] = set()
        self.known: dict[Key, list[Event]] = {}

    def step(self) -> bool:
        """Take a step; False when what comes next is unknown."""
        if self.search.step():
            return True
        self.search.give_up()
        return False

    def module(self, m: Module) -> Iterator[Event]:
        """Events of the import of a module, none when it has been imported already."""
        if m.index not in self.imported:
            self.imported.add(m.index)
            if self.order.loud(m, 0):
                yield from self.part(m, 0)

    def function(self, m: Module, scope: int) -> Iterator[Event]:
        """Events of a whole run of a function, each once."""
        key = (m.index, scope)
        if key in self.known:
            for event in self.known[key]:
                if not self.step():
                    return
                yield event
        elif key not in self.active and len(self.active) < MAX_DEPTH and self.order.loud(m, scope):
            self.active.add(key)
            events: dict[tuple[int, int, bool], Event] = {}
            for event in self.part(m, scope):
                if (event.m.index, event.i, event.sure) not in events:
                    events[event.m.index, event.i, event.sure] = event
                    yield event
            self.active.discard(key)
            self.known[key] = list(events.values())

    def part(self, m: Module, scope: int, until: _Hop | None = None) -> Iterator[Event]:
        """Events of a scope up to a place in it, None: all of it."""
        stop = None if until is None else until.statement
        calls = m.scope_calls(scope)
        position = 0
        branches: Branches = {}
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if stop is not None and s > stop or not self.step():
                return
            where = statement.block
            sure, possible = self._reaches(m, scope, where, until)
            here = []
            while position < len(calls) and m.calls[calls[position]].statement <= s:
                here.append(calls[position])
                position += 1
            if not possible or until is None and scope == 0 and _main_only(m, where):
                continue
            if isinstance(statement, Import) and s != stop:
                for target in self.context.project.imports.of_statement(m, statement):
                    for event in self.module(target):
                        yield _with(event, sure)
            for i in here:
                if not self.step():
                    return
                if s == stop and until is not None and until.i is not None and i >= until.i:
                    return
                call_sure, call_possible = self._reaches(m, scope, m.calls[i].block, until)
                if call_possible:
                    for event in self._call(m, i):
                        yield _with(event, call_sure or event.sure and self._both(m, i, until, event.tag, branches))
            if isinstance(statement, ClassDef) and s != stop:
                for event in self.part(m, statement.defines):
                    yield _with(event, sure)

    def _call(self, m: Module, i: int) -> Iterator[Event]:
        """The event that a call is, or those of the functions that it runs."""
        tag = self.order.tag(m, i)
        if tag:
            yield Event(tag, m, i, True)
            return
        for fm, scope in self.context.project.functions_called(m, i):
            yield from self.function(fm, scope)

    @staticmethod
    def _both(m: Module, i: int, until: _Hop | None, tag: str, branches: Branches) -> bool:
        """Has every branch of the one `if` around the call had such an event by now?"""
        around = _blocks_around(m, until)
        conditions = [b for b in m.chain(m.calls[i].block) if m.blocks[b].kind in _CONDITIONAL and b not in around]
        if len(conditions) != 1:
            return False
        number = m.blocks[conditions[0]].statement
        statement = m.statements[number]
        if not isinstance(statement, If):
            return False
        seen = branches.setdefault((number, tag), set())
        seen.add(conditions[0])
        return statement.orelse is not None and {statement.body, statement.orelse} <= seen

    @staticmethod
    def _reaches(m: Module, scope: int, where: int, until: _Hop | None) -> tuple[bool, bool]:
        """(sure, possible): does a run of the scope that reaches a place pass through block `where` on its way?"""
        if where == -1:
            return True, True
        around = _blocks_around(m, until)
        sure, possible = True, True
        for b in m.chain(where):
            block = m.blocks[b]
            if block.kind not in _CONDITIONAL or b in around:
                continue
            sure = False
            if any(
                m.blocks[a].statement == block.statement
                and (m.blocks[a].kind in _CONDITIONAL or block.kind == "except" and m.blocks[a].kind == "try")
                for a in around
            ):
                possible = False  # the other branch
            elif until is not None and b in m.jumps(scope):  # the block ends the function or the pass of the loop
                possible = False
            elif block.kind == "if" and any(m.blocks[a].kind == "if" and _opposite(m, b, a) for a in around):
                possible = False
        return sure, possible


def _blocks_around(m: Module, place: _Hop | None) -> set[int]:
    """The blocks in which a place stands; none when there is no place."""
    return set() if place is None else set(m.chain(place.block))


def _with(event: Event, sure: bool) -> Event:
    """The event itself, or the same one that is not sure."""
    return event if sure else Event(event.tag, event.m, event.i, False)


def _opposite(m: Module, one: int, other: int) -> bool:
    """`if flag:` … `if not flag:`: two branches that a run does not both enter."""
    test, positive = _condition(m, one)
    other_test, other_positive = _condition(m, other)
    return test == other_test and positive != other_positive


def _condition(m: Module, branch: int) -> tuple[Expression | None, bool]:
    """(test, does it hold?) in a branch of an `if`; the test without `not`."""
    block = m.blocks[branch]
    statement, positive = m.statements[block.statement], bool(block.branch)
    test = statement.test if isinstance(statement, If) else None
    while isinstance(test, UnaryOp) and test.op == "not":
        test, positive = test.operand, not positive
    return test, positive


def _main_only(m: Module, where: int) -> bool:
    """Is the block inside `if __name__ == "__main__":`?"""
    for b in m.chain(where):
        statement = m.statements[m.blocks[b].statement]
        if m.blocks[b].kind == "if" and isinstance(statement, If) and is_main_test(statement.test):
            return True
    return False


def is_main_test(test: Expression) -> bool:
    """Is the expression `__name__ == "__main__"`?"""
    return (
        isinstance(test, Comparison)
        and test.ops == ("==",)
        and {test.left, test.rights[0]} == {Name("__name__"), Constant("__main__")}
    )
