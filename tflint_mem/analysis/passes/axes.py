"""Does an expression add an axis, and is it one sample?

`single` says of an argument whether it is one sample made a batch, as far as its own text and the names in it show;
what
cannot be seen counts as a batch.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    Attribute,
    BinaryOp,
    CallRef,
    Constant,
    Expression,
    Name,
    SequenceDisplay,
    Subscript,
    TupleDisplay,
    tail_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_SINGLE = frozenset(("expand_dims", "atleast_2d", "array_to_img"))
_ARRAYS = frozenset(("array", "asarray", "stack", "vstack", "convert_to_tensor", "constant"))
_KEEPS = frozenset(("astype", "reshape", "copy", "numpy"))  # methods whose result has the axes of the array
_DEPTH = 3  # names and calls that are followed


def new_axis(item: Expression) -> bool:
    """Is it `None` or `np.newaxis`, an index that adds an axis?"""
    return item == NONE or tail_of(item) == "newaxis"


def single(context: Context, m: Module, i: int, expression: Expression, depth: int = 0) -> bool:
    """Does the expression add a batch axis to one sample: `x[None]`, `np.expand_dims(x, 0)`, `x.reshape(1, -1)`,
    `np.array([x])`?

    The expression is an argument of call `i`; `depth` counts what was followed to get to it.
    """
    if isinstance(expression, Subscript):
        index = expression.index
        items = index.items if isinstance(index, TupleDisplay) else (index,)
        return new_axis(items[0]) if items else False  # `x[..., None]` adds channels
    if isinstance(expression, CallRef):
        return _single_call(context, m, i, expression.number, depth)
    if isinstance(expression, BinaryOp):
        return single(context, m, i, expression.left, depth)
    if isinstance(expression, Name) and depth < _DEPTH:
        bindings = m.bindings(m.calls[i].scope).get(expression.id, [])
        for b in context.infer.reaching(m, bindings, m.calls[i].statement) if len(bindings) > 1 else bindings:
            if (
                b.kind == "assign"
                and not b.path
                and isinstance(b.value, Expression)
                and b.value != expression
                and single(context, m, i, b.value, depth + 1)
            ):
                return True
    return False


def _single_call(context: Context, m: Module, i: int, number: int, depth: int) -> bool:
    """Does call `number`, which is or makes an argument of call `i`, give one sample as a batch?"""
    call = m.calls[number]
    name = tail_of(call.func)
    if name in _SINGLE:
        return True
    if name == "reshape":
        for argument in call.args:
            first = argument.items[0] if isinstance(argument, SequenceDisplay) and argument.items else argument
            if first == Constant(1):
                return True
    if name in _ARRAYS and call.args:
        given = call.args[0]
        return isinstance(given, SequenceDisplay) and len(given.items) == 1 or single(context, m, i, given, depth)
    if isinstance(call.func, Attribute) and name in _KEEPS:
        return single(context, m, i, call.func.base, depth)
    if call.args and depth < _DEPTH:  # preprocess_input(np.expand_dims(x, 0))
        return single(context, m, i, call.args[0], depth + 1)
    return False
