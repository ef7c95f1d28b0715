"""Finds variables that are made in each pass of a loop and leave something behind.

## What it does
Reports a `tf.Variable` whose name follows the pass of the loop (`name=f"guess_{i}"`), and a variable of each pass that
is put into a container of which at most one is used afterwards, in eager loops that work with the variable. A variable
that is rebound under the same name, or without one, leaves nothing and is silent, and so are the weights that a network
is built from.

## Why is this bad?
TensorFlow keeps the kernel of each eager operation by its attributes, and the name of a variable is one of them: every
new name stays in that cache. A kept variable keeps its value.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15: new name 35 / 44 until `clear_session()`; kept: its size; rebound with the same
name: 0. On TensorFlow 2.14 and older the name is no part of what kernels are kept by, and a new one leaves nothing.

## Example
```python
for number, signal in enumerate(signals):
    guess = tf.Variable(tf.zeros(64), name=f"guess_{number}")
```

Use instead:
```python
guess = tf.Variable(tf.zeros(64), name="guess")
for number, signal in enumerate(signals):
    guess.assign(tf.zeros(64))
```

## Fix safety
The fix leaves the name out. It is unsafe: something may look for the variable by its name.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.passes import kept, variance
from tflint_mem.facts import Assign, CallRef, Constant, Name
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM304"
SWEEPS = True
MEASURED = "35 KiB per new name until clear_session() (TF 2.21; 44 on 2.15, none up to 2.14); the same name: 0"
MEASURED_KEPT = "its own size per repeat; rebound instead of kept: 0 (TF 2.21)"
_BUILDING = frozenset(("__init__", "build", "__new__", "create_variables", "add_weight"))


def find(context: Context) -> Iterator[Draft]:
    """Variables of working loops that have a new name each time, or are kept."""
    for m, i, _ in context.calls(("Variable",), frozenset(("tf.Variable",))):
        if (
            context.in_tests(m)
            or context.project.versions.graph_mode(m)
            or context.project.compiled(m, m.calls[i].scope)
        ):
            continue
        if m.scopes[m.calls[i].scope].name in _BUILDING or context.argument(m, i, None, "collections") is not None:
            continue  # a part of a model, or of a graph: only those have collections
        draft = _named(context, m, i) or _held(context, m, i)
        if draft is not None:
            yield draft


def _named(context: Context, m: Module, i: int) -> Draft | None:
    """Its name is another one in each pass."""
    name = context.argument(m, i, None, "name")
    if name is None or isinstance(name, Constant) or context.project.versions.at_least(m, 2, 15) is False:
        return None

    def ways() -> Iterator[Repeat]:
        return (repeat for repeat in _repeats(context, m, i) if variance.of(context, repeat, name) != variance.SAME)

    for repeat in ways():
        return context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` makes a variable with a new name {context.when(repeat, m)}; "
            "each name stays in TensorFlow's kernel cache",
            measured=MEASURED,
            help="make it once and `assign` to it, or give it the same name each time",
            trace=context.trace(repeat, "makes a variable with a new name", ways=ways()),
            fix=_nameless(m, i),
        )
    return None


def _held(context: Context, m: Module, i: int) -> Draft | None:
    """It is put into a container, of which at most one is used."""
    call = m.calls[i]
    wanted: list[Expression] = [CallRef(i)]
    statement = m.statements[call.statement]
    if isinstance(statement, Assign) and statement.value == CallRef(i):
        wanted.extend(t for t in statement.targets if isinstance(t, Name))
    for keeping in kept.in_scope(context, m, call.scope):
        if not any(value in wanted for value in keeping.values):
            continue
        for repeat in _repeats(context, m, i):
            if not repeat.local or not m.inside(m.statements[keeping.s].block, repeat.region):
                continue
            if any(m.loops(m.statements[s].block) for s in kept.empty_at(context, m, call.scope, keeping.container)):
                continue
            if kept.fate(context, keeping) in (kept.NOTHING, kept.ONE):
                pos = kept.position(m, keeping.s)
                return Draft(
                    code=CODE,
                    m=m,
                    pos=pos,
                    message=f"keeps the variable that is made {context.when(repeat, m)}, "
                    "though at most one of them is used afterwards",
                    measured=MEASURED_KEPT,
                    help="keep the value that is needed (`.numpy()`), or make one variable and `assign` to it",
                    trace=context.trace(repeat, "makes a variable", TraceStep.at(m, pos, "keeps it")),
                    noqa_row=m.statements[keeping.s].end_line,
                    site=keeping.s,
                )
    return None


def _repeats(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """Every way in which the call repeats often, outside of a graph, in something that works."""
    for repeat in context.repeats(m, i):
        if (
            repeat.kind in ("loop", "while", "handler", "callback")
            and (repeat.count is None or repeat.count > 8)
            and lifetimes.works(context, repeat)
        ):
            if not any(
                context.project.versions.graph_mode(hm) for hm, _ in repeat.hops
            ):  # a node of a graph has no kernel of its own name
                yield repeat


def _nameless(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return Proposal(UNSAFE, "Leave the changing name out", do.without_keyword(view, call, "name"))

    return fix
