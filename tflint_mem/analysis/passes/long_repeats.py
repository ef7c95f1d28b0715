"""Long repeats over data in which a container goes on and on.

The question: *does what is kept of each pass add up: is the loop long, does the container live through it, and is each
pass asked something new?*  A loop of which nothing tells how often it runs counts as long.  New is what comes from the
loop's own variable, or is read in the pass; what is computed from the model's output of the pass before (a generated
text, a simulated state) belongs to one result.
"""

from __future__ import annotations

from tflint_mem.analysis.models.output_calls import MAX_DEPTH, PREDICTIONS, output
from tflint_mem.facts import CallRef, Expression, Name, walk

from . import hot, kept, variance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    from .kept import Keeping

SHORT = 50  # passes up to which a loop is not long


def long_repeats(context: Context, keeping: Keeping, made: int) -> Iterator[Repeat]:
    """The long repeats over data of call `made`, in which the container goes on."""
    m, container = keeping.m, keeping.container
    statement = m.statements[keeping.s]
    scope = statement.scope
    own = (
        isinstance(container, Name) and container.id in m.bindings(scope) and container.id not in m.global_names(scope)
    )
    fresh = [m.statements[e].block for e in kept.empty_at(context, m, scope, container)]
    for repeat in context.repeats(m, made):
        if (
            repeat.kind not in ("loop", "while", "handler", "callback")
            or repeat.handed
            or repeat.count is not None
            and repeat.count <= SHORT
        ):
            continue
        if repeat.local:  # a container that an outer loop makes anew has an end
            if not m.inside(statement.block, repeat.region) or any(m.loops(place) for place in fresh):
                continue
        elif own or fresh:
            continue
        if _over_data(context, m, made, repeat) and not (repeat.local and hot.compiled_somewhere(context, m, made)):
            yield repeat


def _over_data(context: Context, m: Module, made: int, repeat: Repeat) -> bool:
    """Does what the model is asked come from the loop's variable, or from reading something new?

    The model's own output is nothing new.
    """
    call, values = m.calls[made], m.arguments(made)
    if repeat.kind == "callback" and context.project.apis(m, made) & PREDICTIONS:
        return True  # of the same input, by a model that goes on learning
    how = max((variance.of(context, repeat, value) for value in values), default=variance.SAME)
    if how == variance.TARGET:
        return True
    return (
        how == variance.CHANGED
        and repeat.kind in ("while", "handler")
        and not any(_feeds_itself(context, m, call.scope, value, call.statement, 0) for value in values)
    )


def _feeds_itself(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int) -> bool:
    """Is the argument computed from the model's output of the pass before?"""
    if depth > MAX_DEPTH:
        return False
    for part in walk(e, m.calls):
        if isinstance(part, CallRef) and output(context, m, scope, part, at) is not None:
            return True
        if isinstance(part, Name) and part.id in m.bindings(scope):
            for binding in context.infer.reaching(m, m.bindings(scope)[part.id], at):
                value, statement = binding.value, binding.statement
                if binding.kind == "assign" and statement != at and isinstance(value, Expression):
                    if _before_feeds_itself(context, m, scope, value, statement, depth + 1):
                        return True
    return False


def _before_feeds_itself(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int) -> bool:
    """The same of what a statement assigns, found once for each statement and depth."""
    return context.once(("feeds itself", m.index, at, depth), lambda: _feeds_itself(context, m, scope, e, at, depth))
