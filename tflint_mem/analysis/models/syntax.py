"""What does a statement or an expression say by itself, without any inference?

The answers go by the text of one function: what a value holds as a tuple, list or dictionary that is written out, to
which name a call is assigned, whether it is what its function returns.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    DictDisplay,
    Name,
    Return,
    SequenceDisplay,
    TupleDisplay,
    walk,
)
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.linking.module import Module


def walk_statement(m: Module, statement: Statement) -> Iterator[Expression]:
    """Every expression that a statement itself evaluates, those inside of calls included; none of its blocks."""
    for expression in statement_expressions(statement):
        yield from walk(expression, m.calls)


def holds(expression: Expression, here: Expression) -> bool:
    """Is the expression `here` itself, or a tuple, list or dictionary with it?"""
    if expression == here:
        return True
    if isinstance(expression, SequenceDisplay):
        return any(holds(item, here) for item in expression.items)
    if isinstance(expression, DictDisplay):
        return any(holds(item, here) for item in expression.values)
    return False


def held(expression: Expression) -> Iterator[Expression]:
    """All names, attributes and calls that `holds` finds in an expression."""
    waiting = [expression]
    while waiting:
        e = waiting.pop()
        if isinstance(e, (Name, Attribute, CallRef)):
            yield e
        elif isinstance(e, SequenceDisplay):
            waiting.extend(e.items)
        elif isinstance(e, DictDisplay):
            waiting.extend(e.values)


def local_name(m: Module, i: int) -> str | None:
    """The name that call `i` is assigned to in a statement of its own, or None."""
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, Assign) and statement.value == CallRef(i) and len(statement.targets) == 1:
        target = statement.targets[0]
        return target.id if isinstance(target, Name) else None
    return None


def returned_from(m: Module, i: int) -> bool:
    """Is the call's result what its function returns, directly or by name?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if isinstance(statement, Return) and statement.value == CallRef(i):
        return True
    if not isinstance(statement, Assign):
        return False
    targets = set(statement.targets)
    return any(
        other.value in targets or isinstance(other.value, TupleDisplay) and not targets.isdisjoint(other.value.items)
        for other in m.returns(call.scope)
    )
