"""How sure a finding is, and whether it is worth a place in a default run.

Confidence counts what had to be guessed between the repeat and the flagged call: a call on the way whose target has
several candidates, or none but its name; a receiver that only its use tells.  Nothing guessed is certain, a little is
likely, more is possible.

A default run shows leaks and crashes that are certain or likely, and what is slow where the time adds up: milliseconds
per repeat, as measured, times a count that is unknown (a stream, requests, steps) or large.  The rest is pedantic.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, Name, tail_of
from tflint_mem.finding import CERTAIN as CERTAIN
from tflint_mem.finding import LIKELY as LIKELY
from tflint_mem.finding import PEDANTIC as PEDANTIC
from tflint_mem.finding import POSSIBLE as POSSIBLE
from tflint_mem.finding import REGULAR as REGULAR
from tflint_mem.project.repeats.repeat import Repeat
from tflint_mem.ruleset.context import Context
from tflint_mem.ruleset.draft import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_A_LITTLE = 2  # guesses
_LOOPS = frozenset(("loop", "while"))
_PLOTTING, _FIGURES = frozenset(("matplotlib.pyplot", "pylab")), frozenset(("figure", "subplots", "show", "savefig"))
_ENCODING, _FILES = (
    frozenset(("soundfile", "scipy.io.wavfile", "cv2", "imageio", "skimage.io")),
    frozenset(("write", "imwrite", "imsave")),
)
_ENCODING_MS = 5.0  # an image or a second of sound
WORTH_MS = 1500.0  # of all repeats together
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
    return CERTAIN if not guesses else LIKELY if guesses <= _A_LITTLE else POSSIBLE


def persona(context: Context, draft: Draft, sure: str, group: str) -> str:
    """One of finding.PERSONAS for a draft of a confidence and a group."""
    said: str | None = draft.persona
    if said is not None:
        return said
    if sure == POSSIBLE or group == "speed" and not _adds_up(context, draft):
        return PEDANTIC
    return REGULAR


def _adds_up(context: Context, draft: Draft) -> bool:
    """Do the repeats together cost enough to be felt?  An unknown count may be any, also that of a loop around a short
    one.

    Where each pass draws a figure, or encodes an image or a sound for a file, that takes longer than what the finding
    is about.
    """
    repeat, cost = draft.repeat, _COST_MS.get(draft.code, WORTH_MS)
    if repeat is not None and (
        _calls_in_pass(repeat, _PLOTTING, _FIGURES)
        or cost <= _ENCODING_MS
        and _calls_in_pass(repeat, _ENCODING, _FILES)
    ):
        return False
    if repeat is None or repeat.count is None or repeat.count * cost >= WORTH_MS:
        return True
    return any(count is None or count * cost >= WORTH_MS for count in _in_all(context, repeat))


def _calls_in_pass(repeat: Repeat, libraries: frozenset[str], names: frozenset[str]) -> bool:
    """Does each pass of the loop, outside of any condition, call one of the functions of one of the libraries?"""
    m, loop = repeat.module, repeat.block
    if loop is None:
        return False
    known = {
        found.name
        for found in m.imports
        if not found.level and (found.module in libraries or f"{found.module}.{found.attribute}" in libraries)
    }
    if not known:
        return False
    first, i = repeat.hops[0]
    for j in m.scope_calls(first.calls[i].scope):
        call = m.calls[j]
        f, place = call.func, call.block
        if isinstance(f, Attribute) and f.attr in names and isinstance(f.base, Name) and f.base.id in known:
            if m.inside(place, loop) and not any(
                m.blocks[b].kind in ("if", "except") for b in m.chain(place) if b > loop
            ):
                return True
    return False


def _in_all(context: Context, repeat: Repeat) -> Iterator[int | None]:
    """The passes of a counted loop times those of each loop around it, in its function or in that function's callers;
    None where unknown.
    """
    (m, i), count, repeats_of = repeat.hops[0], repeat.count, context.project.repeats_of
    block = repeat.block
    if block is None or count is None:
        return
    call = m.calls[i]
    around = [loop for loop in m.loops(call.block) if loop < block]
    for loop in around:
        passes = repeats_of.count(m, loop)
        count = None if passes is None or count is None else passes * count
        yield count
    for caller, j, how in (
        context.project.callers(m, call.scope) if call.scope and not repeats_of.guards.once(m, i, -1) else ()
    ):
        if how == "call" and not context.in_tests(caller):
            for outer in context.repeats(caller, j):
                if outer.kind in _LOOPS:
                    yield None if outer.count is None or count is None else outer.count * count


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
