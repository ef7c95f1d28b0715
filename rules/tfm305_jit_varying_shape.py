"""Finds functions compiled by XLA that are given arrays of ever new shapes.

## What it does
Reports the call of a `tf.function(jit_compile=True)` with an argument whose shape varies from pass to pass: a slice
that grows, an appended array, the words of a text. `reduce_retracing` and an `input_signature` with `None` do not help
here: they keep the number of traces down, but XLA compiles a program for each shape all the same.

## Why is this bad?
Every program is kept for the life of the function, and each compilation costs far more than the call.

## What was measured
470-680 KiB per new shape on TensorFlow 2.21 and 2.15.

## Example
```python
@tf.function(jit_compile=True)
def smooth(series):
    ...

for known in range(16, 1000):
    smooth(readings[:known])
```

Use instead:
```python
for known in range(16, 1000):
    bucket = 64 * math.ceil(known / 64)
    smooth(np.pad(readings[:known], (0, bucket - known)), known_mask(known, bucket))
```

Padding to one length or a few bounds the number of programs; so does leaving `jit_compile` out.

## Fix safety
There is no automatic fix: padding changes what the function computes unless it masks.
"""

from __future__ import annotations

from tflint_mem.analysis.models.models import text
from tflint_mem.analysis.passes import shapes
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.facts import FALSE, NONE
from tflint_mem.finding import POSSIBLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

CODE = "TFM305"
MEASURED = "470-680 KiB per new shape (TF 2.21 and 2.15), kept as long as the function"
_JIT = frozenset(("jit_compile", "experimental_compile"))


def find(context: Context) -> Iterator[Draft]:
    """Calls of an XLA-compiled function with an argument whose shape varies."""
    for call in traced_functions.calls(context):
        m, i, traced = call.m, call.i, call.traced
        if not _compiles(traced) or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        found = shapes.varying(context, m, i)
        if found is None:
            continue
        repeat, shape = found.repeat, found.shape
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{text(m, i)}` is given {shape.what} {context.when(repeat, m)}; "
            "XLA compiles a program for each shape and keeps it",
            measured=MEASURED,
            help="pad to one length or a few, or leave jit_compile out",
            confidence=None if shape.sure else POSSIBLE,
            trace=context.trace(repeat, f"passes {shape.what}", ways=shapes.ways(context, m, i)),
        )


def _compiles(traced: Traced) -> bool:
    """Is the function made with `jit_compile` that is not switched off?"""
    if not traced.options & _JIT:
        return False
    if traced.made is None:
        return True
    m, i = traced.made
    return not any(keyword.name in _JIT and keyword.value in (FALSE, NONE) for keyword in m.calls[i].keywords)
