"""Is a model that is built surely tiny: a few dense layers of a few units?

The question for what is worth saying: what such models leave behind adds up to little where their number is small, too.
Layers are looked for in the function that makes the model; one whose size is not written there, or that is not known
to be small, makes the answer no.
"""

from __future__ import annotations

from tflint_mem.facts import Name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_UNITS = 32  # of each layer
_LAYERS = frozenset("keras.layers." + name for name in ("Dense", "SimpleRNN"))
_LIGHT = frozenset(
    "keras.layers." + name
    for name in ("Input", "InputLayer", "Activation", "ReLU", "LeakyReLU", "Dropout", "Flatten", "Normalization")
)


def tiny(context: Context, m: Module, i: int) -> bool:
    """Is the model that call `i` builds made of a few dense layers of at most 32 units?"""
    sizes = []
    for j in m.scope_calls(m.calls[i].scope):
        names = [name for name in context.project.apis(m, j) if name.startswith("keras.layers.")]
        if not names or _LIGHT.issuperset(names):
            continue
        units = context.argument(m, j, 0, "units") if _LAYERS.issuperset(names) else None
        size = None if units is None else _most(context, m, j, units)
        if size is None or size > _UNITS:
            return False
        sizes.append(size)
    return bool(sizes)


def _most(context: Context, m: Module, j: int, e: Expression) -> int | None:
    """The largest number that an argument of call `j` may be, as far as its function or the callers of that tell."""
    usual, call = context.project.repeats_of.usual, m.calls[j]
    known = usual.number(m, call.scope, e, call.statement)
    bindings = m.bindings(call.scope).get(e.id, ()) if isinstance(e, Name) else ()
    index = bindings[0].value if len(bindings) == 1 and bindings[0].kind == "param" else None
    if known is not None or not isinstance(index, int):
        return known
    numbers = []
    for other, i, _ in context.project.callers(m, call.scope):
        given = context.infer.argument(m, call.scope, index, other, i)
        default = m.scopes[call.scope].parameters[index].default
        where = (other, other.calls[i].scope, other.calls[i].statement)
        if given is None:
            given, where = default, (m, 0, m.scopes[call.scope].statement)
        number = None if given is None else usual.number(where[0], where[1], given, where[2])
        if number is None:
            return None
        numbers.append(number)
    return max(numbers, default=None)
