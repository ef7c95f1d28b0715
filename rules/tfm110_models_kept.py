"""Finds models that a search keeps all of, though only the best one is used.

## What it does
Reports the statement that puts the new model of each repeat into a list, a dictionary or an attribute from which afterwards one
model is picked out, or none is used at all, and the result of a Hyperopt objective that carries its model. Ensembles are not
meant: a container that is iterated, returned, handed on or asked for several models is silent, and so is one that is cut or emptied.

## Why is this bad?
Every kept model is alive with its weights, its optimizer's slots and its graphs; no clean-up can free what is still referenced.

## What was measured
4452 KiB per repeat for a model of 4.2 MiB on TensorFlow 2.21; `clear_session()` and `gc.collect()` change nothing.

## Example
```python
models.append(model)
losses.append(model.evaluate(x, y))
...
best = models[np.argmin(losses)]
```

Use instead:
```python
if loss < best_loss:
    best_loss, best_weights = loss, model.get_weights()
```

Or save each model to a file and load the best one.

## Fix safety
There is no automatic fix: what should be kept of each model is a decision.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import models
from tflint_mem.analysis.passes import kept
from tflint_mem.facts import Assign, Attribute, CallRef, DictDisplay, Reference
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Pos
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

CODE = "TFM110"
MEASURED = "4452 KiB per repeat for a model of 4.2 MiB (TF 2.21); clear_session() and gc.collect() change nothing"
HELP = "keep the weights of the best model only (`get_weights()`), or save each model and load the best one"


def find(context: Context):
    """Keeping statements of models that are new in each repeat."""
    seen = set()
    for m, i in _makers(context):
        for hm, hi in _givers(context, m, i):
            for draft in (*_in_containers(context, hm, hi), *_in_results(context, hm, hi)):
                key = (draft.m.index, draft.site)
                if key not in seen:
                    seen.add(key)
                    yield draft


def _makers(context: Context):
    for acquired in context.each((*models.builds(context), *models.loads(context))):
        yield acquired.m, acquired.i


def _givers(context: Context, m: Module, i: int):
    """The call itself and the calls of functions that return what it makes."""
    queue, found = [(m, i)], []
    while queue and len(found) < 24:
        hm, hi = queue.pop(0)
        if (hm, hi) in found:
            continue
        found.append((hm, hi))
        if hm.calls[hi].scope and models.returned_from(hm, hi):
            queue.extend((om, oi) for om, oi, how in context.project.callers(hm, hm.calls[hi].scope) if how == "call")
    return found


def _in_containers(context: Context, m: Module, i: int):
    call = m.calls[i]
    wanted = _wanted(m, i)
    for keeping in kept.in_scope(context, m, call.scope):
        if not any(value in wanted for value in keeping.values):
            continue
        repeat = _new_in_each(context, m, i, keeping)
        if repeat is None:
            continue
        fate = kept.fate(context, keeping, repeat.context if repeat.local else -1)
        if (
            fate not in (kept.NOTHING, kept.ONE)
            or fate == kept.NOTHING
            and (isinstance(keeping.container, Attribute) or m.notebook)
        ):
            continue
        pos = kept.position(m, keeping.s)
        yield Draft(
            code=CODE,
            m=m,
            pos=pos,
            message=f"keeps the model of each repeat, made {context.when(repeat, m)}, though "
            + ("one of them is used afterwards" if fate == kept.ONE else "none of them is used afterwards"),
            measured=MEASURED,
            help=HELP,
            trace=_trace(context, repeat, m, pos, "keeps it"),
            noqa_row=m.statements[keeping.s][4],
            site=keeping.s,
        )


def _wanted(m: Module, i: int):
    """The expressions that stand for the model in its function: the call, or the name it is assigned to."""
    statement = m.statements[m.calls[i].statement]
    wanted = [F.CallRef(i)]
    if isinstance(statement, Assign) and statement.value == CallRef(i):
        wanted.extend(t for t in statement.targets if isinstance(t, Reference))
    return wanted


def _new_in_each(context: Context, m: Module, i: int, keeping):
    """The repeat in which both the model is made and the statement keeps it."""
    statement = m.statements[keeping.s]
    for repeat in context.repeats(m, i):
        if repeat.count is not None and repeat.count <= 3 or repeat.handed or repeat.kind not in ("loop", "while"):
            continue
        loop = repeat.context if repeat.local else -1
        if m.inside(statement[2], loop) and not any(
            m.inside(m.statements[s][2], loop) for s in kept.empty_at(context, m, statement[1], keeping.container)
        ):
            return repeat
    return None


def _in_results(context: Context, m: Module, i: int):
    """`return {"loss": …, "model": model}` in a Hyperopt objective: the trials keep it."""
    call = m.calls[i]
    wanted = _wanted(m, i)
    for s in sorted(s for jumps in m.jumps(call.scope).values() for s, what in jumps if what == "return"):
        statement = m.statements[s]
        if (
            statement[5] is None
            or not isinstance(statement[5], DictDisplay)
            or not any(v in wanted for v in statement[5].values)
        ):
            continue
        for other, k, how in context.project.callers(m, call.scope):
            if how == "objective" and any(name.startswith("hyperopt.") for name in context.project.apis(other, k)):
                yield Draft(
                    code=CODE,
                    m=m,
                    pos=statement[6],
                    message="the result of each trial carries its model, and Hyperopt's trials keep every result",
                    measured=MEASURED,
                    help="leave the model out of the result; build it again from the best parameters, or save its weights to a file",
                    trace=(
                        TraceStep(
                            other,
                            other.calls[k][6][0],
                            other.calls[k][6][1],
                            "runs the objective and keeps its results",
                        ),
                    ),
                    noqa_row=statement.end_line,
                    site=s,
                )
                break


def _trace(context: Context, repeat: Repeat, m: Module, pos: Pos, last):
    return context.trace(repeat, "makes a new model", TraceStep(m, pos.line, pos.column, last))
