"""Finds training steps with a GradientTape that run op by op.

## What it does
Reports a `GradientTape` whose function runs for each batch or step of a loop (also when the loop is in a caller or in
another file) when nothing on the way is a `tf.function`: no decorator, no `tf.function(step)`, no Keras `train_step`,
no traced caller. A tape that runs once or a handful of times stays silent, and so does a step that needs values on the
host while it records.

## Why is this bad?
Eagerly, Python launches each operation of the step by itself, forward and backward. Traced once, the same step runs as
one graph. This is about speed only: tapes that are rebound per step keep nothing.

## What was measured
24 ms per step eagerly against 5.6 ms with `@tf.function` (TensorFlow 2.21, small model, CPU; a ratio, not an absolute).
Memory flat in both, with or without `persistent=True` and `del tape`.

## Example
```python
def train_step(x, y):
    with tf.GradientTape() as tape:
        loss = loss_fn(y, model(x, training=True))
    grads = tape.gradient(loss, model.trainable_variables)
    optimizer.apply_gradients(zip(grads, model.trainable_variables))
    return loss
```

Use instead:
```python
@tf.function
def train_step(x, y):
    ...
```

Pass what changes from step to step as tensors: a Python number would trace the step again for each value.

## Fix safety
The fix decorates the function. It is unsafe: a trace runs Python code once, not per step. Where the body prints, calls
`.numpy()`, fills lists, sets attributes or draws data on the host, makes variables or an optimizer, reads a name or
attribute that changes, may be given NumPy arrays that it calculates with, several models or optimizers, or belongs to
objects that are made anew, no fix is offered.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.tracing.decorating import decorate
from tflint_mem.facts import Attribute, ExprStatement, With

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

CODE = "TFM203"
SWEEPS = True
MEASURED = (
    "24 ms per step eagerly, 5.6 ms in a tf.function (TF 2.21, small model on CPU: a ratio); memory is flat either way"
)
FEW = 20  # steps; tracing pays off after some dozens


def find(context: Context) -> Iterator[Draft]:
    """Tapes recorded eagerly in a loop; one finding for tapes opened together or inside each other."""
    for m, i, _ in context.calls(("GradientTape",), frozenset(("tf.GradientTape",))):
        if context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        opening = m.statements[m.calls[i].statement]
        if (
            not isinstance(opening, With)
            or hot.within_tape(context, m, opening.block)
            or _not_first(context, m, i)
            or _needs_host(m, i, opening)
        ):
            continue

        def alone(repeat: Repeat) -> bool:
            return not hot.in_tape(context, repeat) and not hot.over_gradients(context, repeat)

        repeat = hot.busy(context, m, i, FEW, alone)
        if repeat is None:
            continue
        traced = _traced_inside(context, m, i, opening)
        yield context.at_call(
            CODE,
            m,
            i,
            f"a GradientTape records eagerly {context.when(repeat, m)}: "
            + (
                f"what it calls is traced already (`{traced}`), "
                "but loss, gradients and update are launched by Python operation by operation"
                if traced
                else "nothing on the way is a tf.function, so each operation is launched by Python"
            ),
            measured="" if traced else MEASURED,
            persona="pedantic" if traced else None,
            help="put the step into a function of tensors and decorate it with @tf.function",
            trace=context.trace(repeat, "records op by op", ways=hot.busy_ways(context, m, i, FEW, alone)),
            fix="the step stands in the loop itself" if repeat.local else decorate(context, m, i),
        )


def _recorded(m: Module, i: int, opening: With) -> Iterator[int]:
    """The calls in the block of the tape that call `i` opens."""
    for s in m.behind(m.calls[i].statement):
        for j in m.calls_of(s):
            if m.inside(m.calls[j].block, opening.body):
                yield j


def _traced_inside(context: Context, m: Module, i: int, opening: With) -> str | None:
    """The name of a function that the tape's block calls and that is a `tf.function` by its decorator, or None.

    A model's `call` may be one.
    """
    for j in _recorded(m, i, opening):
        for fm, scope in context.project.functions_called(m, j):
            record = fm.scopes[scope]
            if record.decorators and "tf.function" in context.infer.decorator_names(fm, scope):
                return record.name
    return None


def _not_first(context: Context, m: Module, i: int) -> bool:
    """Is another tape opened before this one by the same statement?"""
    return any(j < i and "tf.GradientTape" in context.project.apis(m, j) for j in m.calls_of(m.calls[i].statement))


def _needs_host(m: Module, i: int, opening: With) -> bool:
    """Is a tensor taken to the host while the tape records, for something else than a message?"""
    for j in _recorded(m, i, opening):
        call = m.calls[j]
        if (
            isinstance(call.func, Attribute)
            and call.func.attr == "numpy"
            and not isinstance(m.statements[call.statement], ExprStatement)
        ):
            return True
    return False
