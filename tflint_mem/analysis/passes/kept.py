"""Things that a repeat puts into a container: which statements keep them, and what becomes of the container?

`in_scope` gives the statements of a function that keep something, as `Keeping`; `fate` says what the project does with
the container of one.  Uncertain: a container that another module, a caller or another function may see has the fate
UNKNOWN, and an attribute is followed by its name alone, on whatever object, through 24 modules at most.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    CallRef,
    Constant,
    Delete,
    DictDisplay,
    Expression,
    ExprStatement,
    Imported,
    Lambda,
    ListDisplay,
    Name,
    Pos,
    Record,
    SequenceDisplay,
    Slice,
    Subscript,
    UnaryOp,
    dotted,
    tail_of,
)
from tflint_mem.project.holds.values import MapValue, SequenceValue, TupleValue
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    from tflint_mem.facts import Call, Statement
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

    Place: TypeAlias = Name | str  # a name, or the attribute of that name of whatever object
    Use: TypeAlias = "str | Pick | None"  # "all", "drop", one item, or None: filled, counted

# Methods that put one thing into a container, so that a statement with such a call is one that keeps it.
_ADDERS = frozenset(("append", "add", "appendleft", "put"))
# Methods that take things out again: who calls one does not let the container grow without end.
_DROPPERS = frozenset(("pop", "popleft", "popitem", "clear", "remove", "discard"))
# Methods that neither take out nor give away what is in the container.
_HARMLESS = frozenset(("insert", "extend", "setdefault", "sort", "reverse", "count", "update"))
_PICKERS = frozenset(("argmin", "argmax", "nanargmin", "nanargmax", "index", "min", "max", "argsort"))
_ITEMS = 8


class Keeping:
    """A statement that keeps something.

    m, s        module and statement
    container   the name or attribute that holds the container
    values      the expressions that are kept (the items of a kept tuple, list or dictionary one by one)
    key         the subscript under which it is stored, or None
    """

    __slots__ = ("m", "s", "container", "values", "key")

    def __init__(
        self,
        m: Module,
        s: int,
        container: Expression,
        values: tuple[Expression, ...],
        key: Expression | None = None,
    ) -> None:
        self.m = m
        self.s = s
        self.container = container
        self.values = values
        self.key = key


def in_scope(context: Context, m: Module, scope: int) -> tuple[Keeping, ...]:
    """Every Keeping of a function or module body."""
    key = ("keeping", m.index, scope)
    found: tuple[Keeping, ...] | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = tuple(_in_scope(m, scope))
    return found


def _in_scope(m: Module, scope: int) -> Iterator[Keeping]:
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
            call = m.calls[statement.value.number]
            f, args = call.func, call.args
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
                if isinstance(target, Subscript) and dotted(target.base) and not isinstance(target.index, Slice):
                    yield Keeping(m, s, target.base, _items(statement.value), target.index)
        elif (
            isinstance(statement, Augment)
            and statement.op == "+"
            and isinstance(statement.value, ListDisplay)
            and dotted(statement.target)
        ):
            yield Keeping(m, s, statement.target, _items(statement.value))


def _items(expression: Expression) -> tuple[Expression, ...]:
    if isinstance(expression, SequenceDisplay):
        return tuple(item for each in expression.items[:_ITEMS] for item in _items(each))
    if isinstance(expression, DictDisplay):
        return tuple(item for each in expression.values[:_ITEMS] for item in _items(each))
    return (expression,)


def position(m: Module, s: int) -> Pos:
    """The place of a keeping statement."""
    statement = m.statements[s]
    if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
        return m.calls[statement.value.number].pos
    if isinstance(statement, Augment):
        return statement.pos
    calls = [m.calls[i].pos for i in m.calls_of(s)]
    start = 0
    if isinstance(statement, Assign):
        target = statement.targets[0]
        if isinstance(target, Subscript):
            start = target.pos.column
    end_line, end_column = max(((pos.end_line, pos.end_column) for pos in calls), default=(statement.end_line, start))
    return Pos(statement.line, start, end_line, end_column)


def empty_at(context: Context, m: Module, scope: int, container: Expression) -> Sequence[int]:
    """Statements of the scope that bind the container anew (`kept = []`)."""
    key = ("assignments", m.index, scope)
    found: dict[Expression, list[int]] | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = {}
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if isinstance(statement, Assign):
                for target in dict.fromkeys(statement.targets):
                    found.setdefault(target, []).append(s)
    return found.get(container, ())


# -- what becomes of the container -------------------------------------------------------------------------------------

NOTHING, ONE, ALL, BOUNDED, UNKNOWN = "nothing", "one", "all", "bounded", "unknown"


def fate(context: Context, keeping: Keeping) -> str:
    """What the project does with a container that is filled.

    NOTHING   it is only filled and counted
    ONE       one item is picked out
    ALL       it is used as a whole, or handed on
    BOUNDED   items are taken out again
    UNKNOWN   not everybody who sees it is known
    """
    key = ("fate", keeping.m.index, keeping.m.statements[keeping.s].scope, keeping.container, keeping.key)
    found: str | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = _fate(context, keeping)
    return found


def _fate(context: Context, keeping: Keeping) -> str:
    m, container = keeping.m, keeping.container
    scope = m.statements[keeping.s].scope
    called = (m.calls[i].func for i in m.scope_calls(scope))
    if any(isinstance(f, Attribute) and f.base == container and f.attr in _DROPPERS for f in called):
        return BOUNDED
    views = _views(context, m, scope, container)
    if views is None:
        return UNKNOWN
    found: set[Use] = set()
    for view in views:
        found.update(_Uses(view, keeping).of_scope())
    if "all" in found:
        return ALL
    if "drop" in found:
        return BOUNDED
    picks = [use for use in found if isinstance(use, Pick)]
    return ALL if len(picks) > 1 else ONE if picks else NOTHING


class _View(Record):
    """A scope in which the container can be seen, and as what."""

    __slots__ = ()
    m: Module
    scope: int
    place: Place


def _views(context: Context, m: Module, scope: int, container: Expression) -> list[_View] | None:
    """Everywhere the container can be seen; None when that is not known."""
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
                and m.within(inner, owner)
                and name not in {p.name for p in record.parameters}
                and _names(m, inner, name)
                and inner != scope
            ):
                return None
        if owner == 0 and (owner != scope or _imported_elsewhere(context, m, name)):
            return None
        return [_View(m, each, container) for each in dict.fromkeys((owner, scope))]
    if not isinstance(container, Attribute) or not isinstance(container.base, Name):
        return None
    found: list[_View] = []
    for other in context.project.mentioning(container.attr, 24):
        found.extend(_View(other, s, container.attr) for s in range(len(other.scopes)))
    return found or None


def _made_empty(context: Context, m: Module, owner: int, name: str) -> bool:
    """Is the name bound to new containers only (no parameter, no result of another function)?"""
    for binding in m.bindings(owner)[name]:
        if binding.kind == "augment":
            continue
        value = binding.value
        if (
            binding.kind != "assign"
            or not isinstance(value, Expression)
            or not any(
                isinstance(v, (SequenceValue, MapValue, TupleValue))
                for v in context.infer.values(m, owner, value, binding.statement)
            )
        ):
            return False
        if isinstance(value, CallRef) and any(
            keyword.name in ("maxlen", "maxsize") for keyword in m.calls[value.number].keywords
        ):
            return False
    return True


def _names(m: Module, scope: int, name: str) -> bool:
    """Does the scope mention a name that it does not bind?"""
    if name in m.bindings(scope) and name not in m.global_names(scope):
        return False
    return any(use is not None for use in _Uses(_View(m, scope, Name(name)), None).of_scope())


def _imported_elsewhere(context: Context, m: Module, name: str) -> bool:
    for other in context.project.mentioning(name, 64):
        if other is not m:
            for bindings in (other.bindings(s) for s in range(len(other.scopes))):
                for places in bindings.values():
                    if any(isinstance(b.value, Imported) and b.value.attribute in (name, "*") for b in places):
                        return True
    return False


# -- how a scope uses it -----------------------------------------------------------------------------------------------


class Pick(Record, tag="pick"):
    """One item is taken out: how, as text; two that are equal take the same one."""

    __slots__ = ()
    which: str


class _Uses:
    """How the expressions of one scope use a place: None (filled, counted), "drop", "all", or a Pick."""

    def __init__(self, view: _View, keeping: Keeping | None) -> None:
        self.m, self.scope, self.place, self.keeping = view.m, view.scope, view.place, keeping

    def is_it(self, e: Expression) -> bool:
        place = self.place
        return isinstance(e, Attribute) and e.attr == place if isinstance(place, str) else e == place

    def of_scope(self) -> Iterator[Use]:
        m = self.m
        for s in m.scope_statements(self.scope):
            statement = m.statements[s]
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
                    dropped = self.is_it(target) or isinstance(target, Subscript) and self.is_it(target.base)
                    yield "drop" if dropped else None
            else:
                for expression in statement_expressions(statement):
                    yield from self.of(expression, statement)
        for c in m.comprehensions(self.scope):
            block = m.blocks[c]
            yield from self.of(block.clause.iterable, m.statements[block.statement])

    def target(self, target: Expression) -> Iterator[Use]:
        """The uses in what is assigned to."""
        if self.is_it(target):
            yield None
        elif isinstance(target, SequenceDisplay):
            for item in target.items:
                yield from self.target(item)
        elif isinstance(target, Subscript) and self.is_it(target.base):
            yield "drop" if isinstance(target.index, Slice) else None

    def of(self, e: Expression, statement: Statement) -> Iterator[Use]:
        """The uses inside an expression."""
        if self.is_it(e):
            yield "all"
        elif isinstance(e, CallRef):
            yield from self.called(self.m.calls[e.number], statement)
        elif isinstance(e, Subscript) and self.is_it(e.base):
            yield self.picked(e.index, statement)
            yield from self.of(e.index, statement)
        elif not isinstance(e, (Name, Constant, Lambda)):
            for child in e.children():
                if child is not None:
                    yield from self.of(child, statement)

    def called(self, call: Call, statement: Statement) -> Iterator[Use]:
        """The uses inside a call."""
        f, args = call.func, call.args
        values = [*args, *[keyword.value for keyword in call.keywords]]
        if isinstance(f, Attribute) and self.is_it(f.base):
            if f.attr in _DROPPERS:
                yield "drop"
            elif f.attr not in _ADDERS and f.attr not in _HARMLESS:
                yield "all"
            for value in values:
                yield from self.of(value, statement)
            return
        if isinstance(f, Name) and args and self.is_it(args[0]):
            if f.id == "len":
                return
            if f.id in ("min", "max", "sorted") and len(args) == 1:
                yield Pick(f.id)
                return
        yield from self.of(f, statement)
        for value in values:
            yield from self.of(value, statement)

    def picked(self, index: Expression, statement: Statement) -> Use:
        """A subscript: the item of the same pass, the best one, the first or last one; anything else may be all."""
        if isinstance(index, Slice):
            return "all"
        keeping = self.keeping
        looped = self.m.loops(statement.block)
        if keeping is not None and index == keeping.key and self.m is keeping.m and looped:
            return None
        if looped:
            return "all"
        if (
            isinstance(index, Constant)
            and isinstance(index.value, int)
            or isinstance(index, UnaryOp)
            and isinstance(index.operand, Constant)
        ):
            return Pick(repr(index))
        return Pick("best") if _chooses(self.m, index) else "all"


def _chooses(m: Module, index: Expression) -> bool:
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
