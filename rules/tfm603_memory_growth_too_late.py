"""Finds GPU memory that is configured after TensorFlow has set up its devices.

## What it does
Reports `set_memory_growth` and memory limits that run after something that initialises the devices: the first
operation, variable or data set, a strategy, built weights, a loaded model, `list_logical_devices`. It follows the order
of a run through functions, constructors and the imports of the project. Listing physical devices, layers without input,
`Input`, `tf.function` and seeds may come first. Setting growth a second time to the value it has is allowed at any
time.

## Why is this bad?
TensorFlow reads the settings once, when it sets up its devices. After that the call raises; where the error is caught
and printed, as in the guide's example, the program goes on without growth and takes nearly all GPU memory.

## What was measured
`RuntimeError: Physical devices cannot be modified after being initialized`. Which calls initialise was tried out one by
one on TensorFlow 2.21.

## Example
```python
MEAN = tf.constant([0.485, 0.456, 0.406])
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
```

Use instead:
```python
for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)
MEAN = tf.constant([0.485, 0.456, 0.406])
```

## Fix safety
The configuration moves up when both stand in one block; that is safe, because it reads nothing that is made in between.
In other cases there is no fix.
"""

from __future__ import annotations

import os

from tflint_mem.analysis.gpu import device_setup
from tflint_mem.analysis.program import devices, execution_order
from tflint_mem.analysis.program.public import is_left_over
from tflint_mem.facts import Assign, Name, tail_of, walk
from tflint_mem.finding import SAFE
from tflint_mem.project.linking.body import statement_expressions
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.program.execution_order import Event
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM603"
MEASURED = "`RuntimeError: Physical devices cannot be modified after being initialized`"


def find(context: Context) -> Iterator[Draft]:
    """Configuring calls for which, on one way to them, an initialising call comes before any configuring call."""
    calls = [*devices.growth_calls(context), *devices.limit_calls(context)]
    configuring = {(m.index, i) for m, i in calls}

    def classify(m: Module, i: int) -> str | None:
        return (
            "configure"
            if (m.index, i) in configuring
            else "initialise"
            if device_setup.initialises(context, m, i)
            else None
        )

    order = execution_order.Order(context, classify)
    for m, i in context.each(sorted(calls, key=lambda call: (call[0].index, call[1]))):
        if context.in_tests(m) or context.project.versions.graph_mode(m) or is_left_over(context, m, i):
            continue
        for events in order.earlier(m, i):
            first = next((e for e in events if e.sure or e.tag == "configure"), None)
            if first is not None and first.tag == "initialise":
                yield _draft(context, m, i, first)
                break


def _draft(context: Context, m: Module, i: int, first: Event) -> Draft:
    place = first.m.calls[first.i].pos
    what = "memory growth" if tail_of(m.calls[i].func) == "set_memory_growth" else "a memory limit"
    where = first.m.spot(place.line)
    if first.m is not m:
        where = f"{os.path.basename(first.m.path)}, {where}"
    return context.at_call(
        CODE,
        m,
        i,
        f"{what} comes too late: `{call_text(first.m, first.i)}` in {where} has set up the devices before",
        measured="" if context.project.apis(first.m, first.i) & device_setup.PEEKS else MEASURED,
        help="configure the GPUs before anything else: at the start of the program, before imports that make tensors",
        trace=(
            TraceStep.at(first.m, place, "sets up the devices"),
            TraceStep.at(m, m.calls[i].pos, f"asks for {what} after that"),
        ),
        fix=_move_up(m, i, first),
    )


# -- fix ---------------------------------------------------------------------------------------------------------------


def _move_up(m: Module, i: int, first: Event) -> Repair | None:
    """Move the statement around the configuring call, and what it reads, before the initialising one in its block."""
    if first.m is not m or m.calls[first.i].scope != m.calls[i].scope:
        return None

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        scope, start = m.calls[i].scope, m.calls[first.i].statement
        block = m.statements[start].block
        unit = _in_block(m, m.calls[i].statement, block)
        if unit is None or unit == start:
            raise NoFix("they stand in different blocks")
        moved, names = {unit}, _read(m, scope, unit)
        between = [s for s in m.scope_statements(scope) if start < s < unit and m.statements[s].block == block]
        for s in reversed(between):
            statement = m.statements[s]
            if isinstance(statement, Assign) and any(isinstance(t, Name) and t.id in names for t in statement.targets):
                moved.add(s)
                names |= _read(m, scope, s)
        rows = [(m.statements[s].line, m.statements[s].end_line) for s in sorted(moved)]
        edits = do.move_up(fx.source, rows, m.statements[start].line)
        return Proposal(SAFE, "Configure the GPUs before TensorFlow sets them up", edits)

    return fix


def _in_block(m: Module, s: int, block: int) -> int | None:
    """The statement directly in `block` that holds statement `s`, or None."""
    while m.statements[s].block != block:
        around = m.statements[s].block
        if around == -1:
            return None
        s = m.blocks[around].statement
    return s


def _read(m: Module, scope: int, s: int) -> set[str]:
    """Names that a statement and what stands in it read."""
    found: set[str] = set()
    end = m.statements[s].end_line
    for each in m.scope_statements(scope):
        statement = m.statements[each]
        if each >= s and statement.line <= end:
            for e in statement_expressions(statement):
                found.update(x.id for x in walk(e, m.calls) if isinstance(x, Name))
    return found
