"""All meters of one measurement, read in the order in which they disturb each other least."""

from __future__ import annotations

import sys

from .gpu import Allocator
from .meters import Heap, HostMemory
from .nvml import NA
from .objects import Objects

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.verify.events import Counts, GpuReadings, HostReadings

    from .gpu import GpuMemory

_SLOWEST_SAMPLING = 0.02  # seconds between two readings of the driver: one costs milliseconds


class Readings:
    """The meters.  gpu: None to leave the GPU alone; clock: seconds."""

    def __init__(self, gpu: GpuMemory | None, clock: Callable[[], float]) -> None:
        self._memory, self._heap, self._gpu = HostMemory(), Heap(), gpu
        self._allocator, self._objects = Allocator(), Objects()
        self._clock = clock
        # the last reading of the driver, and when it was taken
        self._read_at = 0.0
        self._own: int | NA | None = None
        self._everybody: int | NA | None = None

    def resident(self) -> int | None:
        """Bytes resident, None where nobody knows."""
        return _plain(self._memory.resident())

    def peak(self) -> int | None:
        """The most bytes that were ever resident, None where nobody knows."""
        return _plain(self._memory.peak())

    def host(self) -> HostReadings:
        """Memory of the host."""
        return {"rss": self.resident(), "heap": _plain(self._heap.in_use())}

    def counts(self) -> Counts:
        """Live objects by kind."""
        return self._objects.count()

    def gpu(self, now: bool) -> GpuReadings:
        """Memory of the GPU; nothing where it is left alone.  now: do not repeat what the driver said a moment ago."""
        if self._gpu is None:
            return {}
        current, peak = self._allocator.read()
        if now or self._clock() - self._read_at > _SLOWEST_SAMPLING:
            self._own, self._everybody = self._gpu.process(), self._gpu.in_use()
            self._read_at = self._clock()
        read: GpuReadings = {}
        missing: dict[str, str] = {}
        if isinstance(self._own, NA):
            missing["nvml"] = self._own.reason
        elif self._own is not None:
            read["nvml"] = self._own
        if isinstance(self._everybody, NA):
            missing["device"] = self._everybody.reason
        elif self._everybody is not None:
            read["device"] = self._everybody
        if isinstance(current, NA):
            missing["allocator"] = current.reason
        else:
            read["allocator"] = current
        if isinstance(peak, NA):
            missing["allocator_peak"] = peak.reason
        else:
            read["allocator_peak"] = peak
        for index, reason in self._gpu.withheld.items():
            missing["nvml of GPU %s" % index] = reason
        if missing:
            read["na"] = missing
        return read


def start_runtime() -> None:
    """One traced function and one operation: what TensorFlow itself takes at its start is not the snippet's."""
    tf = sys.modules.get("tensorflow")
    if tf is not None and hasattr(tf, "function"):
        tf.function(lambda x: x + 1.0)(tf.constant(1.0))


def memory_growth() -> list[bool] | None:
    """Whether the memory of each GPU that TensorFlow knows grows on demand; None where it cannot say."""
    tf = sys.modules.get("tensorflow")
    if tf is None:
        return None
    try:
        return [bool(tf.config.experimental.get_memory_growth(gpu)) for gpu in tf.config.list_physical_devices("GPU")]
    except Exception:
        return None


def largest_array() -> int | None:
    """Bytes of the largest NumPy array among the snippet's globals, None when there is none."""
    numpy = sys.modules.get("numpy")
    main = sys.modules.get("__main__")
    if numpy is None or main is None:
        return None
    sizes: list[int] = [value.nbytes for value in list(vars(main).values()) if isinstance(value, numpy.ndarray)]
    return max(sizes) if sizes else None


def _plain(reading: int | NA) -> int | None:
    return None if isinstance(reading, NA) else reading
