"""Lookup tables that belong to a model, or to one of a few columns.

The question: *is the layer or table that a call makes a part of a model that is being built?*  It is where it is called
on an input of a model, or kept with others; inputs are told by value, and by key where they stand in a dictionary.
"""

from __future__ import annotations

from tflint_mem.facts import Assign, CallRef, For, Reference, Subscript
from tflint_mem.project.holds.values import CallOrigin, Thing

from . import models

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context


def fills_by_key(m: Module, loop: int) -> bool:
    """Does the loop put something under the key that it goes through?"""
    header = m.statements[m.blocks[loop].statement]
    if m.blocks[loop].kind != "for" or not isinstance(header, For):
        return False
    return any(
        isinstance(s, Assign)
        and m.inside(s.block, loop)
        and any(isinstance(t, Subscript) and t.index == header.target for t in s.targets)
        for s in m.statements
    )


def goes_into_model(context: Context, m: Module, i: int) -> bool:
    """A layer of a model that is being built: it is called on a symbolic input, or kept with other layers."""
    call = m.calls[i]
    made = {v for v in context.infer.call_values(m, i) if isinstance(v, Thing)}
    for j in m.scope_calls(call.scope):
        other = m.calls[j]
        if (
            other.func == CallRef(i)
            or isinstance(other.func, Reference)
            and not made.isdisjoint(context.infer.callee(m, j))
        ):
            for argument in other.args:
                if _symbolic(context, m, j, argument):
                    return True
    return models.stored(context, m, i)


def _symbolic(context: Context, m: Module, j: int, argument: Expression) -> bool:
    """Is the argument of call `j` an input of a model that is being built, or made of one?"""
    for v in context.infer.values(m, m.calls[j].scope, argument, m.calls[j].statement):
        if isinstance(v, Thing) and v.kind == "tensor" and isinstance(v.origin, CallOrigin):
            om = context.project.module(v.origin.module)
            if context.project.apis(om, v.origin.call) & {"keras.Input", "layer.__call__"}:
                return True
    if isinstance(argument, Subscript):  # inputs[name] = Input(…), lookup(inputs[name])
        scope = m.calls[j].scope
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if (
                isinstance(statement, Assign)
                and statement.value is not None
                and any(
                    isinstance(t, Subscript) and t.base == argument.base and t.index == argument.index
                    for t in statement.targets
                )
            ):
                return _symbolic(context, m, j, statement.value)
    return False
