"""Finds Keras optimizers and metrics that are made again in each pass of a loop.

## What it does
Reports, as a hint, an optimizer that is made in a loop (or in a function that a loop calls) that goes on with the same
variables, and a metric that is made for each single update. Silent when each pass has a new model or new variables,
when the arguments follow the loop variable (a learning rate, a threshold), when the object is compiled into a model or
kept under a key. A new metric for each epoch is fine when its name stays the same; those that Keras 3 names anew each
time (`AUC`, `Precision`, `Recall`, `MeanIoU`, `TruePositives` and their kin, without a `name`) are reported there, too.

## Why is this bad?
A new optimizer starts without momentum and moments and makes its slot variables again; in a loop over steps Adam never
becomes Adam. A metric keeps no memory: it is only set up again, which costs more than the update. Inside a
`tf.function` both create variables, which it forbids.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15: optimizer 142 / 3 until `clear_session()`; metrics with a name of their own
(`Mean`, accuracies, errors) 0.2-0.3 / 0. Metrics that are named anew, until `clear_session()` on 2.21 with Keras 3.15:
`AUC` and `PrecisionAtRecall` 143, `Precision` and `Recall` 72, `MeanIoU` 37, `TruePositives` 35 (3-6 on 2.15); with a
fixed `name` 0-1.3, with `reset_state()` 0-1.4, with `clear_session()` every 40 objects 0.6.

## Example
```python
for features, target in batches:
    optimizer = tf.keras.optimizers.Adam()
    optimizer.apply_gradients(zip(gradients_of(features, target), variables))
```

Use instead:
```python
optimizer = tf.keras.optimizers.Adam()
for features, target in batches:
    optimizer.apply_gradients(zip(gradients_of(features, target), variables))
```

A metric is made once too, and each pass begins with `metric.reset_state()`.

## Fix safety
The fix moves a metric before the loop and puts `reset_state()` (`reset_states()` before TensorFlow 2.5) in its place;
an optimizer moves where it is plain SGD. A training that goes on with its moments takes other steps than one that
forgets them: there is no fix for Adam and the like.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models, optimizers, step_objects
from tflint_mem.analysis.passes import hot, trials, variance
from tflint_mem.analysis.program import backends
from tflint_mem.analysis.program.backends import FIRST_WITH_KERAS_3
from tflint_mem.finding import UNSAFE
from tflint_mem.project.linking.call_names import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM107"
SWEEPS = True
MEASURED = {
    "optimizer": "142 KiB per repeat until clear_session() (TF 2.21; 3 on 2.15)",
    "metric": "0 KiB per repeat for a metric whose name stays the same (TF 2.21 and 2.15): no leak, only the set-up",
}


def find(context: Context) -> Iterator[Draft]:
    """Constructions in loops over the same model and variables."""
    for m, i, names in context.calls(step_objects.TAILS, frozenset(step_objects.KINDS)):
        kind = step_objects.KINDS[next(iter(names))]
        if (
            context.in_tests(m)
            or context.project.versions.graph_mode(m)
            or context.project.compiled(m, m.calls[i].scope)
        ):
            continue
        repeat = next(_ways(context, m, i, kind), None)
        if repeat is None or backends.other(context, m):
            continue
        if kind == "optimizer":
            if step_objects.applied(context, m, i, repeat):
                yield _draft(context, m, i, repeat, kind)
            continue
        keeps = _keeps(context, m, i, repeat)
        if (
            step_objects.sees_one(context, m, i)
            or keeps
            and step_objects.updated(context, m, i)
            and not hot.around_training(context, repeat)
        ):  # a small part of a training
            yield _draft(context, m, i, repeat, kind, keeps)


def _draft(context: Context, m: Module, i: int, repeat: Repeat, kind: str, keeps: int = 0) -> Draft:
    """The finding; `keeps`: KiB that stay of each object, as far as they were measured."""
    why, help = "", "make it once, before the repeat"
    if kind == "optimizer":
        why = "; it forgets its moments each time"
    elif keeps:
        since = "" if context.project.versions.at_least(m, *FIRST_WITH_KERAS_3) else "on Keras 3 "
        why = f"; {since}each gets a new name, and TensorFlow keeps kernels for its variables until clear_session()"
        help += ", and reset it with reset_state(), or give it a fixed name"
    else:
        help += ", and reset it with reset_state()"
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` makes a new {kind} {context.when(repeat, m)}{why}",
        measured=f"{keeps} KiB per object until clear_session() (TF 2.21; 3-6 on 2.15); "
        "with a fixed name or reset_state(): 0-1"
        if keeps
        else MEASURED[kind],
        help=help,
        severity="warning" if keeps and step_objects.sees_one(context, m, i) else None,
        group="leak" if keeps else None,
        trace=context.trace(repeat, f"makes a new {kind}", ways=_ways(context, m, i, kind)),
        fix=_fix(context, m, i, kind, repeat),
    )


def _keeps(context: Context, m: Module, i: int, repeat: Repeat) -> int:
    """KiB that stay of each metric because Keras names it anew.

    0 where it is told a name, on Keras 2, or where the repeat clears the session.
    """
    call = m.calls[i]
    if (
        any(keyword.name in ("name", None) for keyword in call.keywords)
        or context.project.versions.at_least(m, *FIRST_WITH_KERAS_3) is False
    ):
        return 0
    tail = next((name.rpartition(".")[2] for name in context.project.apis(m, i) & step_objects.KINDS.keys()), "")
    return 0 if context.project.released(repeat, models.CLEARS) else step_objects.RENAMED.get(tail, 0)


def _ways(context: Context, m: Module, i: int, kind: str) -> Iterator[Repeat]:
    """The loops that go on with the same model and variables and make the same object again."""
    for repeat in context.repeats(m, i):
        if repeat.kind not in ("loop", "while", "callback") or repeat.count is not None and repeat.count <= 3:
            continue
        if lifetimes.in_loop_of_new_models(context, repeat) or lifetimes.kept(context, repeat, kind):
            continue
        if any(variance.of(context, repeat, e) == variance.TARGET for e in m.arguments(i)):
            continue
        if step_objects.belongs_to_new(context, repeat, kind) or trials.trains_new(context, repeat):
            continue
        yield repeat


# -- the fix ----------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, i: int, kind: str, repeat: Repeat) -> Repair | str:
    if not repeat.local:
        return "what repeats it stands in another function"
    if kind == "optimizer" and not optimizers.plain(context, m, i):
        return optimizers.BEGINS_ANEW
    return _hoist(m, i, kind, "reset_states" if context.project.versions.at_least(m, 2, 5) is False else "reset_state")


def _hoist(m: Module, i: int, kind: str, reset: str) -> Repair:
    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        if kind == "optimizer":
            move = do.outermost_loop(view, call, lambda loop: do.hoist_call(view, call, loop, "optimizer"))
            return Proposal(UNSAFE, "Make the optimizer once before the loop", move.edits)
        name = models.local_name(m, i)
        loops = view.loops(call)
        if name is None or not loops:
            raise NoFix("the metric has no name of its own")
        do.hoist_call(view, call, loops[0], name)  # refuses what cannot be moved
        line = view.statement(call)
        edits = view.edits(
            {line: view.new(f"{name}.{reset}()\n")}, insert_before={loops[0]: [line.with_changes(leading_lines=())]}
        )
        return Proposal(UNSAFE, "Make the metric once and reset it in each pass", edits)

    return fix
