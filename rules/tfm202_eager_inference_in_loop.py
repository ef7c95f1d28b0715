"""Finds models and chains of operations that run eagerly in a hot loop.

## What it does
Reports `model(x)` of a Keras model, and statements of several TensorFlow operations around a matrix product or
convolution, that run for each sample, step or batch of a loop (also through callers in other files) while nothing on
the way is traced: no `tf.function`, no Keras `call`, no `Dataset.map`. A handful of passes, the building of a
functional model, one forward pass per epoch of training, a loop in a function that some of its callers compile, and
code beside a `GradientTape` (see TFM203) stay silent.

## Why is this bad?
Each layer is launched from Python, operation by operation. `model(x)` is much faster than `predict` for one sample, but
a traced function is faster again, and it costs two lines. Memory is not affected.

## What was measured
2.8 ms per call eagerly against 1.0 ms in a `tf.function` (TensorFlow 2.21, model of three dense layers, CPU; a ratio,
not an absolute). Memory flat.

## Example
```python
for frame in frames:
    scores = model(frame, training=False)
```

Use instead:
```python
infer = tf.function(model, reduce_retracing=True)
for frame in frames:
    scores = infer(frame, training=False)
```

## Fix safety
The fix makes the `tf.function` before the loop, or decorates a function that does nothing but TensorFlow. It is unsafe:
Python code in the model's `call` then runs once per trace, not per call.
"""

from __future__ import annotations

from tflint_mem.analysis.models import held
from tflint_mem.analysis.models.symbolic import symbolic
from tflint_mem.analysis.passes import eager_calls, hot
from tflint_mem.analysis.tracing import frozen, tracing
from tflint_mem.analysis.tracing.decorating import decorate
from tflint_mem.facts import dotted
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Instance, SelfValue
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM202"
SWEEPS = True
MEASURED = (
    "2.8 ms per call eagerly, 1.0 ms in a tf.function (TF 2.21, small model on CPU: a ratio); memory is flat either way"
)
FEW = 20
_MODEL = frozenset(("model.__call__",))  # and nothing else: what may also be a signature or a function may be compiled


def find(context: Context) -> Iterator[Draft]:
    """Eager model calls and operation chains in hot loops."""
    for m, i in held.calls(context):
        if (
            not eager_calls.shaped(m, i)
            or context.project.apis(m, i) != _MODEL
            or not eager_calls.candidate(context, m, i)
        ):
            continue
        if not eager_calls.own_function(context, m, i) and not symbolic(context, m, i):
            what = f"`{call_text(m, i)}` runs the model eagerly"
            yield from _draft(context, m, i, what, "runs the model op by op", _compile_model(context, m, i))
    done: set[tuple[int, int]] = set()  # index of a module, block
    for m, i, _ in context.calls(tuple(name.rpartition(".")[2] for name in eager_calls.HEAVY), eager_calls.HEAVY):
        first, place = eager_calls.chain(context, m, i), (m.index, m.calls[i].block)
        if first is not None and place not in done and eager_calls.candidate(context, m, first):
            done.add(place)
            yield from _draft(context, m, first, "a chain of operations runs eagerly", "runs op by op", None)


def _draft(context: Context, m: Module, i: int, what: str, last: str, fix: Repair | str | None) -> Iterator[Draft]:
    """The finding at call `i`, if it repeats often enough: `what` happens there, told as `last` at the trace's end."""

    def worth(repeat: Repeat) -> bool:
        return _worth_tracing(context, m, i, repeat)

    repeat = hot.busy(context, m, i, FEW, worth)
    if repeat is None or not _felt(context, repeat):
        return
    ways = (way for way in hot.busy_ways(context, m, i, FEW, worth) if _felt(context, way))
    yield context.at_call(
        CODE,
        m,
        i,
        f"{what} {context.when(repeat, m)}: "
        "nothing on the way is a tf.function, so each operation is launched by Python",
        measured=MEASURED,
        help="make a tf.function of the forward pass once and call that, "
        f"with {_relaxed(context, m)} where shapes vary",
        trace=context.trace(repeat, last, ways=ways),
        fix=(fix if repeat.local else decorate(context, m, i)) if fix else "it is part of a larger step",
    )


def _felt(context: Context, repeat: Repeat) -> bool:
    """Is it more than a small part of what each pass does?"""
    if hot.around_training(context, repeat) or hot.outshone(context, repeat):
        return False
    return not ((repeat.kind == "callback" or hot.trains(context, repeat)) and hot.now_and_then(repeat))


def _worth_tracing(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """Does the repeat call one and the same model, outside of a tape, without compiling it somewhere else?"""
    return (
        eager_calls.steady_model(context, m, i, repeat)
        and not hot.in_tape(context, repeat)
        and not (repeat.local and hot.compiled_somewhere(context, m, i))
    )


def _relaxed(context: Context, m: Module) -> str:
    """The argument that makes a `tf.function` take other shapes without a new trace."""
    return (
        "experimental_relax_shapes=True"
        if context.project.versions.at_least(m, 2, 9) is False
        else "reduce_retracing=True"
    )


# -- the fix ----------------------------------------------------------------------------------------------------------


def _compile_model(context: Context, m: Module, i: int) -> Repair | str:
    """Make `infer = tf.function(model)` before the outermost loop that leaves the model alone, and call that."""
    call = m.calls[i]
    receiver = dotted(call.func)
    if receiver is None or receiver[0] in ("self", "cls"):
        return "the model is no plain variable"
    if not _runs_once(context, m, call.scope):
        return "the function around the loop may run again, and would make a tf.function each time"
    bindings = m.bindings(call.scope).get(receiver[0], ())
    loops = m.loops(call.block)
    if not loops or any(hot.bound_inside(m, b, loop) for loop in loops for b in bindings):
        return "a loop around it sets the model, and each tf.function would trace it again"
    refusal = _host_model(context, m, i)
    if refusal:
        return refusal
    outermost = loops[-1]
    row = m.loop_line(outermost)
    keyword = "" if context.project.versions.at_least(m, 2, 9) is False else ", reduce_retracing=True"

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, node = fx.at(m, i)
        name = do.unique_name(fx.source, "infer", node, view.function(node))
        made = view.new(f"{name} = {do.tf_name(fx.source, row)}.function({'.'.join(receiver)}{keyword})\n")
        loop = view.statement(view.loop_on(row)) if m.blocks[outermost].kind != "comp" else view.statement(node)
        edits = do.join(view.edits(insert_before={loop: made}), do.replace_expression(view, node.func, name))
        return Proposal(UNSAFE, "Trace the forward pass once", edits)

    return fix


def _host_model(context: Context, m: Module, i: int) -> str:
    """Why the forward pass of the project's own model class has to run in Python, "" when nothing speaks against it."""
    for v in context.infer.callee(m, i):
        if isinstance(v, (Instance, SelfValue)):
            method = context.infer.lookup(context.project.module(v.module), v.scope, "call")
            if method:
                effect = tracing.host_effect(context, *method)
                if effect:
                    return f"the model's call {effect}"
                state: str = frozen.state(context, *method)
                return state
    return ""


def _runs_once(context: Context, m: Module, scope: int) -> bool:
    """Is it the module's own code, or a function whose callers all run it once?

    Elsewhere the fix would make tf.functions in a loop.
    """
    if scope == 0:
        return True
    callers = context.project.callers(m, scope)
    return bool(callers) and not any(how != "call" or context.first_repeat(other, j) for other, j, how in callers)
