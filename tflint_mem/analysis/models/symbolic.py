"""Models that are being put together from symbolic tensors.

The question: *does a call compute something, or does it add a layer to a functional model?*  Symbolic is what comes
from `Input(…)`, from the inputs of a model, or from `Layer(…)(x)`, through calls of models and layers as far as
`MAX_DEPTH` of them.  A tensor of which nobody knows where it comes from counts as a real one.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name, Subscript, walk
from tflint_mem.knowledge import FUNCTIONAL, INPUTS
from tflint_mem.project.holds.values import CallOrigin, SequenceValue, Thing, TupleValue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 12
_CALLED = frozenset(("model.__call__", "layer.__call__"))
_MODELS = frozenset(("keras.Model", "keras.Functional", "new:model"))


def symbolic(context: Context, m: Module, i: int, depth: int = 0) -> bool:
    """Is a functional model being built?

    Does the input of call `i` come from `Input`, from a model's inputs or from `Layer(…)(x)`?
    """
    key = ("symbolic", m.index, i)
    known: bool | None = context.memo.get(key)
    if known is None:
        context.memo[key] = False  # a chain of calls that comes back to itself
        known = context.memo[key] = _from_inputs(context, m, i, depth)
    return known


def _from_inputs(context: Context, m: Module, i: int, depth: int) -> bool:
    call = m.calls[i]
    here = m.scope_calls(call.scope)
    if call.scope > 0 and any(context.project.apis(m, j) & INPUTS for j in here):
        return True
    if any(
        m.calls[j].statement == call.statement and CallRef(i) in m.arguments(j) and context.project.apis(m, j) & _MODELS
        for j in here
    ):
        return True  # tf.keras.Model(inputs, model(x))
    for argument in call.args:
        for e in walk(argument, m.calls):
            if isinstance(e, (Name, Attribute, CallRef, Subscript)) and any(
                _symbolic_value(context, v, (m, i), depth)
                for v in context.infer.values(m, call.scope, e, call.statement)
            ):
                return True
    return False


def _symbolic_value(context: Context, v: Value, here: Site, depth: int) -> bool:
    if isinstance(v, (SequenceValue, TupleValue)):
        return any(_symbolic_value(context, inner, here, depth) for inner in context.infer.elements(frozenset((v,))))
    if not isinstance(v, Thing) or v.kind not in ("tensor", "tensors"):
        return False
    if v.kind == "tensors":
        return True
    if not isinstance(v.origin, CallOrigin):
        return False
    origin, j = context.project.module(v.origin.module), v.origin.call
    names = context.project.apis(origin, j)
    if names & INPUTS or "layer.__call__" in names and isinstance(origin.calls[j].func, CallRef):
        return True
    return (
        depth < MAX_DEPTH and bool(names & _CALLED) and (origin, j) != here and symbolic(context, origin, j, depth + 1)
    )


def building(context: Context, m: Module, i: int) -> bool:
    """Is call `i` part of building a functional model?

    It is on what `keras.Input` or a new layer gave, and in a function that makes layers and models.
    """
    call = m.calls[i]
    for argument in m.arguments(i):
        for v in _flat(context.infer.values(m, call.scope, argument, call.statement)):
            if isinstance(v, Thing) and v.kind == "tensor" and isinstance(v.origin, CallOrigin):
                om, oi = context.project.module(v.origin.module), v.origin.call
                if context.project.apis(om, oi) & INPUTS or _new_layer(context, om, oi):
                    return True
    return call.scope > 0 and any(
        context.project.apis(m, k) & FUNCTIONAL or _new_layer(context, m, k) for k in m.scope_calls(call.scope)
    )


def _flat(values: Values) -> Iterator[Value]:
    """The values, and those in lists and tuples."""
    for v in values:
        yield v
        if isinstance(v, SequenceValue):
            yield from v.values
        elif isinstance(v, TupleValue):
            for item in v.items:
                yield from item


def _new_layer(context: Context, m: Module, i: int) -> bool:
    """`Dense(8)(x)`: the layer is made for this call."""
    f = m.calls[i].func
    return isinstance(f, CallRef) and any(
        name.startswith("keras.layers.") for name in context.project.apis(m, f.number)
    )
