"""The verdict on a finding, from what was measured.

confirmed      kind "retained": memory that no collection returns; kind "deferred": garbage of models and weights that
               waits for a late collection, megabytes at its peak; speed: the fixed version is clearly faster; crash, hang
bounded        it grew, and stopped or fell back by itself
not-confirmed  nothing of the kind could be measured
not-runnable   the snippet does not run; `needs` says what would make it run
"""

from tflint_mem.verify.child.objects import KINDS

from .account import GPU_METERS
from .mechanism import mechanism, python_explains
from .shortage import STOPPED, ended, ran_out, slow, story
from .units import KIB, duration, size

RETAINED_LEAST = 8 * KIB  # bytes per repeat that nobody calls noise: `fit` on one model leaves 3 to 6 KiB now and then
RETAINED_WITH_OBJECTS = 2 * KIB  # enough when graphs, functions, models or files pile up with it, one by one
DEFERRED_LEAST = 32 * KIB  # bytes of garbage per repeat
DEFERRED_PEAK = 1024 * KIB  # ... and at their highest
DEFERRED_ANYWAY = 256 * KIB  # garbage per repeat that counts whatever it consists of
UNEXPLAINED_LEAST = (
    16 * KIB
)  # ... when nothing grows with it: TensorFlow's caches take 3 to 9 KiB per `fit`, ever less of it
UNEXPLAINED_FEW = 32 * KIB  # ... and the repeats are few
LIMIT_LEAST = 1024 * KIB  # per repeat, in a run that memory ended before there were points for a slope
FEW_REPEATS = 40
FEWEST_TO_LEAK = 5  # a loop that the code itself limits to fewer repeats cannot pile up much
LITTLE_IN_ALL = 512 * KIB  # what such a loop may leave over all its repeats
FASTER = 1.5
DRIVER_LEAST = 256 * KIB  # per repeat, as the driver counts: it counts the pool, which grows in pages of megabytes
ENOUGH_REPEATS = 8  # of the first phase, for garbage to show whether it waits
ALL = 0.9  # of what was kept: a file that stays open for another reason is no objection
ONE_EACH = 0.45  # objects per repeat from which on one stays in each of them: what elements share counts by half

# What a rule says that stays, where the counters see it: bytes without it are no proof of that rule's finding.
STAYS = {
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
COLLECTED = frozenset(
    {"TFM105", "TFM110", "TFM205", "TFM701", "TFM704"}
)  # ... in a collection: what is garbage is not in it

CONFIRMED, BOUNDED, NOT_CONFIRMED, NOT_RUNNABLE = "confirmed", "bounded", "not-confirmed", "not-runnable"


class Verdict:
    """verdict, kind and mechanism as in the JSON contract, and `message`, one or two sentences with the numbers.

    meter   "host", "allocator" or "nvml": whose numbers decided        needs   what would decide it, where it is undecided
    """

    __slots__ = ("verdict", "kind", "mechanism", "message", "meter", "needs")

    def __init__(self, verdict, kind=None, mechanism=None, message="", meter="host", needs=()):
        self.verdict, self.kind, self.mechanism, self.message = verdict, kind, mechanism, message
        self.meter, self.needs = meter, list(needs)

    def __repr__(self):
        return f"Verdict({self.verdict!r}, {self.kind!r}, {self.mechanism!r}, {self.message!r}, {self.meter!r})"

    def instead(self, verdict, message):
        """Another verdict on the same numbers."""
        return Verdict(verdict, None, self.mechanism if verdict == BOUNDED else None, message, self.meter)

    @property
    def undecided(self):
        """True when it ran, and too little of it to say more."""
        return self.verdict == NOT_RUNNABLE and bool(self.needs)


def judge_memory(measured, run):
    """Verdict on a memory finding from the flagged version alone: each meter is asked, and one that grows is enough.

    measured: Measured; run: the Run it came from (how the child ended matters).
    """
    found = [_judge_on(meter, measured, run) for meter in (*GPU_METERS, "host") if meter in measured.accounts]
    confirmed = [judged for judged in found if judged.verdict == CONFIRMED]
    if confirmed:
        return min(confirmed, key=lambda judged: judged.kind != "retained")
    for weaker in (NOT_RUNNABLE, BOUNDED):
        for judged in found:
            if judged.verdict == weaker:
                return judged
    return found[-1]


def _judge_on(meter, measured, run):
    growth, account, on = measured.growth(meter), measured.accounts[meter], _ON[meter]
    raw, kept, first = growth.raw, growth.retained, account.first_phase
    repeats = len(run.of("sample"))
    at_all = raw is not None and raw.value > 0
    if meter == "host" and run.status == "memory" and measured.repeats + repeats >= 2 and at_all:
        kind = "retained" if first is None or first > 0.3 * raw.value else "deferred"
        return Verdict(
            CONFIRMED,
            kind,
            mechanism(measured, kind) or "memory limit",
            f"stopped at the memory limit after {repeats} repeats, still growing by {size(raw.value)} per repeat",
        )
    end = run.last("end")
    if meter == "host" and end is not None and end.get("limit") and account.total is not None and measured.repeats:
        each = account.total / float(measured.repeats)
        if each >= LIMIT_LEAST:
            return Verdict(
                CONFIRMED,
                "retained",
                mechanism(measured, "retained"),
                f"{size(each)} stay per repeat; ended after {measured.repeats} repeats, close to the memory limit",
            )
    error = ran_out(run)
    if error is not None and at_all and raw.rises and raw.value >= DEFERRED_LEAST:
        kind = "retained" if first is None or first > 0.3 * raw.value else "deferred"
        return Verdict(
            CONFIRMED,
            kind,
            mechanism(measured, kind, meter) or "out of memory",
            f"it ran out of memory after {error['repeats']} repeats, growing by {size(raw.value)} per repeat{on}: "
            f"{story(error)}",
            meter,
        )
    holds = sum(rate for kind, rate in measured.objects_kept.items() if KINDS.get(kind) == "holds")
    files = measured.objects_kept.get("open files", 0.0)
    explained = any(rate >= 0.45 for rate in measured.objects_kept.values()) or python_explains(measured)
    several = sum(event["n"] for event in measured.settled if event["at"] == "block") >= FEW_REPEATS
    least = (
        DRIVER_LEAST
        if meter == "nvml"
        else RETAINED_LEAST
        if explained
        else UNEXPLAINED_LEAST
        if several
        else UNEXPLAINED_FEW
    )
    if kept is not None and kept.points >= 4:
        proven = kept.rises and (first is not None and first > 0.3 * kept.value or first is None and meter != "host")
        enough = (
            kept.value >= least
            or meter != "nvml"
            and kept.value >= RETAINED_WITH_OBJECTS
            and (holds >= 0.45 or files >= 0.45)
        )
        if proven and enough:
            return Verdict(
                CONFIRMED,
                "retained",
                mechanism(measured, "retained", meter),
                f"{size(kept.value)} stay per repeat after a collection{on}",
                meter,
            )
        if files >= 0.9 and meter == "host":
            return Verdict(CONFIRMED, "retained", "open files", f"{files:.1f} files stay open per repeat")
    elif holds >= 0.45 and first is not None and first >= RETAINED_WITH_OBJECTS and meter != "nvml":
        # few elements in all: every object counts, a slope needs more of them
        return Verdict(
            CONFIRMED,
            "retained",
            mechanism(measured, "retained", meter),
            f"{holds:.1f} graphs, functions or models and {size(first)} stay per repeat{on}, "
            f"over the loop's own {measured.repeats} repeats",
            meter,
        )
    rate = raw.value if raw is not None else 0.0
    heaps = ("models", "variables", "tensors", "sessions", "interpreters")
    weights = max(measured.objects_raw.get(kind, 0.0) for kind in heaps) if measured.objects_raw else 0.0
    garbage = _garbage(meter, measured, weights)
    if garbage is not None and garbage >= DEFERRED_PEAK:
        # garbage that goes after a few repeats is everyday life; what waits for many of them is not
        one = max(rate, account.large_step)  # where repeats differ in size, the largest of them is no heap of garbage
        waits = rate >= DEFERRED_LEAST and weights >= 0.05 and garbage >= 3 * one
        if waits or (rate >= DEFERRED_ANYWAY and garbage >= max(8 * one, 4 * DEFERRED_PEAK)):
            return Verdict(
                CONFIRMED,
                "deferred",
                mechanism(measured, "deferred"),
                f"{size(rate)} of garbage per repeat wait for a late collection{on}, {size(garbage)} at the peak"
                f"{_stays(kept)}",
                meter,
            )
    stopped = run.status in STOPPED
    if stopped and raw is not None and raw.rises and rate >= DEFERRED_ANYWAY:
        return Verdict(
            CONFIRMED,
            "retained" if kept is not None and kept.rises else "deferred",
            mechanism(measured, "deferred"),
            f"{ended(run)} after {repeats} repeats, growing by {size(rate)} per repeat{on}",
            meter,
        )
    told = (
        meter != "nvml" or "allocator" not in measured.accounts
    )  # a pool's pages say little beside what is in use of it
    if told and slow(run) and measured.repeats and _too_few(measured, growth, garbage, least):
        needs = [f"more time: {measured.repeats} repeats do not tell growth from noise (--verify-timeout)"]
        return Verdict(
            NOT_RUNNABLE,
            None,
            None,
            f"undecided: too few repeats, {measured.repeats} before the time limit{on}{_between(kept)}",
            meter,
            needs,
        )
    if stopped and measured.repeats < 4:
        return Verdict(NOT_CONFIRMED, None, None, f"{ended(run)} after {repeats} repeats: too few to judge", meter)
    grown = raw is not None and (account.garbage or 0) >= DEFERRED_PEAK / 2
    if told and (grown or account.shape in ("plateau", "step", "sawtooth")):
        return Verdict(
            BOUNDED,
            None,
            None,
            f"it grew{on} and fell back or stopped: {size(max(rate, 0))} per repeat at first{_stays(kept)}",
            meter,
        )
    return Verdict(NOT_CONFIRMED, None, None, f"no growth over {measured.repeats} repeats{_stays(kept)}", meter)


_ON = {"host": "", "allocator": " on the GPU", "nvml": " on the GPU, as the driver counts"}


def _garbage(meter, measured, weights):
    """Bytes at their highest that a collection returned.  A pool gives nothing back to the driver: where nothing else can
    be read, it is garbage what made the pool grow all through the first phase and never again with collections in between."""
    account = measured.accounts[meter]
    kept = measured.growth(meter).retained
    if meter == "nvml" and "allocator" not in measured.accounts and weights >= 0.05 and account.risen is not None:
        if account.shape == "growing" and kept is not None and kept.points >= 4 and not kept.rises:
            return account.risen
    return account.garbage


def _too_few(measured, growth, garbage, least):
    """Could more repeats still show growth?  Few of them, on a busy machine, may acquit nobody."""
    raw, kept = growth.raw, growth.retained
    if kept is None or kept.points < 4:
        return raw is None or raw.points < 4 or raw.high >= least  # flat before any collection: nothing is kept either
    waiting = (garbage or 0) >= DEFERRED_PEAK / 2 and measured.loop < ENOUGH_REPEATS
    return kept.value >= least or waiting and raw is not None and raw.value >= DEFERRED_LEAST


def acquits(measured):
    """Does what was measured before the end say by itself that nothing grows: settled states, or a flat curve before any?"""
    for meter in measured.accounts:
        growth = measured.growth(meter)
        settled = growth.retained is not None and growth.retained.points >= 4
        if (
            not settled
            and meter != "nvml"
            and (growth.raw is None or growth.raw.points < 4 or growth.raw.high >= UNEXPLAINED_FEW)
        ):
            return False
    return True


def _between(kept):
    if kept is None or kept.points < 4:
        return ""
    return f"; between {size(max(kept.low, 0))} and {size(max(kept.high, 0))} per repeat stay"


def about(judged, code, measured, replaced=False):
    """A confirmed verdict, if what the rule says that stays is among what stays; else "not-confirmed", with what grows instead.

    replaced: what is kept takes the place of what was kept before when elements come again: counting it proves nothing
    """
    things = STAYS.get(code)
    if judged.verdict == CONFIRMED and judged.kind == "deferred" and code in COLLECTED and replaced:
        return judged.instead(
            NOT_CONFIRMED,
            f"{judged.message}; but the same elements come again here, and with them their keys: "
            "what they replace is garbage here alone",
        )
    if judged.verdict != CONFIRMED or things is None or replaced or not measured.counted.issuperset(things):
        return judged
    growth = measured.objects_kept if judged.kind == "retained" or code in COLLECTED else measured.objects_raw
    if any(growth.get(thing, 0.0) >= ONE_EACH for thing in things):
        return judged
    others = [
        f"{rate:.1f} {kind}" for kind, rate in sorted(growth.items(), key=lambda item: -item[1]) if rate >= ONE_EACH
    ]
    words = ", ".join(others[:3]) if others else "memory in which no object of TensorFlow's is counted"
    return judged.instead(NOT_CONFIRMED, f"{judged.message}; but no {things[0]}: what grows per repeat is {words}")


def after_the_loop(judged, code, measured, behind, seen):
    """A confirmed verdict, unless what stands behind the loop uses all that was kept, or gives it back.

    behind  the Behind of the loop, None when nothing uses what it keeps
    seen    the event "behind" of a short run through it, None when that did not get there
    """
    things = STAYS.get(code)
    if judged.verdict != CONFIRMED or behind is None or not things:
        return judged
    rate = measured.objects_kept.get(things[0], 0.0)
    if rate < ONE_EACH:
        return judged
    words = None
    if code == "TFM110":
        if seen is not None and seen["models"] >= max(2, ALL * seen["repeats"]) and seen["used"] == seen["models"]:
            words = f"all models are used behind the loop (row {behind.row})"
        elif behind.returned is not None:
            words = f"all models are returned behind the loop (row {behind.returned})"
    elif code == "TFM701" and seen is not None:
        if seen["before"][things[0]] - seen["after"][things[0]] >= ALL * rate * seen["repeats"]:
            words = f"all files are closed behind the loop (row {behind.row})"
    if words is None:
        return judged
    return judged.instead(BOUNDED, f"{judged.message} while the loop runs; {words}")


def limited(judged, count, measured=None):
    """A confirmed verdict on a loop of `count` repeats that the code spells out, or that its parts make: where these are few,
    or leave little in all, it ends by itself."""
    if judged.verdict != CONFIRMED or count is None:
        return judged
    words = f"{judged.message}; but the loop has {count} repeats in all"
    if count < FEWEST_TO_LEAK:
        return judged.instead(BOUNDED, words)
    growth = None
    if measured is not None:
        grown = measured.growth(judged.meter)
        growth = grown.retained if judged.kind == "retained" and grown.retained is not None else grown.raw
    if growth is None or judged.mechanism == "open files" or count * growth.value >= LITTLE_IN_ALL:
        return judged
    return judged.instead(BOUNDED, f"{words}, {size(max(count * growth.value, 0))}")


def judge_speed(flagged, fixed):
    """Verdict on a speed finding: seconds per repeat, flagged against fixed (Measured or None)."""
    if flagged.times is None:
        return Verdict(NOT_CONFIRMED, None, None, "too few repeats for a time")
    median, low, high = flagged.times
    if fixed is None or fixed.times is None:
        return Verdict(
            NOT_CONFIRMED, None, None, f"{duration(median)} per repeat; there is no fixed version to compare with"
        )
    other, other_low, other_high = fixed.times
    ratio = median / other if other > 0 else float("inf")
    text = f"{duration(median)} per repeat, fixed {duration(other)}: {ratio:.1f} times as long"
    if ratio >= FASTER and low > other_high:
        return Verdict(CONFIRMED, None, "time", text)
    if ratio >= FASTER:
        return Verdict(NOT_CONFIRMED, None, None, text + ", but the times overlap")
    return Verdict(NOT_CONFIRMED, None, None, text)


def _stays(kept):
    return "" if kept is None else f"; {size(max(kept.value, 0))} per repeat stay"
