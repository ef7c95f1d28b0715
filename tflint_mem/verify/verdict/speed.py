"""The verdict on speed: seconds per repeat, flagged against fixed."""

from __future__ import annotations

from .units import duration
from .verdict import Verdict, not_confirmed, undecided
from .words import CONFIRMED, TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .measured import Measured

_FASTER = 1.5  # times as long, from which on the fixed version is clearly faster


def judge_speed(flagged: Measured, fixed: Measured | None) -> Verdict:
    """Is the fixed version clearly faster?  fixed: None where there is none."""
    if flagged.times is None:
        return not_confirmed("too few repeats for a time")
    median = flagged.times.median
    if fixed is None or fixed.times is None:
        return not_confirmed(f"{duration(median)} per repeat; there is no fixed version to compare with")
    other = fixed.times.median
    ratio = median / other if other > 0 else float("inf")
    text = f"{duration(median)} per repeat, fixed {duration(other)}: {ratio:.1f} times as long"
    if ratio < _FASTER:
        return not_confirmed(text)
    if flagged.times.low > fixed.times.high:
        return Verdict(CONFIRMED, None, TIME, text)
    # other programs on the machine make times vary: nothing is acquitted by them
    return undecided(["a calmer machine, or more time (--verify-timeout)"], f"undecided: {text}, but the times overlap")
