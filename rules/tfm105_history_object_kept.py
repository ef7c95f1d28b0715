"""Finds `History` objects that keep the models they were made by.

## What it does
Reports a container or attribute that collects the results of `fit` (`histories.append(model.fit(…))`, `runs[name] = model.fit(…)`)
when each result comes from a model of its own.

## Why is this bad?
A `History` is a callback: its `model` attribute holds the model it watched. A list of histories is therefore a list of models,
with their weights and optimizer state. What people want from it, the numbers, is the plain dictionary `.history`.

## What was measured
KiB per repeat on TensorFlow 2.21, model of 4.2 MiB: +1350 on top of what `fit` itself keeps (6373 against 5016 with the dictionary).
Histories of one and the same model cost nothing.

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

This frees the models that the histories kept. It does not cure what training a new model in each repeat keeps on TensorFlow 2.14
and later: that is TFM102.

## Fix safety
Appending `.history` is safe where nothing else reads the container. Where it is read, the readers lose their `.history` too, which is unsafe; where one
reads anything else of the History, there is no fix.
"""

from __future__ import annotations

from itertools import count
from operator import itemgetter

from tflint_mem import facts as F
from tflint_mem.analysis.models import models
from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    DictDisplay,
    ExprStatement,
    Name,
    Reference,
    Subscript,
    TupleDisplay,
)
from tflint_mem.finding import SAFE, UNSAFE
from tflint_mem.project.holds.values import Thing
from tflint_mem.project.linking.module import dotted, tail_of, walk
from tflint_mem.ruleset.draft import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM105"
TRAINING = frozenset(("fit", "fit_generator"))
MEASURED = "+1350 KiB per repeat for a model of 4.2 MiB, on top of what fit keeps (TF 2.21); histories of one model: 0"


def find(context: Context):
    """Statements that keep a History in a repeat, when its model is new in each."""
    seen = set()
    for m, i, _ in context.calls(TRAINING, frozenset("model." + name for name in TRAINING)):
        for hm, hi in _givers(context, m, i):
            for s, expression in _keeping(context, hm, hi):
                if (hm.index, s) not in seen:
                    draft = _draft(context, hm, s, expression, m, i)
                    if draft is not None:
                        seen.add((hm.index, s))
                        yield draft


def _givers(context: Context, m: Module, i: int):
    """The fit itself and the calls of functions that return its History."""
    queue, found = [(m, i)], []
    while queue and len(found) < 24:
        hm, hi = queue.pop(0)
        if (hm, hi) in found:
            continue
        found.append((hm, hi))
        if hm.calls[hi].scope and models.returned_from(hm, hi):
            queue.extend((om, oi) for om, oi, how in context.project.callers(hm, hm.calls[hi].scope) if how == "call")
    return found


def _keeping(context: Context, m: Module, i: int):
    """(statement, kept expression) in the scope of call `i` that put its result into a container, directly or by its name."""
    call = m.calls[i]
    own = m.statements[call.statement]
    wanted = [F.CallRef(i)]
    if isinstance(own, Assign) and own.value == CallRef(i):
        wanted.extend(t for t in own.targets if isinstance(t, Reference))
    key = ("kept in containers", m.index, call.scope)
    if key not in context.memo:
        context.memo[key] = _all_kept(m, call.scope)
    for _, s, expression in sorted(
        (place for each in dict.fromkeys(wanted) for place in context.memo[key].get(each, ())), key=itemgetter(0)
    ):
        yield s, expression


def _all_kept(m: Module, scope: int):
    """{expression: [(number, statement, expression)]} of all that a scope puts into containers."""
    found, numbers = {}, count()
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is None:
            continue
        for value in _kept_values(m, statement):
            for expression in (
                value.items
                if isinstance(value, TupleDisplay)
                else value.values
                if isinstance(value, DictDisplay)
                else (value,)
            ):
                found.setdefault(expression, []).append((next(numbers), s, expression))
    return found


def _kept_values(m: Module, statement: int):
    """What `container.append(x)`, `container[key] = x` and `[x for …]` keep."""
    if isinstance(statement, ExprStatement) and isinstance(statement[5], CallRef):
        call = m.calls[statement[5][1]]
        if isinstance(call[0], Attribute) and call[0][2] in ("append", "add", "appendleft") and call[1]:
            yield call[1][0]
    elif isinstance(statement, Assign) and statement[6] is not None:
        if any(isinstance(t, Subscript) for t in statement[5]):
            yield statement[6]
        for e in walk(statement[6]):
            if isinstance(e, Comprehension) and e[1] in ("list", "dict"):
                yield e[2][-1]


def _draft(context: Context, m: Module, s: int, expression: Expression, fm: Module, fit):
    statement = m.statements[s]
    repeat = _repeat(context, m, s, expression, fit if fm is m and fm.calls[fit][3] == statement.scope else None)
    if repeat is None or not _new_model(context, fm, fit, repeat):
        return None
    return Draft(
        code=CODE,
        m=m,
        pos=_position(m, s, statement),
        message=f"keeps the History of a new model {context.when(repeat, m)}, and through its `model` attribute the model itself",
        measured=MEASURED,
        help="keep the numbers, `.history`; this does not cure what training new models in one process keeps (TFM102)",
        trace=context.trace(repeat, "trains the model whose history is kept") if repeat.hops[-1][0] is m else (),
        fix=_numbers(context, m, expression, s),
        noqa_row=statement.end_line,
        site=s,
    )


def _position(m: Module, s: int, statement: int):
    """The statement itself; of a comprehension, too, the statement that it is in."""
    calls = [m.calls[i] for i in m.calls_of(s)]
    column = 0
    if isinstance(statement, ExprStatement):
        column = m.calls[statement[5][1]][6][1]
    end = max((c.pos[2:] for c in calls), default=(statement[4], 0))
    return (statement[3], column, end[0], end[1])


def _repeat(context: Context, m: Module, s: int, expression: Expression, fit):
    """The repeat of the keeping statement: of the loop around it, or through the callers of its function."""
    calls = m.calls_of(s)
    here = expression.number if isinstance(expression, CallRef) else calls[-1] if calls else fit
    if here is None:
        return None
    return context.project.repeats(m, here, lambda r: r.count is None or r.count > 1)


def _new_model(context: Context, fm: Module, fit, repeat: Repeat):
    """Is the fitted model made inside the repeat?"""
    receiver = context.receiver(fm, fit)
    if receiver is None:
        return False
    call = fm.calls[fit]
    origins = [
        v for v in context.infer.values(fm, call[3], receiver, call[5]) if isinstance(v, Thing) and v.kind == "model"
    ]
    if not origins:
        return False
    for v in origins:
        if v.origin is None or not isinstance(v.origin[1], int):
            return False
        om, oi = context.project.module(v.origin[0]), v.origin[1]
        made = context.first_repeat(om, oi)
        if made is None:
            return False
        if (
            om is repeat.module
            and repeat.context is not None
            and om.calls[oi].scope == repeat.module.statements[repeat.module.contexts[repeat.context][2]][1]
        ):
            if not om.inside(om.calls[oi].block, repeat.context):
                return False
    return True


def _numbers(context: Context, m: Module, expression: Expression, s: int):
    """`.history` on what is kept, and no `.history` any more where the container is read."""
    statement = m.statements[s]
    if isinstance(statement, ExprStatement):
        container = m.calls[statement.value[1]].func[1]
    else:
        container = statement[5][0].base if isinstance(statement[5][0], Subscript) else ()
    name = ".".join(dotted(container) or ()) if container else ""
    if not name:
        return "it is made by a comprehension, or has no name"
    tail = tail_of(container)
    if isinstance(container, Attribute) and any(other is not m for other in context.project.mentioning(tail)):
        return "other files read the container"

    def fix(fx: FixContext):
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod.histories import keep_numbers
        from tflint_mem.codemod.outline import outline

        place = (
            m.calls[expression.number].pos
            if isinstance(expression, CallRef)
            else _place(outline(fx.source), statement, expression)
        )
        if place is None:
            raise NoFix("what is kept is no plain value")
        edits, read = keep_numbers(fx.source, statement.line, statement.end_line, place, name)
        return UNSAFE if read else SAFE, "Keep the numbers only", edits

    return fix


def _place(file, statement: int, expression: Expression):
    """Where the name that is kept stands in its statement, as `ast` gives it."""
    import ast

    found = [
        node
        for node in file.nodes
        if isinstance(node, ast.Name)
        and Name(node.id) == expression
        and isinstance(node.ctx, ast.Load)
        and statement[3] <= node.lineno <= statement[4]
        and not isinstance(node, ast.Attribute)
    ]
    return (
        (found[0].lineno, found[0].col_offset, found[0].end_lineno, found[0].end_col_offset)
        if len(found) == 1
        else None
    )
