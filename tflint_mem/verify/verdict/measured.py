"""From the events of one child to numbers: growth per repeat on each meter, raw and retained."""

from __future__ import annotations

from . import stats
from .account import Account, values_of
from .growth import Growth, ObjectsGrowth
from .objects import PYTHON_OBJECTS, TENSOR_BYTES, ObjectRates
from .words import ALLOCATOR, HOST, NVML

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Meter, Phase, Sample

    from .words import MeterName

    Curve = list[tuple[int, float]]  # (repeat from 0, bytes)

_METERS: tuple[Meter, ...] = ("rss", "heap", "nvml", "device", "allocator")
_LABELS: dict[Phase, str] = {"warm": "warm-up", "loop": "loop", "again": "loop again"}
_FEWEST_CHUNKS, _MOST_CHUNKS, _LEAST_IN_CHUNK = 3, 12, 3


class Times:
    """Seconds per repeat over chunks of the loop: the median, and the second lowest and second highest chunk."""

    __slots__ = ("median", "low", "high")

    def __init__(self, median: float, low: float, high: float) -> None:
        self.median, self.low, self.high = median, low, high


class Measured:
    """Numbers of one run.  Bytes unless said otherwise; None where nothing was measured.

    repeats      number of repeats after the warm-up          seconds   time of the loop phases
    resident, heap, nvml, device, allocator   growth on each meter
    objects_raw, objects_kept   per repeat, by kind: before any collection, and in every settled state
    counted      kinds that were counted in every settled state, whether they grew or not
    tensor_bytes   retained bytes of live tensors and variables per repeat
    python_objects   Python containers of any kind that stay per repeat
    accounts     what each meter says over both phases: of the host, and of those of a GPU that were read
    times        seconds per repeat
    loop         number of repeats of the first phase
    curves       what each meter read after each repeat, for the reports
    marks        repeats at which a phase begins, with its name
    missing      why a meter says nothing, by its name
    settled      the settled states, without that after `clear_session()`
    peak         highest resident bytes of the process
    before       bytes in use on the GPUs, by all processes, before the snippet ran
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

    def __init__(self, run: Run) -> None:
        """run: the last attempt of one."""
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
        self.missing: dict[str, str] = {}
        for event in [*samples, *settled]:
            self.missing.update(event.get("na") or {})
        self.accounts: dict[MeterName, Account] = {HOST: Account(HOST, values_of(curve, HOST), run, self.settled)}
        for name, growth in ((ALLOCATOR, self.allocator), (NVML, self.nvml)):
            if growth.raw is not None:
                self.missing.pop(name, None)
                self.accounts[name] = Account(name, values_of(curve, name), run, self.settled)
        objects = ObjectRates(self.settled, run.last("raw"))
        self.objects_raw, self.objects_kept, self.counted = objects.raw, objects.kept, objects.counted
        self.tensor_bytes = objects.in_all.get(TENSOR_BYTES)
        self.python_objects = objects.in_all.get(PYTHON_OBJECTS)
        self.times = _times([sample["busy"] for sample in loop])
        self.curves: dict[Meter, Curve] = {meter: _curve(samples, meter) for meter in _METERS}
        self.marks = _marks(samples)
        before = run.last("gpu")
        self.before = before["device"] if before is not None else None
        end = run.last("end")
        self.peak = end["peak"] if end and end.get("peak") else run.peak

    def _growth(self, curve: Sequence[Sample], meter: Meter) -> Growth:
        # the first third belongs to caches that still fill
        points = _curve(curve, meter)
        tail = points[len(points) // 3 :] if len(points) >= 9 else points
        raw = stats.slope([value for _, value in tail], [number for number, _ in tail]) if len(tail) >= 2 else None
        xs: list[int] = []
        ys: list[float] = []
        repeats = 0
        for event in self.settled:
            if event["at"] == "base":
                continue
            if event["at"] == "block":
                repeats += event["n"]
            value = event.get(meter)
            if value is not None:
                xs.append(repeats)
                ys.append(value)
        return Growth(raw, stats.slope(ys, xs) if len(ys) >= 2 else None)

    @property
    def host(self) -> Growth:
        """Growth of host memory: raw as the system sees it, retained as malloc accounts for it where it does.

        Resident memory hides what stays in regions that garbage freed before; malloc's own account does not.
        """
        retained = self.heap.retained if self.heap.retained is not None else self.resident.retained
        return Growth(_between_collections(self.resident.raw, self.accounts[HOST]), retained)

    def growth(self, meter: MeterName) -> Growth:
        """Growth on a meter that decides."""
        if meter == HOST:
            return self.host
        found = self.allocator if meter == ALLOCATOR else self.nvml
        if meter not in self.accounts:
            return found
        return Growth(_between_collections(found.raw, self.accounts[meter]), found.retained)

    @property
    def objects(self) -> ObjectsGrowth:
        """Counted objects of all kinds together."""
        return ObjectsGrowth(
            sum(max(0.0, rate) for rate in self.objects_raw.values()) if self.objects_raw else None,
            sum(self.objects_kept.values()) if len(self.settled) >= 2 else None,
        )


def _between_collections(raw: stats.Slope | None, account: Account) -> stats.Slope | None:
    """The raw slope; collections in between pull the line down: the rate between two of them is what a repeat costs."""
    if raw is None or account.shape != "sawtooth" or account.typical <= raw.value:
        return raw
    return stats.Slope(account.typical, raw.low, max(raw.high, account.typical), raw.points)


def _curve(samples: Sequence[Sample], meter: Meter) -> Curve:
    """What the meter read, where it did."""
    read = ((number, sample.get(meter)) for number, sample in enumerate(samples))
    return [(number, value) for number, value in read if value is not None]


def _times(busy: Sequence[float]) -> Times | None:
    """Times of repeats that took so many seconds; None for fewer than three.

    Chunks, not repeats: where a pass pays for all its elements at once, only an average says what a repeat costs.
    """
    if len(busy) < 3:
        return None
    chunks = min(_MOST_CHUNKS, max(_FEWEST_CHUNKS, len(busy) // _LEAST_IN_CHUNK))
    means = []
    for number in range(chunks):
        part = busy[number * len(busy) // chunks : (number + 1) * len(busy) // chunks]
        means.append(sum(part) / len(part))
    means.sort()
    cut = 1 if chunks >= 6 else 0
    return Times(stats.median(means), means[cut], means[-1 - cut])


def _marks(samples: Sequence[Sample]) -> list[tuple[int, str]]:
    """Repeats at which the phase changes, with the name of the one that begins."""
    return [
        (number, _LABELS[sample["phase"]])
        for number, sample in enumerate(samples)
        if not number or sample["phase"] != samples[number - 1]["phase"]
    ]
