"""Is a model or layer called on real values, and not on the symbolic tensors of a model that is being put together?

The answer is yes only where the text says so: the input is an array, a literal or what makes a tensor of one, or what
the call gives is turned into an array at once.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Constant, ListDisplay, SequenceDisplay
from tflint_mem.project.holds.values import CallOrigin, Thing

from .symbolic import symbolic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_MAKING = frozenset(
    (
        "tf.constant",
        "tf.convert_to_tensor",
        "tf.ones",
        "tf.random.normal",
        "tf.random.uniform",
        "tf.zeros",
    )
)
_TO_ARRAY = frozenset(("numpy.array", "numpy.asarray", "numpy.squeeze"))
_TRACED = frozenset(("call", "build", "train_step", "test_step", "predict_step"))


def on_values(context: Context, m: Module, j: int) -> bool:
    """Does call `j` of a model or layer surely compute something?"""
    if not m.calls[j].args or _traced(context, m, j):
        return False
    given = _is_value(context, m, j, m.calls[j].args[0])
    return (given or _made_array(context, m, j)) and not symbolic(context, m, j)


def layer_called(context: Context, m: Module, i: int) -> bool:
    """Is the hub layer that call `i` makes called on real values in its function: `e = KerasLayer(url)` … `e([x])`?

    A list of one is a list of texts: a layer of several symbolic tensors is given several.
    """
    made = context.infer.call_values(m, i)
    for j in m.scope_calls(m.calls[i].scope):
        if j > i and not made.isdisjoint(context.infer.callee(m, j)):
            args = m.calls[j].args
            texts = len(args) == 1 and isinstance(args[0], ListDisplay) and len(args[0].items) == 1
            if on_values(context, m, j) or texts and not _traced(context, m, j) and not symbolic(context, m, j):
                return True
    return False


def _traced(context: Context, m: Module, j: int) -> bool:
    """Does call `j` run while a graph is made: in graph mode, in a method that Keras traces, in a `tf.function`?"""
    scope = m.calls[j].scope
    return (
        context.project.versions.graph_mode(m)
        or m.is_method(scope)
        and m.scopes[scope].name in _TRACED
        or scope > 0
        and "tf.function" in context.infer.decorator_names(m, scope)
    )


def _is_value(context: Context, m: Module, j: int, e: Expression) -> bool:
    """Is an argument of call `j` a literal, an array, or a tensor that is made of one?"""
    if isinstance(e, SequenceDisplay):
        return bool(e.items) and all(_is_value(context, m, j, item) for item in e.items)
    if isinstance(e, Constant):
        return True
    call = m.calls[j]
    for v in context.infer.values(m, call.scope, e, call.statement):
        if isinstance(v, Thing):
            if v.kind in ("ndarray", "str"):
                return True
            if v.kind == "tensor" and isinstance(v.origin, CallOrigin):
                if context.project.apis(context.project.module(v.origin.module), v.origin.call) & _MAKING:
                    return True
    return False


def _made_array(context: Context, m: Module, j: int) -> bool:
    """Is what call `j` gives turned into an array in the same statement: `e(x).numpy()`, `np.array(e(x))`?"""
    here = CallRef(j)
    for k in m.scope_calls(m.calls[j].scope):
        other = m.calls[k]
        if other.func == Attribute(here, "numpy"):
            return True
        if here in other.args and context.project.apis(m, k) & _TO_ARRAY:
            return True
    return False
