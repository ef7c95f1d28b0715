"""Where the result of a call goes: the calls that give it on, and the statements that put it into a container.

The question: *a function fits a model and returns its History; who gets it, and who keeps it?*  The answer is the call
itself with the calls, through any number of functions, whose functions return its result, and of one call the
statements of its scope that keep its result in a list, a set or a dictionary.  A result is followed by the name that
the statement of the call gives it, not through further names; after `MAX_GIVERS` calls nobody looks on.
"""

from __future__ import annotations

from itertools import count

from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    DictDisplay,
    ExprStatement,
    Record,
    Reference,
    Subscript,
    TupleDisplay,
    walk,
)

from . import models

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

MAX_GIVERS = 24
_ADDERS = ("append", "add", "appendleft")


class Kept(Record):
    """An expression that a statement puts into a container; `number` counts them in their scope, in order."""

    __slots__ = ()
    number: int
    statement: int
    expression: Expression


def givers(context: Context, m: Module, i: int) -> list[Site]:
    """Call `i` itself and the calls of functions that return what it makes, nearest first."""
    queue: list[Site] = [(m, i)]
    found: list[Site] = []
    while queue and len(found) < MAX_GIVERS:
        hm, hi = queue.pop(0)
        if (hm, hi) in found:
            continue
        found.append((hm, hi))
        if hm.calls[hi].scope and models.returned_from(hm, hi):
            queue.extend((om, oi) for om, oi, how in context.project.callers(hm, hm.calls[hi].scope) if how == "call")
    return found


def standing_for(m: Module, i: int) -> list[Expression]:
    """The expressions that stand for the result of call `i` in its function: the call, or the name that it gets."""
    statement = m.statements[m.calls[i].statement]
    wanted: list[Expression] = [CallRef(i)]
    if isinstance(statement, Assign) and statement.value == CallRef(i):
        wanted.extend(t for t in statement.targets if isinstance(t, Reference))
    return wanted


def keeping(context: Context, m: Module, i: int) -> list[Kept]:
    """What is put into containers, in the scope of call `i`, of its result, directly or by its name; in order."""
    scope = m.calls[i].scope
    known = context.once(("kept in containers", m.index, scope), lambda: _all_kept(m, scope))
    found = [kept for each in dict.fromkeys(standing_for(m, i)) for kept in known.get(each, ())]
    found.sort(key=lambda kept: kept.number)
    return found


def _all_kept(m: Module, scope: int) -> dict[Expression, list[Kept]]:
    """All that a scope puts into containers."""
    found: dict[Expression, list[Kept]] = {}
    numbers = count()
    for s in m.scope_statements(scope):
        for value in _kept_values(m, m.statements[s]):
            for expression in (
                value.items
                if isinstance(value, TupleDisplay)
                else value.values
                if isinstance(value, DictDisplay)
                else (value,)
            ):
                found.setdefault(expression, []).append(Kept(next(numbers), s, expression))
    return found


def _kept_values(m: Module, statement: Statement) -> Iterator[Expression]:
    """What `container.append(x)`, `container[key] = x` and `[x for …]` keep."""
    if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
        call = m.calls[statement.value.number]
        if isinstance(call.func, Attribute) and call.func.attr in _ADDERS and call.args:
            yield call.args[0]
    elif isinstance(statement, Assign) and statement.value is not None:
        if any(isinstance(t, Subscript) for t in statement.targets):
            yield statement.value
        for e in walk(statement.value):
            if isinstance(e, Comprehension) and e.kind in ("list", "dict"):
                yield e.items[-1]
