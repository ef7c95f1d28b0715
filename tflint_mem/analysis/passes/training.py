"""Does a pass of a repeat train a model, and what does that make of it: a step, a whole round, or a small part?

Answers are yes or no.  What a pass calls is followed through the project's functions; training in a package that is not
there to be read is not seen.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.facts import LOOPS, Attribute, CallRef, Name, Record, With, walk
from tflint_mem.hardening.budget import settle
from tflint_mem.knowledge import TRAINABLE
from tflint_mem.project.repeats.headers import header

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

TRAINS = frozenset(
    (
        "model.fit",
        "model.fit_generator",
        "model.train_on_batch",
        "optimizer.apply_gradients",
        "optimizer.minimize",
        "tf.GradientTape",
    )
)
WHOLE_ROUND = frozenset(("model.fit", "model.fit_generator"))


def trains(context: Context, repeat: Repeat) -> bool:
    """Does a pass of the repeat train a model (itself, or in what it calls)?"""
    m, i = repeat.hops[0]
    if repeat.block is None:
        return False
    return context.project.released_by.in_region(repeat.module, m.calls[i].scope, repeat.block, TRAINS) is not None


class _Part(Record):
    """A part of a function: the index of its module, its scope, and a block in it, -1 for all of it."""

    __slots__ = ()
    index: int
    scope: int
    block: int


def around_training(context: Context, repeat: Repeat) -> bool:
    """Is a pass of the repeat a whole round of training: does it always call `fit`, or train in a loop of its own?"""
    m, i = repeat.hops[0]
    if repeat.block is None:
        return False
    rounds: dict[_Part, int] = context.memo.setdefault("rounds", {})
    asked = _Part(repeat.module.index, m.calls[i].scope, repeat.block)
    return settle(asked, lambda part: _round(context, part), rounds) > 0


def _round(context: Context, part: _Part) -> tuple[int, Sequence[_Part]]:
    """For `settle`: (1 when this part of a function is a whole round of training by itself, the functions that it
    always
    calls).
    """
    m = context.project.module(part.index)
    always: list[_Part] = []
    for j in m.scope_calls(part.scope):
        call = m.calls[j]
        if not m.inside(call.block, part.block):
            continue
        inside = [m.blocks[b].kind for b in m.chain(call.block) if b > part.block]
        if "if" in inside:
            continue
        names = context.project.apis(m, j)
        looped = any(kind in LOOPS for kind in inside)
        if names & WHOLE_ROUND or looped and names & TRAINS:
            return 1, ()
        for fm, s in context.project.functions_called(m, j):
            if looped and context.project.released_by.in_function(fm, s, TRAINS):
                return 1, ()
            always.append(_Part(fm.index, s, -1))
    return 0, always


def outshone(context: Context, repeat: Repeat) -> bool:
    """Does a pass of the loop hold another loop that runs or trains a model?  Then what stands beside that one is a
    small
    part of the pass.
    """
    m, i = repeat.hops[0]
    if repeat.block is None:
        return False
    key = ("working loops", m.index, m.calls[i].scope, repeat.block)
    found: set[int] | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = _working_loops(context, m, m.calls[i].scope, repeat.block)
    return not found <= set(m.chain(m.calls[i].block))


def _working_loops(context: Context, m: Module, scope: int, outer: int) -> set[int]:
    """The loops inside another one that run or train a model."""
    found: set[int] = set()
    for j in m.scope_calls(scope):
        around = m.calls[j].block
        if m.inside(around, outer):
            loops = {b for b in m.chain(around) if b > outer and m.blocks[b].kind in ("for", "while")} - found
            if loops and lifetimes.works_in(context, m, j):
                found |= loops
    return found


def in_tape(context: Context, repeat: Repeat) -> bool:
    """Is the place reached through a call in the block of a tape?  Then the tape's step is the thing to compile."""
    return any(within_tape(context, m, m.calls[i].block) for m, i in repeat.hops[:-1])


def within_tape(context: Context, m: Module, block: int) -> bool:
    """Does a block stand inside the block of a tape?"""
    for b in m.chain(block):
        statement = m.statements[m.blocks[b].statement]
        if m.blocks[b].kind == "with" and isinstance(statement, With):
            for item in statement.items:
                if isinstance(item.context, CallRef) and "tf.GradientTape" in context.project.apis(
                    m, item.context.number
                ):
                    return True
    return False


def over_gradients(context: Context, repeat: Repeat) -> bool:
    """Does the loop go through gradients or variables?  Then its passes are the parts of one step."""
    if repeat.block is None:
        return False
    m = repeat.module
    head = header(m, repeat.block)
    if head is None:
        return False
    scope = m.statements[m.blocks[repeat.block].statement].scope
    for e in walk(head.iterable, m.calls):
        if isinstance(e, Attribute) and e.attr in TRAINABLE:
            return True
        for binding in m.bindings(scope).get(e.id, ()) if isinstance(e, Name) else ():
            if (
                binding.kind == "assign"
                and isinstance(binding.value, CallRef)
                and "tape.gradient" in context.project.apis(m, binding.value.number)
            ):
                return True
    return False
