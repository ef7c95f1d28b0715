"""Calls that Python launches op by op, where a `tf.function` would run them at once.

The questions: *is a call one of a model's forward pass, or the first of a chain of operations, in code that runs
eagerly and belongs to no larger step?*  A candidate is no method that Keras traces, no part of a training step under a
tape, and no code that is PyTorch's; a model whose own `call` is a `tf.function` already is none.  A chain is what one
statement computes with at least `CHAIN` operations around a variable.  Whether the place repeats is not asked here.
"""

from __future__ import annotations

from tflint_mem.analysis.models.models import walk_statement
from tflint_mem.facts import Assign, BinaryOp, CallRef, ExprStatement, Reference, Return, walk
from tflint_mem.knowledge import is_op
from tflint_mem.project.holds.values import Instance, SelfValue, Thing

from . import hot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from tflint_mem.facts import Statement
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

CHAIN = 3  # operations of one statement
INPUTS = 5  # a decoder is given the token, its state and what the encoder saw
HEAVY = frozenset(
    ("tf.matmul", "tf.linalg.matmul", "tf.einsum", "tf.tensordot", "tf.nn.conv1d", "tf.nn.conv2d", "tf.nn.conv3d")
)
_ARITHMETIC = frozenset(("+", "-", "*", "/", "**", "@"))
_KEYWORDS = frozenset(("training", "mask", "inputs"))
_TRACED = frozenset(
    (
        "call",
        "train_step",
        "test_step",
        "predict_step",
        "build",
        "compute_loss",
        "compute_output_shape",
        "_call",
        "setUp",
    )
)
_TORCH = ("zero_grad", "backward", "detach", "cpu", "cuda", "unsqueeze", "requires_grad_")


def shaped(m: Module, i: int) -> bool:
    """Could it be `model(x)` in code that runs eagerly?  Judged by its form, before anything is inferred."""
    call = m.calls[i]
    names = {keyword.name for keyword in call.keywords}
    if len(call.args) > INPUTS or not names <= _KEYWORDS and "training" not in names:
        return False
    record = m.scopes[call.scope]
    return not (record.name in _TRACED and m.is_method(call.scope))


def candidate(context: Context, m: Module, i: int) -> bool:
    """May call `i` be one that runs eagerly, outside of tests, of PyTorch and of a training step?"""
    if context.in_tests(m) or context.project.versions.graph_mode(m) or _in_torch(m, i):
        return False
    return not _beside_tape(context, m, i)


def _in_torch(m: Module, i: int) -> bool:
    """Does the function do what only PyTorch has?  A class may be written for both."""
    by_tail, scope = m.calls_by_tail(), m.calls[i].scope
    return any(m.calls[j].scope == scope for name in _TORCH for j in by_tail.get(name, ()))


def _beside_tape(context: Context, m: Module, i: int) -> bool:
    """Does the innermost loop around the call, or its function, record a tape as well, or a tape around the loop?

    Then the step is TFM203's.
    """
    call = m.calls[i]
    loop = next(iter(m.loops(call.block)), -1)
    around = {m.blocks[b].statement for b in m.chain(call.block) if m.blocks[b].kind == "with"}
    return any(
        m.calls[j].scope == call.scope
        and (m.inside(m.calls[j].block, loop) or m.calls[j].statement in around)
        and "tf.GradientTape" in context.project.apis(m, j)
        for j in m.calls_by_tail().get("GradientTape", ())
    )


def own_function(context: Context, m: Module, i: int) -> bool:
    """Is the model's own `call` a tf.function, or is it called in its constructor, to be built?"""
    call = m.calls[i]
    if m.scopes[call.scope].name in ("__init__", "build"):
        return True
    for v in context.infer.values(m, call.scope, call.func, call.statement):
        if isinstance(v, (Instance, SelfValue)):
            method = context.infer.lookup(context.project.module(v.module), v.scope, "call")
            if method and "tf.function" in context.infer.decorator_names(*method):
                return True
    return False


def steady_model(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """Is it one model that is called again and again, and not a new one in each pass?"""
    if "model.__call__" not in context.project.apis(m, i):
        return True
    return hot.steady(context, repeat, m.calls[i].func) and not hot.made_in_pass(repeat, context.infer.callee(m, i))


# -- chains of operations ---------------------------------------------------------------------------------------------


def chain(context: Context, m: Module, i: int) -> int | None:
    """The outermost operation of the statement of call `i`, if that has several of them around variables, or None."""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if not isinstance(statement, (Assign, Return, ExprStatement)):
        return None
    ops: set[int] = set()
    for e in walk_statement(m, statement):
        if isinstance(e, CallRef):
            names = context.project.apis(m, e.number)
            if names & HEAVY or any(is_op(name) for name in names):
                ops.add(e.number)
    if len(ops) < CHAIN and len(ops) + _operators(m, statement, ops) < CHAIN:
        return None
    variables = any(
        isinstance(v, Thing) and v.kind == "variable"
        for a in call.args
        for e in walk(a)
        if isinstance(e, Reference)
        for v in context.infer.values(m, call.scope, e, call.statement)
    )
    return max(ops) if variables else None


def _operators(m: Module, statement: Statement, ops: Collection[int]) -> int:
    """How many operators of a statement work on what its operations give: `tf.matmul(x, w) + b` is two operations."""
    calls = [CallRef(i) for i in ops]
    return sum(
        isinstance(e, BinaryOp)
        and e.op in _ARITHMETIC
        and any(call in walk(side, m.calls) for side in (e.left, e.right) for call in calls)
        for e in walk_statement(m, statement)
    )
