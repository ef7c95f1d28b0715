"""Finds arrays and tensors of ever new shapes that are passed to a `tf.function`.

## What it does
Reports a call of a `tf.function` that repeats and passes an argument whose shape shows in the code to change: a slice
up to a loop variable, crops of boxes, random sizes, texts encoded one by one, rows that a mask lets through, tensors
and lists that grow, batches padded to their longest element. Rows of JSON, images and arrays that are read in each pass
may have one size or many: with `--pedantic` they are reported, too. Slices of constant length, a handful of sizes,
arrays of unknown size, functions with an `input_signature`, `reduce_retracing=True` or the older
`experimental_relax_shapes=True` stay silent.

## Why is this bad?
The shapes of the arguments are part of the key under which a trace is kept. Each new shape traces a new graph, and the
function keeps all of them as long as it lives.

## What was measured
145 KiB per new shape on TensorFlow 2.21 (163 on 2.15) for a small function, 470 for a model of three layers. With
`reduce_retracing=True` there are two traces in all; with shapes in 8 buckets there are 8.

## Example
```python
@tf.function
def forecast(history):
    ...

for known in range(20, len(readings)):
    forecast(readings[:known])
```

Use instead:
```python
@tf.function(reduce_retracing=True)
def forecast(history):
    ...
```

or an `input_signature` with `None` for the dimension that changes, or padding to a few sizes.

## Fix safety
The fix adds `reduce_retracing=True` where the function is made. It is unsafe: the dimension is then unknown while
tracing, and code that takes it from `x.shape` must take it from `tf.shape(x)`.
"""

from __future__ import annotations

from tflint_mem.analysis.models.models import text
from tflint_mem.analysis.passes import shapes
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.facts import Def
from tflint_mem.finding import POSSIBLE, UNSAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM303"
MEASURED = (
    "145 KiB per new shape, 470 for a model of three layers (TF 2.21; 163 on 2.15 for the small one), "
    "kept as long as the function"
)
RELAXED = frozenset(("input_signature", "reduce_retracing", "experimental_relax_shapes"))


def find(context: Context) -> Iterator[Draft]:
    """Calls of a tf.function with an argument whose shape varies."""
    for call in traced_functions.calls(context):
        m, i, traced = call.m, call.i, call.traced
        if traced.options & RELAXED or context.in_tests(m) or context.project.versions.graph_mode(m):
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
            "the tf.function traces a new graph for each shape and keeps it",
            measured=MEASURED,
            help="make it with reduce_retracing=True or an input_signature with None, or pad to a few sizes",
            confidence=None if shape.sure else POSSIBLE,
            trace=context.trace(repeat, f"passes {shape.what}", ways=shapes.ways(context, m, i)),
            fix=_fix(context, m, traced),
        )


def _fix(context: Context, m: Module, traced: Traced) -> Repair | None:
    """`reduce_retracing=True` at the decorator or the call that makes the function, when that is in the same file."""
    where = traced.m if traced.made is None else traced.made[0]
    if where is None or where.index != m.index:
        return None
    keyword = "experimental_relax_shapes" if context.project.versions.at_least(m, 2, 9) is False else "reduce_retracing"

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do
        from tflint_mem.codemod.view import view_at

        message = "Let one graph serve all shapes"
        if traced.made is not None:
            view, call = fx.at(*traced.made)
            return Proposal(UNSAFE, message, do.add_keyword(view, call, keyword, "True"))
        statement = where.statements[where.scopes[traced.scope].statement]
        if not isinstance(statement, Def) or len(statement.decorators) != 1:
            raise NoFix("there are several decorators")
        row = statement.decorators[0].line
        view = view_at(fx.source, row)
        return Proposal(UNSAFE, message, do.decorator_keyword(view, do.decorator_on(view, row), keyword, "True"))

    return fix
