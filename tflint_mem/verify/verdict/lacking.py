"""What was not found is no verdict where the code failed, took too long, or went another way."""

from __future__ import annotations

from tflint_mem.verify.plan.protocols import HANGS, VARYING

from .endings import ran_out, story
from .memory import acquits
from .needs import ENDED_BY_ITSELF, LIMITS, itself
from .needs import needs as needed
from .signs import reached
from .thresholds import POINTS
from .verdict import not_runnable, undecided
from .words import BOUNDED, NOT_CONFIRMED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Error
    from tflint_mem.verify.snippet.snippet import Snippet

    from .measured import Measured
    from .verdict import Verdict

_ABOUT_TRACES = VARYING | {"TFM301"}


def unless_lacking(
    judged: Verdict, run: Run, last: Run, measured: Measured, snippet: Snippet, code: str, speed: bool = False
) -> Verdict:
    """The verdict itself, or that something is lacking for it.

    last    the last attempt of `run`, `measured` its numbers        code    of the rule
    speed   the verdict is about time
    """
    if judged.verdict not in (NOT_CONFIRMED, BOUNDED):
        return judged
    error = last.last("error")
    # a service that waits for its first request did not hang: that is an answer
    needs = cut_short(judged, run, error, snippet, measured.repeats) if code != HANGS else []
    if not needs and judged.verdict == NOT_CONFIRMED:
        needs = _to_acquit(run, last, error, measured, snippet, code, speed)
        if not needs and code in VARYING and snippet.constant:
            needs = [
                "a caller: each repeat gets the same stand-ins here, "
                "and what varies from call to call is its caller's choice"
            ]
            return undecided(needs, f"undecided: nothing that repeats varies; needs {needs[0]}")
    if needs:
        return not_runnable(needs)
    if not reached(last, snippet):
        return not_runnable(
            ["a way through the code that reaches the flagged line"],
            "the snippet runs, but never reaches the flagged line",
        )
    return judged


def _to_acquit(
    run: Run, last: Run, error: Error | None, measured: Measured, snippet: Snippet, code: str, speed: bool
) -> list[str]:
    """What it would need for "nothing was found" to mean that there is nothing; [] when it does."""
    out = ran_out(last)
    if out is not None:
        return [f"more memory: it ran out after {out['repeats']} repeats that did not grow: {story(out)}"]
    if error is not None and (measured.repeats < POINTS or not acquits(measured)):
        return needed(run, error, snippet.render().text)
    if speed and measured.times is None and run.status == "timeout":
        return ["more time: the first repeats did not end in time (--verify-timeout)"]
    if code in _ABOUT_TRACES and _never_traced(last):
        return ["a repeat that calls the traced function: here it is made in each repeat, and never called"]
    return []


def _never_traced(last: Run) -> bool:
    """Was no function ever traced, in all repeats of a finding about traces?  Then nothing of it has run."""
    counts = [event["counts"] for event in last.of("settled")] + [event["counts"] for event in last.of("raw")]
    return bool(counts) and all(counted.get("graphs") == 0 for counted in counts)


def cut_short(judged: Verdict, run: Run, error: Error | None, snippet: Snippet, repeats: int) -> list[str]:
    """What a run lacks that ended before it was over: what would have come next is not known, so its curve acquits
    nobody.

    repeats   that were measured
    """
    if run.status in ENDED_BY_ITSELF:
        return [itself(run)]
    if run.status in LIMITS:
        return [LIMITS[run.status]]
    if judged.verdict == BOUNDED and error is not None and run.status == "error":
        return needed(run, error, snippet.render().text)
    if repeats or judged.verdict != NOT_CONFIRMED:
        return []
    if run.status == "timeout":
        return ["more time: stopped at the time limit before one repeat was measured (--verify-timeout)"]
    if run.status == "memory":
        return ["more memory: stopped at the memory limit before one repeat was measured (--verify-memory)"]
    if error is not None:
        return needed(run, error, snippet.render().text)
    over = len(run.attempt().of("sample"))
    return [
        f"more elements: the loop was over after {over} repeat{'s' if over != 1 else ''}, before anything was measured"
    ]
