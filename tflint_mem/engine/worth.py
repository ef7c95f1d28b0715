"""How sure a finding is, and whether it is worth a place in a default run.

Confidence counts what had to be guessed between the repeat and the flagged call: a call on the way whose target has
several candidates, or none but its name; a receiver that only its use tells.  Nothing guessed is certain, a little is
likely, more is possible.

A default run shows leaks and crashes that are certain or likely, and what is slow where the time adds up: milliseconds
per repeat, as measured, times a count that is unknown (a stream, requests, steps) or large.  The rest is pedantic.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.program.dispatch import through_hidden
from tflint_mem.analysis.program.public import is_left_over
from tflint_mem.facts import Attribute, Name, tail_of
from tflint_mem.finding import CERTAIN as CERTAIN
from tflint_mem.finding import LIKELY as LIKELY
from tflint_mem.finding import PEDANTIC as PEDANTIC
from tflint_mem.finding import POSSIBLE as POSSIBLE
from tflint_mem.finding import REGULAR as REGULAR
from tflint_mem.project.repeats import made

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

_A_LITTLE = 2  # guesses
# Milliseconds per repeat that the rule's remedy saves (docs/rules: TensorFlow 2.15 and 2.21, small model, CPU).
_COST_MS = {
    "TFM104": 50.0,
    "TFM107": 10.0,
    "TFM201": 40.0,
    "TFM202": 1.8,
    "TFM203": 18.0,
    "TFM301": 45.0,
    "TFM401": 4.0,
    "TFM402": 4.0,
}


def confidence(context: Context, draft: Draft) -> str:
    """One of finding.CONFIDENCES for a draft, unless its rule has said it."""
    said: str | None = draft.confidence
    if said is not None:
        return said
    guesses = _guessed_receiver(context, draft)
    if draft.repeat is not None:
        guesses += _guessed_calls(context, draft.repeat)
        if guesses and _through_unused(context, draft.repeat) or through_hidden(draft.repeat):
            return POSSIBLE
        if is_left_over(context, *draft.repeat.hops[0]):
            return POSSIBLE
    return CERTAIN if not guesses else LIKELY if guesses <= _A_LITTLE else POSSIBLE


def persona(context: Context, draft: Draft, sure: str, group: str) -> str:
    """One of finding.PERSONAS for a draft of a confidence and a group."""
    said: str | None = draft.persona
    if said is not None:
        return said
    if sure == POSSIBLE or draft.repeat is not None and _once(context, draft.repeat):
        return PEDANTIC
    if group == "speed":
        from tflint_mem.analysis.passes import felt

        cost = _COST_MS.get(draft.code, felt.WORTH_MS)
        return REGULAR if felt.adds_up(context, draft.code, draft.site, draft.repeat, cost) else PEDANTIC
    return REGULAR


def _once(context: Context, repeat: Repeat) -> bool:
    """Does the loop run once by default: `for e in range(args.n_experiments)`?"""
    return repeat.count is None and context.project.repeats_of.usual.times(repeat) in (0, 1)


def _guessed_calls(context: Context, repeat: Repeat) -> int:
    """Calls on the way that may run something else than the way says, or are known by the name of a method only."""
    guesses = 0
    for position in range(repeat.handed, len(repeat.hops) - 1):
        m, i = repeat.hops[position]
        inner, j = repeat.hops[position + 1]
        scope = inner.calls[j].scope
        targets = {(fm.index, s) for fm, s in context.project.functions_called(m, i)}
        if targets == {(inner.index, scope)} or not inner.is_method(scope):
            continue
        if targets:
            guesses += 1  # one of several, or an override of what is named
        elif tail_of(m.calls[i].func) == inner.scopes[scope].name:
            guesses += 2  # nothing but the name; a property, an iteration or a constructor goes by another one
    return guesses


def _through_unused(context: Context, repeat: Repeat) -> bool:
    """Does the way lead through a method of a class of which the program makes no object, but of siblings that run no
    model in its place?  One that does is as good as the class itself: somebody edits a line to choose.
    """
    for m, i in repeat.hops[1:]:
        scope = m.method_around(m.calls[i].scope)
        if scope > 0 and m.is_method(scope):
            siblings = list(made.in_its_place(context.project, m, m.scopes[scope].parent))
            if siblings and not any(_works(context, *each, m.scopes[scope].name) for each in siblings):
                return True
    return False


def _works(context: Context, index: int, owner: int, name: str) -> bool:
    """Does a method of a class run a model?"""
    m = context.project.module(index)
    method = m.members(owner).get(name)
    return method is not None and any(lifetimes.works_in(context, m, k) for k in m.scope_calls(method))


def _guessed_receiver(context: Context, draft: Draft) -> int:
    """1 when only the use of the flagged call's receiver tells what it is."""
    site = draft.site
    if site is None or site >= len(draft.m.calls) or draft.m.calls[site].pos != draft.pos:
        return 0  # a statement or a decorator
    receiver = context.receiver(draft.m, site)
    if not isinstance(receiver, (Name, Attribute)):
        return 0
    call = draft.m.calls[site]
    return int(not context.infer.values(draft.m, call.scope, receiver, call.statement))
