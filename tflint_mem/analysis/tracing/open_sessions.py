"""Sessions that stay open.

The question: *is the session that a call opens kept with those of other repeats, and does anything ever close it?*  It
is kept where it, or the object that owns it, goes into a container on the way of the repeat.  Closing is looked for in
the whole project and by values: a session that something unknown gets hold of counts as one that nobody closes, unless
that is named like something that closes or owns sessions.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.analysis.models.syntax import holds
from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    Name,
    Reference,
    Subscript,
    With,
    walk,
)
from tflint_mem.project.holds.values import CallOrigin, Instance, Thing
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_CLOSERS = frozenset(("closing", "enter_context", "push", "set_session"))


def kept(context: Context, repeat: Repeat) -> bool:
    """Is the session, or an object that owns it, put into a container somewhere on the way of the repeat?"""
    m, i = repeat.hops[-1]
    if _contained(context, m, i, repeat.region):
        return True
    owner = _owner(m, i)
    if owner is None:
        return False
    for position, (hm, hi) in enumerate(repeat.hops[:-1]):
        if (position or not repeat.handed) and any(
            isinstance(v, Instance) and (v.module, v.scope) == owner for v in context.infer.call_values(hm, hi)
        ):
            return _contained(context, hm, hi, repeat.region_at(position))
    return False


def _contained(context: Context, m: Module, i: int, region: int) -> bool:
    """Does what call `i` makes go into a list, set or dictionary (in the part of the function inside `region`)?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    held: set[Expression] = {CallRef(i)}
    if isinstance(statement, Assign) and statement.value is not None and holds(statement.value, CallRef(i)):
        if any(isinstance(target, Subscript) for target in statement.targets):
            return True
        held.update(target for target in statement.targets if isinstance(target, Reference))
    for expression in statement_expressions(statement):
        if any(
            isinstance(e, Comprehension) and any(holds(e.items[-1], each) for each in held)
            for e in walk(expression, m.calls)
        ):
            return True
    key = ("into containers", m.index, call.scope)
    blocks: dict[Expression, list[int]] | None = context.memo.get(key)
    if blocks is None:
        blocks = context.memo[key] = _into_containers(m, call.scope)
    return any(m.inside(block, region) for each in held for block in blocks.get(each, ()))


def _into_containers(m: Module, scope: int) -> dict[Expression, list[int]]:
    """Name, attribute or call -> blocks in which a scope puts it into a container, alone or with others."""
    found: dict[Expression, list[int]] = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.attr in models.ADDERS:
            for each in {each for a in call.args for each in models.held(a)}:
                found.setdefault(each, []).append(call.block)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(target, Subscript) for target in statement.targets)
        ):
            for each in set(models.held(statement.value)):
                found.setdefault(each, []).append(statement.block)
    return found


def _owner(m: Module, i: int) -> tuple[int, int] | None:
    """(index of the module, scope of the class) of the object whose attribute the session becomes, or None."""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if (
        isinstance(statement, Assign)
        and m.is_method(call.scope)
        and any(isinstance(t, Attribute) and isinstance(t.base, Name) for t in statement.targets)
    ):
        return (m.index, m.scopes[call.scope].parent)
    return None


def ended(context: Context, m: Module, i: int) -> bool:
    """Is the session closed, used as a context manager or handed to something that closes or owns it, anywhere?"""
    ours = Thing("session", CallOrigin(m.index, i))
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, With) and any(item.context == CallRef(i) for item in statement.items):
        return True
    closed: frozenset[Value] | None = context.memo.get("closed")
    if closed is None:
        closed = context.memo["closed"] = frozenset(_closed(context))
    return ours in closed or ours in _entered(context, m)


def _closed(context: Context) -> Iterator[Value]:
    """The values that are closed, handed to what closes or owns them, or entered, anywhere in the project."""
    for other, j, _ in context.everywhere(("close",), frozenset(("session.close",))):
        session = context.receiver(other, j)
        yield from context.infer.values(other, other.calls[j].scope, session, other.calls[j].statement)
    for other, j, _ in context.everywhere(tuple(_CLOSERS)):
        for argument in other.calls[j].args:
            yield from context.infer.values(other, other.calls[j].scope, argument, other.calls[j].statement)
    for index in context.project.mentioned(("close", "Session")):
        yield from _entered(context, context.project.module(index))


def _entered(context: Context, m: Module) -> frozenset[Value]:
    """The values of names and attributes that the module uses as context managers."""
    key = ("entered", m.index)
    known: frozenset[Value] | None = context.memo.get(key)
    if known is None:
        known = context.memo[key] = frozenset(
            v
            for s, statement in enumerate(m.statements)
            if isinstance(statement, With)
            for item in statement.items
            if isinstance(item.context, Reference)
            for v in context.infer.values(m, statement.scope, item.context, s)
        )
    return known
