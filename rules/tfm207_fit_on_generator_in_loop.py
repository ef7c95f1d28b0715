"""Finds models that are fed by a Python generator again and again.

## What it does
Reports `fit`, `evaluate` and `predict` of one model with a Python generator (a generator function's result, a generator
expression) in each pass of a loop. Arrays, data sets and Keras sequences are silent: they leave nothing, but for arrays
on TensorFlow 2.10 to 2.14, which keep 230-300 KiB per call until `clear_session()`. So is a generator that is used
once, and a loop that makes a new model each time.

## Why is this bad?
Keras wraps each generator into a new data set with functions of its own. On Keras 2 four traced functions of each call
stay for the life of the process; on Keras 3 they wait for a garbage collection, and only some small Python objects
stay.

## What was measured
KiB per call: 362 for ever on TensorFlow 2.15 (350-490 on 2.8 to 2.15). On 2.21 and 2.18 `fit` holds 31-36 before a
garbage collection and 9-16 behind it, in about 50 small Python objects; `predict` 19 before it, and behind it too
little to tell.

## Example
```python
for round in range(rounds):
    model.fit(batches(), steps_per_epoch=100)
```

Use instead:
```python
dataset = tf.data.Dataset.from_generator(batches, output_signature=...)
for round in range(rounds):
    model.fit(dataset, steps_per_epoch=100)
```

## Fix safety
There is no automatic fix: the data set needs the shapes and types of what the generator yields.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.program import backends
from tflint_mem.facts import SELF, Attribute, CallRef, Comprehension, Name
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

CODE = "TFM207"
MEASURED = (
    "362 KiB per call for ever on TF 2.15 (350-490 on 2.8-2.15); "
    "on 2.21 31 KiB of each fit until a garbage collection, 9-16 KiB in about 50 small objects behind it"
)
MAX_DEPTH = 4
_METHODS = ("fit", "evaluate", "predict", "fit_generator", "evaluate_generator", "predict_generator")
_NAMES = frozenset("model." + name for name in _METHODS)


def find(context: Context) -> Iterator[Draft]:
    """Calls that are given a generator, in repeats over one model."""
    for m, i, _ in context.calls(_METHODS, _NAMES):
        given = context.argument(m, i, 0, "x", "generator")
        if (
            given is None
            or context.in_tests(m)
            or backends.other(context, m)
            or context.project.versions.at_least(m, 2, 0) is False
            or context.project.versions.graph_mode(m)
        ):
            continue
        if not _generator(context, m, m.calls[i].scope, given, m.calls[i].statement):
            continue
        for repeat in _ways(context, m, i):
            light = context.project.versions.at_least(m, 2, 16)
            yield context.at_call(
                CODE,
                m,
                i,
                f"`{call_text(m, i)}` is fed by a Python generator {context.when(repeat, m)}; "
                + (
                    "most of what Keras makes for it waits for a garbage collection"
                    if light
                    else "on Keras 2 the functions made for it stay for the life of the process"
                ),
                measured=MEASURED,
                help="make one tf.data.Dataset (from_generator) before the repeat, or feed arrays",
                severity="hint" if light else None,
                trace=context.trace(repeat, "wraps a generator into a new data set", ways=_ways(context, m, i)),
            )
            break


def _ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """The repeats of more than three passes that train or ask one model."""
    for repeat in context.repeats(m, i):
        if (repeat.count is None or repeat.count > 3) and not lifetimes.in_loop_of_new_models(context, repeat):
            yield repeat


def _generator(context: Context, m: Module, scope: int, e: object, at: int, depth: int = 0) -> bool:
    """Is the expression a Python generator?"""
    if depth > MAX_DEPTH:
        return False
    if isinstance(e, Comprehension):
        return e.kind == "generator"
    if isinstance(e, CallRef):
        called = context.project.functions_called(m, e.number)
        return bool(called) and all(
            "g" in fm.scopes[fs].flags and "contextlib.contextmanager" not in context.infer.decorator_names(fm, fs)
            for fm, fs in called
        )
    if isinstance(e, Name):
        found = m.bindings(scope).get(e.id)
        bindings = context.infer.reaching(m, found, at) if found is not None else ()
        return bool(bindings) and all(
            b.kind == "assign" and not b.path and _generator(context, m, scope, b.value, b.statement, depth + 1)
            for b in bindings
        )
    if isinstance(e, Attribute) and e.base == SELF:
        scope = m.class_around(scope)
        assigned = context.infer.attribute_assignments(m, scope).get(e.attr, ()) if scope > 0 else ()
        return bool(assigned) and all(
            a.kind == "assign" and not a.path and _generator(context, m, a.function, a.value, a.statement, depth + 1)
            for a in assigned
        )
    return False
