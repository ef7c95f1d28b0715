"""Finds `History` objects that keep the models they were made by.

## What it does
Reports a container or attribute that collects the results of `fit` (`histories.append(model.fit(…))`, `runs[name] =
model.fit(…)`) when each result comes from a model of its own.

## Why is this bad?
A `History` is a callback: its `model` attribute holds the model it watched. A list of histories is therefore a list of
models, with their weights and optimizer state. What people want from it, the numbers, is the plain dictionary
`.history`.

## What was measured
KiB per repeat on TensorFlow 2.21, model of 4.2 MiB: +1350 on top of what `fit` itself keeps (6373 against 5016 with the
dictionary). Histories of one and the same model cost nothing.

## Example
```python
histories = []
for units in sizes:
    model = build_model(units)
    histories.append(model.fit(x, y))
```

Use instead:
```python
histories = []
for units in sizes:
    model = build_model(units)
    histories.append(model.fit(x, y).history)
```

This frees the models that the histories kept. It does not cure what training a new model in each repeat keeps on
TensorFlow 2.14 and later: that is TFM102.

## Fix safety
Appending `.history` is safe where nothing else reads the container. Where it is read, the readers lose their `.history`
too, which is unsafe; where one reads anything else of the History, there is no fix.
"""

from __future__ import annotations

from tflint_mem.analysis.models import handed_out
from tflint_mem.facts import Assign, Attribute, CallRef, ExprStatement, Name, Pos, Subscript, dotted
from tflint_mem.finding import SAFE, UNSAFE
from tflint_mem.project.holds.values import CallOrigin, Thing
from tflint_mem.ruleset.draft import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.outline import Outline
    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM105"
TRAINING = frozenset(("fit", "fit_generator"))
MEASURED = "+1350 KiB per repeat for a model of 4.2 MiB, on top of what fit keeps (TF 2.21); histories of one model: 0"


def find(context: Context) -> Iterator[Draft]:
    """Statements that keep a History in a repeat, when its model is new in each."""
    seen: set[tuple[int, int]] = set()  # index of a module, statement
    for m, i, _ in context.calls(TRAINING, frozenset("model." + name for name in TRAINING)):
        for hm, hi in handed_out.givers(context, m, i):
            for kept in handed_out.keeping(context, hm, hi):
                if (hm.index, kept.statement) not in seen:
                    draft = _draft(context, hm, kept.statement, kept.expression, m, i)
                    if draft is not None:
                        seen.add((hm.index, kept.statement))
                        yield draft


def _draft(context: Context, m: Module, s: int, expression: Expression, fm: Module, fit: int) -> Draft | None:
    """The finding at statement `s`, which keeps the expression, the History of call `fit` in `fm`."""
    statement = m.statements[s]
    here = fit if fm is m and fm.calls[fit].scope == statement.scope else None
    repeat = next(_ways(context, m, s, expression, here), None)
    if repeat is None or not _new_model(context, fm, fit, repeat):
        return None
    ways = (way for way in _ways(context, m, s, expression, here) if _new_model(context, fm, fit, way))
    flagged, _ = repeat.hops[-1]
    return Draft(
        code=CODE,
        m=m,
        pos=_position(m, s),
        message=f"keeps the History of a new model {context.when(repeat, m)}, "
        "and through its `model` attribute the model itself",
        measured=MEASURED,
        help="keep the numbers, `.history`; this does not cure what training new models in one process keeps (TFM102)",
        trace=context.trace(repeat, "trains the model whose history is kept", ways=ways) if flagged is m else (),
        fix=_numbers(context, m, expression, statement),
        noqa_row=statement.end_line,
        site=s,
    )


def _position(m: Module, s: int) -> Pos:
    """The statement itself; of a comprehension, too, the statement that it is in."""
    statement = m.statements[s]
    places = [m.calls[i].pos for i in m.calls_of(s)]
    column = 0
    if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
        column = m.calls[statement.value.number].pos.column
    end_line, end_column = max(((p.end_line, p.end_column) for p in places), default=(statement.end_line, 0))
    return Pos(statement.line, column, end_line, end_column)


def _ways(context: Context, m: Module, s: int, expression: Expression, fit: int | None) -> Iterator[Repeat]:
    """The repeats of the keeping statement: of the loop around it, or through the callers of its function."""
    calls = m.calls_of(s)
    here = expression.number if isinstance(expression, CallRef) else calls[-1] if calls else fit
    ways = context.repeats(m, here) if here is not None else iter(())
    return (repeat for repeat in ways if repeat.count is None or repeat.count > 1)


def _new_model(context: Context, fm: Module, fit: int, repeat: Repeat) -> bool:
    """Is the fitted model made inside the repeat?"""
    receiver = context.receiver(fm, fit)
    if receiver is None:
        return False
    call = fm.calls[fit]
    values = context.infer.values(fm, call.scope, receiver, call.statement)
    origins = [v.origin for v in values if isinstance(v, Thing) and v.kind == "model"]
    if not origins:
        return False
    for origin in origins:
        if not isinstance(origin, CallOrigin):
            return False
        om, oi = context.project.module(origin.module), origin.call
        if context.first_repeat(om, oi) is None:
            return False
        if om is repeat.module and repeat.block is not None:
            made, around = om.calls[oi], om.statements[om.blocks[repeat.block].statement]
            if made.scope == around.scope and not om.inside(made.block, repeat.block):
                return False
    return True


# -- the fix ----------------------------------------------------------------------------------------------------------


def _numbers(context: Context, m: Module, expression: Expression, statement: Statement) -> Repair | str:
    """`.history` on what is kept, and no `.history` any more where the container is read."""
    container = _container(m, statement)
    name = ".".join(dotted(container) or ()) if container is not None else ""
    if not name:
        return "it is made by a comprehension, or has no name"
    if isinstance(container, Attribute) and any(other is not m for other in context.project.mentioning(container.attr)):
        return "other files read the container"

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod.histories import keep_numbers
        from tflint_mem.codemod.outline import outline

        place = (
            m.calls[expression.number].pos
            if isinstance(expression, CallRef)
            else _place(outline(fx.source), statement, expression)
        )
        if place is None:
            raise NoFix("what is kept is no plain value")
        kept = keep_numbers(fx.source, statement.line, statement.end_line, place, name)
        return Proposal(UNSAFE if kept.read else SAFE, "Keep the numbers only", kept.edits)

    return fix


def _container(m: Module, statement: Statement) -> Expression | None:
    """What the History is put into; None for what a comprehension makes."""
    if isinstance(statement, ExprStatement) and isinstance(statement.value, CallRef):
        added = m.calls[statement.value.number].func
        return added.base if isinstance(added, Attribute) else None
    target = statement.targets[0] if isinstance(statement, Assign) else None
    return target.base if isinstance(target, Subscript) else None


def _place(file: Outline, statement: Statement, expression: Expression) -> Pos | None:
    """Where the name that is kept stands in its statement, as `ast` gives it."""
    import ast

    from tflint_mem.codemod.outline import extent

    found = [
        node
        for node in file.nodes
        if isinstance(node, ast.Name)
        and Name(node.id) == expression
        and isinstance(node.ctx, ast.Load)
        and statement.line <= node.lineno <= statement.end_line
    ]
    return Pos(*extent(found[0])) if len(found) == 1 else None
