"""The flagged version beside the fixed one: what grows in both is not this line's doing."""

from __future__ import annotations

from .units import size
from .verdict import CONFIRMED, NOT_CONFIRMED, ONE_EACH

_AS_MUCH = 0.9  # of the flagged version's growth


def compared(judged: object, measured: object, fixed: object, again: object) -> object:
    """A confirmed Verdict, unless the fixed version keeps as much per repeat, and as many of each kind of object.

    measured, fixed  the Measured of both versions        again  the Verdict on the fixed one
    """
    both = judged.verdict == again.verdict == CONFIRMED and judged.kind == again.kind
    if not both or judged.mechanism == "open files":
        return judged
    before, after = (_rate(version, judged) for version in (measured, fixed))
    if before is None or after is None or after < _AS_MUCH * before:
        return judged
    kept = measured.objects_kept if judged.kind == "retained" else measured.objects_raw
    left = fixed.objects_kept if judged.kind == "retained" else fixed.objects_raw
    if any(rate - left.get(kind, 0.0) >= ONE_EACH for kind, rate in kept.items()):
        return judged
    what = "stay per repeat" if judged.kind == "retained" else "of garbage per repeat"
    words = (
        f"{size(before)} {what}, and {size(after)} in the fixed version: something else grows here, not what is flagged"
    )
    return judged.instead(NOT_CONFIRMED, words)


def _rate(version: object, judged: object) -> float | None:
    growth = version.growth(judged.meter)
    slope = growth.retained if judged.kind == "retained" and growth.retained is not None else growth.raw
    return None if slope is None else slope.value
