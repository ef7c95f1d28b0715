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

from tflint_mem import facts as F
from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.tracing import frozen, tracing
from tflint_mem.facts import Attribute, ExprStatement, With
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM203"
SWEEPS = True
MEASURED = (
    "24 ms per step eagerly, 5.6 ms in a tf.function (TF 2.21, small model on CPU: a ratio); memory is flat either way"
)
FEW = 20  # steps; tracing pays off after some dozens


def find(context: Context):
    """Tapes recorded eagerly in a loop; one finding for tapes opened together or inside each other."""
    for m, i, _ in context.calls(("GradientTape",), frozenset(("tf.GradientTape",))):
        if context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        block = _block(m, i)
        if (
            block is None
            or hot.within_tape(context, m, m.statements[block][2])
            or _not_first(context, m, i, block)
            or _needs_host(context, m, block)
        ):
            continue
        repeat = hot.busy(
            context, m, i, FEW, lambda r: not hot.in_tape(context, r) and not hot.over_gradients(context, r)
        )
        if repeat is None:
            continue
        traced = _traced_inside(context, m, block)
        yield context.at_call(
            CODE,
            m,
            i,
            f"a GradientTape records eagerly {context.when(repeat, m)}: "
            + (
                f"what it calls is traced already (`{traced}`), but loss, gradients and update are launched by Python operation by operation"
                if traced
                else "nothing on the way is a tf.function, so each operation is launched by Python"
            ),
            measured="" if traced else MEASURED,
            persona="pedantic" if traced else None,
            help="put the step into a function of tensors and decorate it with @tf.function",
            trace=context.trace(repeat, "records op by op"),
            fix="the step stands in the loop itself" if repeat.local else decorate(context, m, i),
        )


def _block(m: Module, i: int):
    """The `with` statement that opens the tape of call `i`, or None."""
    statement = m.calls[i].statement
    return statement if isinstance(m.statements[statement], With) else None


def _traced_inside(context: Context, m: Module, block: int):
    """The name of a function that the tape's block calls and that is a `tf.function` by its decorator, as a model's `call` may be; or None."""
    inner = m.statements[block][6]
    for i in (i for s in m.behind(block) for i in m.calls_of(s)):
        if not m.inside(m.calls[i].block, inner):
            continue
        for fm, scope in context.project.functions_called(m, i):
            if fm.scopes[scope][F.S_DECORATORS] and "tf.function" in context.infer.decorator_names(fm, scope):
                return fm.scopes[scope][F.S_NAME]
    return None


def _not_first(context: Context, m: Module, i: int, block: int):
    """Is another tape opened before this one by the same statement?"""
    return any(j < i and "tf.GradientTape" in context.project.apis(m, j) for j in m.calls_of(block))


def _needs_host(context: Context, m: Module, block: int):
    """Is a tensor taken to the host while the tape records, for something else than a message?"""
    inner = m.statements[block][6]
    for i in (i for s in m.behind(block) for i in m.calls_of(s)):
        call = m.calls[i]
        if (
            isinstance(call.func, Attribute)
            and call.func.attr == "numpy"
            and m.inside(call.block, inner)
            and not isinstance(m.statements[call.statement], ExprStatement)
        ):
            return True
    return False


def decorate(context: Context, m: Module, i: int):
    """A fix that decorates the function around call `i`, or a few words that say why it has to run in Python."""
    scope = m.calls[i].scope
    record = m.scopes[scope]
    if record.kind != "function":
        return "the step stands in no function of its own"
    if not _made_once(context, m, scope):
        return "the function is defined again in each repeat"
    if record.decorators:
        return "the function has another decorator"
    if _python_arguments(context, m, scope):
        return "it is given Python values, each of which would be traced"
    refusal = tracing.host_effect(context, m, scope)
    if refusal:
        return f"the function {refusal}"
    refusal = frozen.reason(context, m, scope)
    if refusal:
        return refusal

    def fix(fx: FixContext):
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod import operations as do

        view, _ = fx.at(m, i)
        row = m.statements[m.scopes[scope].statement].line
        if _switched_off(fx.source.lines, row):
            raise NoFix("its author switched the decorator off")
        return (
            UNSAFE,
            "Trace the step once",
            do.add_decorator(view, view.function_on(row), f"{do.tf_name(fx.source, row)}.function"),
        )

    return fix


def _switched_off(lines, row):
    """Does a comment right around the head of the function, which stands on `row`, hold the decorator: `# @tf.function`?"""
    above = row - 1
    while above > 0 and (
        lines[above - 1].lstrip().startswith(("#", "@")) or not lines[above - 1].strip() and row - above < 2
    ):
        above -= 1
    return any(
        "#" in line and any(word in line.partition("#")[2] for word in ("tf.function", "@function", "def_function"))
        for line in lines[above : row + 1]
    )


def _made_once(context: Context, m: Module, scope: int):
    """Is the function defined once, and not again in each run of one that repeats?"""
    owner = m.scopes[scope].parent
    if m.loops(m.statements[m.scopes[scope].statement].block):
        return False
    if owner == 0 or m.scopes[owner].kind == "class":
        return True
    return not any(
        how != "call" or context.first_repeat(other, j) for other, j, how in context.project.callers(m, owner)
    )


def _python_arguments(context: Context, m: Module, scope: int):
    """Is the function given Python numbers or texts, which would trace it again for each value?"""
    for index in range(len(m.scopes[scope].parameters)):
        if any(
            isinstance(v, Thing) and v.kind in ("int", "float", "number", "str")
            for v in context.infer.parameter(m, scope, index)
        ):
            return True
    return False
