"""One model that each pass of a repeat trains anew.

The question: *is the model at a place made before the repeat, the same in each pass, and trained in it?*  The answer is
yes only where the training is seen: a method of Keras on that very model, by its value or by its name, in the function
of the call or in what it calls, at most `MAX_DEPTH` calls deep.  A model of which nobody knows where it is made counts
where its name surely holds the same one in each pass; models out of a list that the repeat goes through are others each
time.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.facts import SELF, Attribute, Expression, Name, Record
from tflint_mem.knowledge import TRAINING_METHODS
from tflint_mem.project.holds.values import CallOrigin, Instance, Thing
from tflint_mem.project.repeats.reach import run_by

from . import hot, trials

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from tflint_mem.facts import Reference
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 3  # calls


class _Spot(Record):
    """An expression in the function around a hop of a repeat, as seen from a statement."""

    __slots__ = ()
    hop: int
    place: Expression
    at: int


class _Called(Record):
    """A function, what it calls the model, and how many calls lie between."""

    __slots__ = ()
    m: Module
    scope: int
    place: Expression | None
    depth: int


def same_model(context: Context, m: Module, i: int, repeat: Repeat) -> frozenset[Value] | None:
    """What is known of the receiver of call `i` where each pass has the same model there, else None."""
    call, place = m.calls[i], context.receiver(m, i)
    if place is None:
        return None
    values = context.infer.values(m, call.scope, place, call.statement)
    known = frozenset(v for v in values if isinstance(v, Instance) or isinstance(v, Thing) and v.origin is not None)
    if (
        isinstance(place, Attribute)
        and place.base == SELF
        and trials.new_owner(context, repeat)
        or any(_made_in(context, v, repeat) for v in known)
        or not known
        and not _stays(context, repeat, place)
    ):
        return None
    return known


def trained(context: Context, m: Module, i: int, repeat: Repeat, known: frozenset[Value]) -> bool:
    """Does the repeat train the receiver of call `i`, of which `known` is known, and is that no list's next model?"""
    call, place = m.calls[i], context.receiver(m, i)
    if place is None or _goes_through(context, repeat, _Spot(len(repeat.hops) - 1, place, call.statement)):
        return False
    for position, (hm, hi) in enumerate(repeat.hops):
        scope, last = hm.calls[hi].scope, position == len(repeat.hops) - 1
        if (
            _trained_in(context, hm, scope, repeat, known)
            or (last or known)
            and _trained_by_callees(context, hm, scope, repeat.region_at(position), place if last else None, known)
        ):
            return True
    return False


# -- is it the same model each time -----------------------------------------------------------------------------------


def _goes_through(context: Context, repeat: Repeat, spot: _Spot) -> bool:
    """Is the model at a hop what the repeat's own loop goes through?

    It is by its name, or as an argument of the call before.
    """
    waiting: list[_Spot] = [spot]
    seen: set[_Spot] = set()
    for each in waiting:
        hop, place, at = each.hop, each.place, each.at
        m, i = repeat.hops[hop]
        scope = m.calls[i].scope
        while isinstance(place, Attribute):
            place = place.base
        spot = _Spot(hop, place, at)
        if not isinstance(place, Name) or spot in seen:
            continue
        seen.add(spot)
        context.project.searches.count("what a loop goes through")
        bindings = m.bindings(scope).get(place.id, ())
        for b in context.infer.reaching(m, bindings, at) if bindings else ():
            if (
                b.kind == "iter"
                and hop == 0
                and repeat.block is not None
                and b.statement == m.blocks[repeat.block].statement
            ):
                return True
            if b.kind == "assign" and isinstance(b.value, Expression):
                waiting.append(_Spot(hop, b.value, b.statement))
            elif b.kind == "param" and isinstance(b.value, int) and hop > repeat.handed:
                caller, j = repeat.hops[hop - 1]
                given = context.infer.argument(m, scope, b.value, caller, j)
                if given is not None:
                    waiting.append(_Spot(hop - 1, given, caller.calls[j].statement))
    return False


def _stays(context: Context, repeat: Repeat, place: Expression) -> bool:
    """Does the name of a model that nobody is seen to make surely hold the same one in each repeat?"""
    return hot.steady(context, repeat, place) and not (
        isinstance(place, Attribute)
        and any(lifetimes.sets(context, m, m.calls[i].scope, place.attr) for m, i in repeat.hops)
    )


def _made_in(context: Context, v: Value, repeat: Repeat) -> bool:
    """Is the model made anew in the repeat (then it is TFM102's)?"""
    if isinstance(v, Instance):  # a project class has no single place where it is made
        for position, (hm, hi) in enumerate(repeat.hops):
            loop, scope = repeat.region_at(position), hm.calls[hi].scope
            for j in hm.scope_calls(scope) if loop != -1 or scope else ():
                if (
                    hm.inside(hm.calls[j].block, loop)
                    and "new:model" in context.project.apis(hm, j)
                    and v in context.infer.call_values(hm, j)
                ):
                    return True
        return False
    if not isinstance(v, Thing) or not isinstance(v.origin, CallOrigin):
        return False
    om, oi = context.project.module(v.origin.module), v.origin.call
    made = om.calls[oi]
    for hm, hi in repeat.hops:
        if om is hm and made.scope == hm.calls[hi].scope:
            if (hm, hi) == repeat.hops[0] and repeat.block is not None:
                return om.inside(made.block, repeat.block)
            return made.scope != 0
    return context.first_repeat(om, oi) is not None or _returned_in(context, v, om, oi, repeat)


def _returned_in(context: Context, v: Value, om: Module, oi: int, repeat: Repeat) -> bool:
    """Does a function that the repeat calls make the model, by call `oi` of module `om`, and return it?"""
    scope, guards = om.calls[oi].scope, context.project.repeats_of.guards
    if not scope or guards.once(om, oi, -1) or guards.cached(om, scope):
        return False
    for position, (hm, hi) in enumerate(repeat.hops):
        loop = repeat.region_at(position)
        for j in hm.scope_calls(hm.calls[hi].scope):
            if (
                hm.inside(hm.calls[j].block, loop)
                and v in context.infer.call_values(hm, j)
                and _reaches(context, hm, j, om, scope)
            ):
                return True
    return False


def _reaches(context: Context, m: Module, j: int, om: Module, maker: int) -> bool:
    """Does call `j` run the function `maker` of module `om`, itself or through functions that it calls?"""
    return any(
        fm is om and scope == maker
        for fm, scope, _ in run_by(context.project, "where a model is made", m, (j,), MAX_DEPTH)
    )


# -- is it trained ----------------------------------------------------------------------------------------------------


def _trained_in(context: Context, m: Module, scope: int, repeat: Repeat, models: AbstractSet[Value]) -> bool:
    """Does the function itself train one of the models, in the loop where the repeat is one around it?"""
    for j in m.scope_calls(scope):
        f = m.calls[j].func
        if (
            isinstance(f, Attribute)
            and f.attr in TRAINING_METHODS
            and not models.isdisjoint(context.infer.values(m, scope, f.base, m.calls[j].statement))
        ):
            if (
                repeat.module is not m
                or repeat.block is None
                or len(repeat.hops) > 1
                or m.inside(m.calls[j].block, repeat.block)
            ):
                return True
    return False


def _trained_by_callees(
    context: Context, m: Module, scope: int, loop: int, place: Expression | None, models: AbstractSet[Value]
) -> bool:
    """Is the model trained in a function of the project that is called in this part of the scope?

    `train(model, data)`, `self.train(data)`
    """
    waiting: list[_Called] = [_Called(m, scope, place, 0)]
    seen: set[tuple[int, int, Expression | None]] = set()
    for function in waiting:
        fm, here = function.m, function.place
        context.project.searches.count("where a model is trained")
        for j in fm.scope_calls(function.scope):
            call = fm.calls[j]
            if function.depth == 0 and not fm.inside(call.block, loop):
                continue
            f = call.func
            if (
                isinstance(f, Attribute)
                and f.attr in TRAINING_METHODS
                and (
                    f.base == here
                    or models
                    and not models.isdisjoint(context.infer.values(fm, function.scope, f.base, call.statement))
                )
            ):
                return True
            for gm, g in context.project.functions_called(fm, j) if function.depth < MAX_DEPTH else ():
                inner = _passed(context, fm, j, gm, g, here)
                if (inner is not None or models) and (gm.index, g, inner) not in seen:
                    seen.add((gm.index, g, inner))
                    waiting.append(_Called(gm, g, inner, function.depth + 1))
    return False


def _passed(context: Context, m: Module, j: int, fm: Module, scope: int, place: Expression | None) -> Reference | None:
    """How the function that call `j` runs names what is `place` here: a parameter, or the same attribute of `self`."""
    if place is None:
        return None
    f = m.calls[j].func
    if isinstance(place, Attribute) and place.base == SELF and isinstance(f, Attribute) and f.base == SELF:
        return place
    for index, param in enumerate(fm.scopes[scope].parameters):
        if param.kind in ("p", "k") and context.infer.argument(fm, scope, index, m, j) == place:
            return Name(param.name)
    return None
