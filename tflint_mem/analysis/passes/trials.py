"""Repeats whose passes train something new: `model = make(); trainer = Trainer(model); trainer.fit()`, whatever `make` gives.

What such an object holds, and what a pass makes for it, belongs to that training; nothing says that it is the same as before.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name
from tflint_mem.project.holds.values import ClassValue

from .hot import TRAINS, steady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context


def new_owner(context: Context, repeat: Repeat):
    """Does the way lead through a method of an object that the repeat makes, of things that may be new each time?"""
    return any(_made_of_new(context, repeat, position, i) for position, (m, i) in enumerate(repeat.hops[:-1]))


def trains_new(context: Context, repeat: Repeat):
    """Does a function on the way make such an object and train with it?"""
    for position, (m, i) in enumerate(repeat.hops):
        for j in _on_made(context, m, m.calls[i].scope):
            if _made_of_new(context, repeat, position, j) and any(
                context.project.released_by.in_function(fm, scope, TRAINS)
                for fm, scope in context.project.functions_called(m, j)
            ):
                return True
    return False


def _on_made(context: Context, m: Module, scope: int):
    """The calls `name.method(…)` of a scope where `name` may be an object of the project that the scope makes."""
    key = ("on what is made", m.index, scope)
    if key not in context.memo:
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
        context.memo[key] = [
            j for j, f in receivers if isinstance(f, Attribute) and isinstance(f.base, Name) and f.base.id in made
        ]
    return context.memo[key]


def _made_of_new(context: Context, repeat: Repeat, position, j: int):
    """Is call `j` of a hop's function `name.method(…)`, and `name` an object that this pass has made of what another one may not have?"""
    m, i = repeat.hops[position]
    call, scope = m.calls[j], m.calls[i][3]
    loop = repeat.context if position == 0 and repeat.context is not None else -1
    receiver = call[0].base if isinstance(call[0], Attribute) else ("", "")
    if not isinstance(receiver, Name) or not m.inside(call[4], loop) or loop == -1 and not scope:
        return False
    for kind, statement, _, value, path in context.infer.reaching(m, m.bindings(scope).get(receiver.id, []), call[5]):
        if kind == "assign" and isinstance(value, CallRef) and not path and m.inside(m.statements[statement][2], loop):
            if any(isinstance(v, ClassValue) for v in context.infer.callee(m, value.number)) and not all(
                steady(context, repeat, e, position) for e in m.arguments(value.number)
            ):
                return True
    return False
