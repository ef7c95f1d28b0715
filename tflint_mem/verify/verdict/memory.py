"""The verdict on memory from the flagged version alone: each meter is asked, and one that grows is enough."""

from __future__ import annotations

from tflint_mem.verify.child.objects import KINDS

from .endings import STOPPED, ended, hurried, ran_out, story
from .mechanism import mechanism, python_explains
from .thresholds import (
    ALWAYS_ONE,
    DEFERRED_ANYWAY,
    DEFERRED_LEAST,
    DEFERRED_PEAK,
    DRIVER_LEAST,
    ENOUGH_REPEATS,
    FEW_REPEATS,
    KEEPS_UP,
    LIMIT_LEAST,
    ONE_EACH,
    POINTS,
    RETAINED_LEAST,
    RETAINED_WITH_OBJECTS,
    UNEXPLAINED_FEW,
    UNEXPLAINED_LEAST,
    WEIGHTS,
)
from .units import size
from .verdict import Verdict, not_confirmed, undecided
from .words import (
    ALLOCATOR,
    BOUNDED,
    CONFIRMED,
    DEFERRED,
    GPU_METERS,
    HOST,
    MEMORY_LIMIT,
    NOT_RUNNABLE,
    NVML,
    OPEN_FILES,
    OUT_OF_MEMORY,
    RETAINED,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run

    from .measured import Measured
    from .stats import Slope
    from .words import Kind, MeterName

_ON: dict[MeterName, str] = {"host": "", "allocator": " on the GPU", "nvml": " on the GPU, as the driver counts"}
_WITH_WEIGHTS = ("models", "variables", "tensors", "sessions", "interpreters")


def judge_memory(measured: Measured, run: Run) -> Verdict:
    """The verdict that the meters give together.

    run: the one that `measured` came from: how the child ended matters
    """
    found = [_Witness(meter, measured, run).verdict() for meter in (*GPU_METERS, HOST) if meter in measured.accounts]
    confirmed = [judged for judged in found if judged.verdict == CONFIRMED]
    if confirmed:
        return min(confirmed, key=lambda judged: judged.kind != RETAINED)
    for weaker in (NOT_RUNNABLE, BOUNDED):
        for judged in found:
            if judged.verdict == weaker:
                return judged
    return found[-1]


def acquits(measured: Measured) -> bool:
    """Does what was measured before the end say by itself that nothing grows: settled states, or a flat curve before
    any?"""
    for meter in measured.accounts:
        growth = measured.growth(meter)
        if not _is_settled(growth.retained) and meter != NVML:
            raw = growth.raw
            if raw is None or raw.points < POINTS or raw.high >= UNEXPLAINED_FEW:
                return False
    return True


class _Witness:
    """One meter, which is asked one question after the other; the first that it can answer makes its verdict."""

    def __init__(self, meter: MeterName, measured: Measured, run: Run) -> None:
        self.meter, self.measured, self.run = meter, measured, run
        self.growth, self.account, self.on = measured.growth(meter), measured.accounts[meter], _ON[meter]
        self.raw, self.kept, self.first = self.growth.raw, self.growth.retained, self.account.first_phase
        self.repeats = len(run.of("sample"))  # those of the warm-up too
        self.rate = self.raw.value if self.raw is not None else 0.0

    def verdict(self) -> Verdict:
        """What this meter says."""
        return (
            self.stopped_at_limit()
            or self.ended_near_limit()
            or self.ran_out()
            or self.stays()
            or self.waits()
            or self.stopped_while_growing()
            or self.too_few_to_tell()
            or self.grew_and_stopped()
            or not_confirmed(f"no growth over {self.measured.repeats} repeats{_stays(self.kept)}", self.meter)
        )

    def confirmed(self, kind: Kind, what: str | None, message: str) -> Verdict:
        """what: the mechanism."""
        return Verdict(CONFIRMED, kind, what, message, self.meter)

    def kind_at_end(self, raw: Slope) -> Kind:
        """Of growth that was cut off: what the first phase left says whether it stays."""
        return RETAINED if self.first is None or self.first > KEEPS_UP * raw.value else DEFERRED

    def stopped_at_limit(self) -> Verdict | None:
        """Did it grow until the memory limit stopped it?"""
        if self.meter != HOST or self.run.status != "memory" or self.measured.repeats + self.repeats < 2:
            return None
        if self.raw is None or self.raw.value <= 0:
            return None
        kind = self.kind_at_end(self.raw)
        return self.confirmed(
            kind,
            mechanism(self.measured, kind) or MEMORY_LIMIT,
            f"stopped at the memory limit after {self.repeats} repeats, "
            f"still growing by {size(self.raw.value)} per repeat",
        )

    def ended_near_limit(self) -> Verdict | None:
        """Did the child end early because what it kept came close to the limit?"""
        end, total, repeats = self.run.last("end"), self.account.total, self.measured.repeats
        if self.meter != HOST or end is None or not end.get("limit") or total is None or not repeats:
            return None
        each = total / float(repeats)
        if each < LIMIT_LEAST:
            return None
        return self.confirmed(
            RETAINED,
            mechanism(self.measured, RETAINED),
            f"{size(each)} stay per repeat; ended after {repeats} repeats, close to the memory limit",
        )

    def ran_out(self) -> Verdict | None:
        """Was it the code itself that said that memory is used up, while it grew?"""
        error, raw = ran_out(self.run), self.raw
        if error is None or raw is None or not raw.rises or raw.value <= 0 or raw.value < DEFERRED_LEAST:
            return None
        kind = self.kind_at_end(raw)
        return self.confirmed(
            kind,
            mechanism(self.measured, kind, self.meter) or OUT_OF_MEMORY,
            f"it ran out of memory after {error['repeats']} repeats, growing by {size(raw.value)} per repeat{self.on}: "
            f"{story(error)}",
        )

    def least(self) -> float:
        """Bytes per repeat from which on what stays counts, whatever else is known."""
        if self.meter == NVML:
            return DRIVER_LEAST
        if any(rate >= ONE_EACH for rate in self.measured.objects_kept.values()) or python_explains(self.measured):
            return RETAINED_LEAST
        several = sum(event["n"] for event in self.measured.settled if event["at"] == "block") >= FEW_REPEATS
        return UNEXPLAINED_LEAST if several else UNEXPLAINED_FEW

    def stays(self) -> Verdict | None:
        """Does memory stay over the settled states?"""
        kept, first = self.kept, self.first
        holds = self.holds()
        files = self.measured.objects_kept.get(OPEN_FILES, 0.0)
        if kept is not None and _is_settled(kept):
            proven = kept.rises and (first > KEEPS_UP * kept.value if first is not None else self.meter != HOST)
            with_objects = kept.value >= RETAINED_WITH_OBJECTS and (holds >= ONE_EACH or files >= ONE_EACH)
            if proven and (kept.value >= self.least() or self.meter != NVML and with_objects):
                return self.confirmed(
                    RETAINED,
                    mechanism(self.measured, RETAINED, self.meter),
                    f"{size(kept.value)} stay per repeat after a collection{self.on}",
                )
            if files >= ALWAYS_ONE and self.meter == HOST:
                return self.confirmed(RETAINED, OPEN_FILES, f"{files:.1f} files stay open per repeat")
        elif holds >= ONE_EACH and first is not None and first >= RETAINED_WITH_OBJECTS and self.meter != NVML:
            # few elements in all: every object counts, a slope needs more of them; where it is time that leaves few,
            # the first of them may be those that set things up
            if hurried(self.run, self.measured.repeats) and self.measured.loop < ENOUGH_REPEATS:
                return None
            return self.confirmed(
                RETAINED,
                mechanism(self.measured, RETAINED, self.meter),
                f"{holds:.1f} graphs, functions or models and {size(first)} stay per repeat{self.on}, "
                f"over the loop's own {self.measured.repeats} repeats",
            )
        return None

    def holds(self) -> float:
        """Graphs, functions or models that stay per repeat."""
        return sum(rate for kind, rate in self.measured.objects_kept.items() if KINDS.get(kind) == "holds")

    def waits(self) -> Verdict | None:
        """Does garbage wait for many repeats?  What goes after a few of them is everyday life."""
        garbage = self.garbage()
        if garbage is None or garbage < DEFERRED_PEAK:
            return None
        one = max(self.rate, self.account.large_step)  # where repeats differ in size, the largest is no heap of garbage
        waits = self.rate >= DEFERRED_LEAST and self.weights() >= WEIGHTS and garbage >= 3 * one
        if not waits and (self.rate < DEFERRED_ANYWAY or garbage < max(8 * one, 4 * DEFERRED_PEAK)):
            return None
        return self.confirmed(
            DEFERRED,
            mechanism(self.measured, DEFERRED),
            f"{size(self.rate)} of garbage per repeat wait for a late collection{self.on}, {size(garbage)} at the peak"
            f"{_stays(self.kept)}",
        )

    def weights(self) -> float:
        """Objects that have weights, per repeat, before a collection."""
        raw = self.measured.objects_raw
        return max(raw.get(kind, 0.0) for kind in _WITH_WEIGHTS) if raw else 0.0

    def garbage(self) -> float | None:
        """Bytes at their highest that a collection returned.

        A pool gives nothing back to the driver: where nothing else can be read, it is garbage what made the pool grow
        all through the first phase and never again with collections in between.
        """
        alone = self.meter == NVML and ALLOCATOR not in self.measured.accounts
        if alone and self.weights() >= WEIGHTS and self.account.risen is not None and self.account.shape == "growing":
            if self.kept is not None and _is_settled(self.kept) and not self.kept.rises:
                return self.account.risen
        return self.account.garbage

    def stopped_while_growing(self) -> Verdict | None:
        """Was it stopped, by whatever limit, while its curve rose?  By time after few repeats, or before anything was
        collected: more of them could show that it stops by itself, and what of it stays.
        """
        if self.run.status not in STOPPED or self.raw is None or not self.raw.rises or self.rate < DEFERRED_ANYWAY:
            return None
        if self.run.status == "timeout" and (self.measured.loop < ENOUGH_REPEATS or self.first is None):
            return undecided(
                [f"more time: {self.repeats} repeats do not tell whether it stops, and what stays (--verify-timeout)"],
                f"undecided: too little time for the {self.repeats} repeats and a collection{self.on}, "
                f"growing by {size(self.rate)} per repeat",
                self.meter,
            )
        kind = DEFERRED if self.first is None else self.kind_at_end(self.raw)
        return self.confirmed(
            kind,
            mechanism(self.measured, kind, self.meter),
            f"{ended(self.run)} after {self.repeats} repeats, growing by {size(self.rate)} per repeat{self.on}",
        )

    def tells(self) -> bool:
        """A pool's pages say little beside what is in use of it."""
        return self.meter != NVML or ALLOCATOR not in self.measured.accounts

    def too_few_to_tell(self) -> Verdict | None:
        """Was it ended before there was enough to judge?"""
        repeats = self.measured.repeats
        if self.tells() and hurried(self.run, repeats) and repeats and self.may_still_grow():
            return undecided(
                [f"more time: {repeats} repeats do not tell growth from noise (--verify-timeout)"],
                f"undecided: too few repeats, {repeats} in the time that there was{self.on}{_between(self.kept)}",
                self.meter,
            )
        if self.run.status in STOPPED and repeats < POINTS:
            return not_confirmed(f"{ended(self.run)} after {self.repeats} repeats: too few to judge", self.meter)
        return None

    def may_still_grow(self) -> bool:
        """Could more repeats still show growth?  Few of them, on a busy machine, may acquit nobody."""
        raw, kept = self.raw, self.kept
        if kept is None or not _is_settled(kept):
            # flat before any collection: nothing is kept either
            return raw is None or raw.points < POINTS or raw.high >= self.least()
        least = RETAINED_WITH_OBJECTS if self.holds() >= ONE_EACH else UNEXPLAINED_LEAST
        if kept.value >= (self.least() if self.meter == NVML else min(self.least(), least)):
            return True
        # garbage that has not been collected once: more of it may be what waits
        rises = raw is not None and raw.rises and self.account.shape in ("growing", "flat")  # flat: within a megabyte
        waiting = rises and (self.garbage() or 0) >= DEFERRED_PEAK / 4
        return waiting and self.rate >= (DEFERRED_LEAST if self.weights() >= WEIGHTS else DEFERRED_ANYWAY)

    def grew_and_stopped(self) -> Verdict | None:
        """Did it grow, and fall back or stop by itself?"""
        grown = self.raw is not None and (self.account.garbage or 0) >= DEFERRED_PEAK / 2
        if not self.tells() or not (grown or self.account.shape in ("plateau", "step", "sawtooth")):
            return None
        return Verdict(
            BOUNDED,
            message=f"it grew{self.on} and fell back or stopped: {size(max(self.rate, 0))} per repeat at first"
            f"{_stays(self.kept)}",
            meter=self.meter,
        )


def _is_settled(kept: Slope | None) -> bool:
    """Are there enough settled states for a slope that proves something?"""
    return kept is not None and kept.points >= POINTS


def _between(kept: Slope | None) -> str:
    if kept is None or not _is_settled(kept):
        return ""
    return f"; between {size(max(kept.low, 0))} and {size(max(kept.high, 0))} per repeat stay"


def _stays(kept: Slope | None) -> str:
    return "" if kept is None else f"; {size(max(kept.value, 0))} per repeat stay"
