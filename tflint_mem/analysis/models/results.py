"""What does a call give?  Sets of values of the inference; an empty one says nothing."""

from __future__ import annotations

from tflint_mem.project.holds.values import Instance, Thing, TupleValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context


def values_of(context: Context, m: Module, i: int) -> set[Value]:
    """The values that stand for what call `i` made: things of TensorFlow, and instances of the project's classes."""
    return {v for v in context.infer.call_values(m, i) if isinstance(v, (Thing, Instance))}


def flat(values: Values) -> Values:
    """The values and the items of tuples among them: `return history, model`."""
    return values.union(*(item for v in values if isinstance(v, TupleValue) for item in v.items))
