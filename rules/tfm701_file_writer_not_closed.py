"""Finds summary and TFRecord writers that are kept open, one more for each repeat.

## What it does
Reports the statement that puts a new writer into a list, a dictionary or an attribute in each pass of a loop that works
with it, when nothing in the file closes writers. A writer that is rebound is closed by Python, and a few writers by
name are normal.

## Why is this bad?
Each open writer holds a file descriptor and a queue. The process runs out of descriptors ("too many open files") long
before it runs out of memory.

## What was measured
TensorFlow 2.21: one file descriptor and 5-7 KiB per kept writer; rebound: 0.

## Example
```python
writer = tf.summary.create_file_writer(f"logs/{run}")
writers.append(writer)
```

Use instead:
```python
with tf.summary.create_file_writer(f"logs/{run}").as_default():
    ...
```

or `writer.close()` at the end of the run.

## Fix safety
The fix adds `writer.close()` to the end of each pass, where the writer has a name in the loop and nothing takes it out
of the container again. It is unsafe: a person should see that nothing is written later.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models
from tflint_mem.analysis.passes import kept
from tflint_mem.facts import Assign, Attribute, CallRef, Name, tail_of
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.passes.kept import Keeping
    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM701"
MEASURED = "one file descriptor and 5-7 KiB per kept writer (TF 2.21); rebound: 0"
FEW = 8  # writers by name
_WRITERS = frozenset(
    (
        "tf.summary.FileWriter",
        "tf.summary.create_file_writer",
        "tf.io.TFRecordWriter",
        "tf.contrib.summary.create_file_writer",
    )
)


def find(context: Context) -> Iterator[Draft]:
    """Statements that keep a writer of each pass of a working loop."""
    for m, i, _ in context.calls({name.rpartition(".")[2] for name in _WRITERS}, _WRITERS):
        if context.in_tests(m) or _closed(context, m):
            continue
        call = m.calls[i]
        statement = m.statements[call.statement]
        wanted: list[Expression] = [CallRef(i)]
        if isinstance(statement, Assign) and statement.value == CallRef(i):
            wanted.extend(t for t in statement.targets if isinstance(t, Name))
        for keeping in kept.in_scope(context, m, call.scope):
            if any(value in wanted for value in keeping.values):
                repeat = next(_ways(context, m, i, keeping), None)
                if repeat is not None:
                    yield _draft(context, m, i, keeping, repeat)
                    break


def _closed(context: Context, m: Module) -> bool:
    """Does the module close a writer, or something that is not known?"""
    for tail in ("close", "stop", "enter_context", "callback", "closing"):
        for k in m.calls_by_tail().get(tail, ()):
            f = m.calls[k].func
            values = (
                context.infer.values(m, m.calls[k].scope, f.base, m.calls[k].statement)
                if isinstance(f, Attribute)
                else ()
            )
            if not values or any(isinstance(v, Thing) and v.kind == "writer" for v in values) or tail != "close":
                return True
    return False


def _ways(context: Context, m: Module, i: int, keeping: Keeping) -> Iterator[Repeat]:
    """The ways in which the call repeats while its writers pile up."""
    for repeat in context.repeats(m, i):
        if (
            repeat.kind not in ("loop", "while", "handler", "callback")
            or repeat.count is not None
            and repeat.count <= FEW
            or not lifetimes.works(context, repeat)
        ):
            continue
        if repeat.local and not m.inside(m.statements[keeping.s].block, repeat.region):
            continue
        if any(m.loops(m.statements[s].block) for s in kept.empty_at(context, m, m.calls[i].scope, keeping.container)):
            continue
        if (
            not repeat.local
            and isinstance(keeping.container, Name)
            and keeping.container.id in m.bindings(m.calls[i].scope)
        ):
            continue
        if kept.fate(context, keeping) not in (kept.BOUNDED, kept.UNKNOWN):
            yield repeat


def _draft(context: Context, m: Module, i: int, keeping: Keeping, repeat: Repeat) -> Draft:
    pos = kept.position(m, keeping.s)
    return Draft(
        code=CODE,
        m=m,
        pos=pos,
        message=f"keeps the writer that is opened {context.when(repeat, m)}, and nothing closes it",
        measured=MEASURED,
        help="close each writer when its run is over, or open it in a `with` statement",
        trace=context.trace(
            repeat, "opens a writer", TraceStep.at(m, pos, "keeps it"), ways=_ways(context, m, i, keeping)
        ),
        noqa_row=m.statements[keeping.s].end_line,
        site=keeping.s,
        fix=_close(context, m, i, keeping, repeat),
    )


def _close(context: Context, m: Module, i: int, keeping: Keeping, repeat: Repeat) -> Repair | str:
    """Close the writer at the end of its pass, or why that may be too early."""
    if not repeat.local:
        return "what repeats it stands in another function"
    if models.local_name(m, i) is None:
        return "the writer has no name of its own"
    if models.read_elsewhere(context, m, tail_of(keeping.container), (keeping.s,)):
        return "the writers are taken out of the container again"

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        edits = do.close_at_end(view, call, fx.loop(view, m, repeat.region))
        return Proposal(UNSAFE, "Close the writer at the end of each pass", edits)

    return fix
