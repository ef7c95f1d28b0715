"""From the events of one child to numbers: growth per repeat on each meter, raw and retained.

raw       what a user sees: slope of the curve of the first phase, garbage included
retained  what no collection returns: slope over the settled states of the second phase
"""

from . import stats
from .account import GPU_METERS, Account, host_values, values_of

OBJECTS = (
    "models",
    "functions",
    "graphs",
    "sessions",
    "variables",
    "tensors",
    "layers",
    "optimizers",
    "datasets",
    "iterators",
    "tapes",
    "interpreters",
    "interpreter views",
    "graph operations",
    "gradient registry",
    "context functions",
    "open files",
)
_IN_ALL = ("tensor bytes", "python objects")  # no kinds of their own: they hold what others count


class Growth:
    """Growth of one meter per repeat: `raw` and `retained`, each a stats.Slope or None when it was not measured."""

    __slots__ = ("raw", "retained")

    def __init__(self, raw=None, retained=None):
        self.raw, self.retained = raw, retained

    def as_json(self, digits=1):
        """{"raw": number or None, "retained": number or None}."""
        return {"raw": _rounded(self.raw, digits), "retained": _rounded(self.retained, digits)}


def _rounded(slope, digits):
    return None if slope is None else round(slope.value, digits)


class Measured:
    """Numbers of one run.  Bytes unless said otherwise; None where nothing was measured.

    repeats      number of repeats after the warm-up          seconds   time of the loop phases
    resident, heap, nvml, device, allocator   Growth
    objects_raw, objects_kept   {kind: per repeat}: before any collection, and in every settled state
    counted      kinds that were counted in every settled state, whether they grew or not
    tensor_bytes   retained bytes of live tensors and variables per repeat
    python_objects   Python containers of any kind that stay per repeat, None when it was not measured
    accounts     {"host" | "allocator" | "nvml": Account}: what each meter says over both phases
    times        (median, low, high) seconds per repeat over chunks of the loop, or None
    loop         number of repeats of the first phase
    curves       {"resident": [(repeat, bytes)], ...} for the reports
    marks        [(repeat, label)] where phases end
    missing      {meter: reason}
    before       bytes in use on the GPUs, by all processes, before the snippet ran; None where that is unknown
    """

    __slots__ = (
        "repeats",
        "seconds",
        "resident",
        "heap",
        "nvml",
        "device",
        "allocator",
        "objects_raw",
        "objects_kept",
        "counted",
        "tensor_bytes",
        "python_objects",
        "accounts",
        "loop",
        "times",
        "curves",
        "marks",
        "missing",
        "settled",
        "peak",
        "before",
    )

    def __init__(self, run):
        """Reads a runner.Run of its last attempt."""
        samples, settled = run.of("sample"), run.of("settled")
        loop = [sample for sample in samples if sample["phase"] == "loop"]
        again = [sample for sample in samples if sample["phase"] == "again"]
        self.repeats, self.loop = len(loop) + len(again), len(loop)
        self.seconds = samples[-1]["t"] if samples else 0.0
        self.settled = [event for event in settled if event["at"] != "cleared"]
        # a run that was ended in its warm-up still has a curve
        curve = loop if len(loop) >= 3 else [sample for sample in samples if sample["phase"] != "again"]
        self.resident = self._growth(curve, "rss")
        self.heap = self._growth(curve, "heap")
        self.nvml, self.device = self._growth(curve, "nvml"), self._growth(curve, "device")
        self.allocator = self._growth(curve, "allocator")
        self.missing = {}
        for event in samples + settled:
            self.missing.update(event.get("na") or {})
        for name, growth in (("nvml", self.nvml), ("allocator", self.allocator)):
            if growth.raw is not None:
                self.missing.pop(name, None)
        self.accounts = {"host": Account("host", host_values(curve), run, self.settled)}
        for name in GPU_METERS:
            if getattr(self, name).raw is not None:
                self.accounts[name] = Account(name, values_of(curve, name), run, self.settled)
        self.objects_raw, self.objects_kept, held = self._objects(run)
        self.counted = (
            frozenset.intersection(*(frozenset(event["counts"]) for event in self.settled))
            if len(self.settled) >= 2
            else frozenset()
        )
        self.tensor_bytes, self.python_objects = held.get("tensor bytes"), held.get("python objects")
        self.times = _times([sample["busy"] for sample in loop])
        self.curves = {
            name: [(number, sample[name]) for number, sample in enumerate(samples) if sample.get(name) is not None]
            for name in ("rss", "heap", "nvml", "device", "allocator")
        }
        self.marks = _marks(samples)
        before = run.last("gpu")
        self.before = before["device"] if before is not None else None
        end = run.last("end")
        self.peak = end["peak"] if end and end.get("peak") else run.peak

    def _growth(self, curve, name):
        # the first third belongs to caches that still fill
        points = [(number, sample[name]) for number, sample in enumerate(curve) if sample.get(name) is not None]
        tail = points[len(points) // 3 :] if len(points) >= 9 else points
        raw = stats.slope([value for _, value in tail], [number for number, _ in tail]) if len(tail) >= 2 else None
        xs, ys, repeats = [], [], 0
        for event in self.settled:
            if event["at"] == "base":
                continue
            if event["at"] == "block":
                repeats += event["n"]
            if event.get(name) is not None:
                xs.append(repeats)
                ys.append(event[name])
        return Growth(raw, stats.slope(ys, xs) if len(ys) >= 2 else None)

    def _objects(self, run):
        """Per repeat: what exists before a collection, what stays in both phases."""
        by_name = {event["at"]: event for event in self.settled}
        base, end, raw = by_name.get("base"), by_name.get("loop"), run.last("raw")
        before, kept, held = {}, {}, {}
        if base is None:
            return before, kept, held
        if raw is not None:
            before = {
                kind: _rate(base, raw, kind, raw["n"])
                for kind in OBJECTS
                if kind in raw["counts"] and kind in base["counts"]
            }
        blocks = [event for event in self.settled if event["at"] == "block"]
        if end is not None:
            for kind in OBJECTS + _IN_ALL:
                if kind not in end["counts"] or kind not in base["counts"]:
                    continue
                first = _rate(base, end, kind, end["n"])
                second = first
                if blocks:
                    second = _rate(end, blocks[-1], kind, sum(block["n"] for block in blocks))
                smaller = min(first, second)
                if kind in _IN_ALL:
                    held[kind] = smaller if blocks else None
                elif smaller > 0:
                    kept[kind] = smaller
        return before, kept, held

    @property
    def host(self):
        """Growth of host memory: raw as the system sees it, retained as malloc accounts for it where it does.

        Resident memory hides what stays in regions that garbage freed before; malloc's own account does not.
        """
        retained = self.heap.retained if self.heap.retained is not None else self.resident.retained
        raw = self.resident.raw
        return Growth(_between_collections(raw, self.accounts["host"]), retained)

    def growth(self, meter):
        """Growth on "host", "allocator" or "nvml"."""
        if meter == "host":
            return self.host
        found = getattr(self, meter)
        if meter not in self.accounts:
            return found
        return Growth(_between_collections(found.raw, self.accounts[meter]), found.retained)

    # of the host: the meter that is always there
    garbage = property(lambda self: self.accounts["host"].garbage)
    first_phase = property(lambda self: self.accounts["host"].first_phase)
    total = property(lambda self: self.accounts["host"].total)
    cleared = property(lambda self: self.accounts["host"].cleared)
    shape = property(lambda self: self.accounts["host"].shape)

    def objects_growth(self):
        """(raw, retained) number of counted objects per repeat, None when they were not counted."""
        raw = sum(max(0.0, rate) for rate in self.objects_raw.values()) if self.objects_raw else None
        kept = sum(self.objects_kept.values()) if len(self.settled) >= 2 else None
        return raw, kept


def _between_collections(raw, account):
    """The raw slope; collections in between pull the line down: the rate between two of them is what a repeat costs."""
    if raw is None or account.shape != "sawtooth" or account.typical <= raw.value:
        return raw
    return stats.Slope(account.typical, raw.low, max(raw.high, account.typical), raw.points)


def _rate(earlier, later, kind, count):
    return (later["counts"].get(kind, 0) - earlier["counts"].get(kind, 0)) / float(max(1, count))


def _times(busy):
    """Seconds per repeat: median over chunks of the loop, with the second lowest and second highest chunk.

    Chunks, not repeats: where a pass pays for all its elements at once, only an average says what a repeat costs.
    """
    if len(busy) < 3:
        return None
    chunks = min(12, len(busy))
    means = []
    for number in range(chunks):
        part = busy[number * len(busy) // chunks : (number + 1) * len(busy) // chunks]
        means.append(sum(part) / len(part))
    means.sort()
    cut = 1 if chunks >= 6 else 0
    return stats.median(means), means[cut], means[-1 - cut]


def _marks(samples):
    """Repeats at which the phase changes."""
    marks = []
    for number, sample in enumerate(samples):
        if not number or sample["phase"] != samples[number - 1]["phase"]:
            marks.append((number, {"warm": "warm-up", "loop": "loop", "again": "loop again"}[sample["phase"]]))
    return marks
