"""The verdict on a fix: does it cure what was measured, and does the program do the same as before?"""

from __future__ import annotations

from .endings import story
from .results import OTHER, RAISES, SAME, UNKNOWN, Compared
from .signs import hangs, ran, too_slow_to_answer
from .words import CONFIRMED, HANGS, NOT_RUNNABLE, TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run

    from .contract import FixVerdict
    from .runs import Runs
    from .verdict import Verdict


def on_fix(
    judged: Verdict, runs: Runs, fixed: Run | None, fixed_alone: Verdict | None, gone: str | None = None
) -> FixVerdict | None:
    """What is said of a fix; None where no fixed version ran.

    judged        of the flagged version            fixed        the last attempt of the fixed one, None: it did not run
    fixed_alone   the verdict on its memory
    gone          what is better in the fixed version, where something else still grows in it; None for nothing
    """
    if runs.fixed_run is None:
        return None
    compared = _compared(runs, fixed)
    difference = compared.difference
    return {
        "cures": _cures(judged, runs.fixed_run, fixed, fixed_alone, gone),
        "results": compared.verdict,
        "compared": compared.number,
        "difference": None
        if difference is None
        else {
            "where": difference.where,
            "repeat": difference.repeat,
            "flagged": difference.flagged,
            "fixed": difference.fixed,
        },
        "message": said(compared),
    }


def proven(fix: FixVerdict | None, verdict: str) -> bool:
    """Is a finding confirmed, and its fix proven to cure it and to change nothing else?"""
    return fix is not None and verdict == CONFIRMED and fix["cures"] is True and fix["results"] == SAME


def said(compared: Compared) -> str:
    """The comparison in a few words."""
    if compared.verdict == SAME:
        return "same results"
    if compared.verdict == OTHER:
        return f"other results: {compared.difference}"
    if compared.verdict == RAISES:
        return f"it raises: {compared.reason}"
    return f"results not compared: {compared.reason}"


def _compared(runs: Runs, fixed: Run | None) -> Compared:
    """The comparison, or what the fixed version raised where the flagged one did not."""
    error = runs.fixed_run.attempt().last("error") if runs.fixed_run is not None else None
    before = runs.run.attempt().last("error")
    if error is not None and error["where"] == "snippet":
        least = len(runs.run.attempt().of("sample"))
        if before is None or (error.get("repeats") or 0) < min(before.get("repeats") or 0, least):
            return Compared(RAISES, 0, None, story(error))
    if runs.compared is not None:
        return runs.compared
    return Compared(UNKNOWN, 0, None, "the fixed version did not come to its repeats" if fixed is None else "not seen")


def _cures(judged: Verdict, run: Run, fixed: Run | None, fixed_alone: Verdict | None, gone: str | None) -> bool | None:
    """Is what was confirmed gone?  None where nothing was confirmed, or nobody can tell."""
    if judged.verdict != CONFIRMED:
        return None
    if judged.mechanism == HANGS:
        return None if hangs(run) and too_slow_to_answer(run) else ran(run) and not hangs(run)
    if judged.mechanism == TIME:
        return True  # it is the fixed version that shows it
    if fixed is None or fixed_alone is None:
        return False
    if fixed.status == "error" or fixed_alone.verdict == NOT_RUNNABLE or fixed_alone.undecided:
        return None
    return fixed_alone.verdict != CONFIRMED or gone is not None
