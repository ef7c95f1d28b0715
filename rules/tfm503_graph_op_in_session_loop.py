"""Finds graph operations that are made where a session runs again and again.

## What it does
Reports code that adds operations to a TF1 graph (`tf.assign`, arithmetic on tensors, slices, `Saver()`, initializers,
summaries, `minimize`, `get_next`) at a place that repeats together with a session run: in the training loop, or in a
method such as `learn` that a loop calls. Building a network before any session runs, loops over layers, devices or
variables, a graph made for each repeat, and operations made at the first use only are fine.

## Why is this bad?
A graph only grows. Each repeat adds nodes that live as long as the graph, and each session that runs them has to take
in the larger graph again, so the loop also gets slower and slower. Closing the session does not shrink the graph.

## What was measured
KiB per repeat that stay as long as the graph, TensorFlow 1.15 and 2.x in graph mode: 31-178 for a small set of
operations, a constant of 4 MiB 8-21 MiB, a one-shot iterator 760-990, a `Saver` 144-231 with two variables and 1811
with 200. An initializer of global variables keeps 2 in a graph of 6 small variables, and 3760 with 200 of them where
one session goes on; 4137 where variables start from constants of 4 MiB, which that session copies. With a session for
each repeat it is 28-61 for 200 variables; initializers of local variables and tables keep 15-47.

## Example
```python
for step in range(steps):
    sess.run(train_op, feed)
    sess.run([tf.assign(t, e) for t, e in zip(target_vars, eval_vars)])
```

Use instead:
```python
copy = [tf.assign(t, e) for t, e in zip(target_vars, eval_vars)]
tf.get_default_graph().finalize()
for step in range(steps):
    sess.run(train_op, feed)
    sess.run(copy)
```

`finalize()` turns any operation that is made later into an error.

## Fix safety
An operation whose arguments do not change moves before the loop. That is unsafe for savers, which count the checkpoints
they keep, and where the loop changes what the operation reads.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.analysis.tracing import graph_growth, graphs
from tflint_mem.facts import Assign, Augment, ExprStatement, Return, tail_of
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import SESSION_TYPES
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import Draft, Trace, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.tracing.operation_makers import Made
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair, Steps
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM503"
MANY = 100  # passes: fewer of them add a few operations each, which nobody feels
MEASURED = (
    "31-178 KiB per repeat for a small set of operations stay as long as the graph (TF 1.15 and 2.x in graph mode)"
)
MEASURED_INIT = (
    "where one session goes on 3760-4137 KiB per repeat stay as long as the graph with 200 variables or with "
    "variables that start from 4 MiB "
    "of constants, and 2 KiB in a graph of 6 small variables (TF 2.21 in graph mode)"
)
MEASURED_INIT_OWN = (
    "with a session for each repeat 28-61 KiB per repeat stay as long as the graph for 200 variables, "
    "and less than 1 KiB for 6 "
    "(TF 2.21 in graph mode)"
)
MEASURED_INIT_LOCAL = (
    "15-47 KiB per repeat stay as long as the graph where there are 200 local variables or tables, "
    "nearly nothing where there are none (TF 2.21 in graph mode)"
)
MEASURED_SAVER = (
    "144-172 KiB per repeat stay as long as the graph with two variables (TF 2.21 in graph mode; "
    "196-231 on 1.15), 1811 with 200"
)
_OF_VARIABLES = frozenset(("tf.global_variables_initializer", "tf.variables_initializer"))
_RESTARTS = frozenset(("dataset.make_one_shot_iterator", "tf.data.make_one_shot_iterator"))
_BASES = {"Saver": "saver", "get_next": "next_element"}


def find(context: Context) -> Iterator[Draft]:
    """Statements that make operations where a session runs, one finding for each chain of them."""
    for made in graph_growth.find(context):
        yield _draft(context, made)


def _draft(context: Context, made: Made) -> Draft:
    m, repeat = made.m, made.repeat
    what = f"`{call_text(m, made.call)}`" if made.call is not None else "this expression on tensors"
    when = context.when(repeat, m) if repeat is not None else f"in each call of `{m.qualname(made.scope)}`"
    last = TraceStep.at(m, made.pos, "adds operations to the graph")
    trace = Trace((last,))
    if repeat is not None:
        way = context.trace(repeat, "", ways=graph_growth.ways(context, made))  # ends at a call beside the statement
        trace = Trace((*way.steps[:-1], last), repeat, ((*steps[:-1], last) for steps in _further(way)))
    statement = m.statements[made.statement]
    if made.whole:
        begins = "and initialized by" if made.name in graphs.INITIALIZERS else "beginning with"
        message = f"a network is built again on the same graph {when}, {begins} {what}; the graph keeps the ones before"
        help = "give each repeat a graph of its own (`with tf.Graph().as_default():`), or build the network once"
    else:
        message = f"{what} adds operations to the graph {when}; the graph keeps them all, and each run gets slower"
        help = (
            "build it once before the session runs; "
            "`tf.get_default_graph().finalize()` then makes sure that nothing is added"
        )
    simple = isinstance(statement, (Assign, ExprStatement, Return, Augment))
    return Draft(
        code=CODE,
        m=m,
        pos=made.pos,
        message=message,
        measured=_cost(context, made),
        help=help,
        persona="pedantic" if not made.whole and repeat is not None and (repeat.count or MANY) < MANY else None,
        trace=trace,
        noqa_row=statement.end_line if simple else made.pos.end_line,
        fix=_hoist(made, made.call)
        if made.call is not None and not made.whole and repeat is not None and repeat.local
        else "the repeat is around a call of the function that adds them"
        if repeat is not None and not repeat.local
        else "a whole network is built, not one operation",
    )


def _further(way: Trace) -> Iterator[Steps]:
    yield from way.further


def _cost(context: Context, made: Made) -> str:
    """What was measured of such operations.

    A session that goes on keeps copies of the constants that it has initialised variables with.
    """
    if made.name == "tf.train.Saver":
        return MEASURED_SAVER
    if made.name not in graphs.INITIALIZERS:
        return MEASURED
    if made.name not in _OF_VARIABLES:
        return MEASURED_INIT_LOCAL
    return MEASURED_INIT_OWN if _session_of_its_own(context, made.repeat) else MEASURED_INIT


def _session_of_its_own(context: Context, repeat: Repeat | None) -> bool:
    """Does each repeat open the session that runs what it makes?"""
    if repeat is None:
        return False
    for position, (m, i) in enumerate(repeat.hops):
        region = repeat.region_at(position) if m is repeat.module else -1
        if not (position == 0 and repeat.handed) and context.project.released_by.in_region(
            m, m.calls[i].scope, region, SESSION_TYPES
        ):
            return True
    return False


def _hoist(made: Made, i: int) -> Repair:
    """What call `i` makes is made once before the loop."""
    m = made.m

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        if made.names & _RESTARTS:
            raise NoFix("each repeat starts from the beginning")
        view, call = fx.at(m, i)
        tail = tail_of(m.calls[i].func)
        initializes = made.name in graphs.INITIALIZERS
        base = models.local_name(m, i) or ("init" if initializes else _BASES.get(tail or "", f"{tail}_op"))
        move = do.outermost_loop(view, call, lambda loop: do.hoist_call(view, call, loop, base))
        applicability = UNSAFE if made.name == "tf.train.Saver" else move.applicability
        return Proposal(applicability, f"Build `{call_text(m, i)}` once before the loop", move.edits)

    return fix
