"""Predictions: how often `predict` is called, and for how much.

The questions: *does a repeat call it often, with little to do for each, and is the input surely one sample or one
batch?* Little is what has a batch axis added to one sample, or differs from pass to pass; a whole array that each pass
predicts again, the parts of a cross-validation and one prediction for each model are few calls for much.  For the
second question, on which a rewrite hangs, nothing counts but what the code says: a literal shape, a slice of a fixed
length, or a name that stands for one thing everywhere.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.models.models import walk_statement
from tflint_mem.facts import (
    NONE,
    Assign,
    Attribute,
    BinaryOp,
    CallRef,
    Constant,
    Expression,
    For,
    Name,
    SequenceDisplay,
    Slice,
    Subscript,
    tail_of,
)

from . import hot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

FEW = 8  # calls: less than half a second in all
_OF_GENERATORS = frozenset(
    ("steps", "workers", "use_multiprocessing", "max_queue_size")
)  # said only where many batches are predicted
_FEW_ROWS = 1024
_RECORD = 3  # names that one pass takes apart: a step that was remembered, not a data set
_ONE = Constant(1)
_FILLED = ("ones", "zeros", "full", "rand", "randn", "random", "normal", "uniform")
_SAME = ("convert_to_tensor", "constant", "asarray", "preprocess_input")
_ONE_THING = frozenset(
    (
        "frame",
        "image",
        "img",
        "photo",
        "picture",
        "sample",
        "row",
        "state",
        "obs",
        "observation",
        "batch",
        "window",
        "patch",
        "crop",
        "face",
        "board",
        "sequence",
        "line",
        "point",
        "item",
        "example",
    )
)


def data(context: Context, m: Module, i: int) -> Expression | None:
    """What the `predict` of call `i` is given."""
    return context.argument(m, i, 0, "x")


def often(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """Does this repeat call predict often, with little to do for each?"""
    if repeat.kind in hot.ONE_OFF or hot.per_epoch(repeat) or hot.waits(context, repeat):
        return False
    if repeat.count is not None and repeat.count <= FEW:
        return False
    call, given = m.calls[i], data(context, m, i)
    if any(keyword.name in _OF_GENERATORS for keyword in call.keywords):
        return False
    if given is None or hot.single(context, m, i, given):
        return True
    if _whole_set(context, m, i, given):
        return False
    if hot.folds(repeat) or repeat.kind == "recursion":
        return False  # a recursion that predicts all that it has left does so a few times
    if hot.trains(context, repeat) and hot.now_and_then(repeat):
        return False
    receiver = context.receiver(m, i)
    values = context.infer.values(m, call.scope, receiver, call.statement)
    if (
        receiver is not None
        and not hot.steady(context, repeat, receiver)
        or lifetimes.new_in_loop(context, repeat, values, loaded=hot.trains(context, repeat))
    ):
        return False  # another model in each pass: one prediction for each of them
    if hot.steady(context, repeat, given):
        return not hot.trains(context, repeat)  # else a score after each training
    return not _in_batches(context, m, i)


def _whole_set(context: Context, m: Module, i: int, given: Expression) -> bool:
    """Is it a data set of batches: by its kind, or as its function goes through it, too: `for x, y in data:`?"""
    if "dataset" in context.kinds(m, i, given):
        return True
    for s in m.scope_statements(m.calls[i].scope) if isinstance(given, Name) else ():
        statement = m.statements[s]
        if isinstance(statement, For) and statement.iterable == given and isinstance(statement.target, SequenceDisplay):
            return True
    return False


def _in_batches(context: Context, m: Module, i: int) -> bool:
    """Is predict told how to split the input, as for a large array?"""
    size = context.argument(m, i, 1, "batch_size")
    return size is not None and size != _ONE and size != NONE or context.argument(m, i, 3, "steps") is not None


def several_outputs(context: Context, m: Module, i: int, given: Expression) -> bool:
    """Is the result taken apart into several outputs: `mask, score = …`, or `out[1]` for one sample?"""
    statement = m.statements[m.calls[i].statement]
    if not isinstance(statement, Assign) or statement.value != CallRef(i):
        return False
    if any(isinstance(t, SequenceDisplay) for t in statement.targets):
        return True
    return hot.single(context, m, i, given) and any(
        isinstance(e, Subscript) and e.index == _ONE and e.base in statement.targets
        for s in m.scope_statements(m.calls[i].scope)
        for e in walk_statement(m, m.statements[s])
    )


def small(context: Context, m: Module, i: int, e: Expression, depth: int = 0) -> bool:
    """Is the input surely one sample or one batch, as a direct call takes it?"""
    if depth > 3:
        return False
    if hot.single(context, m, i, e) or isinstance(e, SequenceDisplay):
        return True
    if isinstance(e, Subscript) and isinstance(e.index, Slice):
        return _is_short(e.index)
    if isinstance(e, BinaryOp):
        return any(small(context, m, i, side, depth) for side in (e.left, e.right))
    if isinstance(e, CallRef):
        return _small_result(context, m, i, e.number, depth)
    if not isinstance(e, Name):
        return False
    call = m.calls[i]
    bindings = m.bindings(call.scope).get(e.id, ())
    reaching = context.infer.reaching(m, bindings, call.statement) if len(bindings) > 1 else bindings
    return bool(reaching) and all(_small_binding(context, m, i, e.id, b, depth) for b in reaching)


def _is_short(index: Slice) -> bool:
    """`[:32]`, `[at : at + size]`"""
    low, high = index.low, index.high
    if low is None:
        return high is not None and _is_few(high)
    return isinstance(high, BinaryOp) and high.op == "+" and low in (high.left, high.right)


def _is_few(e: Expression) -> bool:
    return isinstance(e, Constant) and isinstance(e.value, int) and 0 < e.value <= _FEW_ROWS


def _small_result(context: Context, m: Module, i: int, j: int, depth: int) -> bool:
    """Is what call `j` gives small: of a literal shape, or made from something small?"""
    call = m.calls[j]
    tail = tail_of(call.func)
    if call.args and tail in _FILLED:
        shape = call.args[0]
        return _is_few(shape.items[0] if isinstance(shape, SequenceDisplay) and shape.items else shape)
    if isinstance(call.func, Attribute) and tail in ("astype", "copy", "numpy"):
        return small(context, m, i, call.func.base, depth)
    return len(call.args) == 1 and tail in _SAME and small(context, m, i, call.args[0], depth)


def _small_binding(context: Context, m: Module, i: int, name: str, binding: Binding, depth: int) -> bool:
    value = binding.value
    if binding.kind == "iter":
        statement = m.statements[binding.statement]
        target = statement.target if isinstance(statement, For) else None
        if isinstance(target, SequenceDisplay) and len(target.items) >= _RECORD:
            return True
        return name.lower().rstrip("s0123456789_").rpartition("_")[2] in _ONE_THING or context.kinds(
            m, i, Name(name)
        ) == {"tensor"}
    if binding.kind == "assign" and isinstance(value, Expression):
        if binding.path:
            return name.rpartition("_")[2] in _ONE_THING
        return (
            value != Name(name) and small(context, m, i, value, depth + 1) or context.kinds(m, i, value) == {"tensor"}
        )
    if binding.kind != "param" or not isinstance(value, int):
        return False
    given = [
        (other, j, context.infer.argument(m, binding.scope, value, other, j))
        for other, j, how in context.project.callers(m, binding.scope)
        if how == "call"
    ]
    if not given or any(argument is None for _, _, argument in given):
        return name in _ONE_THING
    return all(
        name in _ONE_THING or argument is not None and small(context, other, j, argument, depth + 1)
        for other, j, argument in given
    )
