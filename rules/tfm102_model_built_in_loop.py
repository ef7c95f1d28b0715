"""Finds Keras models that are built again and again.

## What it does
Reports the construction of a whole Keras model (`Sequential`, `Model`, a subclass, an application, `clone_model`, `from_config`)
at a place that repeats, in this function or through its callers, when nothing on the way releases it. The finding stands where
the new model comes from: at the constructor, or at the call of the project's own function that returns it. A layer block inside
one model is not a model: there must be evidence that the thing is compiled, fitted, asked for predictions, saved or loaded into.

## Why is this bad?
Without training, every repeat leaves a dead model that waits for a late garbage collection, and native memory for each newly
named variable (TensorFlow 2.15 and later) that only `clear_session()` frees.

With training (`fit`, `train_on_batch`) on TensorFlow 2.14 and later it is worse: the first training step of each newly compiled
model registers a custom gradient that pins the traced graph and its weights for the life of the process. Neither `del` nor
`gc.collect()` nor `clear_session()` frees them, not even all of them together.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15, model of 4.2 MiB, CPU. Built and called: 877 / 844, of which 216 / 269 stay until
`clear_session()`. Built and fitted: 5013 / 11328 stay for ever with SGD, 19508 / 17733 with Adam; 2.13 and older keep 0-300.
Graph-mode Keras keeps 5600-9750, which `clear_session()` cures.

## Example
```python
for units in (16, 32, 64, 128):
    model = build_model(units)
    model.fit(x, y)
    scores[units] = model.evaluate(x_test, y_test)
```

Use instead a child process for each model:
```python
with ProcessPoolExecutor(max_workers=1, max_tasks_per_child=1, mp_context=get_context("spawn")) as pool:
    for units in (16, 32, 64, 128):
        scores[units] = pool.submit(train_and_score, units).result()
```

When the architecture does not change, keep one compiled model and reset it with `set_weights(initial_weights)`. When nothing
is trained, end each repeat with `clear_session()` and `gc.collect()`.

## Fix safety
For models that are not trained the fix adds `clear_session()` and `gc.collect()` to the repeat; it is unsafe because it ends
every live Keras model of the process. For training loops no rewrite of the loop helps, so none is offered.
"""

from tflint_mem.knowledge import RELEASES

from . import _models
from .tfm104_submodel_per_call import wraps

CODE = "TFM102"
MEASURED = "877 KiB per repeat for a model of 4.2 MiB (TF 2.21; 844 on 2.15), 216-269 of them until clear_session()"
MEASURED_TRAINING = ("5013 KiB per repeat with SGD, 19508 with Adam for a model of 4.2 MiB stay for ever (TF 2.21; 11328 and 17733 on 2.15); "
                     "up to TF 2.13 only 0-300")
MEASURED_TRAINING_OLD = "models wait for a late garbage collection; behind it 0-300 KiB per repeat stay for a model of 4.2 MiB (TF 2.4, 2.8 and 2.10 to 2.13)"
FIRST_PINNED = (2, 14)  # the custom-gradient registry pins graphs since TensorFlow 2.14


def find(context):
    """Constructions of whole models that repeat; those in handlers are TFM103's, wrappers of a model TFM104's."""
    for acquired in context.each(_models.builds(context)):
        m, i = acquired.m, acquired.i
        if context.in_tests(m):
            continue
        if acquired.repeat is None:
            yield from _cleaned_training(context, acquired)
            continue
        if acquired.repeat.kind in ("handler", "script"):
            continue
        used = _models.uses(context, acquired)
        if not used and "keras.clone_model" not in acquired.names or wraps(context, m, i, acquired.names, acquired.repeat.context if acquired.repeat.local else -1):
            continue
        if not _models.part(context, *_models.factory(context, acquired)):
            yield _draft(context, acquired, acquired.repeat, used)
        yield from _elsewhere(context, acquired)


def _elsewhere(context, acquired):
    """The other calls of a factory that repeat: each of them is a place of its own."""
    m, i = acquired.m, acquired.i
    seen = {(m.index, i), _place(_models.factory(context, acquired))}
    for repeat in _models.all_unreleased(context, m, i, "build"):
        again = _models.Acquired(m, i, "build", acquired.names, repeat)
        if repeat.kind in ("handler", "script") or _place(_models.factory(context, again)) in seen:
            continue
        seen.add(_place(_models.factory(context, again)))
        used = _models.uses(context, again)
        if used and not _models.part(context, *_models.factory(context, again)):
            yield _draft(context, again, repeat, used)


def _place(site):
    return site[0].index, site[1]


def _draft(context, acquired, repeat, used):
    m, i = _models.factory(context, acquired)
    training = _models.trains(used)
    known = context.project.versions.at_least(*FIRST_PINNED)
    pins = training and known is not False
    if pins:
        since = ";" if known else "; on TensorFlow 2.14 and later"
        keeps = f"{since} the training graph and weights of each stay for the life of the process, and neither clear_session() nor gc.collect() frees them"
    elif training or context.project.versions.at_least(*_models.FIRST_CACHED) is False:
        keeps = "; the one before waits for a late garbage collection"
    else:
        keeps = "; the one before stays until clear_session() and a garbage collection"
    return context.at_call(
        CODE, m, i,
        f"`{_models.text(m, i)}` builds a Keras model again {context.when(repeat, m)}{keeps}",
        measured=MEASURED_TRAINING if pins else MEASURED_TRAINING_OLD if training else MEASURED,
        help=("train each model in a child process of its own (spawn, one task per child), or keep one compiled model and reset its weights"
              if pins else "build it once before the repeat, or end each repeat with clear_session() and gc.collect(), in that order"),
        severity="error" if pins else "warning",
        trace=context.trace(repeat, "builds a new model" + (" that is trained" if training else "")),
        fix=_models.clear_each_repeat(context, repeat, m, i) if not pins and (m, i) == repeat.hops[0] and repeat.context is not None
        else "training pins each model, whatever is cleared" if pins else "the model is made in a function that the loop calls",
    )


def _cleaned_training(context, acquired):
    """A training loop that cleans up: no cure on TensorFlow 2.14 and later, said only when the project is known to run it."""
    if not context.project.versions.at_least(*FIRST_PINNED):
        return
    m, i = acquired.m, acquired.i
    for repeat in context.project.repeats_of.all_of_call(m, i):
        if repeat.kind in ("handler", "script") or repeat.count is not None and repeat.count <= 3 or _models.kept(context, repeat):
            continue
        if not context.project.released(repeat, RELEASES):
            continue
        cleaned = _models.Acquired(m, i, "build", acquired.names, repeat)
        used = _models.uses(context, cleaned)
        if _models.trains(used):
            yield _draft(context, cleaned, repeat, used)
        return
