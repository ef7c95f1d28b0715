"""Finds Keras models that are built again and again.

## What it does
Reports the construction of a whole Keras model (`Sequential`, `Model`, a subclass, an application, `clone_model`,
`from_config`) at a place that repeats, in this function or through its callers, when nothing on the way releases it.
The finding stands where the new model comes from: at the constructor, or at the call of the project's own function that
returns it. A layer block inside one model is not a model: there must be evidence that the thing is compiled, fitted,
asked for predictions, saved or loaded into. Two or three models, and up to ten of which nothing stays for ever, are a
hint: what a few cost depends on their size.

## Why is this bad?
Without training, every repeat leaves a dead model that waits for a late garbage collection, and native memory for each
newly named variable (TensorFlow 2.15 and later) that only `clear_session()` frees.

With training (`fit`, `train_on_batch`) on TensorFlow 2.14 and later it is worse: the first training step of each newly
compiled model registers a custom gradient that pins the traced graph and its weights for the life of the process.
Neither `del` nor `gc.collect()` nor `clear_session()` frees them, not even all of them together.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15, model of 4.2 MiB, CPU. Built and called: 877 / 844, of which 216 / 269 stay
until `clear_session()`. Built and fitted: 5013 / 11328 stay for ever with SGD, 19508 / 17733 with Adam; 2.13 and older
keep 0-300: what each `fit` of arrays keeps on 2.10 to 2.13, of one model too. Graph-mode Keras keeps 5600-9750, which
`clear_session()` cures. Keras 3.15 on JAX: 3406 when fitted, 49 behind `gc.collect()`; on PyTorch nothing waits. The
mechanisms above are TensorFlow's, so nothing of them is claimed where Keras runs on another backend.

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

When the architecture does not change, keep one compiled model and reset it with `set_weights(initial_weights)`. When
nothing is trained, end each repeat with `clear_session()` and `gc.collect()`.

## Fix safety
For models that are not trained the fix adds `clear_session()` and `gc.collect()` to the repeat; it is unsafe because it
ends every live Keras model of the process. For training loops no rewrite of the loop helps, so none is offered.
"""

from __future__ import annotations

from tflint_mem.analysis.models import built, loaded, models
from tflint_mem.analysis.passes.little import little
from tflint_mem.analysis.passes.wrappers import wraps
from tflint_mem.analysis.program import mechanisms
from tflint_mem.knowledge import RELEASES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from typing import TypeAlias

    from tflint_mem.analysis.models.models import Acquired
    from tflint_mem.project.linking.module import Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

    Place: TypeAlias = tuple[int, int]  # index of a module, and number of a call in it

CODE = "TFM102"
_GRAPHS = frozenset(("graph.as_default", "tf.Session", "session.as_default"))


def find(context: Context) -> Iterator[Draft]:
    """Constructions of whole models that repeat; those in handlers are TFM103's, wrappers of a model TFM104's."""
    for acquired in context.each(models.builds(context)):
        m = acquired.m
        if context.in_tests(m):
            continue
        seen: set[Place] = set()
        if acquired.repeat is None and acquired.short is not None:
            yield from _short(context, acquired, acquired.short, seen)
        if acquired.repeat is not None and acquired.repeat.kind not in ("handler", "script"):
            used = models.uses(context, acquired)
            if (
                not used
                and "keras.clone_model" not in acquired.names
                or _only_wraps(context, acquired, acquired.repeat, used)
            ):
                continue
            if not models.part(context, *models.factory(context, acquired)):
                seen.add(_place(models.factory(context, acquired)))
                yield _draft(context, acquired, acquired.repeat, used)
            for place, draft in _elsewhere(context, acquired):
                seen.add(place)
                yield draft
        yield from _cleaned_training(context, acquired, seen)


def _short(context: Context, acquired: Acquired, repeat: Repeat, seen: set[Place]) -> Iterator[Draft]:
    """A loop of two or three passes: a hint, and a warning where each pass trains a model that nothing frees."""
    one = models.Acquired(acquired.m, acquired.i, "build", acquired.names, repeat)
    used = models.uses(context, one)
    place = models.factory(context, one)
    if used and not _only_wraps(context, acquired, repeat, used) and not models.part(context, *place):
        seen.add(_place(place))
        draft = _draft(context, one, repeat, used)
        draft.severity = "warning" if _mechanism(context, repeat, models.trains(used)) == mechanisms.PINNED else "hint"
        yield draft


def _only_wraps(context: Context, acquired: Acquired, repeat: Repeat, used: AbstractSet[str]) -> bool:
    """Does the model wrap one that is there already, without being trained?

    What is trained is pinned, whoever made its layers.
    """
    return not models.trains(used) and bool(wraps(context, acquired.m, acquired.i, acquired.names, repeat.region))


def _elsewhere(context: Context, acquired: Acquired) -> Iterator[tuple[Place, Draft]]:
    """(place, draft) of the other calls of a factory that repeat: each of them is a place of its own."""
    m, i = acquired.m, acquired.i
    seen = {(m.index, i), _place(models.factory(context, acquired))}
    for repeat in models.all_unreleased(context, m, i, "build"):
        again = models.Acquired(m, i, "build", acquired.names, repeat)
        place = _place(models.factory(context, again))
        if repeat.kind in ("handler", "script") or place in seen:
            continue
        seen.add(place)
        used = models.uses(context, again)
        if used and not models.part(context, *models.factory(context, again)):
            yield place, _draft(context, again, repeat, used)


def _place(site: Site) -> Place:
    m, i = site
    return m.index, i


def _draft(
    context: Context, acquired: Acquired, repeat: Repeat, used: AbstractSet[str], cleaned: bool = False
) -> Draft:
    """The finding; `cleaned`: each repeat releases what it can."""
    m, i = models.factory(context, acquired)
    training = models.trains(used)
    mechanism = _mechanism(context, repeat, training)
    pins = mechanism == mechanisms.PINNED
    since = "; on TensorFlow 2.14 and later " if pins and not mechanisms.certain(context, m) else "; "
    fixable = not pins and (m, i) == repeat.hops[0] and repeat.block is not None
    return context.at_call(
        CODE,
        m,
        i,
        f"`{models.text(m, i)}` builds a Keras model again {context.when(repeat, m)}"
        f"{loaded.so_often(context, repeat)}{since}{built.KEEPS[mechanism]}",
        measured=loaded.BUILT_MEASURED[mechanism],
        help=built.advice(mechanism, training, mechanisms.certain(context, m)),
        severity=loaded.severity(context, repeat, m, mechanism, cleaned),
        persona="pedantic" if little(context, acquired, repeat, mechanism) else None,
        trace=context.trace(
            repeat,
            "builds a new model" + (" that is trained" if training else ""),
            ways=() if cleaned else _ways(context, acquired, (m, i)),
        ),
        fix=models.clear_each_repeat(context, repeat, m, i, collect_only=mechanism == mechanisms.COLLECTED)
        if fixable
        else "training pins each model, whatever is cleared"
        if pins
        else "the model is made in a function that the loop calls",
    )


def _ways(context: Context, acquired: Acquired, place: Site) -> Iterator[Repeat]:
    """The ways in which the model is built again that lead through the same place; others are told by themselves."""
    for repeat in models.ways(context, acquired):
        again = models.Acquired(acquired.m, acquired.i, "build", acquired.names, repeat)
        if repeat.kind not in ("handler", "script") and models.factory(context, again) == place:
            yield repeat


def _mechanism(context: Context, repeat: Repeat, training: bool) -> str:
    return mechanisms.of(context, [m for m, _ in reversed(repeat.hops)], training)


def _cleaned_training(context: Context, acquired: Acquired, seen: set[Place]) -> Iterator[Draft]:
    """Training loops that clean up, which is no cure on TensorFlow 2.14 and later, whatever other loops do."""
    m, i = acquired.m, acquired.i
    for repeat in context.repeats(m, i):
        if (
            repeat.kind in ("handler", "script")
            or repeat.count is not None
            and repeat.count <= models.FEW
            or models.kept(context, repeat)
        ):
            continue
        if (
            _mechanism(context, repeat, True) != mechanisms.PINNED
            or not mechanisms.likely(context, [hm for hm, _ in repeat.hops])
            or not _calls_release(context, repeat)
        ):
            continue
        cleaned = models.Acquired(m, i, "build", acquired.names, repeat)
        place = _place(models.factory(context, cleaned))
        if place in seen or any(
            "tf.function" in context.infer.decorator_names(hm, hm.calls[hi].scope) for hm, hi in repeat.hops
        ):
            continue
        used = models.uses(context, cleaned)
        if models.trains(used) and not models.part(context, *models.factory(context, cleaned)):
            seen.add(place)
            yield _draft(context, cleaned, repeat, used, cleaned=True)


def _calls_release(context: Context, repeat: Repeat) -> bool:
    """Does the repeat call `clear_session()` or `gc.collect()`, and have no graph of its own?

    Only code of TensorFlow 1 has one.
    """
    found = context.project.released(repeat, RELEASES)
    return found is not None and not context.project.apis(*found) & _GRAPHS
