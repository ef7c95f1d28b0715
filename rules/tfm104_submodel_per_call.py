"""Finds models that are wrapped into a new model each time they are used.

## What it does
Reports `Model(model.inputs, layer.output …)` and a `Sequential` that takes a whole model, in a function that runs again
and again (Grad-CAM, embeddings, activation plots), when the wrapper is used there and dropped, or returned to the one
function that does so. A method of a library that nothing in the project calls runs as often as others call it; a plain
function of which no repeat is known is shown with `--pedantic` only: mostly it explains one picture.

## Why is this bad?
The wrapper shares its weights, so this is no memory leak: calling it costs nothing that stays, `predict` leaves a
little that waits for a garbage collection. It is slow: each new model sets up its own predict function. Only calling an
existing model on a new `Input` each time leaves something for ever: nodes in the model's own graph.

## What was measured
KiB per call on TensorFlow 2.21: 0 with a direct call, 73-112 deferred with `predict`, 12-14 for ever when the model is
called on a new `Input`. Building the wrapper once made the same work three times faster.

## Example
```python
def embed(model, batch):
    extractor = tf.keras.Model(model.input, model.get_layer("embedding").output)
    return extractor.predict(batch)
```

Use instead:
```python
class Embedder:
    def __init__(self, model):
        self.extractor = tf.keras.Model(model.input, model.get_layer("embedding").output)
```

## Fix safety
The construction moves before a loop that does not change its arguments, into the constructor of the object whose model
it wraps, or into a cached function. All are unsafe in so far as a person should look at it: the wrapper, and a model
that a cache was given, then live as long as the program.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models, saved
from tflint_mem.analysis.passes import cached, wrappers
from tflint_mem.analysis.tracing import frozen
from tflint_mem.facts import SELF, Attribute, walk
from tflint_mem.finding import LIKELY, UNSAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM104"
MEASURED = (
    "memory flat with a direct call, 73-112 KiB deferred per predict (TF 2.21); built once the same work was 3x faster"
)
MEASURED_NODES = "12-14 KiB per call stay for ever: nodes in the existing model's graph (TF 2.21)"


def find(context: Context) -> Iterator[Draft]:
    """Wrappers of an existing model in a function that repeats or is called from several places."""
    found = list(wrappers.found(context))
    sites = [(each.m, each.i) for each in found]
    numbers = frozenset((m.index, i) for m, i in sites)
    for each in context.each(found):
        m, i, repeat = each.m, each.i, each.repeat
        whose = wrappers.handed_back(context, m, i) if repeat is None else None
        if repeat is None and whose is None and not wrappers.per_call(context, m, i):
            continue
        nodes = each.wrapped == "input"
        shown = repeat or whose
        if shown is not None and models.trains(models.uses(context, models.Acquired(m, i, "build", each.names, shown))):
            continue  # a new model for each training: TFM102's
        if (
            not nodes
            and repeat is not None
            and repeat.block is not None
            and wrappers.of_new_model(context, m, i, repeat, numbers)
        ):
            continue
        when = context.when(shown, m) if shown is not None else f"in each call of `{m.qualname(m.calls[i].scope)}`"
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{models.text(m, i)}` wraps an existing model into a new one {when}"
            + (
                "; each adds nodes to the existing model that nothing frees"
                if nodes
                else "; the weights are shared, the set-up is paid each time"
            ),
            measured=MEASURED_NODES if nodes else MEASURED,
            help="build the wrapper once and keep it (an attribute, a module-level name, a cache)",
            severity="warning" if nodes else None,
            group="leak" if nodes else None,
            trace=context.trace(
                shown, "wraps the model again", ways=wrappers.ways(context, m, i) if repeat is not None else ()
            )
            if shown is not None
            else (),
            confidence=LIKELY if whose is not None else None,
            persona="pedantic" if shown is None and not nodes and _by_hand(context, m, m.calls[i].scope) else None,
            fix=_hoist(m, i) if repeat is not None and repeat.local else _keep(context, m, i, repeat, sites),
        )


def _by_hand(context: Context, m: Module, scope: int) -> bool:
    """Is the function, of which no repeat is known, a helper that explains or plots one picture: no method of an object
    that somebody keeps, nor called by a cell of a notebook, which runs again?
    """
    if scope <= 0 or m.is_method(scope):
        return False
    callers = context.project.callers(m, scope)
    return not m.notebook or len(callers) == 1 and all(other.calls[j].scope > 0 for other, j, _ in callers)


# -- the fixes --------------------------------------------------------------------------------------------------------


def _hoist(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        move = do.outermost_loop(
            view, call, lambda loop: do.hoist_call(view, call, loop, models.local_name(m, i) or "submodel")
        )
        return Proposal(UNSAFE, "Build the wrapper once before the loop", move.edits)

    return fix


def _keep(context: Context, m: Module, i: int, repeat: Repeat | None, peers: Sequence[Site]) -> Repair | str:
    """Build the wrapper in the constructor of the object whose model it wraps, or in a cached function.

    Or why neither is right.
    """
    scope = m.calls[i].scope
    if not scope or m.scopes[scope].kind != "function":
        return "it stands in no function"
    changed = saved.changing(context, m, i, -1)
    if changed:
        return f"each call changes the wrapper: {changed}"
    own = {
        e.attr
        for argument in m.arguments(i)
        for e in walk(argument, m.calls)
        if isinstance(e, Attribute) and e.base == SELF
    }
    if own and m.is_method(scope):
        again = next((name for name in sorted(own) if frozen.is_set(context, m, m.scopes[scope].parent, name)), "")
        return f"{again} may become another one" if again else _in_constructor(m, i)
    if repeat is None:
        return "each caller may have a model of its own"
    varying = cached.varying(context, m, i, repeat)
    if varying:
        return f"{varying} may be another one in each call"
    return cached.loader(
        context,
        m,
        i,
        peers,
        verb="build",
        noun="submodel",
        message="Build the wrapper once, behind a cache",
        by_name=True,
    )


def _in_constructor(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        edits = do.into_constructor(view, call, (models.local_name(m, i) or "submodel").strip("_"))
        return Proposal(UNSAFE, "Build the wrapper once, in the constructor", edits)

    return fix
