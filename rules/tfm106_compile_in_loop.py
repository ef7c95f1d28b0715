"""Finds a model that is compiled anew before each training.

## What it does
Reports `compile` called on one and the same model at a place that repeats, when the model is trained there as well.

## Why is this bad?
`compile` throws the traced training function away; the next `fit` traces a new one. On TensorFlow 2.14 and later the old one never
goes: tracing registers a custom gradient that pins the graph, with its captured weights and the slots of every old optimizer.

## What was measured
KiB per repeat, kept for ever, TensorFlow 2.21 / 2.15, model of 4.2 MiB: 688 / 7687 with SGD, 13821 / 14228 with Adam. Compiled once
and fitted in a loop: 0 / 1.

A training in turns that freezes one part, compiles, frees it and freezes another (two layers of 1024 units, Adam) keeps 5540 per round.

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
Moving the compile before the loop is offered where the optimizer keeps no state from repeat to repeat (plain SGD), or is made before the loop
already. Elsewhere it would change the results: the moments of Adam, which began anew with each compile, would go on. It is unsafe all the same.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import lifetimes, optimizers
from tflint_mem.analysis.models import models as _models
from tflint_mem.analysis.passes import hot, trials
from tflint_mem.analysis.program import backends, modes
from tflint_mem.facts import Assign, Attribute, CallRef, Constant, Name
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import TRAINING_METHODS
from tflint_mem.project.holds.values import Instance, Thing
from tflint_mem.project.repeats.reach import run_by

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM106"
MEASURED = "13821 KiB per repeat with Adam, 688 with SGD for a model of 4.2 MiB stay for ever (TF 2.21; 14228 and 7687 on 2.15)"
MEASURED_TURNS = "5540 KiB per round of freeze, compile, fit, free, compile, fit stay for ever for two layers of 1024 units with Adam (TF 2.21)"
_HELP = "compile once; to change the learning rate assign it: model.optimizer.learning_rate = …"
_HELP_TURNS = (
    "make a model for each turn of the same layers, set what it trains, compile each once, and fit them in turns"
)
FIRST_PINNED = (2, 14)
MAX_DEPTH = 3


def find(context: Context):
    """Compiles of a model that was made before the repeat, with a training in the same repeat."""
    known = context.project.versions.at_least(*FIRST_PINNED)
    if known is False:
        return
    for m, i, _ in context.calls(("compile",), frozenset(("model.compile",))):
        if backends.other(context, m) or modes.in_graph(context, m) or context.project.versions.uses_removed(m):
            continue  # nothing is pinned there
        repeat = context.project.repeats(m, i, lambda r, m=m, i=i: _one_model_trained(context, m, i, r))
        if repeat is None:
            continue
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{_models.text(m, i)}` compiles the same model again {context.when(repeat, m)}"
            + (";" if known else "; on TensorFlow 2.14 and later")
            + " the old training graph and optimizer stay for the life of the process",
            measured=MEASURED_TURNS if _alternates(m, i, repeat) else MEASURED,
            help=_HELP_TURNS if _alternates(m, i, repeat) else _HELP,
            trace=context.trace(repeat, "compiles the model again"),
            fix=_fix(context, m, i, repeat),
        )


def _one_model_trained(context: Context, m: Module, i: int, repeat: Repeat):
    if repeat.count is not None and repeat.count <= 3:
        return False  # two or three phases, as when layers are unfrozen
    place = m.calls[i].func[1]
    models = {
        v
        for v in context.infer.values(m, m.calls[i].scope, place, m.calls[i].statement)
        if isinstance(v, (Thing, Instance))
    }
    known = {v for v in models if isinstance(v, Instance) or v.origin is not None}
    if (
        place[:2] == ("a", Name("self"))
        and trials.new_owner(context, repeat)
        or any(_made_in(context, v, repeat) for v in known)
        or not known
        and not _stays(context, repeat, place)
        or _unfreezes(m, i, repeat)
    ):
        return False  # another model each time
    if _goes_through(context, repeat, len(repeat.hops) - 1, place, m.calls[i].statement):
        return False  # the next one of a list of models
    for position, (hm, hi) in enumerate(repeat.hops):
        scope, loop = hm.calls[hi].scope, repeat.context if position == 0 and repeat.context is not None else -1
        last = position == len(repeat.hops) - 1
        if (
            _trained_in(context, hm, scope, repeat, known)
            or (last or known)
            and _trained_by_callees(context, hm, scope, loop, place if last else None, known)
        ):
            return True
    return False


def _goes_through(context: Context, repeat: Repeat, hop, place: int, at: int):
    """Is the model at a hop what the repeat's own loop goes through, by its name or as an argument of the call before?"""
    waiting, seen = [(hop, place, at)], set()
    for hop, place, at in waiting:
        m, i = repeat.hops[hop]
        scope = m.calls[i][3]
        while isinstance(place, Attribute):
            place = place[1]
        if not isinstance(place, Name) or (hop, place, at) in seen:
            continue
        seen.add((hop, place, at))
        context.project.searches.count("what a loop goes through")
        bindings = m.bindings(scope).get(place[1], ())
        for kind, statement, _, expression, _ in context.infer.reaching(m, bindings, at) if bindings else ():
            if (
                kind == "iter"
                and hop == 0
                and repeat.context is not None
                and statement == m.contexts[repeat.context][2]
            ):
                return True
            if kind == "assign":
                waiting.append((hop, expression, statement))
            elif kind == "param" and hop > repeat.handed:
                caller, j = repeat.hops[hop - 1]
                given = context.infer.argument(m, scope, expression, caller, j)
                if given is not None:
                    waiting.append((hop - 1, given, caller.calls[j][5]))
    return False


def _stays(context: Context, repeat: Repeat, place: int):
    """Does the name of a model that nobody is seen to make surely hold the same one in each repeat?"""
    return hot.steady(context, repeat, place) and not any(
        lifetimes.sets(context, m, m.calls[i].scope, place[2]) for m, i in repeat.hops if isinstance(place, Attribute)
    )


def _made_in(context: Context, v: Value, repeat: Repeat):
    """Is the model made anew in the repeat (then it is TFM102's)?"""
    if isinstance(v, Instance):  # a project class has no single place where it is made
        for position, (hm, hi) in enumerate(repeat.hops):
            loop = repeat.context if position == 0 and repeat.context is not None else -1
            for j in hm.scope_calls(hm.calls[hi].scope) if loop != -1 or hm.calls[hi].scope else ():
                if (
                    hm.inside(hm.calls[j].block, loop)
                    and "new:model" in context.project.apis(hm, j)
                    and v in context.infer.call_values(hm, j)
                ):
                    return True
        return False
    if not isinstance(v, Thing) or v.origin is None or not isinstance(v.origin[1], int):
        return False
    om, oi = context.project.module(v.origin[0]), v.origin[1]
    for hm, hi in repeat.hops:
        if om is hm and om.calls[oi].scope == hm.calls[hi][3]:
            if (hm, hi) == repeat.hops[0] and repeat.context is not None:
                return om.inside(om.calls[oi].block, repeat.context)
            return om.calls[oi].scope != 0
    return context.first_repeat(om, oi) is not None or _returned_in(context, v, repeat)


def _returned_in(context: Context, v: Value, repeat: Repeat):
    """Does a function that the repeat calls make the model and return it?"""
    om, oi = context.project.module(v[2][0]), v[2][1]
    maker = (om.index, om.calls[oi][3])
    if (
        not om.calls[oi][3]
        or context.project.repeats_of.guards.once(om, oi, -1)
        or context.project.repeats_of.guards.cached(om, om.calls[oi][3])
    ):
        return False
    for position, (hm, hi) in enumerate(repeat.hops):
        loop = repeat.context if position == 0 and repeat.context is not None else -1
        for j in hm.scope_calls(hm.calls[hi].scope):
            if (
                hm.inside(hm.calls[j].block, loop)
                and v in context.infer.call_values(hm, j)
                and _reaches(context, hm, j, maker)
            ):
                return True
    return False


def _reaches(context: Context, m: Module, j: int, maker):
    """Does call `j` run the function `maker`, itself or through functions that it calls?"""
    return any(
        (fm.index, scope) == maker
        for fm, scope, _ in run_by(context.project, "where a model is made", m, (j,), MAX_DEPTH)
    )


def _trained_in(context: Context, m: Module, scope: int, repeat: Repeat, models):
    for j in m.scope_calls(scope):
        f = m.calls[j].func
        if (
            isinstance(f, Attribute)
            and f.attr in TRAINING_METHODS
            and not models.isdisjoint(context.infer.values(m, scope, f.base, m.calls[j].statement))
        ):
            if (
                repeat.module is not m
                or repeat.context is None
                or len(repeat.hops) > 1
                or m.inside(m.calls[j].block, repeat.context)
            ):
                return True
    return False


def _trained_by_callees(context: Context, m: Module, scope: int, loop: int, place: int, models):
    """Is the model trained in a function of the project that is called in this part of the scope: `train(model, data)`, `self.train(data)`?"""
    waiting, seen = [(m, scope, place, 0)], set()
    for fm, s, place, depth in waiting:
        context.project.searches.count("where a model is trained")
        for j in fm.scope_calls(s):
            call = fm.calls[j]
            if depth == 0 and not fm.inside(call.block, loop):
                continue
            f = call.func
            if (
                isinstance(f, Attribute)
                and f.attr in TRAINING_METHODS
                and (
                    f.base == place
                    or models
                    and not models.isdisjoint(context.infer.values(fm, s, f.base, call.statement))
                )
            ):
                return True
            for gm, g in context.project.functions_called(fm, j) if depth < MAX_DEPTH else ():
                inner = _passed(context, fm, j, gm, g, place)
                if (inner is not None or models) and (gm.index, g, inner) not in seen:
                    seen.add((gm.index, g, inner))
                    waiting.append((gm, g, inner, depth + 1))
    return False


def _passed(context: Context, m: Module, j: int, fm: Module, scope: int, place: int):
    """How the function that call `j` runs names what is `place` here: a parameter, the same attribute of `self`, or None."""
    if place is None:
        return None
    if isinstance(place, Attribute) and place[1] == Name("self") and m.calls[j].func[:2] == ("a", Name("self")):
        return place
    for index, param in enumerate(fm.scopes[scope].parameters):
        if param.kind in ("p", "k") and context.infer.argument(fm, scope, index, m, j) == place:
            return F.Name(param.name)
    return None


def _switches(m: Module, i: int, repeat: Repeat):
    """The values that each repeat gives to `trainable` in the function around the compile."""
    found, region = set(), repeat.context if repeat.local else -1
    for s in m.scope_statements(m.calls[i].scope):
        statement = m.statements[s]
        if (
            statement
            and isinstance(statement, Assign)
            and m.inside(statement.block, region)
            and any(isinstance(t, Attribute) and t.attr == "trainable" for t in statement.targets)
        ):
            found.add(statement.value)
    return found


def _unfreezes(m: Module, i: int, repeat: Repeat):
    """Does the repeat change `trainable`, one part after the other?  Then compiling again is right."""
    return bool(_switches(m, i, repeat)) and not _alternates(m, i, repeat)


def _alternates(m: Module, i: int, repeat: Repeat):
    """Does it freeze one part and free another, as a training in turns does?  Then a compiled model for each turn serves all rounds."""
    return _switches(m, i, repeat) >= {Constant(True), Constant(False)}


def _fix(context: Context, m: Module, i: int, repeat: Repeat):
    if not repeat.local:
        return "what repeats it stands in another function"
    return _hoist(m, i) if _keeps_nothing(context, m, i, repeat) else optimizers.BEGINS_ANEW


def _keeps_nothing(context: Context, m: Module, i: int, repeat: Repeat):
    """Does training go on as before when the optimizer is not made anew: is it plain SGD, or made before the loop already?"""
    optimizer = context.argument(m, i, 0, "optimizer")
    if optimizer is None:
        return False  # RMSprop
    if isinstance(optimizer, Constant):
        return isinstance(optimizer.value, str) and optimizer.value.lower() == "sgd"
    if isinstance(optimizer, CallRef):
        return optimizers.plain(context, m, optimizer.number)
    kinds = context.kinds(m, i, optimizer)
    return (
        kinds == {"optimizer"}
        and hot.steady(context, repeat, optimizer)
        and not hot.made_in_pass(
            context, repeat, context.infer.values(m, m.calls[i].scope, optimizer, m.calls[i].statement)
        )
    )


def _hoist(m: Module, i: int):
    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        edits, _ = do.outermost_loop(
            view, call, lambda loop: do.hoist_statement(view, view.statement(call), loop, call=call)
        )
        return UNSAFE, "Compile once before the loop", edits

    return fix
