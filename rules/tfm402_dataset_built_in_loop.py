"""Finds tf.data pipelines that grow with each pass of a loop, and those built again from the same data.

## What it does
Reports a data set that is chained onto itself (`ds = ds.map(…)`) in a loop that also reads it, and, as a hint, a data
set that is built again in each repeat from the same arrays, files or generator, or from all of a store that the repeats
share. A pipeline that a loop puts together and that is read behind the loop, and a data set of its own for each fold,
file or fresh model, are fine.

## Why is this bad?
A chained data set holds all links before it: their functions and graphs stay, and every element runs through all of
them, so both memory and time grow. A rebuilt data set copies its data again (an array held as a tensor constant takes
twice its size while the data set lives) and traces its functions again. It does not leak, but for TensorFlow 2.10 to
2.14: there the kernel of each new function stays in TensorFlow's cache until `clear_session()`.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15: chained 142 / 217 per link, for ever. Rebuilt from a 4 MiB array, with a `map`:
0-6. On TensorFlow 2.10 to 2.14 a rebuilt data set keeps 64-75 for each function (`map`, `filter`, `flat_map` …).

## Example
```python
for epoch in range(epochs):
    dataset = dataset.map(augment)
    for batch in dataset:
        step(batch)
```

Use instead:
```python
dataset = dataset.map(augment)
for epoch in range(epochs):
    for batch in dataset:
        step(batch)
```

## Fix safety
Moving the construction before the loop is offered where nothing in the loop changes what it reads. A chained data set
is not rewritten: a person should say which links are wanted once.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import chained_datasets, dataset_uses, rebuilt_datasets
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.passes.chained_datasets import Link
    from tflint_mem.analysis.passes.rebuilt_datasets import Rebuilt
    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.hoist import Move
    from tflint_mem.codemod.view import Comprehension, Loop
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair, Trace
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM402"
SWEEPS = True
MEASURED_CHAINED = "142 KiB per link (TF 2.21; 217 on 2.15) stay for the life of the data set"
MEASURED = (
    "memory flat (0-6 KiB per repeat, TF 2.21 and 2.15; on TF 2.10 to 2.14 64-75 stay for each function of it until "
    "clear_session()); the data is copied again each time, 2x its size while the data set lives"
)
MEASURED_JOINED = (
    "78 KiB per part for small parts with a Python function in each (TF 2.21), as long as the joined data set; "
    "every element passes all links before it"
)
_READS = frozenset(
    (*dataset_uses.TRANSFORMS, "as_numpy_iterator", "element_spec", "cardinality", "take", "skip", "__iter__")
)


def find(context: Context) -> Iterator[Draft]:
    """Chained data sets, then rebuilt ones."""
    for link in chained_datasets.find(context):
        yield _chained(context, link) if link.read else _joined(context, link)
    for built in rebuilt_datasets.find(context):
        yield _rebuilt(context, built)


def _chained(context: Context, link: Link) -> Draft:
    m, i, repeat = link.m, link.i, link.repeat
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` is put on top of the data set of the repeat before {context.when(repeat, m)}; "
        "every link stays and runs for each element",
        measured=MEASURED_CHAINED,
        help="build the pipeline once, before the repeat; "
        "`shuffle` and random functions draw anew in each pass over it",
        severity="warning",
        group="leak",
        trace=_trace(context, link),
    )


def _trace(context: Context, link: Link) -> Trace:
    ways = (
        each.repeat for each in chained_datasets.again(context, link.m, link.i, link.place) if each.read == link.read
    )
    return context.trace(link.repeat, "adds one more link to the data set", ways=ways)


def _joined(context: Context, link: Link) -> Draft:
    m, i, repeat = link.m, link.i, link.repeat
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` joins one more part to the data set {context.when(repeat, m)}; "
        "all of them are nested in each other, and stay with it",
        measured=MEASURED_JOINED,
        help="make one data set of all parts: `Dataset.from_tensor_slices(names).interleave(read)` or `flat_map(read)`",
        group="leak",
        trace=_trace(context, link),
    )


def _rebuilt(context: Context, built: Rebuilt) -> Draft:
    m, i, repeat, same = built.m, built.i, built.repeat, built.same
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` builds a data set again {context.when(repeat, m)}"
        + (", from the same data" if same else ", with a copy of all its data"),
        measured=MEASURED,
        help="build it once, before the repeat"
        if same
        else "keep one data set over a generator that reads the store, or feed slices of the array directly",
        trace=context.trace(
            repeat,
            "builds the data set",
            ways=(each.repeat for each in rebuilt_datasets.again(context, m, i, built.names)),
        ),
        fix=_hoist(m, i)
        if same and repeat.local
        else "each pass may build another data set"
        if repeat.local
        else "what repeats it stands in another function",
    )


def _hoist(m: Module, i: int) -> Repair:
    """The data set is built before the loop, with `.shuffle(…).batch(…)` behind it where that can go along."""

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        whole = call
        while True:
            method = view.parent(whole)
            link = view.parent(method)
            if getattr(method, "value", None) is not whole or not isinstance(link, cst.Call):
                break
            whole = link

        def out_of(loop: Loop | Comprehension) -> Move:
            try:
                return do.hoist_call(view, whole, loop, "dataset", reads=_READS)
            except NoFix:
                if whole is call:
                    raise
                return do.hoist_call(view, call, loop, "dataset", reads=_READS)

        move = do.outermost_loop(view, call, out_of)
        return Proposal(move.applicability, "Build the data set once before the loop", move.edits)

    return fix
