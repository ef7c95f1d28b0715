"""Finds Keras' `predict` called for one sample, frame or step at a time.

## What it does
Reports, as a hint, `predict` of a Keras model at a place that repeats: a loop or comprehension, a function that is
called for each frame, step or node (also from another file), `map`, a worker, a callback per batch. Where the
requirements say TensorFlow 2.10 to 2.14 it is a warning, and a leak. The receiver must be a Keras model: `predict` of
scikit-learn, XGBoost, a Kalman filter, a wrapper, or a subclass that overrides it is another thing. Up to eight passes,
whole arrays (the parts of a cross-validation, one prediction for each trained model) and one prediction per request
stay silent.

## Why is this bad?
`predict` is made for large arrays: each call sets up a data pipeline, callbacks and a progress bar, whatever the size
of the input. For one sample that set-up is nearly all the time. On most versions it is slow, but no memory leak: what
it leaves is collected. On TensorFlow 2.10 to 2.14 it leaks: the kernels that are made for the functions of each
pipeline stay in TensorFlow's cache until `clear_session()`.

## What was measured
Milliseconds per call for one small batch (TensorFlow 2.8, 2.15 and 2.21, CPU; good for ratios only): `predict` 41-64,
`model(x)` 1.7-2.8, `predict_on_batch` 1.1 (23 on 2.15 and 2.8), a `tf.function` around the model 0.8-1.0. Memory: on
TensorFlow 2.10 to 2.14 each call keeps 230-280 KiB, whatever the size of the input, until `clear_session()`; on 2.8,
2.9, 2.15 and later 0-8. `evaluate` and `fit` of arrays keep as much there; a data set that is made once keeps nothing.

Inputs of ever new element shapes (images of their own sizes, texts of their own lengths) are another thing: each new
shape keeps 74-120 KiB on 2.21, with no end in 600 calls. A direct call keeps nothing.

In graph mode (TF1, or eager execution switched off) `predict` takes 0.7 ms and `predict_on_batch` 0.4; calling the
model there is no cure, since each call adds operations to the graph (9 for two layers).

## Example
```python
for frame in frames:
    scores = model.predict(frame[np.newaxis])
```

Use instead one call for all:
```python
scores = model.predict(frames)
```

or, where samples arrive one by one:
```python
for frame in frames:
    scores = model(frame[np.newaxis], training=False).numpy()
```

## Fix safety
The fix calls the model directly where it surely gives one tensor, else, and in graph mode, `predict_on_batch`. There is
none where the input may be a whole data set: both take it at once. It is unsafe: a direct call skips an overridden
`predict_step` and callbacks.
"""

from __future__ import annotations

from tflint_mem.analysis.models import outputs, receivers
from tflint_mem.analysis.passes import hot, predictions, shapes
from tflint_mem.analysis.program import backends, mechanisms, modes
from tflint_mem.facts import Comprehension, DictDisplay, SequenceDisplay, tail_of
from tflint_mem.finding import UNSAFE
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

CODE = "TFM201"
SWEEPS = True
_MILLISECONDS = (
    "41-64 ms per call against 1.7-2.8 ms for `model(x)` and 0.8-1.0 ms in a tf.function (ratios from a small CPU)"
)
MEASURED = f"on TF 2.10 to 2.14 230-280 KiB stay per call until clear_session(), elsewhere 0-8; {_MILLISECONDS}"
MEASURED_KEPT = f"230-280 KiB stay per call until clear_session() (TF 2.10 to 2.14); {_MILLISECONDS}"
MEASURED_NOT_KEPT = f"not a leak (0-8 KiB per call stay); {_MILLISECONDS}"
MEASURED_GRAPH = (
    "not a leak; 0.7 ms per call in graph mode against 0.4 ms for `predict_on_batch` "
    "(Keras 2 on TF 2.21; ratios from a small CPU); `model(x)` adds operations to the graph there"
)
MEASURED_SHAPES = (
    "74-120 KiB stay for each new shape of the elements, with no end in 600 calls (TF 2.21); "
    "a direct call keeps 0. 41-64 ms per call against 1.7-2.8 ms for `model(x)`"
)
_MEASURED = {None: MEASURED, True: MEASURED_KEPT, False: MEASURED_NOT_KEPT}
_HELP_SHAPES = "call the model: model(x, training=False), or resize or pad the input to a few shapes"
_HELP = "predict once on one array of all samples, or call the model: model(x, training=False)"
_HELP_GRAPH = "predict once on one array of all samples, or call predict_on_batch(x)"
PREDICTS = frozenset(("predict", "predict_classes", "predict_proba"))
APIS = frozenset("model." + name for name in PREDICTS)


def find(context: Context) -> Iterator[Draft]:
    """Calls of Keras' own `predict` that repeat over something small."""
    for m, i, _ in context.calls(PREDICTS, APIS):
        if (
            context.in_tests(m)
            or receivers.mixed(context, m, i)
            or _stands_in(context, m, i)
            or backends.other(context, m)
        ):
            continue  # on JAX predict is no slower than a call: 1.1 against 1.4 ms
        repeat = next(_ways(context, m, i), None)
        if repeat is None:
            continue
        graph = modes.in_graph(context, m)
        data = predictions.data(context, m, i)
        shape = None if graph or data is None else shapes.argument(context, repeat, data)
        if shape is not None and not shape.sure:
            shape = None
        why = (
            "each call checks and slices its input and runs callbacks for one small batch"
            if graph
            else "each call sets up a data pipeline of its own, whatever the size of the input"
        )
        kept = not graph and mechanisms.keeps_pipelines(context, m)
        if kept:
            why = "each call sets up a data pipeline of its own, whose kernels stay until clear_session()"
        if shape is not None:
            why = f"it is given {shape.what}, and for each new shape it traces a graph that stays"
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` runs Keras' predict {context.when(repeat, m)}: {why}",
            measured=MEASURED_GRAPH if graph else MEASURED_SHAPES if shape else _MEASURED[kept],
            help=_HELP_GRAPH if graph else _HELP_SHAPES if shape else _HELP,
            severity="warning" if shape or kept else None,
            group="leak" if shape or kept else None,
            persona="pedantic"
            if graph and modes.by_itself(context, m)
            else None,  # 0.3 ms per call: nobody waits for that
            trace=context.trace(
                repeat,
                "runs a whole prediction" if graph else "sets up a prediction pipeline",
                ways=_ways(context, m, i),
            ),
            fix=_fix(context, m, i, graph),
        )


def _ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    return (repeat for repeat in hot.repeats(context, m, i) if predictions.often(context, m, i, repeat))


def _stands_in(context: Context, m: Module, i: int) -> bool:
    """Does the other branch of a condition on the version call the same model directly?

    Then `predict` is for those that cannot.
    """
    receiver = context.receiver(m, i)
    around = {m.blocks[b].statement: b for b in modes.version_tests(m, i)}
    return bool(around) and any(
        m.calls[j].func == receiver
        and any(around.get(m.blocks[b].statement, b) != b for b in modes.version_tests(m, j))
        for j in m.scope_calls(m.calls[i].scope)
    )


# -- the fix ----------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, i: int, graph: bool) -> Repair | str:
    """A direct call, or `predict_on_batch`, or why neither is right."""
    call, given = m.calls[i], predictions.data(context, m, i)
    if tail_of(call.func) != "predict":
        return f"{tail_of(call.func)} does more than call the model"
    if given is None:
        return "nobody sees the data"
    if not receivers.only_keras(context, m, i):
        return "the receiver may be another kind of model"
    kinds = context.kinds(m, i, given)
    if kinds & {"dataset", "iterator", "sequence"} or isinstance(given, (Comprehension, DictDisplay)):
        return "a data set cannot be handed to the model itself"
    if not predictions.small(context, m, i, given):
        return "the input may be a whole data set, which predict splits into batches and a direct call does not"
    receiver = context.receiver(m, i)
    several = None if receiver is None else outputs.several(context, m, call.scope, receiver, call.statement)
    if several is None:
        several = predictions.several_outputs(context, m, i, given) or not outputs.used_as_array(context, m, i)
    direct = not (
        several
        or isinstance(given, SequenceDisplay)
        or graph
        or receivers.own_step(context, m, i)
        or _maybe_first(context, m)
    )

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod.predictions import on_one_row

        edits = on_one_row(fx.source, m.calls[i].pos, batch=not direct) if m is fx.m else None
        if edits is None:
            from tflint_mem.codemod import operations as do

            view, node = fx.at(m, i)
            edits = do.predict_to_call(view, node) if direct else do.predict_to_on_batch(view, node)
        return Proposal(UNSAFE, "Call the model directly" if direct else "Use predict_on_batch", edits)

    return fix


def _maybe_first(context: Context, m: Module) -> bool:
    """Do the requirements admit TensorFlow 1, whose tensors have no `numpy()`?"""
    low = context.project.versions.range(m).low
    return low is not None and low < (2, 0)
