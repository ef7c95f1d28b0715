"""Finds lookup tables and table-holding layers that are made again and again.

## What it does
Reports a lookup table (`StaticHashTable`, `StaticVocabularyTable`, `DenseHashTable`, `MutableHashTable`) or a
preprocessing layer that holds one (`StringLookup`, `IntegerLookup`, `TextVectorization`) made at a place that repeats.

## Why is this bad?
The table is a native resource that TensorFlow shares by name for the life of the process. Dropping the Python object
frees none of it; neither `gc.collect()` nor `clear_session()` does. Each repeat keeps the whole content of its table.

## What was measured
KiB per repeat, kept for ever, TensorFlow 2.21 / 2.15: tables with 20 000 entries 1088 / 1097, `StringLookup` with 2000
words 230 / 238, an adapted `TextVectorization` 221.

## Example
```python
for path in paths:
    lookup = tf.keras.layers.StringLookup(vocabulary=words)
    encode(path, lookup)
```

Use instead:
```python
lookup = tf.keras.layers.StringLookup(vocabulary=words)
for path in paths:
    encode(path, lookup)
```

## Fix safety
The construction moves before a loop that does not change its arguments, or from a function that repeats into a cached
one. Both are unsafe only in that a table which is filled keeps its entries from one repeat to the next.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models, saved, table_use
from tflint_mem.analysis.passes import cached
from tflint_mem.analysis.program import modes
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import INPUTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM703"
TABLES = frozenset(
    (
        "tf.lookup.StaticHashTable",
        "tf.lookup.StaticVocabularyTable",
        "tf.lookup.DenseHashTable",
        "tf.lookup.experimental.DenseHashTable",
        "tf.lookup.experimental.MutableHashTable",
        "tf.lookup.MutableHashTable",
    )
)
LAYERS = frozenset(
    "keras.layers." + name for name in ("StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup")
)
MEASURED_TABLE = (
    "1088 KiB per repeat for 20 000 entries stay for ever (TF 2.21; 1097 on 2.15); "
    "gc.collect() and clear_session() free nothing"
)
MEASURED_LAYER = (
    "220-240 KiB per repeat for a vocabulary of 2000 words stay for ever (TF 2.21 and 2.15); "
    "gc.collect() and clear_session() free nothing"
)


def find(context: Context) -> Iterator[Draft]:
    """Tables and layers at a place that repeats, unless each is kept on purpose or belongs to one model."""
    tails = frozenset(name.rpartition(".")[2] for name in TABLES | LAYERS)
    for m, i, names in context.calls(tails, TABLES | LAYERS):
        repeat = next(_ways(context, m, i), None)
        if repeat is None:
            continue
        layer = bool(names & LAYERS)
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{models.text(m, i)}` makes a lookup table {context.when(repeat, m)}; "
            "the content of each stays for the life of the process",
            measured=MEASURED_LAYER if layer else MEASURED_TABLE,
            help="make it once, before the repeat or in the constructor of what uses it",
            trace=context.trace(repeat, "makes a table that nothing frees", ways=_ways(context, m, i)),
            fix=_hoist(m, i) if repeat.local else _keep(context, m, i, names, repeat),
        )


def _ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """The ways of repeating in which the table is used and dropped; neither garbage collection nor `clear_session()`
    releases it.
    """
    for repeat in context.repeats(m, i):
        if (
            repeat.count is not None
            and repeat.count <= 3
            or models.kept(context, repeat)
            or table_use.goes_into_model(context, m, i)
            or modes.new_graph(context, repeat)
        ):
            continue
        if (
            repeat.count is not None
            and repeat.block is not None
            and not repeat.local
            and table_use.fills_by_key(repeat.module, repeat.block)
        ):
            continue  # outputs[key] = transform(inputs[key]), for each of a few columns
        if context.project.released_by.in_region(
            repeat.module,
            _scope_of(repeat),
            -1 if repeat.block is None else repeat.block,
            INPUTS,
        ):
            continue  # each pass adds an input to the model that is being built, with its own table
        yield repeat


def _scope_of(repeat: Repeat) -> int:
    """The scope in the repeat's module in which the way begins."""
    _, i = repeat.hops[0]
    return repeat.module.calls[i].scope


_FILLED = frozenset(
    (
        "tf.lookup.DenseHashTable",
        "tf.lookup.experimental.DenseHashTable",
        "tf.lookup.experimental.MutableHashTable",
        "tf.lookup.MutableHashTable",
    )
)


def _keep(context: Context, m: Module, i: int, names: frozenset[str], repeat: Repeat) -> Repair | str:
    """A cached function that makes the table once, or why there is none."""
    if not m.calls[i].scope or m.scopes[m.calls[i].scope].kind != "function":
        return "it stands in no function"
    if names & _FILLED or saved.changing(context, m, i, -1):
        return "each call fills its table"
    varying = cached.varying(context, m, i, repeat)
    if varying:
        return f"{varying} may hold something else in each call, or is no key for a cache"
    return cached.loader(
        context, m, i, [(m, i)], verb="make", noun="table", message="Make the table once, behind a cache", by_name=True
    )


def _hoist(m: Module, i: int) -> Repair:
    """The table is made before the loop."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        move = do.outermost_loop(
            view, call, lambda loop: do.hoist_call(view, call, loop, models.local_name(m, i) or "table")
        )
        return Proposal(UNSAFE, "Make the table once before the loop", move.edits)

    return fix
