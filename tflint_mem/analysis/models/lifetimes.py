"""Which Keras models live on across a place: made before it and used after it, in the same function or its next run."""

from __future__ import annotations

from tflint_mem.facts import Assign, Attribute, Delete, For, Jump, Name, Return, SequenceDisplay, With
from tflint_mem.hardening.budget import settle
from tflint_mem.project.holds.values import Thing
from tflint_mem.project.linking.module import dotted

from . import models

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

# What needs a live model; reading its structure or weights is no use of that kind.
USES = frozenset(
    (
        "fit",
        "fit_generator",
        "train_on_batch",
        "evaluate",
        "evaluate_generator",
        "test_on_batch",
        "predict",
        "predict_on_batch",
        "predict_generator",
        "compile",
        "call",
        "save",
    )
)


def used_after(context: Context, m: Module, i: int):
    """The call that uses a model behind call `i` in the same function although the model was made before it, or None.

    A use counts behind the call on the way down, and in the next pass of a loop around both.
    """
    scope = m.calls[i].scope
    for j, place in model_uses(context, m, scope):
        if not _is_model(context, m, scope, place, m.calls[i].statement):
            continue
        if j > i and meet(m, i, j) and not _made_again(context, m, scope, place, i, j):
            return j
        if _lives_in_loop(context, m, scope, place, i, j):
            return j
    return None


def used_in_loop(context: Context, m: Module, i: int):
    """The same, for a loop around call `i` only: a use in another pass of a model that the loop does not make again."""
    scope = m.calls[i].scope
    for j, place in model_uses(context, m, scope):
        if _is_model(context, m, scope, place, m.calls[i].statement) and _lives_in_loop(context, m, scope, place, i, j):
            return j
    return None


def used_by_next_call(context: Context, m: Module, i: int):
    """A use in the function around call `i` of a model that is kept outside of it and not made there; (use, place) or None."""
    scope = m.calls[i].scope
    for j, place in model_uses(context, m, scope):
        if not _outlives(m, scope, place) or not _is_model(context, m, scope, place, m.calls[j][5]):
            continue
        if not _made_again(context, m, scope, place, -1, len(m.calls)):
            return j, place
    return None


def makers(context: Context, m: Module, scope: int, place: int, at: int):
    """(module, call) of the constructions and loads whose model the name or attribute `place` may hold."""
    found = []
    for v in context.infer.values(m, scope, place, at):
        if isinstance(v, Thing) and v.kind == "model" and v.origin is not None and isinstance(v.origin[1], int):
            found.append((context.project.module(v.origin[0]), v.origin[1]))
    return found


def model_uses(context: Context, m: Module, scope: int):
    """(call, name or attribute) of each use of a Keras model in a function."""
    found = []
    for j in m.scope_calls(scope):
        f = m.calls[j].func
        if isinstance(f, Attribute) and f.attr in USES and dotted(f.base):
            if any(name.startswith("model.") for name in context.project.apis(m, j)):
                found.append((j, f.base))
        elif dotted(f) and "model.__call__" in context.project.apis(m, j):
            found.append((j, f))
    return found


def kept(context: Context, repeat: Repeat, kind):
    """Is what the repeat makes, a thing of this kind, put into a container or under a key somewhere on its way?"""
    for number, (m, i) in enumerate(repeat.hops):
        if number or not repeat.handed:
            if any(isinstance(v, Thing) and v.kind == kind for v in context.infer.call_values(m, i)) and models.stored(
                context, m, i
            ):
                return True
    return False


def in_loop_of_new_models(context: Context, repeat: Repeat, but=()):
    """Is a model made or loaded in each pass of the repeat?  Then it dwarfs what else is made there.

    `but`: (module index, call) of constructions that do not count, since they only wrap a model.
    """
    made = _made_in(context, repeat)
    return not made <= but if but else bool(made)


def new_in_loop(context: Context, repeat: Repeat, values, loaded):
    """Is one of the values a model that each pass of the repeat constructs, or (with `loaded`) loads?"""
    made = _made_in(context, repeat)
    return bool(made) and any(
        isinstance(v, Thing)
        and v.kind == "model"
        and v.origin in made
        and (loaded or any((a.m.index, a.i) == v.origin for a in models.builds(context)))
        for v in values
    )


def _made_in(context: Context, repeat: Repeat):
    """(module index, call) of what makes or loads a model in each pass of the repeat."""
    key = "loops with new models"
    if key not in context.memo:
        found = context.memo[key] = {}
        for acquired in (*models.builds(context), *models.loads(context)):
            for again in context.repeats(acquired.m, acquired.i):
                found.setdefault((again.module.index, again.context, again.scope), set()).add(
                    (acquired.m.index, acquired.i)
                )
    return context.memo[key].get((repeat.module.index, repeat.context, repeat.scope), frozenset())


def _is_model(context: Context, m: Module, scope: int, place: int, at: int):
    return "model" in context.project.kinds(m, scope, place, at)


def _outlives(m: Module, scope: int, place: int):
    """Is the place an attribute, or a name that this function does not bind?"""
    if isinstance(place, Attribute):
        return True
    return place[1] not in m.bindings(scope) or place[1] in m.global_names(scope)


def meet(m: Module, i: int, j: int):
    """Can one run reach call `j` behind call `i`: not in two branches of one `if`, and no unconditional exit in between?"""
    branches = {m.contexts[c].statement: c for c in m.chain(m.calls[i].block) if m.contexts[c].kind == "if"}
    for c in m.chain(m.calls[j].block):
        if m.contexts[c].kind == "if" and branches.get(m.contexts[c].statement, c) != c:
            return False
    first, last = m.calls[i].statement, m.calls[j].statement
    around = set(m.chain(m.calls[i].block)) - set(m.chain(m.calls[j].block))
    for s in range(first, last):
        statement = m.statements[s]
        if statement and statement.block in around and (isinstance(statement, Return) or isinstance(statement, Jump)):
            return False
    return True


def _lives_in_loop(context: Context, m: Module, scope: int, place: int, i: int, j: int):
    """Is `place` used in a loop around both calls and not made again in it?"""
    loops = [c for c in m.loops(m.calls[i].block) if m.inside(m.calls[j].block, c) and m.contexts[c].kind != "comp"]
    if not loops:
        return False
    if context.project.repeats_of.leaving.at_once(m, i, loops[0]):
        return False
    first, last = _span(m, scope, loops[0])
    return not _made_again(context, m, scope, place, first, last, loop=loops[0])


def _span(m: Module, scope: int, loop: int):
    """The call numbers (before the first, behind the last) inside a loop context."""
    inside = [k for k in m.scope_calls(scope) if m.inside(m.calls[k].block, loop)]
    return inside[0] - 1, inside[-1] + 1


def _made_again(context: Context, m: Module, scope: int, place: int, i: int, j: int, loop: int = -1):
    """Does anything between the calls `i` and `j` (and in the loop, if one is given) put something else into `place` or what it hangs on?"""
    prefixes = []
    while isinstance(place, Attribute):
        prefixes.append(place)
        place = place[1]
    prefixes.append(place)
    calls = m.scope_calls(scope)
    first = m.calls[i].statement if i >= calls.start else m.scopes[scope].statements.first
    last = m.calls[j].statement if j < calls.stop else m.scopes[scope].statements.behind - 1
    for s in range(first, last + 1):
        statement = m.statements[s]
        if statement is None or statement.scope != scope or not m.inside(statement.block, loop):
            continue
        if any(_binds(target, prefixes) for target in _targets(statement)):
            return True
    if loop != -1 and any(_binds(target, prefixes) for target in _targets(m.statements[m.contexts[loop].statement])):
        return True
    outlives = isinstance(prefixes[0], Attribute) or place[1] not in m.bindings(scope)
    if not outlives:
        return False
    name = prefixes[0][2] if isinstance(prefixes[0], Attribute) else prefixes[0][1]
    return any(
        sets(context, fm, fs, name)
        for k in range(max(i + 1, calls.start), min(j, calls.stop))
        for fm, fs in context.project.functions_called(m, k)
    )


def sets(context: Context, m: Module, scope: int, name: str):
    """Does a function, or what it calls, assign to an attribute or global of that name?"""
    return (
        settle(
            (m.index, scope),
            lambda function: _sets(context, *function, name),
            context.memo.setdefault(("sets", name), {}),
        )
        > 0
    )


def _sets(context: Context, index, scope: int, name: str):
    m = context.project.module(index)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        for target in _targets(statement) if statement is not None else ():
            if (
                isinstance(target, Attribute)
                and target.attr == name
                or isinstance(target, Name)
                and target.id == name
                and name in m.global_names(scope)
            ):
                return 1, ()
    return 0, ((fm.index, fs) for k in m.scope_calls(scope) for fm, fs in context.project.functions_called(m, k))


def _binds(target, prefixes):
    if isinstance(target, SequenceDisplay):
        return any(_binds(item, prefixes) for item in target[1])
    return target in prefixes


def _targets(statement: int):
    """What a statement binds or deletes."""
    if isinstance(statement, Assign):
        return statement[5]
    if isinstance(statement, For):
        return (statement[5],)
    if isinstance(statement, With):
        return [target for _, target in statement[5] if target is not None]
    if isinstance(statement, Delete):
        return statement[5]
    return ()


# What a pass does that is more than making things: it trains, predicts, takes steps.
_WORK = frozenset(
    (
        "tf.GradientTape",
        "optimizer.apply_gradients",
        "optimizer.minimize",
        "model.fit",
        "model.fit_generator",
        "model.train_on_batch",
        "model.evaluate",
        "model.predict",
        "model.predict_on_batch",
        "model.__call__",
        "saved_model.__call__",
        "tf.function.__call__",
        "interpreter.invoke",
    )
)


def works(context: Context, repeat: Repeat):
    """Does each pass of the repeat train, predict or take steps?  A loop that only makes variables, layers or writers is construction."""
    for number, (m, i) in enumerate(repeat.hops):
        loop = repeat.context if number == 0 and repeat.context is not None else -1
        if number == 0 and repeat.handed:
            continue
        for k in m.scope_calls(m.calls[i].scope):
            if m.inside(m.calls[k].block, loop) and works_in(context, m, k):
                return True
    return False


def works_in(context: Context, m: Module, k):
    """Does call `k`, or what it calls, train, predict or take a step?"""
    if context.project.apis(m, k) & _WORK:
        return True
    memo = context.memo.setdefault("works", {})
    return any(
        settle((fm.index, scope), lambda function: _works(context, *function), memo)
        for fm, scope in context.project.functions_called(m, k)
    )


def _works(context: Context, index, scope: int):
    m = context.project.module(index)
    calls = m.scope_calls(scope)
    if "tf.function" in context.infer.decorator_names(m, scope) or any(
        context.project.apis(m, j) & _WORK for j in calls
    ):
        return 1, ()
    return 0, ((fm.index, s) for j in calls for fm, s in context.project.functions_called(m, j))
