"""Repeats whose passes train something new: `model = make(); trainer = Trainer(model); trainer.fit()`, whatever `make`
gives.

What such an object holds, and what a pass makes for it, belongs to that training; nothing says that it is the same as
before.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name
from tflint_mem.project.holds.values import ClassValue

from .steady import steady
from .training import TRAINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context


def new_owner(context: Context, repeat: Repeat) -> bool:
    """Does the way lead through a method of an object that the repeat makes, of things that may be new each time?"""
    return any(_made_of_new(context, repeat, position, i) for position, (_, i) in enumerate(repeat.hops[:-1]))


def trains_new(context: Context, repeat: Repeat) -> bool:
    """Does a function on the way make such an object and train with it?"""
    for position, (m, i) in enumerate(repeat.hops):
        for j in _on_made(context, m, m.calls[i].scope):
            if _made_of_new(context, repeat, position, j) and any(
                context.project.released_by.in_function(fm, scope, TRAINS)
                for fm, scope in context.project.functions_called(m, j)
            ):
                return True
    return False


def _on_made(context: Context, m: Module, scope: int) -> Sequence[int]:
    """The calls `name.method(…)` of a scope where `name` may be an object of the project that the scope makes."""
    key = ("on what is made", m.index, scope)
    found: list[int] | None = context.memo.get(key)
    if found is None:
        made = {
            name
            for name, bindings in m.bindings(scope).items()
            if any(
                b.kind == "assign"
                and isinstance(b.value, CallRef)
                and not b.path
                and any(isinstance(v, ClassValue) for v in context.infer.callee(m, b.value.number))
                for b in bindings
            )
        }
        receivers = ((j, m.calls[j].func) for j in m.scope_calls(scope))
        found = context.memo[key] = [
            j for j, f in receivers if isinstance(f, Attribute) and isinstance(f.base, Name) and f.base.id in made
        ]
    return found


def _made_of_new(context: Context, repeat: Repeat, position: int, j: int) -> bool:
    """Is call `j` of a hop's function `name.method(…)`, and `name` an object that this pass has made of what another
    one
    may not have?
    """
    m, i = repeat.hops[position]
    call, scope = m.calls[j], m.calls[i].scope
    loop = repeat.region_at(position)
    receiver = call.func.base if isinstance(call.func, Attribute) else None
    if not isinstance(receiver, Name) or not m.inside(call.block, loop) or loop == -1 and not scope:
        return False
    for b in context.infer.reaching(m, m.bindings(scope).get(receiver.id, []), call.statement):
        if (
            b.kind == "assign"
            and isinstance(b.value, CallRef)
            and not b.path
            and m.inside(m.statements[b.statement].block, loop)
        ):
            if any(isinstance(v, ClassValue) for v in context.infer.callee(m, b.value.number)) and not all(
                steady(context, repeat, e, position) for e in m.arguments(b.value.number)
            ):
                return True
    return False
