"""What is said of the fixed version, behind what is said of the flagged one."""

from __future__ import annotations

from .endings import story
from .signs import hangs, ran, too_slow_to_answer
from .units import size
from .words import BOUNDED, CONFIRMED, HANGS, NOT_CONFIRMED, NOT_RUNNABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run

    from .measured import Measured
    from .verdict import Verdict


def whether_it_runs(run: Run) -> str:
    """What became of the fixed version, where that or the flagged one did not come to its repeats."""
    if ran(run):
        return "; the fixed version runs"
    error = run.attempt().last("error")
    if error is not None:
        return f"; the fixed version does not run: {story(error)}"
    return "; the fixed version does not run either"


def whether_it_grows(flagged: Verdict, fixed: Measured, run: Run, judged: Verdict, gone: str | None = None) -> str:
    """What became of the fixed version, where the flagged one is confirmed.

    fixed, run, judged   its numbers, its last attempt, and the verdict on it alone
    gone                 what is better in it, where something else still grows, in words
    """
    if flagged.mechanism == HANGS:
        if not hangs(run):
            return "; fixed: it comes back"
        return "; fixed: too slow here to tell" if too_slow_to_answer(run) else "; fixed: it still hangs"
    error = run.last("error")
    if error is not None and run.status == "error" and judged.verdict != CONFIRMED:
        return f"; the fixed version raises after {error.get('repeats') or 0} repeats: {story(error)}"
    if judged.verdict == CONFIRMED:
        if gone is not None:
            return f"; fixed: {gone}; of something else {judged.message}"
        return f"; the fixed version grows too: {judged.message}"
    slope = fixed.growth(flagged.meter).deciding()  # the meter that accused, not one that saw nothing
    number = "" if slope is None else f" ({size(max(slope.value, 0))} per repeat)"
    words = {NOT_CONFIRMED: "no growth", NOT_RUNNABLE: "too few repeats to tell"}
    return f"; fixed: {words.get(judged.verdict, BOUNDED)}{number}"
