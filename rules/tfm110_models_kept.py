"""Finds models that a search keeps all of, though only the best one is used.

## What it does
Reports the statement that puts the new model of each repeat into a list, a dictionary or an attribute from which
afterwards one model is picked out, or none is used at all, and the result of a Hyperopt objective that carries its
model. Ensembles are not meant: a container that is iterated, returned, handed on or asked for several models is silent,
and so is one that is cut or emptied.

## Why is this bad?
Every kept model is alive with its weights, its optimizer's slots and its graphs; no clean-up can free what is still
referenced.

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

from tflint_mem.analysis.models import handed_out, models
from tflint_mem.analysis.passes import kept
from tflint_mem.facts import Attribute, DictDisplay, Return
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.passes.kept import Keeping
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

CODE = "TFM110"
MEASURED = "4452 KiB per repeat for a model of 4.2 MiB (TF 2.21); clear_session() and gc.collect() change nothing"
HELP = "keep the weights of the best model only (`get_weights()`), or save each model and load the best one"
HELP_TRIALS = (
    "leave the model out of the result; build it again from the best parameters, or save its weights to a file"
)


def find(context: Context) -> Iterator[Draft]:
    """Keeping statements of models that are new in each repeat."""
    seen: set[tuple[int, int | None]] = set()  # index of a module, statement
    for acquired in context.each((*models.builds(context), *models.loads(context))):
        for m, i in handed_out.givers(context, acquired.m, acquired.i):
            for draft in (*_in_containers(context, m, i), *_in_results(context, m, i)):
                key = (draft.m.index, draft.site)
                if key not in seen:
                    seen.add(key)
                    yield draft


def _in_containers(context: Context, m: Module, i: int) -> Iterator[Draft]:
    """Containers of the function that get the model in each repeat."""
    wanted = handed_out.standing_for(m, i)
    for keeping in kept.in_scope(context, m, m.calls[i].scope):
        if not any(value in wanted for value in keeping.values):
            continue
        repeat = next(_new_in_each(context, m, i, keeping), None)
        if repeat is None:
            continue
        fate = kept.fate(context, keeping)
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
            trace=context.trace(
                repeat,
                "makes a new model",
                TraceStep.at(m, pos, "keeps it"),
                ways=_new_in_each(context, m, i, keeping),
            ),
            noqa_row=m.statements[keeping.s].end_line,
            site=keeping.s,
        )


def _new_in_each(context: Context, m: Module, i: int, keeping: Keeping) -> Iterator[Repeat]:
    """The repeats in which both the model is made and the statement keeps it."""
    statement = m.statements[keeping.s]
    for repeat in context.repeats(m, i):
        if repeat.count is not None and repeat.count <= 3 or repeat.handed or repeat.kind not in ("loop", "while"):
            continue
        loop = repeat.region
        if m.inside(statement.block, loop) and not any(
            m.inside(m.statements[s].block, loop) for s in kept.empty_at(context, m, statement.scope, keeping.container)
        ):
            yield repeat


def _in_results(context: Context, m: Module, i: int) -> Iterator[Draft]:
    """`return {"loss": …, "model": model}` in a Hyperopt objective: the trials keep it."""
    scope = m.calls[i].scope
    wanted = handed_out.standing_for(m, i)
    for s in sorted(s for jumps in m.jumps(scope).values() for s, what in jumps if what == "return"):
        statement = m.statements[s]
        if (
            not isinstance(statement, Return)
            or not isinstance(statement.value, DictDisplay)
            or not any(v in wanted for v in statement.value.values)
        ):
            continue
        for other, k, how in context.project.callers(m, scope):
            if how == "objective" and any(name.startswith("hyperopt.") for name in context.project.apis(other, k)):
                yield Draft(
                    code=CODE,
                    m=m,
                    pos=statement.pos,
                    message="the result of each trial carries its model, and Hyperopt's trials keep every result",
                    measured=MEASURED,
                    help=HELP_TRIALS,
                    trace=(TraceStep.at(other, other.calls[k].pos, "runs the objective and keeps its results"),),
                    noqa_row=statement.end_line,
                    site=s,
                )
                break
