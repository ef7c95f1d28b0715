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
    Pos,
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
        if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
            f, args, *_ = m.calls[statement.value.number]
            if isinstance(f, Attribute) and dotted(f.base) and args:
                if f.attr in _ADDERS and len(args) == 1:
                    yield Keeping(m, s, f.base, _items(args[0]))
                elif f.attr == "insert" and len(args) == 2:
                    yield Keeping(m, s, f.base, _items(args[1]))
                elif f.attr == "extend" and isinstance(args[0], SequenceDisplay):
                    yield Keeping(m, s, f.base, _items(args[0]))
                elif f.attr == "setdefault" and len(args) == 2:
                    yield Keeping(m, s, f.base, _items(args[1]), args[0])
        elif isinstance(statement, Assign) and statement.value is not None:
            for target in statement.targets:
                if (
                    isinstance(target, Subscript)
                    and dotted(target.base)
                    and target.index is not None
                    and not isinstance(target.index, Slice)
                ):
                    yield Keeping(m, s, target.base, _items(statement.value), target.index)
        elif (
            isinstance(statement, Augment)
            and statement.op == "+"
            and isinstance(statement.value, ListDisplay)
            and dotted(statement.target)
        ):
            yield Keeping(m, s, statement.target, _items(statement.value))


def _items(expression: Expression):
    if isinstance(expression, SequenceDisplay):
        return tuple(item for each in expression[1][:_ITEMS] for item in _items(each))
    if isinstance(expression, DictDisplay):
        return tuple(item for each in expression.values[:_ITEMS] for item in _items(each))
    return (expression,)


def position(m: Module, s: int) -> Pos:
    """The place of a keeping statement."""
    statement = m.statements[s]
    if isinstance(statement, ExprStatement):
        return m.calls[statement.value[1]].pos
    if isinstance(statement, Augment):
        return statement.pos
    calls = [m.calls[i].pos for i in m.calls_of(s)]
    start = (
        statement.targets[0].pos.column
        if isinstance(statement, Assign) and isinstance(statement.targets[0], Subscript)
        else 0
    )
    end_line, end_column = max(((pos.end_line, pos.end_column) for pos in calls), default=(statement.end_line, start))
    return Pos(statement.line, start, end_line, end_column)


def empty_at(context: Context, m: Module, scope: int, container):
    """Statements of the scope that bind the container anew (`kept = []`)."""
    key = ("assignments", m.index, scope)
    if key not in context.memo:
        found = context.memo[key] = {}
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if statement and isinstance(statement, Assign):
                for target in dict.fromkeys(statement.targets):
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
        name = container.id
        if name in m.global_names(scope):
            return None
        owner = scope
        while owner >= 0 and name not in m.bindings(owner):
            owner = m.scopes[owner].parent
        if owner < 0 or not _made_empty(context, m, owner, name):
            return None
        for inner, record in enumerate(m.scopes):
            if (
                inner != owner
                and _inside(m, inner, owner)
                and name not in {p.name for p in record.parameters}
                and _names(m, inner, name)
                and inner != scope
            ):
                return None
        if owner == 0 and (owner != scope or _imported_elsewhere(context, m, name)):
            return None
        return [(m, owner, container)] if owner == scope else [(m, owner, container), (m, scope, container)]
    if not isinstance(container, Attribute) or not isinstance(container.base, Name):
        return None
    found = []
    others = context.project.mentioning(container.attr, 24)
    for other in others:
        found.extend((other, s, F.Attribute(None, container.attr)) for s in range(len(other.scopes)))
    return found or None


def _made_empty(context: Context, m: Module, owner, name: str):
    """Is the name bound to new containers only (no parameter, no result of another function)?"""
    for binding in m.bindings(owner)[name]:
        if (
            binding.kind != "assign"
            and binding.kind != "augment"
            or binding.kind == "assign"
            and not any(
                isinstance(v, (SequenceValue, MapValue, TupleValue))
                for v in context.infer.values(m, owner, binding.value, binding.statement)
            )
        ):
            return False
        if (
            binding.kind == "assign"
            and isinstance(binding.value, CallRef)
            and any(k in ("maxlen", "maxsize") for k, _ in m.calls[binding.value.number].keywords)
        ):
            return False
    return True


def _inside(m: Module, scope: int, outer):
    while scope > outer:
        scope = m.scopes[scope].parent
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
            e == self.place
            or isinstance(self.place, Attribute)
            and isinstance(e, Attribute)
            and e.attr == self.place[2]
        )

    def of_scope(self):
        m = self.m
        for s in m.scope_statements(self.scope):
            statement = m.statements[s]
            if statement is None:
                continue
            if isinstance(statement, Assign):
                for target in statement.targets:
                    yield from self.target(target)
                if statement.value is not None:
                    yield from self.of(statement.value, statement)
            elif isinstance(statement, Augment):
                if not self.is_it(statement.target):
                    yield from self.of(statement.target, statement)
                yield from self.of(statement.value, statement)
            elif isinstance(statement, Delete):
                for target in statement.targets:
                    yield (
                        "drop"
                        if self.is_it(target) or isinstance(target, Subscript) and self.is_it(target.base)
                        else None
                    )
            else:
                for expression in statement_expressions(statement):
                    yield from self.of(expression, statement)
        for context in m.comprehensions(self.scope):
            target, iterable, _, _ = m.contexts[context].branch
            yield from self.of(iterable, m.statements[m.contexts[context].statement])

    def target(self, target):
        if self.is_it(target):
            yield None
        elif isinstance(target, SequenceDisplay):
            for item in target[1]:
                yield from self.target(item)
        elif isinstance(target, Subscript) and self.is_it(target.base):
            yield "drop" if target.index is not None and isinstance(target.index, Slice) else None

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
        f, args, keywords = call.func, call.args, call.keywords
        values = [*args, *[value for _, value in keywords]]
        if isinstance(f, Attribute) and self.is_it(f.base):
            if f.attr in _DROPPERS:
                yield "drop"
            elif f.attr not in _ADDERS and f.attr not in (
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
            if f.id == "len":
                return
            if f.id in ("min", "max", "sorted") and len(args) == 1:
                yield ("pick", f.id)
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
            and isinstance(index.value, int)
            or isinstance(index, UnaryOp)
            and isinstance(index.operand, Constant)
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
            call = m.calls[e.number]
            if tail_of(call.func) in _PICKERS:
                return True
            stack.extend(call.args)
        elif isinstance(e, Name) and "best" in e.id.lower():
            return True
    return False
