"""Which Keras models live on across a place?

Those made before it and used after it: in the same function, in the next pass of a loop around it, or in the next run
of the function.  Also: is what a repeat makes kept, does each pass make a model, does each pass do work?  A place that
something else may have been put into on the way counts as made anew, so a model that does live on may be missed.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Delete,
    For,
    Jump,
    Name,
    Reference,
    Return,
    SequenceDisplay,
    With,
    dotted,
    tail_of,
)
from tflint_mem.hardening.budget import settle
from tflint_mem.project.holds.values import CallOrigin, Thing

from .origins import builds, loads
from .stored import stored

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from collections.abc import Set as AbstractSet

    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    Key = tuple[int, int]  # the index of a module, and the number of a call or a scope in it
    Use = tuple[int, Reference]  # a call that uses a model, and the name or attribute that holds the model
    Loop = tuple[int, int | None, int | None]  # a repeat: its module, block and scope

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


def used_after(context: Context, m: Module, i: int) -> int | None:
    """The call that uses a model behind call `i` in the same function although the model was made before it, or None.

    A use counts behind the call on the way down, and in the next pass of a loop around both.
    """
    scope = m.calls[i].scope
    for j, place in model_uses(context, m, scope):
        if not is_model(context, m, scope, place, m.calls[i].statement):
            continue
        if j > i and meet(m, i, j) and not _made_again(context, m, scope, place, i, j):
            return j
        if lives_in_loop(context, m, scope, place, i, j):
            return j
    return None


def used_in_loop(context: Context, m: Module, i: int) -> int | None:
    """The same, for a loop around call `i` only.

    That is a use in another pass of a model that the loop does not make again.
    """
    scope = m.calls[i].scope
    for j, place in model_uses(context, m, scope):
        if is_model(context, m, scope, place, m.calls[i].statement) and lives_in_loop(context, m, scope, place, i, j):
            return j
    return None


def outliving(context: Context, m: Module, i: int, place: Expression) -> Repeat | None:
    """A way in which call `i` repeats while the model in `place` is not made again, or None."""
    made = makers(context, m, m.calls[i].scope, place, m.calls[i].statement)
    if not made:
        return None
    for repeat in context.repeats(m, i):
        again = {(other.module.index, other.block, other.scope) for mm, mi in made for other in context.repeats(mm, mi)}
        if (repeat.module.index, repeat.block, repeat.scope) not in again:
            return repeat
    return None


def used_by_next_call(context: Context, m: Module, i: int) -> Use | None:
    """A use in the function around call `i` of a model that is kept outside of it and not made there, or None."""
    scope = m.calls[i].scope
    for j, place in model_uses(context, m, scope):
        if not _outlives(m, scope, place) or not is_model(context, m, scope, place, m.calls[j].statement):
            continue
        if not _made_again(context, m, scope, place, -1, len(m.calls)):
            return j, place
    return None


def makers(context: Context, m: Module, scope: int, place: Expression, at: int) -> list[Site]:
    """The constructions and loads whose model the name or attribute `place` may hold."""
    found = []
    for v in context.infer.values(m, scope, place, at):
        if isinstance(v, Thing) and v.kind == "model" and isinstance(v.origin, CallOrigin):
            found.append((context.project.module(v.origin.module), v.origin.call))
    return found


def model_uses(context: Context, m: Module, scope: int) -> list[Use]:
    """Each use of a Keras model in a function that a name or a dotted name holds."""
    found: list[Use] = []
    for j in m.scope_calls(scope):
        f = m.calls[j].func
        if not isinstance(f, Reference):
            continue
        if isinstance(f, Attribute) and f.attr in USES and isinstance(f.base, Reference) and dotted(f.base):
            if any(name.startswith("model.") for name in context.project.apis(m, j)):
                found.append((j, f.base))
        elif dotted(f) and "model.__call__" in context.project.apis(m, j):
            found.append((j, f))
    return found


def kept(context: Context, repeat: Repeat, kind: str) -> bool:
    """Is what the repeat makes, a thing of this kind, put into a container or under a key somewhere on its way?"""
    for number, (m, i) in enumerate(repeat.hops):
        if number or not repeat.handed:
            made = context.infer.call_values(m, i)
            if any(isinstance(v, Thing) and v.kind == kind for v in made) and stored(context, m, i):
                return True
    return False


def in_loop_of_new_models(context: Context, repeat: Repeat, but: Collection[Key] = ()) -> bool:
    """Is a model made or loaded in each pass of the repeat?  Then it dwarfs what else is made there.

    `but`: (module index, call) of constructions that do not count, since they only wrap a model.
    """
    made = _made_in(context, repeat)
    return any(each not in but for each in made)


def new_in_loop(context: Context, repeat: Repeat, values: Iterable[Value], loaded: bool) -> bool:
    """Is one of the values a model that each pass of the repeat constructs, or (with `loaded`) loads?"""
    made = _made_in(context, repeat)
    if not made:
        return False
    for v in values:
        if isinstance(v, Thing) and v.kind == "model" and isinstance(v.origin, CallOrigin):
            maker = (v.origin.module, v.origin.call)
            if maker in made and (loaded or any((a.m.index, a.i) == maker for a in builds(context))):
                return True
    return False


def _made_in(context: Context, repeat: Repeat) -> AbstractSet[Key]:
    """The calls that make or load a model in each pass of the repeat."""
    return loops_with_new_models(context).get((repeat.module.index, repeat.block, repeat.scope), frozenset())


def loops_with_new_models(context: Context) -> dict[Loop, set[Key]]:
    """repeat -> the calls that make or load a model in each of its passes."""
    return context.once("loops with new models", lambda: _loops_with_new_models(context))


def _loops_with_new_models(context: Context) -> dict[Loop, set[Key]]:
    found: dict[Loop, set[Key]] = {}
    for acquired in (*builds(context), *loads(context)):
        for again in context.repeats(acquired.m, acquired.i):
            loop = (again.module.index, again.block, again.scope)
            found.setdefault(loop, set()).add((acquired.m.index, acquired.i))
    return found


def is_model(context: Context, m: Module, scope: int, place: Expression, at: int) -> bool:
    return "model" in context.project.kinds(m, scope, place, at)


def _outlives(m: Module, scope: int, place: Expression) -> bool:
    """Is the place an attribute, or a name that this function does not bind?"""
    if not isinstance(place, Name):
        return True
    return place.id not in m.bindings(scope) or place.id in m.global_names(scope)


def meet(m: Module, i: int, j: int) -> bool:
    """Can one run reach call `j` behind call `i`?

    Not in two branches of one `if`, nor with an unconditional exit in between.
    """
    branches = {m.blocks[b].statement: b for b in m.chain(m.calls[i].block) if m.blocks[b].kind == "if"}
    for b in m.chain(m.calls[j].block):
        if m.blocks[b].kind == "if" and branches.get(m.blocks[b].statement, b) != b:
            return False
    first, last = m.calls[i].statement, m.calls[j].statement
    around = set(m.chain(m.calls[i].block)) - set(m.chain(m.calls[j].block))
    for s in range(first, last):
        statement = m.statements[s]
        if statement.block in around and isinstance(statement, (Return, Jump)):
            return False
    return True


def lives_in_loop(context: Context, m: Module, scope: int, place: Expression, i: int, j: int) -> bool:
    """Is `place` used in a loop around both calls and not made again in it?"""
    loops = [b for b in m.loops(m.calls[i].block) if m.inside(m.calls[j].block, b) and m.blocks[b].kind != "comp"]
    if not loops:
        return False
    if context.project.repeats_of.leaving.at_once(m, i, loops[0]):
        return False
    first, last = _span(m, scope, loops[0])
    return not _made_again(context, m, scope, place, first, last, loop=loops[0])


def _span(m: Module, scope: int, loop: int) -> tuple[int, int]:
    """The call numbers (before the first, behind the last) inside a loop's block."""
    inside = [k for k in m.scope_calls(scope) if m.inside(m.calls[k].block, loop)]
    return inside[0] - 1, inside[-1] + 1


def _made_again(context: Context, m: Module, scope: int, place: Expression, i: int, j: int, loop: int = -1) -> bool:
    """Does anything from call `i` until call `j` put something else into `place` or what it hangs on?

    loop   the block of a loop: then only what stands in it counts, and its header; call `i` stands before it
    """
    root, prefixes = place, [place]
    while isinstance(root, Attribute):
        root = root.base
        prefixes.append(root)
    calls = m.scope_calls(scope)
    first = m.calls[i].statement if i >= calls.start else m.scopes[scope].statements.first
    last = m.calls[j].statement if j < calls.stop else m.scopes[scope].statements.behind - 1
    for s in range(first, last + 1):
        statement = m.statements[s]
        if statement.scope != scope or not m.inside(statement.block, loop):
            continue
        if any(_binds(target, prefixes) for target in _targets(statement)):
            return True
    if loop != -1 and any(_binds(target, prefixes) for target in _targets(m.statements[m.blocks[loop].statement])):
        return True
    name = tail_of(place)
    if name is None or isinstance(place, Name) and name in m.bindings(scope):
        return False
    return any(
        sets(context, fm, fs, name)
        for k in range(max(i + 1 if loop != -1 else i, calls.start), min(j, calls.stop))
        for fm, fs in context.project.functions_called(m, k)
    )


def sets(context: Context, m: Module, scope: int, name: str) -> bool:
    """Does a function, or what it calls, assign to an attribute or global of that name?"""
    memo: dict[Key, int] = context.once(("sets", name), dict)
    return settle((m.index, scope), lambda function: _sets(context, function, name), memo) > 0


def _sets(context: Context, function: Key, name: str) -> tuple[int, Iterable[Key]]:
    index, scope = function
    m = context.project.module(index)
    for s in m.scope_statements(scope):
        for target in _targets(m.statements[s]):
            if (
                isinstance(target, Attribute)
                and target.attr == name
                or isinstance(target, Name)
                and target.id == name
                and name in m.global_names(scope)
            ):
                return 1, ()
    return 0, ((fm.index, fs) for k in m.scope_calls(scope) for fm, fs in context.project.functions_called(m, k))


def _binds(target: Expression, prefixes: Collection[Expression]) -> bool:
    """Is one of the places what a target binds, by itself or in a tuple?"""
    if isinstance(target, SequenceDisplay):
        return any(_binds(item, prefixes) for item in target.items)
    return target in prefixes


def _targets(statement: Statement) -> Sequence[Expression]:
    """What a statement binds or deletes."""
    if isinstance(statement, (Assign, Delete)):
        return statement.targets
    if isinstance(statement, For):
        return (statement.target,)
    if isinstance(statement, With):
        return [item.target for item in statement.items if item.target is not None]
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


def works(context: Context, repeat: Repeat) -> bool:
    """Does each pass of the repeat train, predict or take steps?

    A loop that only makes variables, layers or writers is construction.
    """
    for number, (m, i) in enumerate(repeat.hops):
        loop = repeat.region_at(number)
        if number == 0 and repeat.handed:
            continue
        for k in m.scope_calls(m.calls[i].scope):
            if m.inside(m.calls[k].block, loop) and works_in(context, m, k):
                return True
    return False


def works_in(context: Context, m: Module, k: int) -> bool:
    """Does call `k`, or what it calls, train, predict or take a step?"""
    if context.project.apis(m, k) & _WORK:
        return True
    memo: dict[Key, int] = context.once("works", dict)
    return any(
        settle((fm.index, scope), lambda function: _works(context, function), memo)
        for fm, scope in context.project.functions_called(m, k)
    )


def _works(context: Context, function: Key) -> tuple[int, Iterable[Key]]:
    index, scope = function
    m = context.project.module(index)
    calls = m.scope_calls(scope)
    if "tf.function" in context.infer.decorator_names(m, scope) or any(
        context.project.apis(m, j) & _WORK for j in calls
    ):
        return 1, ()
    return 0, ((fm.index, s) for j in calls for fm, s in context.project.functions_called(m, j))
