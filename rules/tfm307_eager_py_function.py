"""Finds `tf.py_function` called eagerly again and again.

## What it does
Reports `tf.py_function` at a place that repeats and that nothing on the way traces: in a loop or a handler, in a
callback per batch, in the `call` of a layer that a loop calls directly. In a `tf.function`, in `Dataset.map` and in the
layers of a model that `fit` trains it is called once, while tracing, and is fine; so are a few passes, and a loop that
clears the session.

## Why is this bad?
Each call enters the function under a token of its own, also when it is the same function. TensorFlow keeps the kernel
of each eager operation by its attributes, and the token is one of them: every call leaves a kernel in that cache. And
there is nothing to win: eager code can call the function itself.

## What was measured
TensorFlow 2.21, KiB per call with one and the same function: 37, with the gradient of a tape 76, in the `call` of a
layer 32; linear over 4500 calls, `gc.collect()` changes nothing, `clear_session()` frees it. Called directly, through
`tf.numpy_function` or inside a `tf.function`: 0. On TensorFlow before 2.10 nothing stays; from there on 38-48.

## Example
```python
for ids in batches:
    rows = tf.py_function(lookup, [ids], tf.float32)
```

Use instead:
```python
for ids in batches:
    rows = lookup(ids)
```

or, with a function that takes and gives arrays:
```python
for ids in batches:
    rows = tf.numpy_function(lookup_array, [ids], tf.float32)
```

## Fix safety
There is no automatic fix.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.program.dispatch import through_other
from tflint_mem.analysis.program.mechanisms import FIRST_KEEPING
from tflint_mem.project.repeats.repeat import Repeat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

CODE = "TFM307"
MEASURED = (
    "37 KiB stay per call of one and the same function until clear_session(), 76 with a tape's gradient (TF 2.21; "
    "38-48 since TF 2.10); "
    "called directly or by tf.numpy_function: 0"
)
FEW = 20  # calls: less than a megabyte in all
_ONCE_IN_A_WHILE = frozenset(("script", "objective"))
_SYMBOLIC = ("Input", "placeholder")


def find(context: Context) -> Iterator[Draft]:
    """Eager calls of `tf.py_function` that repeat."""
    for m, i, _ in context.calls(("py_function",), frozenset(("tf.py_function",))):
        if context.project.versions.at_least(m, *FIRST_KEEPING) is False:
            continue
        if context.argument(m, i, 0, "func") is None or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue  # without a function it is the decorator
        repeat = next(_ways(context, m, i), None)
        if repeat is not None:
            yield context.at_call(
                CODE,
                m,
                i,
                f"`{models.text(m, i)}` runs eagerly {context.when(repeat, m)}: "
                "each call enters the function anew, and the kernel made for it stays",
                measured=MEASURED,
                help="call the function itself, use tf.numpy_function with a function of arrays, "
                "or run the step in a tf.function",
                trace=context.trace(repeat, "enters the function anew", ways=_ways(context, m, i)),
            )


def _ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    return (repeat for repeat in hot.repeats(context, m, i) if _often(context, repeat))


def _often(context: Context, repeat: Repeat) -> bool:
    """Does the repeat run eagerly often, with nothing that clears the cache?"""
    if (
        repeat.kind in _ONCE_IN_A_WHILE
        or repeat.kind == "recursion"
        or repeat.count is not None
        and repeat.count <= FEW
        or hot.per_epoch(repeat)
    ):
        return False
    return _eager(context, repeat) and not context.project.released(repeat) and not through_other(context, repeat)


def _eager(context: Context, repeat: Repeat) -> bool:
    """Does nothing on the way trace?

    The `call` of a layer or model runs as its caller does, where a call of the object leads there.
    """
    hops, inside = [], False
    for position, (m, i) in enumerate(repeat.hops):
        scope = m.calls[i].scope
        inside = inside or position > 0 and _is_call(context, m, scope)
        if position < len(repeat.hops) - 1 and _builds(m, scope):
            return False
        if not inside:
            hops.append((m, i))
        elif not _is_call(context, m, scope) and context.project.compiled_by.traced(m, scope):
            return False
    return hot.eager(
        context,
        Repeat(
            repeat.kind,
            hops,
            repeat.module,
            repeat.block,
            repeat.scope,
            repeat.count,
            repeat.what,
            repeat.line,
            repeat.handed,
        ),
    )


def _is_call(context: Context, m: Module, scope: int) -> bool:
    """Is it the method `call` of a Keras class, and no `tf.function` by itself?"""
    return m.is_method(scope) and m.scopes[scope].name == "call" and not context.infer.decorator_names(m, scope)


def _builds(m: Module, scope: int) -> bool:
    """Is a network put together in the function, so that what it calls gets symbols?"""
    return any(m.calls[j].scope == scope for tail in _SYMBOLIC for j in m.calls_by_tail().get(tail, ()))
