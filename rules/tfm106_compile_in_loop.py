"""Finds a model that is compiled anew before each training.

## What it does
Reports `compile` called on one and the same model at a place that repeats, when the model is trained there as well.

## Why is this bad?
`compile` throws the traced training function away; the next `fit` traces a new one. The old one stays all the same,
with its graph and the slots of its optimizer: before TensorFlow 2.14 as long as the model, on TensorFlow 2.14 and later
for the life of the process, because tracing registers a custom gradient that pins the graph.

## What was measured
KiB per repeat, kept for ever, TensorFlow 2.21 / 2.15, model of 4.2 MiB: 688 / 7687 with SGD, 13821 / 14228 with Adam.
Compiled once and fitted in a loop: 0 / 1. Before 2.14, a model of two small layers, KiB per repeat with SGD and with
Adam: 2749 and 3480 on 2.4, 2794 and 3544 on 2.8, 3684 and 5963 on 2.12; all of it goes with the model.

A training in turns that freezes one part, compiles, frees it and freezes another (two layers of 1024 units, Adam) keeps
5540 per round.

## Example
```python
for batch, target in weeks:
    model.compile("adam", "mse")
    model.fit(batch, target)
```

Use instead:
```python
model.compile("adam", "mse")
for batch, target in weeks:
    model.fit(batch, target)
```

## Fix safety
Moving the compile before the loop is offered where the optimizer keeps no state from repeat to repeat (plain SGD), or
is made before the loop already. Elsewhere it would change the results: the moments of Adam, which began anew with each
compile, would go on. It is unsafe all the same.
"""

from __future__ import annotations

from tflint_mem.analysis.models import optimizers
from tflint_mem.analysis.passes import hot, retrained
from tflint_mem.analysis.program import backends, modes
from tflint_mem.analysis.program.mechanisms import FIRST_PINNED
from tflint_mem.facts import FALSE, TRUE, Assign, Attribute, CallRef, Constant
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM106"
MEASURED = (
    "13821 KiB per repeat with Adam, 688 with SGD for a model of 4.2 MiB stay for ever "
    "(TF 2.21; 14228 and 7687 on 2.15)"
)
MEASURED_BEFORE = (
    "2749-3684 KiB per repeat with SGD, 3480-5963 with Adam for a model of two small layers stay as long as the model "
    "(TF 2.4, 2.8 and 2.12)"
)
MEASURED_TURNS = (
    "5540 KiB per round of freeze, compile, fit, free, compile, fit stay for ever "
    "for two layers of 1024 units with Adam (TF 2.21)"
)
_STAY = "for the life of the process"
_HELP = "compile once; to change the learning rate assign it: model.optimizer.learning_rate = …"
_HELP_TURNS = (
    "make a model for each turn of the same layers, set what it trains, compile each once, and fit them in turns"
)


def find(context: Context) -> Iterator[Draft]:
    """Compiles of a model that was made before the repeat, with a training in the same repeat."""
    for m, i, _ in context.calls(("compile",), frozenset(("model.compile",))):
        known = context.project.versions.at_least(m, *FIRST_PINNED)
        if context.project.versions.at_least(m, 2, 0) is False:
            continue
        if backends.other(context, m) or modes.in_graph(context, m):
            continue  # nothing stays there
        old = known is False or context.project.versions.uses_removed(m)
        repeat = next(_ways(context, m, i), None)
        if repeat is None:
            continue
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{call_text(m, i)}` compiles the same model again {context.when(repeat, m)}"
            + "; the old training graph and optimizer stay "
            + (
                "as long as the model" if old else _STAY if known else f"{_STAY} (before TensorFlow 2.14: of the model)"
            ),
            measured=MEASURED_BEFORE if old else MEASURED_TURNS if _alternates(m, i, repeat) else MEASURED,
            help=_HELP_TURNS if _alternates(m, i, repeat) else _HELP,
            trace=context.trace(repeat, "compiles the model again", ways=_ways(context, m, i)),
            fix=_fix(context, m, i, repeat),
        )


def _ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """The repeats that compile and train one model again and again."""
    return (repeat for repeat in context.repeats(m, i) if _one_model_trained(context, m, i, repeat))


def _one_model_trained(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    if repeat.count is not None and repeat.count <= 3:
        return False  # two or three phases, as when layers are unfrozen
    known = retrained.same_model(context, m, i, repeat)
    return known is not None and not _unfreezes(m, i, repeat) and retrained.trained(context, m, i, repeat, known)


def _switches(m: Module, i: int, repeat: Repeat) -> set[Expression | None]:
    """The values that each repeat gives to `trainable` in the function around the compile."""
    found: set[Expression | None] = set()
    for s in m.scope_statements(m.calls[i].scope):
        statement = m.statements[s]
        if (
            isinstance(statement, Assign)
            and m.inside(statement.block, repeat.region)
            and any(isinstance(t, Attribute) and t.attr == "trainable" for t in statement.targets)
        ):
            found.add(statement.value)
    return found


def _unfreezes(m: Module, i: int, repeat: Repeat) -> bool:
    """Does the repeat change `trainable`, one part after the other?  Then compiling again is right."""
    return bool(_switches(m, i, repeat)) and not _alternates(m, i, repeat)


def _alternates(m: Module, i: int, repeat: Repeat) -> bool:
    """Does it freeze one part and free another, as a training in turns does?

    Then a compiled model for each turn serves all rounds.
    """
    return _switches(m, i, repeat) >= {TRUE, FALSE}


# -- the fix ----------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, i: int, repeat: Repeat) -> Repair | str:
    if not repeat.local:
        return "what repeats it stands in another function"
    return _hoist(m, i) if _keeps_nothing(context, m, i, repeat) else optimizers.BEGINS_ANEW


def _keeps_nothing(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """Does training go on as before when the optimizer is not made anew: is it plain SGD, or made before the loop?"""
    optimizer = context.argument(m, i, 0, "optimizer")
    if optimizer is None:
        return False  # RMSprop
    if isinstance(optimizer, Constant):
        return isinstance(optimizer.value, str) and optimizer.value.lower() == "sgd"
    if isinstance(optimizer, CallRef):
        return optimizers.plain(context, m, optimizer.number)
    call = m.calls[i]
    return (
        context.kinds(m, i, optimizer) == {"optimizer"}
        and hot.steady(context, repeat, optimizer)
        and not hot.made_in_pass(repeat, context.infer.values(m, call.scope, optimizer, call.statement))
    )


def _hoist(m: Module, i: int) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        move = do.outermost_loop(
            view, call, lambda loop: do.hoist_statement(view, view.statement(call), loop, call=call)
        )
        return Proposal(UNSAFE, "Compile once before the loop", move.edits)

    return fix
