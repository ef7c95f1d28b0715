"""Finds gradient tapes that stay open around a whole loop over data.

## What it does
Reports a `GradientTape` in eager code whose `with` block holds a loop over a data set (or a `while` loop, or a loop
over epochs with such a loop inside) that adds up losses. Loops over layers, heads, time steps or a few samples belong
to one step and are silent, and so is a loop that accumulates nothing.

## Why is this bad?
The tape records every pass and keeps its activations until the block ends: memory grows with the length of the data,
and the one step at the end is no better than steps in between or gradients that are added up.

## What was measured
TensorFlow 2.21: 8192 KiB per pass with two activations of 4 MiB; without accumulation: flat.

## Example
```python
with tf.GradientTape() as tape:
    for batch in dataset:
        total += loss_of(batch)
```

Use instead:
```python
for batch in dataset:
    with tf.GradientTape() as tape:
        loss = loss_of(batch)
    optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
```

## Fix safety
There is no automatic fix: whether to step per batch or to add gradients up is a decision.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    BinaryOp,
    CallRef,
    ExprStatement,
    For,
    Jump,
    Name,
    Reference,
    Return,
    While,
    With,
)
from tflint_mem.project.linking.module import walk
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

CODE = "TFM206"
MEASURED = "8192 KiB per pass with two activations of 4 MiB (TF 2.21); a tape per pass: flat"
_ADDERS = frozenset(("append", "extend"))


def find(context: Context):
    """Tapes whose block holds an accumulating loop over data."""
    for m, i, _ in context.calls(("GradientTape",), frozenset(("tf.GradientTape",))):
        scope = m.calls[i].scope
        statement = m.statements[m.calls[i].statement]
        if not isinstance(statement, With) or context.in_tests(m) or context.project.compiled(m, scope):
            continue
        loop = next((s for s in m.behind(m.calls[i].statement) if _is_long(context, m, s, statement.body)), None)
        if loop is None:
            continue
        line = m.statements[loop].line
        pos = m.calls[i].pos
        if _accumulates(context, m, loop) and not _leaves(m, loop):
            yield context.at_call(
                CODE,
                m,
                i,
                f"one tape is open around the loop in line {line}, and keeps the activations of every pass until it ends",
                measured=MEASURED,
                help="open a tape for each pass; take a step each time, or add the gradients up",
                trace=(
                    TraceStep(m, pos.line, pos.column, "records everything below"),
                    TraceStep(m, line, 0, "the loop over data"),
                ),
            )


def _body(statement: int):
    return statement[7] if isinstance(statement, For) else statement[6]


def _is_long(context: Context, m: Module, s: int, inner):
    """Is the statement a loop over data, in the block `inner` of the tape?"""
    statement = m.statements[s]
    if not statement or not isinstance(statement, (For, While)) or not m.inside(statement.block, inner):
        return False
    if isinstance(statement, While):
        return True
    count = context.project.repeats_of.count(m, statement.body)
    if count is not None and count <= 50:
        return False
    return any(
        isinstance(e, (Name, Attribute, CallRef)) and "dataset" in context.project.kinds(m, statement.scope, e, s)
        for e in walk(statement.iterable, m.calls)
    )


def _accumulates(context: Context, m: Module, loop: int):
    """Does the loop add to something from before it: `total += loss`, `total = total + loss`, `losses.append(loss)`?"""
    body = _body(m.statements[loop])
    for s in m.behind(loop):
        statement = m.statements[s]
        if not statement or not m.inside(statement.block, body):
            continue
        if (
            isinstance(statement, Augment)
            and statement.op == "+"
            and _is_tensor(context, m, statement.scope, statement.value, s)
        ):
            return True
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and isinstance(statement.value, BinaryOp)
            and statement.value.op == "+"
        ):
            if any(t in walk(statement.value) for t in statement.targets if isinstance(t, Reference)) and _is_tensor(
                context, m, statement.scope, statement.value, s
            ):
                return True
        if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
            call = m.calls[statement.value.number]
            if (
                isinstance(call.func, Attribute)
                and call.func.attr in _ADDERS
                and call.args
                and _is_tensor(context, m, call.scope, call.args[0], call.statement)
            ):
                return True
    return False


def _is_tensor(context: Context, m: Module, scope: int, e: Expression, s: int):
    return "tensor" in context.project.kinds(m, scope, e, s)


def _leaves(m: Module, loop: int):
    """Does the loop always end in its first pass?"""
    body = _body(m.statements[loop])
    return any(
        statement
        and statement.block == body
        and (isinstance(statement, Return) or isinstance(statement, Jump) and statement.what in ("break", "raise"))
        for statement in map(m.statements.__getitem__, m.behind(loop))
    )
