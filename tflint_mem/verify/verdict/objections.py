"""What speaks against a confirmed verdict: something else grows, it ends by itself, or it is used behind the loop."""

from __future__ import annotations

from .thresholds import ONE_EACH
from .units import KIB, size
from .words import BOUNDED, CONFIRMED, DEFERRED, NOT_CONFIRMED, OPEN_FILES, RETAINED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify import events
    from tflint_mem.verify.snippet.behind import Behind

    from .measured import Measured
    from .verdict import Verdict

_FEWEST_TO_LEAK = 5  # a loop that the code itself limits to fewer repeats cannot pile up much
_LITTLE_IN_ALL = 512 * KIB  # what such a loop may leave over all its repeats
_ALL = 0.9  # of what was kept: a file that stays open for another reason is no objection
_AS_MUCH = 0.9  # of the flagged version's growth
_MOST_OF_IT = 0.5  # of the bytes of tensors that are gone: so much less has to stay

# What a rule says that stays, where the counters see it: bytes without it are no proof of that rule's finding.
_STAYS = {
    "TFM105": ("models",),
    "TFM110": ("models",),
    "TFM205": ("tapes",),
    "TFM302": ("functions", "graphs"),
    "TFM303": ("functions", "graphs"),
    "TFM502": ("sessions",),
    "TFM503": ("graph operations",),
    "TFM701": ("open files",),
    "TFM704": ("interpreter views",),
}
# ... in a collection: what is garbage is not in it
COLLECTED = frozenset({"TFM105", "TFM110", "TFM205", "TFM701", "TFM704"})


def about(judged: Verdict, code: str, measured: Measured, replaced: bool = False) -> Verdict:
    """A confirmed verdict, if what the rule says that stays is among what stays; else "not-confirmed", with what grows
    instead.

    replaced: what is kept takes the place of what was kept before when elements come again: counting it proves nothing
    """
    things = _STAYS.get(code)
    if judged.verdict == CONFIRMED and judged.kind == DEFERRED and code in COLLECTED and replaced:
        return judged.instead(
            NOT_CONFIRMED,
            f"{judged.message}; but the same elements come again here, and with them their keys: "
            "what they replace is garbage here alone",
        )
    if judged.verdict != CONFIRMED or things is None or replaced or not measured.counted.issuperset(things):
        return judged
    growth = measured.objects_kept if judged.kind == RETAINED or code in COLLECTED else measured.objects_raw
    if any(growth.get(thing, 0.0) >= ONE_EACH for thing in things):
        return judged
    highest_first = sorted(growth.items(), key=_by_rate)
    others = [f"{rate:.1f} {kind}" for kind, rate in highest_first if rate >= ONE_EACH]
    words = ", ".join(others[:3]) if others else "memory in which no object of TensorFlow's is counted"
    return judged.instead(NOT_CONFIRMED, f"{judged.message}; but no {things[0]}: what grows per repeat is {words}")


def _by_rate(item: tuple[str, float]) -> float:
    _, rate = item
    return -rate


def after_the_loop(
    judged: Verdict, code: str, measured: Measured, behind: Behind | None, seen: events.Behind | None
) -> Verdict:
    """A confirmed verdict, unless what stands behind the loop uses all that was kept, or gives it back.

    behind  None when nothing uses what the loop keeps
    seen    what a short run through it saw, None when that did not get there
    """
    things = _STAYS.get(code)
    if judged.verdict != CONFIRMED or behind is None or not things:
        return judged
    thing = things[0]
    rate = measured.objects_kept.get(thing, 0.0)
    if rate < ONE_EACH:
        return judged
    words = None
    if code == "TFM110":
        if seen is not None and seen["models"] >= max(2, _ALL * seen["repeats"]) and seen["used"] == seen["models"]:
            words = f"all models are used behind the loop (row {behind.row})"
        elif behind.returned is not None:
            words = f"all models are returned behind the loop (row {behind.returned})"
    elif code == "TFM701" and seen is not None:
        if seen["before"][thing] - seen["after"][thing] >= _ALL * rate * seen["repeats"]:
            words = f"all files are closed behind the loop (row {behind.row})"
    if words is None:
        return judged
    return judged.instead(BOUNDED, f"{judged.message} while the loop runs; {words}")


def limited(judged: Verdict, count: int | None, measured: Measured | None = None) -> Verdict:
    """A confirmed verdict on a loop of `count` repeats that the code spells out, or that its parts make: where these
    are few, or leave little in all, it ends by itself."""
    if judged.verdict != CONFIRMED or count is None:
        return judged
    words = f"{judged.message}; but the loop has {count} repeats in all"
    if count < _FEWEST_TO_LEAK:
        return judged.instead(BOUNDED, words)
    growth = measured.growth(judged.meter).deciding(judged.kind) if measured is not None else None
    if growth is None or judged.mechanism == OPEN_FILES or count * growth.value >= _LITTLE_IN_ALL:
        return judged
    return judged.instead(BOUNDED, f"{words}, {size(max(count * growth.value, 0))}")


def compared(judged: Verdict, measured: Measured, fixed: Measured, again: Verdict) -> Verdict:
    """A confirmed verdict, unless the fixed version keeps as much per repeat, and as many of each kind of object: what
    grows in both is not this line's doing.

    measured, fixed  numbers of both versions        again  the verdict on the fixed one
    """
    both = judged.verdict == again.verdict == CONFIRMED and judged.kind == again.kind
    if not both or judged.mechanism == OPEN_FILES:
        return judged
    before, after = (version.growth(judged.meter).deciding(judged.kind) for version in (measured, fixed))
    if before is None or after is None or after.value < _AS_MUCH * before.value:
        return judged
    stays = judged.kind == RETAINED
    kept = measured.objects_kept if stays else measured.objects_raw
    left = fixed.objects_kept if stays else fixed.objects_raw
    if any(rate - left.get(kind, 0.0) >= ONE_EACH for kind, rate in kept.items()):
        return judged
    what = "stay per repeat" if stays else "of garbage per repeat"
    return judged.instead(
        NOT_CONFIRMED,
        f"{size(before.value)} {what}, and {size(after.value)} in the fixed version: "
        "something else grows here, not what is flagged",
    )


def relieved(judged: Verdict, code: str, measured: Measured, fixed: Measured, again: Verdict) -> str | None:
    """Does the fixed version no longer keep what the flagged one keeps, though something else grows in it too?  What is
    so now, in a few words; None where it is not.

    measured, fixed  numbers of both versions        again  the verdict on the fixed one
    """
    if judged.kind != RETAINED:
        return None
    before, after = measured.growth(judged.meter), fixed.growth(judged.meter)
    if before.retained is None or after.retained is None:
        return None
    fallen = before.retained.value - after.retained.value
    if again.kind == DEFERRED:
        raws = [growth.raw.value for growth in (before, after) if growth.raw is not None]
        if fallen >= _AS_MUCH * before.retained.value and len(raws) == 2 and raws[1] <= raws[0]:
            return f"{size(max(after.retained.value, 0))} per repeat stay"
    things = _STAYS.get(code, ())
    if not (measured.counted.issuperset(things) and fixed.counted.issuperset(things)):
        return None
    if any(fixed.objects_kept.get(thing, 0.0) >= ONE_EACH for thing in things):
        return None
    if fallen <= _MOST_OF_IT * max((measured.tensor_bytes or 0.0) - (fixed.tensor_bytes or 0.0), 0.0):
        return None
    return next((f"no {thing} stay" for thing in things if measured.objects_kept.get(thing, 0.0) >= ONE_EACH), None)
