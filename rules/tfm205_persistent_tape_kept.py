"""Finds gradient tapes that are kept beyond their step.

## What it does
Reports the statement that puts a `GradientTape` into a list, a dictionary or an attribute's container in each repeat,
when the tape is persistent or its gradient has not been taken. A tape that is rebound in the next step leaves nothing,
with or without `del`: that is a myth and silent.

## Why is this bad?
A tape holds every intermediate result that its gradients need. It lets go of them when it dies, or, if it is not
persistent, when the gradient is taken.

## What was measured
TensorFlow 2.21: 391 KiB per kept tape (all activations of the step); rebound persistent tape: 0; kept after
`gradient()`, not persistent: 0.

## Example
```python
with tf.GradientTape(persistent=True) as tape:
    loss = loss_of(batch)
tapes.append(tape)
```

Use instead:
```python
with tf.GradientTape() as tape:
    loss = loss_of(batch)
gradients.append(tape.gradient(loss, variables))
```

## Fix safety
There is no automatic fix.
"""

from __future__ import annotations

from tflint_mem.analysis.passes import kept
from tflint_mem.facts import FALSE, Assign, Attribute, CallRef, Name, With
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.analysis.passes.kept import Keeping
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

CODE = "TFM205"
MEASURED = "391 KiB per kept tape: all activations of its step (TF 2.21); rebound, with or without `del`: 0"
_GRADIENTS = frozenset(("gradient", "jacobian", "batch_jacobian"))


def find(context: Context) -> Iterator[Draft]:
    """Statements that keep the tape of each repeat."""
    for m, i, _ in context.calls(("GradientTape",), frozenset(("tf.GradientTape",))):
        if context.in_tests(m) or context.project.compiled(m, m.calls[i].scope):
            continue
        name = _name(m, i)
        if name is None:
            continue
        for keeping in kept.in_scope(context, m, m.calls[i].scope):
            if name in keeping.values and (_persistent(context, m, i) or not _taken(m, i, name)):
                repeat = next(_ways(context, m, i, keeping), None)
                if repeat is not None:
                    yield _draft(context, m, keeping, repeat, _ways(context, m, i, keeping))
                    break


def _name(m: Module, i: int) -> Name | None:
    """The name that the `with` statement (or an assignment) gives the tape."""
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, With):
        named = (item.target for item in statement.items if item.context == CallRef(i))
        return next((target for target in named if isinstance(target, Name)), None)
    if isinstance(statement, Assign) and statement.value == CallRef(i):
        target = statement.targets[0]
        return target if isinstance(target, Name) else None
    return None


def _persistent(context: Context, m: Module, i: int) -> bool:
    return context.argument(m, i, 0, "persistent") not in (None, FALSE)


def _taken(m: Module, i: int, name: Name) -> bool:
    """Is a gradient taken from the tape in its function, be it before or after it is kept?"""
    called = [m.calls[k].func for k in m.scope_calls(m.calls[i].scope) if k > i]
    return any(isinstance(f, Attribute) and f.base == name and f.attr in _GRADIENTS for f in called)


def _ways(context: Context, m: Module, i: int, keeping: Keeping) -> Iterator[Repeat]:
    """The repeats that record the tape, and in which the container goes on."""
    scope, container = m.calls[i].scope, keeping.container
    local = (
        isinstance(container, Name) and container.id in m.bindings(scope) and container.id not in m.global_names(scope)
    )
    fresh = [m.statements[s].block for s in kept.empty_at(context, m, scope, container)]
    for repeat in context.repeats(m, i):
        if repeat.count is not None and repeat.count <= 8 or repeat.handed:
            continue
        if repeat.local:
            if not m.inside(m.statements[keeping.s].block, repeat.region) or any(m.loops(place) for place in fresh):
                continue
        elif local or fresh:
            continue
        if kept.fate(context, keeping) != kept.BOUNDED:
            yield repeat


def _draft(context: Context, m: Module, keeping: Keeping, repeat: Repeat, ways: Iterable[Repeat]) -> Draft:
    pos = kept.position(m, keeping.s)
    return Draft(
        code=CODE,
        m=m,
        pos=pos,
        message=f"keeps the tape that is recorded {context.when(repeat, m)}, "
        "and with it all intermediate results of that step",
        measured=MEASURED,
        help="take the gradients in the step, and keep those if anything",
        trace=context.trace(repeat, "records a tape", TraceStep.at(m, pos, "keeps it"), ways=ways),
        noqa_row=m.statements[keeping.s].end_line,
        site=keeping.s,
    )
