"""Uses of a model by a method of the object that keeps it: `agent.act(x)` uses `agent.model`."""

from __future__ import annotations

from tflint_mem.facts import SELF, Attribute, Reference, dotted

from . import lifetimes

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context


def used_in_loop(context: Context, m: Module, i: int) -> int | None:
    """The call in the loop around call `i` of a method that uses a model of its object, the same in each pass, or None.

    Not where each pass makes a model besides: then the clearing has one to free.
    """
    scope = m.calls[i].scope
    loops = m.loops(m.calls[i].block)
    if not loops or (m.index, loops[0], None) in lifetimes.loops_with_new_models(context):
        return None
    for j in m.scope_calls(scope):
        if j != i and m.inside(m.calls[j].block, loops[0]):
            for place in _places(context, m, j):
                if lifetimes.is_model(context, m, scope, place, m.calls[i].statement):
                    if lifetimes.lives_in_loop(context, m, scope, place, i, j):
                        return j
    return None


def _places(context: Context, m: Module, j: int) -> list[Expression]:
    """`agent.model`, where call `j` is `agent.act(x)` and the method uses `self.model`, which it does not set."""
    f = m.calls[j].func
    if not isinstance(f, Attribute) or not isinstance(f.base, Reference) or not dotted(f.base):
        return []
    names = {
        place.attr
        for fm, fs in context.project.functions_called(m, j)
        if fm.is_method(fs)
        for _, place in lifetimes.model_uses(context, fm, fs)
        if isinstance(place, Attribute) and place.base == SELF and not lifetimes.sets(context, fm, fs, place.attr)
    }
    return [Attribute(f.base, name) for name in sorted(names)]
