"""Robust growth of a curve: slope with a confidence interval, plateaus, steps.  Pure Python, no NumPy.

Memory curves are far from normal: a first large page-in, a pool that grows in regions, a late collection that drops a
hundred megabytes.  A line through first and last point, or least squares, believes all of that; the median of pairwise
slopes (Theil and Sen) does not, and its interval follows from Kendall's rank statistic without assuming a
distribution.
"""

from __future__ import annotations

import math

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Literal

    Shape = Literal["flat", "step", "plateau", "sawtooth", "growing"]

_NORMAL_95 = 1.959963984540054
_MOST_POINTS = 160


class Slope:
    """Growth per step: `value` with the bounds `low` and `high` of its 95 % interval, from `points` points.

    With fewer than four points the interval is unbounded: so few points can suggest a slope, not prove one.
    """

    __slots__ = ("value", "low", "high", "points")

    def __init__(self, value: float, low: float, high: float, points: int) -> None:
        self.value, self.low, self.high, self.points = value, low, high, points

    def __repr__(self) -> str:
        return f"Slope({self.value:.6g} [{self.low:.6g}, {self.high:.6g}], n={self.points})"

    @property
    def rises(self) -> bool:
        """True when the whole interval lies above zero."""
        return self.low > 0


def median(values: Iterable[float]) -> float:
    """The middle of a non-empty collection of numbers."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0


def thin(xs: Sequence[float], ys: Sequence[float], most: int = _MOST_POINTS) -> tuple[list[float], list[float]]:
    """At most `most` points: equally long blocks of the curve, each replaced by its median.

    A median per block keeps the shape and drops outliers; picking every k-th point would keep them.
    """
    count = len(ys)
    if count <= most:
        return list(xs), list(ys)
    thin_xs: list[float] = []
    thin_ys: list[float] = []
    for block in range(most):
        first, last = block * count // most, (block + 1) * count // most
        thin_xs.append(median(xs[first:last]))
        thin_ys.append(median(ys[first:last]))
    return thin_xs, thin_ys


def slope(ys: Sequence[float], xs: Sequence[float] | None = None) -> Slope:
    """Theil-Sen slope of `ys` over `xs` (default 0, 1, 2 ...) with Sen's rank interval.

    Returns Slope, in units of y per unit of x; the value is 0.0 for fewer than two points.
    """
    xs = list(range(len(ys))) if xs is None else list(xs)
    if len(xs) != len(ys):
        raise ValueError(f"{len(xs)} x values for {len(ys)} y values")
    xs, ys = thin(xs, ys)
    count = len(ys)
    pairwise = []
    for left in range(count):
        for right in range(left + 1, count):
            if xs[right] != xs[left]:
                pairwise.append((ys[right] - ys[left]) / float(xs[right] - xs[left]))
    if not pairwise:
        return Slope(0.0, -math.inf, math.inf, count)
    pairwise.sort()
    middle = median(pairwise)
    if count < 4:
        return Slope(middle, -math.inf, math.inf, count)
    spread = _NORMAL_95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18.0)
    low = int(math.floor((len(pairwise) - spread) / 2.0))
    high = int(math.ceil((len(pairwise) + spread) / 2.0))
    return Slope(middle, pairwise[max(low, 0)], pairwise[min(high, len(pairwise) - 1)], count)


def largest_step_share(ys: Sequence[float]) -> float:
    """Share of the whole rise that one single step brings: near 1 for one jump, 1/(n-1) for a straight line, 0 when
    flat."""
    rise = max(ys) - ys[0] if ys else 0
    if rise <= 0:
        return 0.0
    return max(later - earlier for earlier, later in zip(ys, ys[1:])) / float(rise)


def shape(ys: Sequence[float], noise: float = 0.0) -> Shape:
    """What the curve does, in one word.

    "flat"      it never leaves `noise` (in units of y)
    "step"      one jump is the whole rise, before and after it nothing grows
    "plateau"   it grew and stopped: the last third is level
    "sawtooth"  it grows and falls back, again and again (garbage that waits for a collection)
    "growing"   it grows and has not stopped
    """
    if len(ys) < 4:
        return "flat" if not ys or max(ys) - min(ys) <= noise else "growing"
    low, high = min(ys), max(ys)
    if high - low <= noise:
        return "flat"
    _, ys = thin(range(len(ys)), ys)
    falls = [earlier - later for earlier, later in zip(ys, ys[1:])]
    if max(falls) > 0.25 * (high - low) and max(falls) > noise:
        return "sawtooth"
    if ys[-1] - ys[0] <= noise:
        return "flat"
    third = max(2, len(ys) // 3)
    tail = ys[-third:]
    tail_rise = tail[-1] - tail[0]
    fair_share = (ys[-1] - ys[0]) * (len(tail) - 1) / float(len(ys) - 1)
    if largest_step_share(ys) > 0.8:
        return "step"
    if tail_rise <= noise or tail_rise < 0.2 * fair_share:
        return "plateau"
    return "growing"
