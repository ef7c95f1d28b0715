"""What one meter says over both phases of a run: the same questions for host memory and for each meter of a GPU."""

from __future__ import annotations

from . import stats
from .words import HOST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Meter, Place, Raw, Sample, Settled

    from .words import MeterName

_NOISE = 1024 * 1024  # bytes within which a curve is flat


class Account:
    """Numbers of one meter.  Bytes; None where nothing was measured.

    name         whose numbers these are
    garbage      bytes that the first collection returned after the loop phase, at their highest
    typical      median growth from one repeat to the next: the rate between two collections
    large_step   what one repeat may add: nine tenths of all rises are no higher
    first_phase  bytes per repeat that the first phase left after its collection
    total        bytes that stayed from the base to the last settled state
    cleared      bytes that `clear_session()` returned beyond that
    risen        bytes that the loop phase added to the base, at their highest, garbage included
    shape        stats.shape() of the curve
    """

    __slots__ = ("name", "garbage", "typical", "large_step", "first_phase", "total", "cleared", "risen", "shape")

    def __init__(self, name: MeterName, values: Sequence[float], run: Run, settled: Sequence[Settled]) -> None:
        """values: the curve; settled: the run's settled states without the cleared one."""
        self.name = name
        self.shape = stats.shape(values, _NOISE)
        steps = [later - earlier for earlier, later in zip(values, values[1:])]
        self.typical = stats.median(steps) if steps else 0.0
        rises = sorted(step for step in steps if step > 0)
        self.large_step = rises[int(0.9 * (len(rises) - 1))] if rises else 0.0
        self.garbage: float | None = None
        self.first_phase: float | None = None
        self.total: float | None = None
        self.cleared: float | None = None
        self.risen: float | None = None
        self._phases(values, {event["at"]: event for event in run.of("settled")}, run.last("raw"), settled)

    def _phases(
        self, values: Sequence[float], by_place: Mapping[Place, Settled], raw: Raw | None, settled: Sequence[Settled]
    ) -> None:
        base, end = by_place.get("base"), by_place.get("loop")
        if base is None or end is None:
            return
        meter = _key_of(self.name, base, end)
        low, high = base.get(meter), end.get(meter)
        if low is None or high is None:
            return
        before_collection = raw.get(meter) if raw else None
        highest = max([*values, high] + ([before_collection] if before_collection is not None else []))
        self.garbage = max(0, highest - high)
        self.risen = max(0, highest - low)
        self.first_phase = (high - low) / float(max(1, end["n"]))
        last = settled[-1].get(meter)
        if last is not None:
            self.total = last - low
            cleared = by_place["cleared"].get(meter) if "cleared" in by_place else None
            if cleared is not None:
                self.cleared = last - cleared


def _key_of(name: MeterName, *readings: Settled) -> Meter:
    """Under which name the readings have a meter; of the host malloc's own account where all of them have it."""
    if name != "host":
        return name
    return "heap" if all(reading.get("heap") is not None for reading in readings) else "rss"


def values_of(curve: Sequence[Sample], name: MeterName) -> list[float]:
    """The curve of one meter, in bytes; of the host malloc's account, resident memory where there is none."""
    if name == HOST:
        values = [sample["heap"] if sample["heap"] is not None else sample["rss"] for sample in curve]
        return [value for value in values if value is not None]
    meter = _key_of(name)
    return [value for value in (sample.get(meter) for sample in curve) if value is not None]
