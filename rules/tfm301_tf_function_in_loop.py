"""Finds `tf.function`s that are made again and again.

## What it does
Reports `tf.function(f)` and a decorated function defined inside another one, at a place that repeats: in a loop, or in
a function that is called per epoch, fold, step or request. Made once in `__init__`, in `main` or in a factory that is
called once, behind a cache or a once-guard, or a handful of times: silent.

A decorated method that trains is a new function for each object: where the objects are made again and again, it is
reported, too.

## Why is this bad?
Every `tf.function` starts with an empty trace cache, so each new one traces its body again: about 45 times slower than
calling one that was made before. Dropped, it is freed. It becomes a leak when it is kept in a list or dictionary, and
when its body trains or holds a custom gradient (`apply_gradients`, silu, `recompute_grad`): since TensorFlow 2.14 each
such trace stays for the life of the process, with everything it captured.

## What was measured
KiB per new function, TensorFlow 2.21 / 2.15: dropped 0; kept in a list 116 / 128; with `apply_gradients` in its body
422 / 711 for ever, and 4798 / 8293 when it captures a new variable of 4 MiB; a method that trains, of an object with
two layers of 512 units and Adam, 9294 per object. Neither `gc.collect()` nor `clear_session()` frees any of the latter.

## Example
```python
for fold in range(10):
    @tf.function
    def train_step(x, y):
        ...
```

Use instead:
```python
@tf.function
def train_step(x, y):
    ...

for fold in range(10):
    ...
```

## Fix safety
The fix moves the definition, or the `tf.function(…)` call, before the loop when it takes nothing from the loop, and
each trace would be the same: it is safe when nothing that the loop calls could change what the function reads while it
is traced.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.analysis.tracing import one_trace, remade, traced_functions
from tflint_mem.facts import Def
from tflint_mem.finding import UNSAFE
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from libcst import Call, FunctionDef

    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.hoist import Move
    from tflint_mem.codemod.view import Comprehension, Loop, View
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

    AnyLoop = Loop | Comprehension

CODE = "TFM301"
SWEEPS = True
MEASURED = "memory flat when dropped, about 45x slower than one that was made before (TF 2.21 and 2.15)"
MEASURED_KEPT = "116 KiB stay for each kept function of one operation (TF 2.21; 128 on 2.15)"
MEASURED_TRAINING = (
    "422 KiB per new function stay for ever, 4798 with a captured variable of 4 MiB "
    "(TF 2.21; 711 and 8293 on 2.15); nothing frees them"
)
MEASURED_OBJECTS = (
    "9294 KiB per object with two layers of 512 units and Adam stay for ever (TF 2.21), "
    "with clear_session() and gc.collect() as without"
)


def find(context: Context) -> Iterator[Draft]:
    """Functions wrapped or decorated at a place that repeats."""
    if traced_functions.switched_off(context):
        return
    for m, i in traced_functions.in_part(context, traced_functions.wrapped(context)):
        yield from _checked(context, m, i, traced_functions.of_call(context, m, i))
    for traced in context.each(traced_functions.decorated(context)):
        if not context.has(traced.m):
            continue
        made = traced_functions.definition(context, traced)
        if made is None:
            yield from _of_new_objects(context, traced.m, traced)
        else:
            m, i = made
            yield from _checked(context, m, i, traced)


def _of_new_objects(context: Context, m: Module, traced: Traced) -> Iterator[Draft]:
    """A method that trains, traced anew for each object, where the objects are made at a place that repeats."""
    repeat = remade.method(context, m, traced)
    record = m.scopes[traced.scope]
    definition = m.statements[record.statement]
    if repeat is None or not isinstance(definition, Def):
        return
    kind, pos = m.scopes[record.parent].name, definition.decorators[0]
    yield Draft(
        code=CODE,
        m=m,
        pos=pos,
        message=f"`{record.name}` is traced again for each new `{kind}`, which is made {context.when(repeat, m)}; "
        "its body trains or holds a custom gradient, so each trace, and what the object holds, "
        "stays for the life of the process",
        measured=MEASURED_OBJECTS,
        help="train each in a child process of its own (spawn, one task per child), "
        "or keep one object and reset its weights; clear_session() and gc.collect() free nothing here",
        severity="error",
        group="leak",
        trace=(
            *context.trace(repeat, f"makes a new `{kind}`").steps,
            TraceStep.at(m, pos, "traces the method for that object"),
        ),
        noqa_row=pos.end_line,
    )


def _checked(context: Context, m: Module, i: int, traced: Traced) -> Iterator[Draft]:
    """What is said of the call, or decorator, that makes a function, where it repeats without an excuse."""
    found = remade.function(context, m, i, traced)
    if found is None:
        return
    repeat, training, kept = found.repeat, found.training, found.kept
    pos = m.calls[i].pos
    name = (
        f"`{traced.m.scopes[traced.scope].name}`"
        if traced.m is not None and m.calls[i].args == ()
        else f"`{models.text(m, i)}`"
    )
    yield Draft(
        code=CODE,
        m=m,
        pos=pos,
        message=f"{name} is made a tf.function again {context.when(repeat, m)}"
        + (
            "; its body trains or holds a custom gradient, so each trace stays for the life of the process"
            if training
            else "; each one is kept, with the graph that it traced"
            if kept
            else ", and each new one traces its body again"
        ),
        measured=MEASURED_TRAINING if training else MEASURED_KEPT if kept else MEASURED,
        help="make it once, outside of what repeats, and pass what changes as tensors",
        severity="error" if training else "warning" if kept else None,
        group="leak" if training or kept else None,
        trace=context.trace(repeat, "makes a new tf.function", ways=remade.ways(context, m, i)),
        site=i,
        noqa_row=pos.end_line,
        fix=_fix(context, m, i, traced)
        if repeat.local and not kept and not remade.reads_loop(traced)
        else "the functions are kept"
        if kept
        else "the function reads what the loop sets"
        if repeat.local
        else "what repeats it stands in another function",
    )


def _fix(context: Context, m: Module, i: int, traced: Traced) -> Repair:
    """The function is made once before the loop."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do
        from tflint_mem.codemod.view import view_at

        def moved(
            move: Callable[[AnyLoop], Move], view: View, node: Call | FunctionDef, block: int
        ) -> Callable[[AnyLoop], Move]:
            blocks = fx.blocks(view, node, m, block)

            def attempt(loop: AnyLoop) -> Move:
                doubt = one_trace.doubt(context, m, i, traced, blocks[id(loop)])
                made = move(loop)
                return do.Move(made.edits, UNSAFE if doubt else made.applicability)

            return attempt

        if traced.m is not None and (not m.calls[i].args and not m.calls[i].keywords or traced.made is None):
            statement = traced.m.statements[traced.m.scopes[traced.scope].statement]
            view = view_at(fx.source, statement.line)
            function = view.function_on(statement.line)
            move = do.outermost_loop(
                view, function, moved(lambda loop: do.hoist_def(view, function, loop), view, function, statement.block)
            )
            return Proposal(move.applicability, "Define it once before the loop", move.edits)
        view, call = fx.at(m, i)
        move = do.outermost_loop(
            view,
            call,
            moved(lambda loop: do.hoist_call(view, call, loop, "compiled", reads=None), view, call, m.calls[i].block),
        )
        return Proposal(move.applicability, "Make it once before the loop", move.edits)

    return fix
