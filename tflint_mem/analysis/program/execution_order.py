"""What runs before a call: the calls on the way to it, in the order in which a program makes them, across functions and imports.

`Order(context, classify).earlier(m, i)` gives one iterator for each way to call `i`: of the tagged calls that run before it, as
`Event`s.  `classify(m, j)` gives a tag for calls of interest, else None.
"""

from __future__ import annotations

from collections import deque

from tflint_mem import facts as F
from tflint_mem.facts import ClassDef, Comparison, Constant, Import, Name, UnaryOp
from tflint_mem.hardening.budget import settle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_WAYS = 12
MAX_HOPS = 7
MAX_DEPTH = 200  # functions in each other
MOST_WAYS = 1_000  # steps of the search for the ways to one call
MOST_CODE = 50_000  # statements and calls gone through for one call
_CONDITIONAL = frozenset(("if", "except", "match"))


class Event:
    """A tagged call that runs before another; `sure`: no condition lies in between."""

    __slots__ = ("tag", "m", "i", "sure")

    def __init__(self, tag, m: Module, i: int, sure):
        self.tag, self.m, self.i, self.sure = tag, m, i, sure


class Order:
    """What runs before what, for one kind of events."""

    def __init__(self, context: Context, classify):
        self.context, self._classify, self._tags, self._loud = context, classify, {}, {}

    def tag(self, m: Module, i: int):
        """The tag of call `i`, or None."""
        key = (m.index, i)
        if key not in self._tags:
            self._tags[key] = self._classify(m, i)
        return self._tags[key]

    def loud(self, m: Module, scope: int):
        """Can a run of the function give an event, itself or in what it calls and imports?  The others need not be gone through."""
        return settle((m.index, scope), self._look, self._loud)

    def _look(self, function: int):
        index, scope = function
        m = self.context.project.module(index)
        self.context.project.searches.count("what gives events")
        return int(any(self.tag(m, i) for i in m.scope_calls(scope))), self._onward(m, scope)

    def _onward(self, m: Module, scope: int):
        project = self.context.project
        for i in m.scope_calls(scope):
            for fm, s in project.functions_called(m, i):
                yield (fm.index, s)
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement and isinstance(statement, ClassDef):
                yield (m.index, statement.defines)
            elif statement and isinstance(statement, Import):
                for target in project.imports.of_statement(m, statement):
                    yield (target.index, 0)

    def earlier(self, m: Module, i: int):
        """For each way to reach call `i`, an iterator of the events before it, in order.

        There is none for a call that too many ways lead to, and an iterator ends early where there is too much code: what
        comes before such a call is unknown.
        """
        searches = self.context.project.searches
        code = searches.begin("what runs before", m, i, MOST_CODE)
        return [
            _along(self, way, code)
            for way in _ways(self.context, m, i, searches.begin("the ways to a call", m, i, MOST_WAYS))
        ]


# A hop is (module, scope, statement, call or None, context): a place that a run of the scope reaches.


def _ways(context: Context, m: Module, i: int, search):
    call = m.calls[i]
    queue, found = deque([((m, call.scope, call.statement, i, call.block),)]), []
    while queue and len(found) < MAX_WAYS:
        if not search.step():
            search.give_up()
            return []
        way = queue.popleft()
        hm, scope = way[0][0], way[0][1]
        hops = (
            []
            if scope == 0 or len(way) > MAX_HOPS
            else [hop for hop in _hops_to(context, hm, scope) if all(hop[:2] != h[:2] for h in way)]
        )
        if hops:
            queue.extend((hop, *way) for hop in hops[:MAX_WAYS])
        else:
            found.append(way)
    return found


def _hops_to(context: Context, m: Module, scope: int):
    record = m.scopes[scope]
    if record.kind == "class":
        statement = record.statement
        return [(m, record.parent, statement, None, m.statements[statement].block)]
    hops = []
    for cm, j, how in context.project.callers(m, scope):
        if how not in ("compiled", "compiled-map", "process") and not context.in_tests(cm):
            call = cm.calls[j]
            hops.append((cm, call[3], call[5], j, call[4]))
    return hops


def _along(order, way, search):
    """The events before the last hop of a way: imports, module level, then each function up to its hop."""
    walk, context = _Walk(order, search), order.context
    first = way[0]
    if first[1] != 0:  # nobody calls the function: its module was imported
        yield from walk.module(first[0])
    for m, scope, statement, call, place in way:
        if m.is_method(scope) and m.scopes[scope][F.S_NAME] != "__init__":
            init = context.infer.lookup(m, m.scopes[scope][F.S_PARENT], "__init__")
            if init:
                yield from walk.function(*init)
        if scope == 0:
            walk.imported.add(m.index)
        yield from walk.part(m, scope, statement, call, place)


class _Walk:
    """One run through the code; modules are imported once, and each function is gone through once: it gives the same events again."""

    def __init__(self, order, search):
        self.order, self.context, self.search = order, order.context, search
        self.imported, self.active = set(), set()
        self.known = {}  # function -> its events

    def step(self):
        """Take a step; False when what comes next is unknown."""
        if self.search.step():
            return True
        self.search.give_up()
        return False

    def module(self, m: Module):
        if m.index not in self.imported:
            self.imported.add(m.index)
            if self.order.loud(m, 0):
                yield from self.part(m, 0, None, None, -1)

    def function(self, m: Module, scope: int):
        key = (m.index, scope)
        if key in self.known:
            for event in self.known[key]:
                if not self.step():
                    return
                yield event
        elif key not in self.active and len(self.active) < MAX_DEPTH and self.order.loud(m, scope):
            self.active.add(key)
            events = {}
            for event in self.part(m, scope, None, None, -1):
                if (event.m.index, event.i, event.sure) not in events:
                    events[event.m.index, event.i, event.sure] = event
                    yield event
            self.active.discard(key)
            self.known[key] = list(events.values())

    def part(self, m: Module, scope: int, stop, stop_call, place: int):
        """Events of a scope up to a statement (None: all of it) and a call in it."""
        calls = list(m.scope_calls(scope))
        position = 0
        branches = {}  # if statement -> tag -> branches that surely give such an event
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if stop is not None and s > stop or not self.step():
                return
            if statement is None:
                continue
            where = statement.block
            sure, possible = self._reaches(m, scope, where, place, stop)
            here = []
            while position < len(calls) and m.calls[calls[position]].statement <= s:
                here.append(calls[position])
                position += 1
            if not possible or stop is None and scope == 0 and _main_only(m, where):
                continue
            if isinstance(statement, Import) and s != stop:
                for target in self.context.project.imports.of_statement(m, statement):
                    for event in self.module(target):
                        yield _with(event, sure)
            for i in here:
                if not self.step():
                    return
                if s == stop and stop_call is not None and i >= stop_call:
                    return
                inner = self._reaches(m, scope, m.calls[i].block, place, stop)
                if inner[1]:
                    for event in self._call(m, i):
                        yield _with(event, inner[0] or event.sure and self._both(m, i, place, event.tag, branches))
            if isinstance(statement, ClassDef) and s != stop:
                for event in self.part(m, statement.defines, None, None, -1):
                    yield _with(event, sure)

    def _call(self, m: Module, i: int):
        tag = self.order.tag(m, i)
        if tag:
            yield Event(tag, m, i, True)
            return
        for fm, scope in self.context.project.functions_called(m, i):
            yield from self.function(fm, scope)

    @staticmethod
    def _both(m: Module, i: int, place: int, tag, branches):
        """Has every branch of the one `if` around the call had such an event by now?"""
        around = set(m.chain(place)) if place != -1 else set()
        conditions = [c for c in m.chain(m.calls[i].block) if m.contexts[c].kind in _CONDITIONAL and c not in around]
        if len(conditions) != 1 or m.contexts[conditions[0]].kind != "if":
            return False
        statement = m.statements[m.contexts[conditions[0]].statement]
        seen = branches.setdefault((m.contexts[conditions[0]].statement, tag), set())
        seen.add(conditions[0])
        return statement[7] is not None and {statement[6], statement[7]} <= seen

    @staticmethod
    def _reaches(m: Module, scope: int, where, place: int, stop):
        """(sure, possible): does a run of the scope that reaches `place` pass through `where` on its way?"""
        if where == -1:
            return True, True
        around = set(m.chain(place)) if place != -1 else set()
        sure, possible = True, True
        for c in m.chain(where):
            kind, _, statement, _ = m.contexts[c]
            if kind not in _CONDITIONAL or c in around:
                continue
            sure = False
            if any(
                m.contexts[a].statement == statement
                and (m.contexts[a].kind in _CONDITIONAL or kind == "except" and m.contexts[a].kind == "try")
                for a in around
            ):
                possible = False  # the other branch
            elif stop is not None and c in m.jumps(scope):  # the block ends the function or the pass of the loop
                possible = False
            elif kind == "if" and any(m.contexts[a].kind == "if" and _opposite(m, c, a) for a in around):
                possible = False
        return sure, possible


def _with(event, sure):
    return event if sure else Event(event.tag, event.m, event.i, False)


def _opposite(m: Module, a, b):
    """`if flag:` … `if not flag:`: two branches that a run does not both enter."""
    first, second = _condition(m, a), _condition(m, b)
    return first[0] == second[0] and first[1] != second[1]


def _condition(m: Module, branch):
    _, _, statement, positive = m.contexts[branch]
    test = m.statements[statement][5]
    while test is not None and isinstance(test, UnaryOp) and test.op == "not":
        test, positive = test.operand, not positive
    return test, positive


def _main_only(m: Module, where):
    """Is the context inside `if __name__ == "__main__":`?"""
    return any(
        m.contexts[c].kind == "if" and is_main_test(m.statements[m.contexts[c].statement][5]) for c in m.chain(where)
    )


def is_main_test(test: Expression):
    """Is the expression `__name__ == "__main__"`?"""
    return (
        test is not None
        and isinstance(test, Comparison)
        and test.ops == ("==",)
        and {test.left, test.rights[0]} == {Name("__name__"), Constant("__main__")}
    )
