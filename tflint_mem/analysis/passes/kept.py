"""Things that a repeat puts into a container: the statements that keep them, and what becomes of the container."""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    CallRef,
    Constant,
    Delete,
    DictDisplay,
    ExprStatement,
    ListDisplay,
    Name,
    SequenceDisplay,
    Slice,
    Subscript,
    UnaryOp,
)
from tflint_mem.project.holds.values import MapValue, SequenceValue, TupleValue
from tflint_mem.project.linking.module import dotted, statement_expressions, tail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_ADDERS = frozenset(("append", "add", "appendleft", "put"))
_DROPPERS = frozenset(("pop", "popleft", "popitem", "clear", "remove", "discard"))
_PICKERS = frozenset(("argmin", "argmax", "nanargmin", "nanargmax", "index", "min", "max", "argsort"))
_ITEMS = 8


class Keeping:
    """A statement that keeps something.

    m, s        module and statement      container   the name or attribute that holds the container
    values      the expressions that are kept (the items of a kept tuple, list or dictionary one by one)
    key         the subscript under which it is stored, or None
    """

    __slots__ = ("m", "s", "container", "values", "key")

    def __init__(self, m: Module, s: int, container, values, key=None):
        self.m, self.s, self.container, self.values, self.key = m, s, container, values, key


def in_scope(context: Context, m: Module, scope: int):
    """Every Keeping of a function or module body."""
    key = ("keeping", m.index, scope)
    if key not in context.memo:
        context.memo[key] = tuple(_in_scope(m, scope))
    return context.memo[key]


def _in_scope(m: Module, scope: int):
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is None:
            continue
        if isinstance(statement, ExprStatement) and isinstance(statement[5], CallRef):
            f, args, *_ = m.calls[statement[5][1]]
            if isinstance(f, Attribute) and dotted(f[1]) and args:
                if f[2] in _ADDERS and len(args) == 1:
                    yield Keeping(m, s, f[1], _items(args[0]))
                elif f[2] == "insert" and len(args) == 2:
                    yield Keeping(m, s, f[1], _items(args[1]))
                elif f[2] == "extend" and isinstance(args[0], SequenceDisplay):
                    yield Keeping(m, s, f[1], _items(args[0]))
                elif f[2] == "setdefault" and len(args) == 2:
                    yield Keeping(m, s, f[1], _items(args[1]), args[0])
        elif isinstance(statement, Assign) and statement[6] is not None:
            for target in statement[5]:
                if (
                    isinstance(target, Subscript)
                    and dotted(target[1])
                    and target[2] is not None
                    and not isinstance(target[2], Slice)
                ):
                    yield Keeping(m, s, target[1], _items(statement[6]), target[2])
        elif (
            isinstance(statement, Augment)
            and statement[6] == "+"
            and isinstance(statement[7], ListDisplay)
            and dotted(statement[5])
        ):
            yield Keeping(m, s, statement[5], _items(statement[7]))


def _items(expression: Expression):
    if isinstance(expression, SequenceDisplay):
        return tuple(item for each in expression[1][:_ITEMS] for item in _items(each))
    if isinstance(expression, DictDisplay):
        return tuple(item for each in expression[2][:_ITEMS] for item in _items(each))
    return (expression,)


def position(m: Module, s: int):
    """(line, column, end line, end column) of a keeping statement."""
    statement = m.statements[s]
    if isinstance(statement, ExprStatement):
        return m.calls[statement[5][1]][6]
    if isinstance(statement, Augment):
        return statement[8]
    calls = [m.calls[i][6] for i in m.calls_of(s)]
    start = statement[5][0][3][1] if isinstance(statement, Assign) and isinstance(statement[5][0], Subscript) else 0
    return (statement[3], start, *max((pos[2:] for pos in calls), default=(statement[4], start)))


def empty_at(context: Context, m: Module, scope: int, container):
    """Statements of the scope that bind the container anew (`kept = []`)."""
    key = ("assignments", m.index, scope)
    if key not in context.memo:
        found = context.memo[key] = {}
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement and isinstance(statement, Assign):
                for target in dict.fromkeys(statement[5]):
                    found.setdefault(target, []).append(s)
    return context.memo[key].get(container, ())


# -- what becomes of the container ----------------------------------------------------------------------------------------

NOTHING, ONE, ALL, BOUNDED, UNKNOWN = "nothing", "one", "all", "bounded", "unknown"


def fate(context: Context, keeping, loop: int):
    """What the project does with a container that is filled in the loop context `loop` (-1: in the whole function).

    NOTHING   it is only filled and counted             ONE     one item is picked out
    ALL       it is used as a whole, or handed on            BOUNDED  items are taken out again
    UNKNOWN   not everybody who sees it is known
    """
    key = ("fate", keeping.m.index, keeping.m.statements[keeping.s][1], keeping.container, keeping.key)
    if key not in context.memo:
        context.memo[key] = _fate(context, keeping)
    return context.memo[key]


def _fate(context: Context, keeping):
    m, container = keeping.m, keeping.container
    scope = m.statements[keeping.s][1]
    if any(
        isinstance(m.calls[i][0], Attribute) and m.calls[i][0][1] == container and m.calls[i][0][2] in _DROPPERS
        for i in m.scope_calls(scope)
    ):
        return BOUNDED
    places = _places(context, m, scope, container)
    if places is None:
        return UNKNOWN
    found = set()
    for other, s, place in places:
        for use in _Uses(other, place, s, keeping).of_scope():
            found.add(use)
    if "all" in found:
        return ALL
    if "drop" in found:
        return BOUNDED
    picks = {use for use in found if isinstance(use, tuple)}
    return ALL if len(picks) > 1 else ONE if picks else NOTHING


def _places(context: Context, m: Module, scope: int, container):
    """[(module, scope, expression)] of everywhere the container can be seen; None when that is not known."""
    if isinstance(container, Name):
        name = container[1]
        if name in m.global_names(scope):
            return None
        owner = scope
        while owner >= 0 and name not in m.bindings(owner):
            owner = m.scopes[owner][F.S_PARENT]
        if owner < 0 or not _made_empty(context, m, owner, name):
            return None
        for inner, record in enumerate(m.scopes):
            if (
                inner != owner
                and _inside(m, inner, owner)
                and name not in {p[0] for p in record[F.S_PARAMS]}
                and _names(m, inner, name)
                and inner != scope
            ):
                return None
        if owner == 0 and (owner != scope or _imported_elsewhere(context, m, name)):
            return None
        return [(m, owner, container)] if owner == scope else [(m, owner, container), (m, scope, container)]
    if not isinstance(container, Attribute) or not isinstance(container[1], Name):
        return None
    found = []
    others = context.project.mentioning(container[2], 24)
    for other in others:
        found.extend((other, s, F.Attribute(None, container[2])) for s in range(len(other.scopes)))
    return found or None


def _made_empty(context: Context, m: Module, owner, name: str):
    """Is the name bound to new containers only (no parameter, no result of another function)?"""
    for binding in m.bindings(owner)[name]:
        if (
            binding[0] != "assign"
            and binding[0] != "augment"
            or binding[0] == "assign"
            and not any(
                isinstance(v, (SequenceValue, MapValue, TupleValue))
                for v in context.infer.values(m, owner, binding[3], binding[1])
            )
        ):
            return False
        if (
            binding[0] == "assign"
            and isinstance(binding[3], CallRef)
            and any(k in ("maxlen", "maxsize") for k, _ in m.calls[binding[3][1]][2])
        ):
            return False
    return True


def _inside(m: Module, scope: int, outer):
    while scope > outer:
        scope = m.scopes[scope][F.S_PARENT]
    return scope == outer


def _names(m: Module, scope: int, name: str):
    """Does the scope mention a name that it does not bind?"""
    if name in m.bindings(scope) and name not in m.global_names(scope):
        return False
    return any(use is not None for use in _Uses(m, F.Name(name), scope, None).of_scope())


def _imported_elsewhere(context: Context, m: Module, name: str):
    for other in context.project.mentioning(name, 64):
        if other is not m:
            for bindings in (other.bindings(s) for s in range(len(other.scopes))):
                for places in bindings.values():
                    if any(b[0] == "import" and b[3][2] in (name, "*") for b in places):
                        return True
    return False


class _Uses:
    """How the expressions of one scope use a place: None (filled, counted), "drop", "all", or ("pick", index)."""

    def __init__(self, m: Module, place: int, scope: int, keeping):
        self.m, self.place, self.scope, self.keeping = m, place, scope, keeping

    def is_it(self, e: Expression):
        return (
            e == self.place or isinstance(self.place, Attribute) and isinstance(e, Attribute) and e[2] == self.place[2]
        )

    def of_scope(self):
        m = self.m
        for s in m.scope_statements(self.scope):
            statement = m.statements[s]
            if statement is None:
                continue
            if isinstance(statement, Assign):
                for target in statement[5]:
                    yield from self.target(target)
                if statement[6] is not None:
                    yield from self.of(statement[6], statement)
            elif isinstance(statement, Augment):
                if not self.is_it(statement[5]):
                    yield from self.of(statement[5], statement)
                yield from self.of(statement[7], statement)
            elif isinstance(statement, Delete):
                for target in statement[5]:
                    yield (
                        "drop"
                        if self.is_it(target) or isinstance(target, Subscript) and self.is_it(target[1])
                        else None
                    )
            else:
                for expression in statement_expressions(statement):
                    yield from self.of(expression, statement)
        for context in m.comprehensions(self.scope):
            target, iterable, _, _ = m.contexts[context][3]
            yield from self.of(iterable, m.statements[m.contexts[context][2]])

    def target(self, target):
        if self.is_it(target):
            yield None
        elif isinstance(target, SequenceDisplay):
            for item in target[1]:
                yield from self.target(item)
        elif isinstance(target, Subscript) and self.is_it(target[1]):
            yield "drop" if target[2] is not None and isinstance(target[2], Slice) else None

    def of(self, e: Expression, statement: int):
        """The uses inside an expression."""
        if e is None:
            return
        tag = e[0]
        if self.is_it(e):
            yield "all"
        elif tag == "c":
            yield from self.called(self.m.calls[e[1]], statement)
        elif tag == "x" and self.is_it(e[1]):
            yield self.picked(e[2], statement)
            yield from self.of(e[2], statement)
        elif tag in ("n", "k", "f"):
            return
        else:
            for child in e[1:]:
                yield from self.children(child, statement)

    def children(self, child, statement: int):
        if isinstance(child, tuple) and child:
            if isinstance(child[0], str) and len(child) > 1:
                yield from self.of(child, statement)
            else:
                for each in child:
                    yield from self.children(each, statement)

    def called(self, call: Call, statement: int):
        f, args, keywords = call[0], call[1], call[2]
        values = [*args, *[value for _, value in keywords]]
        if isinstance(f, Attribute) and self.is_it(f[1]):
            if f[2] in _DROPPERS:
                yield "drop"
            elif f[2] not in _ADDERS and f[2] not in (
                "insert",
                "extend",
                "setdefault",
                "sort",
                "reverse",
                "count",
                "update",
            ):
                yield "all"
            for value in values:
                yield from self.of(value, statement)
            return
        if isinstance(f, Name) and args and self.is_it(args[0]):
            if f[1] == "len":
                return
            if f[1] in ("min", "max", "sorted") and len(args) == 1:
                yield ("pick", f[1])
                return
        yield from self.of(f, statement)
        for value in values:
            yield from self.of(value, statement)

    def picked(self, index, statement: int):
        """A subscript: the item of the same pass, the best one, the first or last one; anything else may be all of them."""
        if index is None or isinstance(index, Slice):
            return "all"
        if (
            self.keeping is not None
            and index == self.keeping.key
            and self.m is self.keeping.m
            and self.m.loops(statement[2])
        ):
            return None
        if self.m.loops(statement[2]):
            return "all"
        if (
            isinstance(index, Constant)
            and isinstance(index[1], int)
            or isinstance(index, UnaryOp)
            and isinstance(index[2], Constant)
        ):
            return ("pick", repr(index))
        if _chooses(self.m, index):
            return ("pick", "best")
        return "all"


def _chooses(m: Module, index):
    """Does the subscript look for the best: `np.argmin(losses)`, `best`, `scores.index(min(scores))`?"""
    stack = [index]
    while stack:
        e = stack.pop()
        if isinstance(e, CallRef):
            call = m.calls[e[1]]
            if tail_of(call[0]) in _PICKERS:
                return True
            stack.extend(call[1])
        elif isinstance(e, Name) and "best" in e[1].lower():
            return True
    return False
