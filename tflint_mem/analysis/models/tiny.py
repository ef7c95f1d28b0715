"""Is a model that is built surely tiny: a few dense layers of a few units?

The question for what is worth saying: what such models leave behind adds up to little where their number is small, too.
Layers are looked for in the function that makes the model; one whose size is not written there, or that is not known
to be small, makes the answer no.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
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
        call = m.calls[j]
        size = None if units is None else context.project.repeats_of.usual.number(m, call.scope, units, call.statement)
        if size is None or size > _UNITS:
            return False
        sizes.append(size)
    return bool(sizes)
