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

from tflint_mem.analysis.models import lifetimes, models, side_effects
from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.tracing import frozen, traced_functions, tracing
from tflint_mem.facts import Attribute, CallRef, Def, Name, tail_of
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Instance, Thing
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from libcst import Call, FunctionDef

    from tflint_mem.analysis.tracing.traced_functions import Own, Traced
    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.hoist import Move
    from tflint_mem.codemod.view import Comprehension, Loop, View
    from tflint_mem.facts import Pos
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
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
FEW = 5
FIRST_PINNED = (2, 14)
_PINS = frozenset(
    (
        "optimizer.apply_gradients",
        "optimizer.minimize",
        "tf.nn.silu",
        "tf.nn.swish",
        "keras.activations.silu",
        "keras.activations.swish",
        "tf.custom_gradient",
        "tf.recompute_grad",
        "tf.grad_pass_through",
    )
)
_MAKERS = frozenset(
    ("make_train_function", "make_test_function", "make_predict_function")
)  # Keras asks once per compile


def find(context: Context) -> Iterator[Draft]:
    """Functions wrapped or decorated at a place that repeats."""
    if traced_functions.switched_off(context):
        return
    for m, i in traced_functions.in_part(context, traced_functions.wrapped(context)):
        yield from _checked(context, m, i, traced_functions.of_call(context, m, i), m.calls[i].pos)
    for traced in context.each(traced_functions.decorated(context)):
        if not context.has(traced.m):
            continue
        made = traced_functions.definition(context, traced)
        if made is None:
            yield from _of_new_objects(context, traced)
        else:
            m, i = made
            yield from _checked(context, m, i, traced, m.calls[i].pos)


def _of_new_objects(context: Context, traced: Own) -> Iterator[Draft]:
    """A method that trains, traced anew for each object, where the objects are made at a place that repeats."""
    m, scope = traced.m, traced.scope
    if not m.is_method(scope) or context.in_tests(m) or context.project.versions.graph_mode(m):
        return
    if not any(how == "call" for _, _, how in context.project.callers(m, scope)):
        return
    owner = m.scopes[scope].parent
    for other, i in context.project.callers_of.constructions(m, owner):
        repeat = next((r for r in context.repeats(other, i) if _again(context, r)), None)
        if repeat is None:
            continue
        if not _pins(context, traced):  # asked last: it goes through all that the method calls
            return
        name, kind = m.scopes[scope].name, m.scopes[owner].name
        definition = m.statements[m.scopes[scope].statement]
        if not isinstance(definition, Def):
            return
        pos = definition.decorators[0]
        yield Draft(
            code=CODE,
            m=m,
            pos=pos,
            message=f"`{name}` is traced again for each new `{kind}`, which is made {context.when(repeat, m)}; "
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
        return


def _checked(context: Context, m: Module, i: int, traced: Traced, pos: Pos) -> Iterator[Draft]:
    """What is said of the call, or decorator at `pos`, that makes a function, where it repeats without an excuse."""
    scope = m.calls[i].scope
    if context.in_tests(m) or context.project.versions.graph_mode(m) or m.scopes[scope].name in _MAKERS:
        return
    repeat = next((r for r in context.repeats(m, i) if _again(context, r)), None)
    if repeat is None:
        return
    if _set_up(context, repeat):
        return
    training = _pins(context, traced)
    kept = _kept(context, m, i, traced, repeat)
    if not training and not kept and lifetimes.in_loop_of_new_models(context, repeat):
        return
    if not training and (
        _on_purpose(context, m, i, repeat)
        or not kept
        and (repeat.kind == "objective" or _of_new_model(context, m, i, traced, repeat))
    ):
        return
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
        trace=context.trace(repeat, "makes a new tf.function"),
        site=i,
        noqa_row=pos.end_line,
        fix=_fix(context, m, i, traced)
        if repeat.local and not kept and not _reads_loop(traced)
        else "the functions are kept"
        if kept
        else "the function reads what the loop sets"
        if repeat.local
        else "what repeats it stands in another function",
    )


def _on_purpose(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """A table of functions made by a comprehension, or a function that is only asked for its graph."""
    if repeat.kind == "comprehension" and models.stored(context, *repeat.hops[0], repeat.block):
        return True
    return any(
        e == Attribute(CallRef(i), "get_concrete_function")
        for e in models.walk_statement(m, m.statements[m.calls[i].statement])
    )


def _set_up(context: Context, repeat: Repeat) -> bool:
    """A loop that only makes functions and puts them into a container: one for each task, all of them wanted."""
    if repeat.block is None or repeat.handed:
        return False
    return models.stored(context, *repeat.hops[0], repeat.block) and not lifetimes.works(context, repeat)


def _again(context: Context, repeat: Repeat) -> bool:
    return (repeat.count is None or repeat.count > FEW) and hot.eager(context, repeat)


# -- what makes it a leak ----------------------------------------------------------------------------------------------


def _pins(context: Context, traced: Traced) -> bool:
    """Does the body hold a custom gradient, and may the project run a TensorFlow that keeps it for ever?"""
    if context.project.versions.at_least(*FIRST_PINNED) is False or traced.m is None:
        return False
    if any(tail_of(traced.m.calls[j].func) == "apply_gradients" for j in traced.m.scope_calls(traced.scope)):
        return True
    return bool(context.project.released_by.in_function(traced.m, traced.scope, _PINS))


def _kept(context: Context, m: Module, i: int, traced: Traced, repeat: Repeat) -> bool:
    """Does each new function go into a container?"""
    loop = repeat.region
    if m.calls[i].args or m.calls[i].keywords and traced.m is None:
        return models.stored(context, m, i, loop)
    return traced.m is not None and models.added_later(
        context, m, m.calls[i].scope, Name(traced.m.scopes[traced.scope].name), loop
    )


def _of_new_model(context: Context, m: Module, i: int, traced: Traced, repeat: Repeat) -> bool:
    """Does the function stand for a model that is another one in each repeat?

    One for each is all that one can do then.
    """
    wrapped = traced_functions.argument(m, i)
    names = [wrapped] if wrapped is not None else []
    if traced.m is not None and traced.m.index == m.index:
        names.extend(_free(traced.m, traced.scope))
    scope, at = m.calls[i].scope, m.calls[i].statement
    for e in names:
        values = context.infer.values(m, scope, e.base if isinstance(e, Attribute) else e, at)
        if any(
            isinstance(v, Thing)
            and v.kind in ("model", "saved_model", "layer")
            or isinstance(v, Instance)
            and context.infer.class_kind(context.project.module(v.module), v.scope)
            for v in values
        ):
            if not hot.steady(context, repeat, e.base if isinstance(e, Attribute) else e):
                return True
    return False


def _free(m: Module, scope: int) -> list[Name]:
    """Names that a function takes from the function around it."""
    owner = m.scopes[scope].parent
    local, outer = m.bindings(scope), m.bindings(owner) if owner >= 0 else {}
    found: set[str] = set()
    for s in m.scope_statements(scope):
        found.update(
            e.id
            for e in models.walk_statement(m, m.statements[s])
            if isinstance(e, Name) and e.id in outer and e.id not in local
        )
    return [Name(name) for name in sorted(found)]


# -- the fix -----------------------------------------------------------------------------------------------------------


def _reads_loop(traced: Traced) -> bool:
    """Does a function that is defined in a loop read what the loop binds?  Then it cannot move before it."""
    m = traced.m
    if m is None:
        return False
    definition = m.statements[m.scopes[traced.scope].statement]
    if not isinstance(definition, Def):
        return False
    loop = next(iter(m.loops(definition.block)), None)
    if loop is None:
        return False
    header = m.blocks[loop].statement
    bindings = [b for name in _free(m, traced.scope) for b in m.bindings(definition.scope)[name.id]]
    return any(
        b.statement == header or b.statement >= 0 and m.inside(m.statements[b.statement].block, loop) for b in bindings
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
                doubt = _doubt(context, m, i, traced, blocks[id(loop)])
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


def _doubt(context: Context, m: Module, i: int, traced: Traced, loop: int) -> str:
    """What makes it unsafe to trace once what `loop` traces in each pass, "" for nothing.

    Raises NoFix where another trace would give something else.
    """
    from tflint_mem.codemod import NoFix

    effects = side_effects.of_loop(context, m, loop, but=None if traced_functions.stands_for_definition(m) else i)
    if traced.m is None:
        wrapped = traced_functions.argument(m, i)
        keras = wrapped is not None and context.kinds(
            m, i, wrapped.base if isinstance(wrapped, Attribute) else wrapped
        ) & {
            "model",
            "layer",
            "saved_model",
        }
        return "" if keras and not effects.unknown else "nobody sees the function that is traced"
    effect = tracing.host_effect(context, traced.m, traced.scope)
    if effect and not effect.startswith(_ONLY_SEEN):
        raise NoFix(f"each trace of the function {effect}")
    reads = frozen.reads(context, traced.m, traced.scope)
    names, attributes = reads.names, reads.attributes
    own = m.statements[m.blocks[loop].statement].scope
    bound = {
        (m.index, name) for name, bindings in m.bindings(own).items() for b in bindings if hot.bound_inside(m, b, loop)
    }
    changed = sorted(name for _, name in names & (bound | effects.names)) or sorted(
        (attributes | {name for _, name in names}) & effects.attributes
    )
    if changed:
        raise NoFix(f"the loop changes {changed[0]}, which the function reads when it is traced")
    return effect or effects.unknown and (attributes or names) and f"nobody knows what {effects.unknown} does" or ""


_ONLY_SEEN = ("reads a NumPy array", "calls print()")  # what a trace does that changes no result
