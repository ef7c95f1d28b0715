"""Finds data sets that are opened anew for each batch.

## What it does
Reports, as a hint, `next(iter(dataset))` (also `next(dataset.as_numpy_iterator())`, and `batches = iter(dataset)` with
a single `next(batches)` in the same pass) at each step of a loop, in this function or through its callers. One sample
batch, once or after each epoch, is the normal use and silent; so is the first batch of another data set in each pass.

## Why is this bad?
Each `iter` starts the whole pipeline: files are opened, the shuffle buffer is filled, threads are started, and all but
the first batch is thrown away. Without a shuffle every step sees the same first batch, which is seldom what was meant.
It is no leak.

## What was measured
TensorFlow 2.21 and 2.15: memory flat; 4-21 ms per step against 0.05 ms for the next batch of an iterator that is kept.

## Example
```python
for step in range(steps):
    train_step(next(iter(dataset)))
```

Use instead:
```python
batches = iter(dataset.repeat())
for step in range(steps):
    train_step(next(batches))
```

## Fix safety
Where each iterator surely begins with the same batch (no shuffle, no function that may draw), the fix takes that batch
once before the loop: the results stay as they are. Where the data set is shuffled it keeps one iterator over
`dataset.repeat()`: the steps then see all batches in turn.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import fresh_iterators, hot, variance
from tflint_mem.facts import Attribute, CallRef, Expression
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.view import View
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM401"
SWEEPS = True
MEASURED = "memory flat; 4-21 ms per step against 0.05 ms with one iterator (TF 2.21), and always the first batch"


def find(context: Context) -> Iterator[Draft]:
    """`next` of an iterator that is made for it, at each step."""
    for m, i, _ in context.calls({"next", "get_next"}):
        if (
            context.in_tests(m)
            or context.project.compiled(m, m.calls[i].scope)
            or context.project.versions.graph_mode(m)
        ):
            continue
        made = fresh_iterators.asked(context, m, i)
        if made is None:
            continue
        j, dataset = made
        repeat = next(_steps(context, m, i, dataset), None)
        if repeat is None:
            continue
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, j)}` opens the data set anew {context.when(repeat, m)}, for one batch",
            measured=MEASURED,
            help="make the iterator once, over `dataset.repeat()`, and take each batch with next()",
            trace=context.trace(repeat, "takes the first batch of a new iterator", ways=_steps(context, m, i, dataset)),
            fix=_fix(context, m, i, j, dataset, repeat),
        )


def _steps(context: Context, m: Module, i: int, dataset: Expression) -> Iterator[Repeat]:
    """The loops over steps (not epochs, not data sets) around the call."""
    for repeat in context.repeats(m, i):
        if (
            repeat.count is not None
            and repeat.count <= 3
            or repeat.kind not in ("loop", "while", "comprehension", "callback")
        ):
            continue
        if repeat.kind == "callback" and "_batch_" not in repeat.what or hot.waits(context, repeat):
            continue
        if variance.of(context, repeat, dataset) == variance.SAME and not fresh_iterators.runs_through_data(repeat):
            yield repeat


_IN_ORDER = frozenset(
    (
        fresh_iterators.BEGINS,
        "batch",
        "repeat",
        "prefetch",
        "cache",
        "take",
        "skip",
        "unbatch",
        "with_options",
        "enumerate",
        "zip",
    )
)


def _fix(context: Context, m: Module, i: int, j: int, dataset: Expression, repeat: Repeat) -> Repair | str:
    """One iterator, or the first batch once, as the data set is shuffled or not; or why it is left to a person."""
    if not repeat.local:
        return "what repeats it stands in another function"
    if not _inline(m, i, j):
        return "the iterator has a name of its own"
    chain = fresh_iterators.chain(context, m, m.calls[i].scope, dataset)
    if "shuffle" in chain:
        return _one_iterator(m, j)
    if chain and set(chain) <= _IN_ORDER:
        return _first_batch(m, i, j)
    return "nobody sees whether each pass shall take the first batch again or the next one"


def _first_batch(m: Module, i: int, j: int) -> Repair:
    """The batch that all passes see is taken once before the loop."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, made = fx.at(m, j)
        _, taken = fx.at(m, i)
        loop = _loop_around(view, made)
        name = do.unique_name(fx.source, "first_batch", made, view.function(made))
        edits = view.edits(
            {taken: view.expression(name)}, insert_before={loop: view.new(f"{name} = {view.code(taken)}\n")}
        )
        return Proposal(UNSAFE, "Take the first batch once: each pass sees the same", edits)

    return fix


def _loop_around(view: View, made: cst.Call) -> cst.For | cst.While:
    """The loop around the call that makes the iterator.  Raises NoFix where it cannot be made before it."""
    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod import operations as do

    loops = view.loops(made)
    if not loops or not isinstance(loops[0], do.LOOPS):
        raise NoFix("there is no place before the loop")
    do.hoist_call(view, made, loops[0], "batches")  # refuses what the loop changes
    return loops[0]


def _inline(m: Module, i: int, j: int) -> bool:
    """Is the iterator made inside the call itself?"""
    call = m.calls[i]
    return call.args[:1] == (CallRef(j),) or isinstance(call.func, Attribute) and call.func.base == CallRef(j)


def _one_iterator(m: Module, j: int) -> Repair:
    """All passes take their batches from one iterator over the repeated data set."""

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, made = fx.at(m, j)
        loop = _loop_around(view, made)
        name = do.unique_name(fx.source, "batches", made, view.function(made))
        if made.args:
            line = f"{name} = iter({view.code(made.args[0].value)}.repeat())\n"
        elif isinstance(made.func, cst.Attribute):
            line = f"{name} = {view.code(made.func.value)}.repeat().{made.func.attr.value}()\n"
        else:
            raise NoFix("the iterator's maker has another name")
        edits = view.edits({made: view.expression(name)}, insert_before={loop: view.new(line)})
        return Proposal(UNSAFE, "Take the batches from one iterator", edits)

    return fix
