"""Finds `clear_session()` that hits a model which is still in use.

## What it does
Reports `clear_session()` in a hook that Keras runs during training (`on_epoch_end`, `on_train_batch_end` …), and
`clear_session()` between the making of a model and a use of the same model: in the function, in the next pass of a
loop, in the next request. It is right in `on_train_end`, between two models, and at the head or tail of a trial that
makes its own.

## Why is this bad?
It clears the state of all Keras models of the process, so a model that lives on is cleared with the rest, while nothing
of its memory is freed: it is in use. In graph mode (TensorFlow 1, or with eager execution off) the model's graph and
session are gone and its next use fails. In eager TensorFlow 2 the compiled kernels are thrown away and made again, and
new layers get names that the old ones still carry.

## What was measured
A loop that fits or predicts with one compiled model keeps 0-8 KiB per pass, and clearing in between changes nothing
that matters. TensorFlow 2.10 to 2.14 are the exception: each `fit` or `predict` of arrays keeps 230-300 KiB there until
`clear_session()`; where the requirements say one of these versions the finding is a hint, for there the call cures
something. A data set that is made once keeps nothing, and needs no clearing. `clear_session()` frees dead models (with
`gc.collect()`), never live ones.

## Example
```python
class FreeMemory(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        tf.keras.backend.clear_session()
```

Use instead, when the model is no longer needed:
```python
del model
tf.keras.backend.clear_session()
gc.collect()
```

## Fix safety
Inside a callback that does other things too the fix takes the call out. It is unsafe: a person should decide whether it
belongs behind the training instead.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lent, lifetimes
from tflint_mem.analysis.program import mechanisms
from tflint_mem.facts import ExprStatement
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM108"
MEASURED = (
    "one compiled model fitted or asked in a loop keeps 0-8 KiB per pass, cleared or not (230-300 on TF 2.10 to 2.14, "
    "unless it is fed by one data set); a live model is never freed by it"
)
HELP = "take it out; call clear_session() and gc.collect() once the model is no longer used"
_AFTER = frozenset(("on_train_end", "on_predict_end", "on_test_end"))
_UNCONDITIONAL = frozenset(("with", "try"))


def find(context: Context) -> Iterator[Draft]:
    """`clear_session()` calls in training hooks, then those between a model and its use."""
    for m, i, _ in context.calls(("clear_session",), frozenset(("keras.clear_session",))):
        draft = (
            _in_hook(context, m, i)
            or _before_use(context, m, i)
            or _for_next_call(context, m, i, (m, i))
            or _in_helper(context, m, i)
        )
        if draft is not None:
            yield draft


def _in_hook(context: Context, m: Module, i: int) -> Draft | None:
    """Inside a Keras callback's method, or a function handed to LambdaCallback, that runs while a model trains."""
    for repeat in _hooks(context, m, i):
        return context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` clears the state of the model in training {context.when(repeat, m)}; "
            "nothing of that model is freed",
            measured=MEASURED,
            help=HELP,
            severity="hint" if mechanisms.keeps_pipelines(context, m) else None,
            trace=context.trace(
                repeat, "clears the state of every Keras model of the process", ways=_hooks(context, m, i)
            ),
            fix=_removal(m, i)
            if len(repeat.hops) - repeat.handed == 1 and _among_others(m, i)
            else "the function around it does nothing else, or is called by others",
        )
    return None


def _hooks(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    return (repeat for repeat in context.repeats(m, i) if repeat.kind == "callback" and _is_hook(context, repeat))


def _is_hook(context: Context, repeat: Repeat) -> bool:
    m, i = repeat.hops[0]
    if repeat.handed:
        return "keras.callbacks.LambdaCallback" in context.project.apis(m, i)
    scope = repeat.scope
    return (
        scope is not None
        and m.is_method(scope)
        and context.infer.class_kind(m, m.scopes[scope].parent) == "callback"
        and m.scopes[scope].name not in _AFTER
    )


def _before_use(context: Context, m: Module, i: int) -> Draft | None:
    """A model made before the call is used after it, in the same function."""
    j = _used(context, m, i, True)
    return None if j is None else _alive(context, m, i, m, j, ())


def _used(context: Context, m: Module, i: int, behind: bool) -> int | None:
    """The use of a model that lives on across call `i`, in a loop around it or (`behind`) on the way down, or None."""
    j = lifetimes.used_after(context, m, i) if behind else lifetimes.used_in_loop(context, m, i)
    return lent.used_in_loop(context, m, i) if j is None else j


def _for_next_call(context: Context, m: Module, i: int, cleared: Site) -> Draft | None:
    """The function around call `i` runs again and again, and uses a model that is kept outside of it.

    cleared   `clear_session()`: the call itself, or one in the helper that it calls
    """
    found = lifetimes.used_by_next_call(context, m, i)
    if found is None:
        return None
    j, place = found
    repeat = lifetimes.outliving(context, m, i, place)
    if repeat is None or cleared != (m, i) and lifetimes.in_loop_of_new_models(context, repeat):
        return None  # a helper that each pass calls may be there for the model that the pass has made
    before = list(context.trace(repeat, f"calls `{call_text(m, i)}`").steps)
    if cleared == (m, i):
        before.pop()  # `_alive` tells of it
    return _alive(context, *cleared, m, j, before)


def _in_helper(context: Context, m: Module, i: int) -> Draft | None:
    """The function around the call is a helper; its caller's model lives on across the call of the helper."""
    call = m.calls[i]
    if call.scope == 0 or any(m.blocks[c].kind not in _UNCONDITIONAL for c in m.chain(call.block)):
        return None
    for caller, k, how in context.project.callers(m, call.scope):
        if how != "call":
            continue
        j = _used(context, caller, k, context.project.versions.graph_mode(caller))
        if j is not None:
            step = TraceStep.at(caller, caller.calls[k].pos, f"calls `{call_text(caller, k)}`")
            return _alive(context, m, i, caller, j, (step,))
        found = _for_next_call(context, caller, k, (m, i))
        if found is not None:
            return found
    return None


def _alive(context: Context, m: Module, i: int, other: Module, j: int, before: Iterable[TraceStep]) -> Draft:
    """The finding that call `j` of module `other` uses a model behind the clearing; `before`: steps that lead there."""
    use = other.calls[j]
    fails = context.project.versions.graph_mode(other)
    if other is m:
        where = f"line {use.pos.line}"
    else:
        where = f"{other.qualname(use.scope) or 'a loop'} of {other.path.rpartition('/')[2]}:{use.pos.line}"
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` clears the state of a model that is used afterwards, in {where}"
        + ("; in graph mode that use fails" if fails else "; nothing of that model is freed"),
        measured=MEASURED,
        help=HELP,
        severity="hint" if not fails and mechanisms.keeps_pipelines(context, m) else None,
        trace=(
            *before,
            TraceStep.at(m, m.calls[i].pos, "clears the state of every Keras model of the process"),
            TraceStep.at(other, use.pos, f"`{call_text(other, j)}` uses the model again"),
        ),
    )


# -- the fix ----------------------------------------------------------------------------------------------------------


def _among_others(m: Module, i: int) -> bool:
    """Is the call a statement of its own, in a block with others that stay?"""
    here = m.statements[m.calls[i].statement]
    beside = [s for s in m.scope_statements(here.scope) if m.statements[s].block == here.block]
    return isinstance(here, ExprStatement) and len(beside) > 1


def _removal(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return Proposal(UNSAFE, "Take the call out of the training", do.remove_statement(view, call))

    return fix
