"""Finds caches of data sets that never end.

## What it does
Reports `cache()` behind an endless `repeat()` (or over a generator that never returns, `Dataset.random`,
`Dataset.counter`), in one chain or through names and functions, also where parameters switch the steps on and a caller
asks for both, and `itertools.cycle` over a data set. A data set that is cut with `take`, repeated a given number of
times, or cached before it repeats is fine, and so is a cache that is made anew for each epoch.

## Why is this bad?
A cache is used when one pass through it is complete. An endless data set never completes one: nothing is ever read from
the cache, and every element that comes by is added to it. `itertools.cycle` keeps each batch in a Python list in the
same way.

## What was measured
TensorFlow 2.21: 265 KiB per batch of 256 KiB, for ever; cached before `repeat`: one copy of the data.

## Example
```python
dataset = tf.data.TFRecordDataset(files).map(parse).repeat().cache()
```

Use instead:
```python
dataset = tf.data.TFRecordDataset(files).map(parse).cache().repeat()
```

## Fix safety
The fix changes the order where `cache` directly follows `repeat`, and gives `itertools.cycle(dataset)` the data set's
own `repeat`. It is unsafe because random steps between the two are then drawn once.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import endless_datasets
from tflint_mem.facts import (
    CallRef,
)
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM403"
MEASURED = "265 KiB per batch of 256 KiB stay for ever (TF 2.21); cached before `repeat`: one copy of the data"


def find(context: Context) -> Iterator[Draft]:
    """Caches and cycles of data sets without end."""
    for m, i, _ in context.calls(("cache",), frozenset(("dataset.cache",))):
        if m.calls[i].args or m.calls[i].keywords or context.in_tests(m) or endless_datasets.cut(context, m, i):
            continue
        cached = context.receiver(m, i)
        source = endless_datasets.source(context, m, cached, m.calls[i]) if cached is not None else None
        by: Sequence[Site] = ()
        if source is None:
            source, by = endless_datasets.switched_on(context, m, i)
        if source is not None:
            yield _draft(
                context,
                m,
                i,
                source,
                "the cache is never complete and keeps every element that comes by",
                _swapped(context, m, i, source),
                by,
            )
    for m, i, _ in context.calls(("cycle",), frozenset(("itertools.cycle",))):
        call = m.calls[i]
        if (
            call.args
            and not context.in_tests(m)
            and "dataset" in context.kinds(m, i, call.args[0])
            and not endless_datasets.taken(context, m, call.args[0], call)
        ):
            yield _draft(context, m, i, None, "it keeps every batch of the data set in a Python list", _repeated(m, i))


def _draft(
    context: Context, m: Module, i: int, source: Site | None, why: str, fix: Repair | None, by: Sequence[Site] = ()
) -> Draft:
    trace = []
    if source is not None:
        sm, made = source
        trace = [
            TraceStep.at(
                cm, cm.calls[j].pos, f"`{call_text(cm, j)}` {'hands that on' if position else 'asks for both'}"
            )
            for position, (cm, j) in enumerate(by)
        ]
        trace += [
            TraceStep.at(sm, sm.calls[made].pos, f"`{call_text(sm, made)}` gives a data set without end"),
            TraceStep.at(m, m.calls[i].pos, "caches it"),
        ]
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` over a data set that {'never ends' if source else 'is read again and again'}: {why}",
        measured=MEASURED,
        help="cache first, then repeat" if source else "use the data set's own repeat()",
        trace=tuple(trace),
        fix=fix,
    )


def _swapped(context: Context, m: Module, i: int, source: Site) -> Repair | None:
    """`x.repeat().cache()` becomes `x.cache().repeat()`."""
    sm, repeated = source
    if context.receiver(m, i) != CallRef(repeated) or sm is not m:
        return None

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, outer = fx.at(m, i)
        _, inner = fx.at(m, repeated)
        if "\n" in view.code(outer) or not isinstance(inner.func, cst.Attribute):
            raise NoFix("the chain stands on several lines")
        before, count = view.code(inner.func.value), ", ".join(view.code(arg.value) for arg in inner.args)
        edits = do.replace_expression(view, outer, f"{before}.cache().repeat({count})")
        return Proposal(UNSAFE, "Cache first, then repeat", edits)

    return fix


def _repeated(m: Module, i: int) -> Repair:
    """`itertools.cycle(x)` becomes `iter(x.repeat())`."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        code = view.code(call.args[0].value)
        if "\n" in code:
            raise NoFix("the data set stands on several lines")
        edits = do.replace_expression(view, call, f"iter({code}.repeat())")
        return Proposal(UNSAFE, "Let the data set repeat itself", edits)

    return fix
