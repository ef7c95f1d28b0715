"""The verdict on a finding, from what was measured.

confirmed      kind "retained": memory that no collection returns; kind "deferred": garbage of models and weights that
               waits for a late collection, megabytes at its peak; speed: the fixed version is clearly faster; crash, hang
bounded        it grew, and stopped or fell back by itself
not-confirmed  nothing of the kind could be measured
not-runnable   the snippet does not run; `needs` says what would make it run
"""

from . import meters

KIB = 1024.0
RETAINED_LEAST = 8 * KIB      # bytes per repeat that nobody calls noise: `fit` on one model leaves 3 to 6 KiB now and then
RETAINED_WITH_OBJECTS = 2 * KIB  # enough when graphs, functions, models or files pile up with it, one by one
DEFERRED_LEAST = 32 * KIB     # bytes of garbage per repeat
DEFERRED_PEAK = 1024 * KIB    # ... and at their highest
DEFERRED_ANYWAY = 256 * KIB   # garbage per repeat that counts whatever it consists of
UNEXPLAINED_LEAST = 16 * KIB  # ... when nothing grows with it: TensorFlow's caches take 3 to 9 KiB per `fit`, ever less of it
UNEXPLAINED_FEW = 32 * KIB    # ... and the repeats are few
PYTHON_OBJECT = 512           # bytes that one Python container may stand for
LIMIT_LEAST = 1024 * KIB      # per repeat, in a run that memory ended before there were points for a slope
FEW_REPEATS = 40
FEWEST_TO_LEAK = 5            # a loop that the code itself limits to fewer repeats cannot pile up much
LITTLE_IN_ALL = 512 * KIB     # what such a loop may leave over all its repeats
FASTER = 1.5
ALL = 0.9                     # of what was kept: a file that stays open for another reason is no objection
ONE_EACH = 0.45               # objects per repeat from which on one stays in each of them: what elements share counts by half

# What a rule says that stays, where the counters see it: bytes without it are no proof of that rule's finding.
STAYS = {"TFM105": ("models",), "TFM110": ("models",), "TFM205": ("tapes",), "TFM302": ("functions", "graphs"), "TFM303": ("functions", "graphs"),
         "TFM502": ("sessions",), "TFM503": ("graph operations",), "TFM701": ("open files",),
         "TFM704": ("interpreter views",)}
COLLECTED = frozenset({"TFM105", "TFM110", "TFM205", "TFM701", "TFM704"})  # ... in a collection: what is garbage is not in it

CONFIRMED, BOUNDED, NOT_CONFIRMED, NOT_RUNNABLE = "confirmed", "bounded", "not-confirmed", "not-runnable"


class Verdict:
    """verdict, kind and mechanism as in the JSON contract, and `message`, one or two sentences with the numbers."""

    __slots__ = ("verdict", "kind", "mechanism", "message")

    def __init__(self, verdict, kind=None, mechanism=None, message=""):
        self.verdict, self.kind, self.mechanism, self.message = verdict, kind, mechanism, message

    def __repr__(self):
        return f"Verdict({self.verdict!r}, {self.kind!r}, {self.mechanism!r}, {self.message!r})"


def judge_memory(measured, run):
    """Verdict on a memory finding from the flagged version alone.

    measured: Measured; run: the Run it came from (how the child ended matters).
    """
    growth, source = _leading(measured)
    stopped = run.status in _STOPPED
    if run.status == "memory" and measured.repeats + len(run.of("sample")) >= 2 and growth.raw is not None and growth.raw.value > 0:
        kind = "retained" if measured.first_phase is None or measured.first_phase > 0.3 * growth.raw.value else "deferred"
        return Verdict(CONFIRMED, kind, mechanism(measured, kind) or "memory limit",
                       f"stopped at the memory limit after {len(run.of('sample'))} repeats, still growing by "
                       f"{size(growth.raw.value)} per repeat")
    end = run.last("end")
    if end is not None and end.get("limit") and measured.total is not None and measured.repeats:
        each = measured.total / float(measured.repeats)
        if each >= LIMIT_LEAST:
            return Verdict(CONFIRMED, "retained", mechanism(measured, "retained"),
                           f"{size(each)} stay per repeat; ended after {measured.repeats} repeats, close to the memory limit")
    kept = growth.retained
    holds = sum(rate for kind, rate in measured.objects_kept.items() if meters.KINDS.get(kind) == "holds")
    files = measured.objects_kept.get("open files", 0.0)
    if kept is not None and kept.points >= 4:
        proven = kept.rises and measured.first_phase is not None and measured.first_phase > 0.3 * kept.value
        explained = any(rate >= 0.45 for rate in measured.objects_kept.values()) or _python_explains(measured)
        several = sum(event["n"] for event in measured.settled if event["at"] == "block") >= FEW_REPEATS
        least = RETAINED_LEAST if explained else UNEXPLAINED_LEAST if several else UNEXPLAINED_FEW
        enough = kept.value >= least or (kept.value >= RETAINED_WITH_OBJECTS and (holds >= 0.45 or files >= 0.45))
        if source != "host":
            proven = kept.rises
        if proven and enough:
            return Verdict(CONFIRMED, "retained", mechanism(measured, "retained"),
                           f"{size(kept.value)} stay per repeat after a collection{_on(source)}")
        if files >= 0.9:
            return Verdict(CONFIRMED, "retained", "open files", f"{files:.1f} files stay open per repeat")
    elif holds >= 0.45 and measured.first_phase is not None and measured.first_phase >= RETAINED_WITH_OBJECTS:
        # few elements in all: every object counts, a slope needs more of them
        return Verdict(CONFIRMED, "retained", mechanism(measured, "retained"),
                       f"{holds:.1f} graphs, functions or models and {size(measured.first_phase)} stay per repeat, "
                       f"over the loop's own {measured.repeats} repeats")
    rate = growth.raw.value if growth.raw is not None else 0.0
    weights = max(measured.objects_raw.get(kind, 0.0) for kind in ("models", "variables", "tensors", "sessions", "interpreters")) \
        if measured.objects_raw else 0.0
    if measured.garbage is not None and measured.garbage >= DEFERRED_PEAK:
        # garbage that goes after a few repeats is everyday life; what waits for many of them is not
        one = max(rate, measured.large_step)  # where repeats differ in size, the largest of them is no heap of garbage
        waits = rate >= DEFERRED_LEAST and weights >= 0.05 and measured.garbage >= 3 * one
        if waits or (rate >= DEFERRED_ANYWAY and measured.garbage >= max(8 * one, 4 * DEFERRED_PEAK)):
            return Verdict(CONFIRMED, "deferred", mechanism(measured, "deferred"),
                           f"{size(rate)} of garbage per repeat wait for a late collection, {size(measured.garbage)} at the peak"
                           f"{_stays(kept)}")
    if stopped and growth.raw is not None and growth.raw.rises and growth.raw.value >= DEFERRED_ANYWAY:
        return Verdict(CONFIRMED, "retained" if kept is not None and kept.rises else "deferred", mechanism(measured, "deferred"),
                       f"{_ended(run)} after {len(run.of('sample'))} repeats, growing by {size(growth.raw.value)} per repeat")
    if stopped and measured.repeats < 4:
        return Verdict(NOT_CONFIRMED, None, None, f"{_ended(run)} after {len(run.of('sample'))} repeats: too few to judge")
    grown = growth.raw is not None and (measured.garbage or 0) >= DEFERRED_PEAK / 2
    if grown or measured.shape in ("plateau", "step", "sawtooth"):
        return Verdict(BOUNDED, None, None, f"it grew and fell back or stopped: {size(max(rate, 0))} per repeat at first"
                                            f"{_stays(kept)}")
    return Verdict(NOT_CONFIRMED, None, None, f"no growth over {measured.repeats} repeats{_stays(kept)}")


def _python_explains(measured):
    """Do enough Python objects stay to account for the bytes that stay?"""
    kept = measured.host.retained
    return bool(measured.python_objects and kept is not None and measured.python_objects * PYTHON_OBJECT >= kept.value > 0)


def about(judged, code, measured, replaced=False):
    """A confirmed verdict, if what the rule says that stays is among what stays; else "not-confirmed", with what grows instead.

    replaced: what is kept takes the place of what was kept before when elements come again: counting it proves nothing
    """
    things = STAYS.get(code)
    if judged.verdict == CONFIRMED and judged.kind == "deferred" and code in COLLECTED and replaced:
        return Verdict(NOT_CONFIRMED, None, None, f"{judged.message}; but the same elements come again here, and with them their keys: "
                                                  "what they replace is garbage here alone")
    if judged.verdict != CONFIRMED or things is None or replaced or not measured.counted.issuperset(things):
        return judged
    growth = measured.objects_kept if judged.kind == "retained" or code in COLLECTED else measured.objects_raw
    if any(growth.get(thing, 0.0) >= ONE_EACH for thing in things):
        return judged
    others = [f"{rate:.1f} {kind}" for kind, rate in sorted(growth.items(), key=lambda item: -item[1]) if rate >= ONE_EACH]
    words = ", ".join(others[:3]) if others else "memory in which no object of TensorFlow's is counted"
    return Verdict(NOT_CONFIRMED, None, None, f"{judged.message}; but no {things[0]}: what grows per repeat is {words}")


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
    return Verdict(BOUNDED, None, judged.mechanism, f"{judged.message} while the loop runs; {words}")


def limited(judged, count, measured=None):
    """A confirmed verdict on a loop of `count` repeats that the code spells out, or that its parts make: where these are few,
    or leave little in all, it ends by itself."""
    if judged.verdict != CONFIRMED or count is None:
        return judged
    words = f"{judged.message}; but the loop has {count} repeats in all"
    if count < FEWEST_TO_LEAK:
        return Verdict(BOUNDED, None, judged.mechanism, words)
    growth = None if measured is None else measured.host.retained if judged.kind == "retained" else measured.host.raw
    if growth is None or judged.mechanism == "open files" or count * growth.value >= LITTLE_IN_ALL:
        return judged
    return Verdict(BOUNDED, None, judged.mechanism, f"{words}, {size(max(count * growth.value, 0))}")


def judge_speed(flagged, fixed):
    """Verdict on a speed finding: seconds per repeat, flagged against fixed (Measured or None)."""
    if flagged.times is None:
        return Verdict(NOT_CONFIRMED, None, None, "too few repeats for a time")
    median, low, high = flagged.times
    if fixed is None or fixed.times is None:
        return Verdict(NOT_CONFIRMED, None, None, f"{duration(median)} per repeat; there is no fixed version to compare with")
    other, other_low, other_high = fixed.times
    ratio = median / other if other > 0 else float("inf")
    text = f"{duration(median)} per repeat, fixed {duration(other)}: {ratio:.1f} times as long"
    if ratio >= FASTER and low > other_high:
        return Verdict(CONFIRMED, None, "time", text)
    if ratio >= FASTER:
        return Verdict(NOT_CONFIRMED, None, None, text + ", but the times overlap")
    return Verdict(NOT_CONFIRMED, None, None, text)


def mechanism(measured, kind):
    """What the counters say keeps the memory; None when they say nothing."""
    kept = measured.objects_kept
    if kind == "deferred":
        return "reference cycles"  # only what refers to itself waits for the collector
    if kept.get("gradient registry", 0) >= 0.45:
        return "gradient registry"
    if kept.get("sessions", 0) >= 0.45:
        return "kept sessions"
    if kept.get("models", 0) >= 0.45:
        return "kept models"
    if kept.get("interpreters", 0) >= 0.45:
        return "kept interpreters"
    if kept.get("tapes", 0) >= 0.45:
        return "kept tapes"
    if kept.get("interpreter views", 0) >= 0.45:
        return "kept views"
    if kept.get("graph operations", 0) >= 0.9 and kept.get("graphs", 0) < 0.45:
        return "graph growth"
    if kept.get("functions", 0) >= 0.45 or kept.get("graphs", 0) >= 0.45:
        return "dataset functions" if kept.get("datasets", 0) >= 0.45 else "function cache"
    if kept.get("datasets", 0) >= 0.45:
        return "kept datasets"
    if measured.tensor_bytes and measured.host.retained is not None and measured.tensor_bytes > 0.4 * measured.host.retained.value:
        return "kept variables" if kept.get("variables", 0) > 0.45 * kept.get("tensors", 0) else "kept tensors"
    if kept.get("open files", 0) >= 0.45:
        return "open files"
    if _python_explains(measured):
        return "Python objects"
    if measured.total and measured.cleared is not None and measured.total >= 512 * KIB and measured.cleared >= 0.6 * measured.total:
        return "kernel cache"
    if kept.get("layers", 0) >= 0.45:
        return "kept layers"
    return "native memory" if not any(rate >= 0.45 for rate in kept.values()) else None


def _leading(measured):
    """The Growth that decides and where it is: the GPU's allocator when it grows, else the host."""
    allocator = measured.allocator
    if allocator.retained is not None and allocator.retained.rises and allocator.retained.value >= RETAINED_LEAST:
        return allocator, "GPU"
    return measured.host, "host"


def _on(source):
    return " on the GPU" if source == "GPU" else ""


def _stays(kept):
    return "" if kept is None else f"; {size(max(kept.value, 0))} per repeat stay"


_STOPPED = {"memory": "stopped at the memory limit", "timeout": "stopped at the time limit", "disk": "stopped at the limit on files",
            "processes": "stopped at the limit on processes", "left": "the process ended itself", "crashed": "the process ended"}


def _ended(run):
    return f"{_STOPPED[run.status]} with {_exit(run.code)}" if run.status == "crashed" else _STOPPED[run.status]


def _exit(code):
    import signal

    if code is not None and code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"status {code}"


def size(value):
    """Bytes for people: "812 B", "5.2 KiB", "940 KiB", "4.1 MiB"."""
    sign, value = ("-" if value < 0 else ""), abs(value)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if value < 1000 or unit == "GiB":
            return f"{sign}{value:.0f} {unit}" if value >= 100 or unit == "B" else f"{sign}{value:.1f} {unit}"
        value /= KIB
    raise AssertionError("unreachable")


def duration(seconds):
    """Seconds for people: "1.8 s", "41 ms", "120 us"."""
    if seconds >= 1:
        return f"{seconds:.1f} s"
    if seconds >= 1e-3:
        return f"{seconds * 1e3:.0f} ms" if seconds >= 1e-2 else f"{seconds * 1e3:.1f} ms"
    return f"{seconds * 1e6:.0f} us"
