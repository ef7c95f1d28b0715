"""Is the time that a place costs felt: does it add up, and is it more than a small part of what runs anyway?

A count that nothing tells may be any.  What runs once for many passes of a loop that trains, for a whole trajectory, or
beside a picture that each pass draws, is a small part of its program, however often it runs; and so is a step beside
whole episodes that the same pass plays, or one that a model is built for each time.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes
from tflint_mem.facts import Attribute, Constant, Name, Subscript, tail_of
from tflint_mem.knowledge import BUILDERS
from tflint_mem.project.repeats import periods

from . import hot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

WORTH_MS = 1500.0  # of all repeats together
_TRACING_MS = 2000.0  # what a step's graph costs, forward and backward, before it saves anything
_RARE = 50  # passes of which one comes to the place: what the others do takes longer
_LOOPS = frozenset(("loop", "while"))
_PLOTTING, _FIGURES = frozenset(("matplotlib.pyplot", "pylab")), frozenset(("figure", "subplots", "show", "savefig"))
_ENCODING, _FILES = (
    frozenset(("soundfile", "scipy.io.wavfile", "cv2", "imageio", "skimage.io")),
    frozenset(("write", "imwrite", "imsave")),
)
_FEW = 20  # passes of a loop in which something is evaluated beside the training
_ENCODING_MS = 5.0  # an image or a second of sound
_PREDICTS = frozenset(("model.predict",))
_THREADS = frozenset(("Thread", "Process"))
_TELLS = 3  # rows that each pass prints: a person reads them
_UPDATES = frozenset(("optimizer.apply_gradients", "optimizer.minimize"))
_FORWARD = frozenset(("TFM201", "TFM202"))  # rules about passes forward, which an evaluation has as well
# Names of many samples at once.
_MANY = frozenset(("trajectory", "traj", "episode", "rollout", "fold", "split", "dataset", "testset", "trainset"))
_SETS, _INPUTS = frozenset(("train", "test", "val", "valid", "validation", "all")), frozenset(("x", "inputs"))


def adds_up(context: Context, code: str, site: int | None, repeat: Repeat | None, cost: float) -> bool:
    """Do the repeats together cost enough to be felt, at `cost` milliseconds each?

    code   of the rule  site   the flagged call, if it is one
    """
    if repeat is None:
        return True
    if (
        _calls_in_pass(repeat, _PLOTTING, _FIGURES)
        or cost <= _ENCODING_MS
        and _calls_in_pass(repeat, _ENCODING, _FILES)
    ):
        return False
    if code in _FORWARD and site is not None:
        if _of_many(context, repeat, site, sets=code != "TFM201") or _now_and_then(context, repeat):
            return False
    if code == "TFM203" and (
        _asks(context, repeat, hot.WHOLE_ROUND) or _beside_more(context, repeat) or _by_hand(context, repeat)
    ):
        return False
    if code == "TFM201" and _tells(repeat) or _a_thread_each(repeat):
        return False
    if cost <= _ENCODING_MS and _asks(context, repeat, _PREDICTS):
        return False
    usual = context.project.repeats_of.usual
    every = periods.of_repeat(usual, repeat)
    if every >= _RARE:
        return False
    count = usual.times(repeat)
    traced = code == "TFM203" and _records_model(context, repeat)
    least = every * (WORTH_MS + (_TRACING_MS if traced else 0.0))
    if count is None or count * cost >= least:
        return True
    return any(all_in is None or all_in * cost >= least for all_in in _in_all(context, repeat, count))


# -- a small part of what runs -----------------------------------------------------------------------------------------


def _of_many(context: Context, repeat: Repeat, site: int, sets: bool) -> bool:
    """Is the flagged call given many samples at once, by the name of what it is given: `model(trajectory["s"])`, and
    with `sets` also `model(x_test)`?  A prediction of such a set is asked for again where it is drawn at random.
    """
    m, _ = repeat.hops[-1]
    given = context.argument(m, site, 0, "x", "inputs")
    if given is None or hot.single(context, m, site, given):
        return False
    words = _name(given).lower().split("_")
    return (
        words[-1] in _MANY or sets and len(words) == 2 and not _SETS.isdisjoint(words) and not _INPUTS.isdisjoint(words)
    )


def _name(e: Expression) -> str:
    """The name of what an expression takes all of: `trajectory` for `trajectory["s"]`, `x_test` for `self.x_test`; ""
    where it takes a part.
    """
    if isinstance(e, Subscript):
        return _name(e.base) if isinstance(e.index, Constant) and isinstance(e.index.value, str) else ""
    if isinstance(e, Attribute) and e.base not in (Name("self"), Name("cls")):
        return _name(e.base)
    return tail_of(e) or ""


def _now_and_then(context: Context, repeat: Repeat) -> bool:
    """Does the loop run only in one of many passes of another one: an evaluation in the midst of a training?

    Where something else calls its function, too, that is no loop.
    """
    if repeat.kind not in _LOOPS:
        return False
    (m, i), usual, rare = repeat.hops[0], context.project.repeats_of.usual, False
    if periods.around(usual, m, i) >= _RARE:
        return True
    for other, j, how in context.project.callers(m, m.calls[i].scope) if m.calls[i].scope else ():
        if how != "call" or periods.around(usual, other, j) >= _RARE:
            rare = rare or how == "call"
        elif any((usual.count(other, loop) or _RARE) >= _FEW for loop in other.loops(other.calls[j].block)):
            return False
    return rare


# -- a pass that does something slow ----------------------------------------------------------------------------------


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


def _beside_more(context: Context, repeat: Repeat) -> bool:
    """Does each pass play or train in loops of its own beside the step, or is a model built for each step?"""
    m, i = repeat.hops[-1]
    scope = m.calls[i].scope
    if scope and any(not context.project.apis(m, j).isdisjoint(BUILDERS) for j in m.scope_calls(scope)):
        return True
    return _plays(context, repeat)


def _records_model(context: Context, repeat: Repeat) -> bool:
    """Does the function of the step call a model, whose graph takes a while to trace?"""
    m, i = repeat.hops[-1]
    calls = m.scope_calls(m.calls[i].scope)
    return any("model.__call__" in context.project.apis(m, j) for j in calls)


def _plays(context: Context, repeat: Repeat) -> bool:
    """Does each pass run a model in a long loop, here or in a function that it calls outside of any condition and
    further loop, and the step only beside it?
    """
    m, loop = repeat.module, repeat.block
    if loop is None or repeat.handed:
        return False
    first, i = repeat.hops[0]
    if m.loops(first.calls[i].block)[-1:] != (loop,) or _unrolls(context, repeat):
        return False
    for j in m.scope_calls(first.calls[i].scope):
        call = m.calls[j]
        if j == i or not m.inside(call.block, loop) or hot.within_tape(context, m, call.block):
            continue
        inside = [b for b in m.chain(call.block) if b > loop and m.blocks[b].kind not in ("with", "try")]
        if inside:
            if _long(context, m, inside) and lifetimes.works_in(context, m, j):
                return True
        elif any(_loops_work(context, fm, scope) for fm, scope in context.project.functions_called(m, j)):
            return True
    return False


def _unrolls(context: Context, repeat: Repeat) -> bool:
    """Does the tape itself record a loop that runs a model, so that the step is no small part of anything?"""
    m, i = repeat.hops[-1]
    around = len(m.loops(m.calls[i].block))
    return any(
        len(m.loops(m.calls[j].block)) > around
        and hot.within_tape(context, m, m.calls[j].block)
        and lifetimes.works_in(context, m, j)
        for j in m.scope_calls(m.calls[i].scope)
    )


def _long(context: Context, m: Module, inside: Sequence[int]) -> bool:
    """Are these blocks, around a place, all loops, and one of them of more than a few passes?"""
    usual = context.project.repeats_of.usual
    counts = [usual.count(m, b) for b in inside if m.blocks[b].kind in ("for", "while")]
    return len(counts) == len(inside) and any(count is None or count >= _FEW for count in counts)


def _loops_work(context: Context, m: Module, scope: int) -> bool:
    """Does a function run a model in a loop, each time it is called?"""
    return any(
        lifetimes.works_in(context, m, j)
        for j in m.scope_calls(scope)
        if m.loops(m.calls[j].block) and not any(m.blocks[b].kind == "if" for b in m.chain(m.calls[j].block))
    )


def _by_hand(context: Context, repeat: Repeat) -> bool:
    """Does the function of the step move single variables itself, without any optimizer: a line that is fitted?"""
    m, i = repeat.hops[-1]
    calls = m.scope_calls(m.calls[i].scope)
    return any(tail_of(m.calls[j].func) == "assign_sub" and not m.loops(m.calls[j].block) for j in calls) and all(
        context.project.apis(m, j).isdisjoint(_UPDATES) for j in calls
    )


def _a_thread_each(repeat: Repeat) -> bool:
    """Does each pass of the loop start a thread of its own?  Nobody starts many."""
    return repeat.block is not None and any(tail_of(m.calls[i].func) in _THREADS for m, i in repeat.hops[:-1])


def _tells(repeat: Repeat) -> bool:
    """Does each pass print several rows, for somebody to read?"""
    m, loop = repeat.module, repeat.block
    if loop is None:
        return False
    first, i = repeat.hops[0]
    calls = (m.calls[j] for j in m.scope_calls(first.calls[i].scope))
    return sum(call.func == Name("print") and call.block == loop for call in calls) >= _TELLS


def _asks(context: Context, repeat: Repeat, apis: frozenset[str]) -> bool:
    """Does each pass of the loop, outside of any condition and further loop, make one of these calls itself?"""
    m, loop = repeat.module, repeat.block
    if loop is None:
        return False
    first, i = repeat.hops[0]
    return any(
        m.inside(m.calls[j].block, loop)
        and not any(m.blocks[b].kind not in ("with", "try") for b in m.chain(m.calls[j].block) if b > loop)
        and not context.project.apis(m, j).isdisjoint(apis)
        for j in m.scope_calls(first.calls[i].scope)
    )


# -- the loops around --------------------------------------------------------------------------------------------------


def _in_all(context: Context, repeat: Repeat, count: int | None) -> Iterator[int | None]:
    """The passes of a counted loop times those of each loop around it, in its function or in that function's callers;
    None where unknown.
    """
    (m, i), repeats_of, usual = repeat.hops[0], context.project.repeats_of, context.project.repeats_of.usual
    block = repeat.block
    if block is None or count is None:
        return
    call = m.calls[i]
    around = [loop for loop in m.loops(call.block) if loop < block]
    for loop in around:
        passes = usual.count(m, loop)
        count = None if passes is None or count is None else passes * count
        yield count
    for caller, j, how in (
        context.project.callers(m, call.scope) if call.scope and not repeats_of.guards.once(m, i, -1) else ()
    ):
        if how == "call" and not context.in_tests(caller):
            for outer in context.repeats(caller, j):
                if outer.kind in _LOOPS:
                    passes = usual.times(outer)
                    yield None if passes is None or count is None else passes * count
