"""Views into the memory of a TFLite interpreter.

The question: *which statements keep or return something, and is it a view that `interpreter.tensor(i)()` gave?*  Views
are followed through plain assignments and the methods of NumPy that make no copy.  A name or attribute that is bound
in several ways is no view.
"""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    CallRef,
    Name,
    Pos,
    Record,
    Reference,
    Return,
    Subscript,
    TupleDisplay,
)
from tflint_mem.project.holds.values import CallOrigin, Thing

from . import kept

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_VIEWS = frozenset(("reshape", "squeeze", "transpose", "view", "ravel", "swapaxes"))


class Keeper(Record):
    """A statement that "keeps" or "returns" values, and where."""

    __slots__ = ()
    statement: int
    values: Sequence[Expression]
    pos: Pos
    verb: str


def scopes(m: Module, scope: int) -> list[int]:
    """The function itself, and for a method its sisters: they may use the same attribute."""
    owner = m.scopes[scope].parent
    if owner > 0 and m.scopes[owner].kind == "class":
        return sorted(m.members(owner).values())
    return [scope]


def keepers(context: Context, m: Module, scope: int) -> Iterator[Keeper]:
    """What keeps or returns something."""
    for keeping in kept.in_scope(context, m, scope):
        yield Keeper(keeping.s, keeping.values, kept.position(m, keeping.s), "keeps")
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(t, Attribute) and t.base == SELF for t in statement.targets)
        ):
            calls = [m.calls[k].pos for k in m.scope_calls(scope) if m.calls[k].statement == s]
            if calls:
                first = min(pos.line for pos in calls)
                column = min(pos.column for pos in calls if pos.line == first)
                end_line, end_column = max((pos.end_line, pos.end_column) for pos in calls)
                yield Keeper(s, (statement.value,), Pos(statement.line, column, end_line, end_column), "keeps")
        elif isinstance(statement, Return) and statement.value is not None:
            values = statement.value.items if isinstance(statement.value, TupleDisplay) else (statement.value,)
            yield Keeper(s, values, statement.pos, "returns")


def of_expression(context: Context, m: Module, scope: int, e: object, at: int, depth: int) -> int | None:
    """The call that gives the view an expression is (or is cut from), or None."""
    if depth > 6:
        return None
    if isinstance(e, Subscript):
        return of_expression(context, m, scope, e.base, at, depth + 1)
    if isinstance(e, Name):
        bindings = context.infer.reaching(m, m.bindings(scope).get(e.id, ()), at)
        if len(bindings) != 1 or bindings[0].kind != "assign" or bindings[0].path:
            return None
        return of_expression(context, m, scope, bindings[0].value, bindings[0].statement, depth + 1)
    if not isinstance(e, CallRef):
        return None
    f = m.calls[e.number].func
    if isinstance(f, Attribute) and f.attr in _VIEWS:
        return of_expression(context, m, scope, f.base, at, depth + 1)
    if (
        "interpreter.tensor" in (context.project.apis(m, f.number) if isinstance(f, CallRef) else ())
        or isinstance(f, Reference)
        and _gives_views(context, m, scope, f)
    ):
        return e.number
    return None


def _gives_views(context: Context, m: Module, scope: int, f: Reference) -> bool:
    """Is the called name or attribute what `interpreter.tensor(i)` gave?"""
    if isinstance(f, Name):
        bindings = m.bindings(scope).get(f.id, ())
        values = [b.value for b in bindings if b.kind == "assign" and not b.path]
        return (
            bool(values)
            and len(values) == len(bindings)
            and all(_is_tensor_call(context, m, value) for value in values)
        )
    owner = scope
    while owner > 0 and m.scopes[owner].kind != "class":
        owner = m.scopes[owner].parent
    if owner <= 0 or not isinstance(f, Attribute) or f.base != SELF:
        return False
    assigned = context.infer.attribute_assignments(m, owner).get(f.attr, ())
    return bool(assigned) and all(
        each.kind == "assign" and not each.path and _is_tensor_call(context, m, each.value) for each in assigned
    )


def _is_tensor_call(context: Context, m: Module, e: object) -> bool:
    return isinstance(e, CallRef) and "interpreter.tensor" in context.project.apis(m, e.number)


def made_here(context: Context, m: Module, scope: int, view: int) -> bool:
    """Is the interpreter made in this function, so that only the view would keep it?"""
    f = m.calls[view].func
    made: object = f
    if isinstance(f, Name):
        assigned = [b.value for b in m.bindings(scope).get(f.id, ()) if b.kind == "assign"]
        made = next((value for value in assigned if isinstance(value, CallRef)), None)
    if not isinstance(made, CallRef):
        return False
    interpreter = context.receiver(m, made.number)
    return any(
        isinstance(v, Thing)
        and v.kind == "interpreter"
        and isinstance(v.origin, CallOrigin)
        and v.origin.module == m.index
        and m.calls[v.origin.call].scope == scope
        for v in context.infer.values(m, scope, interpreter, m.calls[made.number].statement)
    )
