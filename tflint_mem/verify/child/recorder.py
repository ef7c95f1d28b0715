"""The events of a measurement: what is read when, and in which order."""

from __future__ import annotations

import sys
import time

from .meters import settle
from .readings import Readings, largest_array, memory_growth

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.verify.events import Event, Phase, Place

    from .gpu import GpuMemory


class Recorder:
    """Reads and tells.  `emit` takes each event; gpu: None to leave the GPU alone; clock: seconds.

    began: when the first repeat began, on the clock; None before
    """

    def __init__(self, emit: Callable[[Event], None], gpu: GpuMemory | None, clock: Callable[[], float]) -> None:
        self.emit, self.readings, self._clock = emit, Readings(gpu, clock), clock
        self.began: float | None = None

    def begin(self, now: float) -> None:
        """The first repeat begins."""
        self.began = now
        self.emit({"event": "begin", "wall": time.time(), "tensorflow": "tensorflow" in sys.modules})

    def running(self) -> float:
        """Seconds since the first repeat began, 0.0 before."""
        return 0.0 if self.began is None else self._clock() - self.began

    def sample(self, phase: Phase, busy: float) -> None:
        """After one repeat, which took `busy` seconds."""
        self.emit(
            {
                "event": "sample",
                "phase": phase,
                "t": round(self.running(), 6),
                "busy": round(busy, 7),
                **self.readings.host(),
                **self.readings.gpu(False),
            }
        )

    def raw(self, count: int) -> None:
        """What is there after `count` repeats and before any collection: live things and garbage together."""
        self.emit(
            {
                "event": "raw",
                "n": count,
                **self.readings.host(),
                "counts": self.readings.counts(),
                **self.readings.gpu(True),
            }
        )

    def settle(self, at: Place, count: int) -> None:
        """What is there after a collection, and after `count` repeats of the phase."""
        settle()
        self.emit(
            {
                "event": "settled",
                "at": at,
                "n": count,
                "t": round(self.running(), 6),
                **self.readings.host(),
                "counts": self.readings.counts(),
                **self.readings.gpu(True),
            }
        )

    def clear(self, count: int) -> None:
        """What only `clear_session()` returns."""
        tf = sys.modules.get("tensorflow")
        if tf is None:
            return
        try:
            tf.keras.backend.clear_session()
        except Exception as error:
            self.emit({"event": "note", "text": "clear_session: %s" % error})
            return
        self.settle("cleared", count)

    def growth(self) -> None:
        """Does the memory of the GPUs grow on demand?"""
        self.emit({"event": "growth", "devices": memory_growth()})

    def arrays(self) -> None:
        """The largest array of the snippet."""
        self.emit({"event": "arrays", "largest": largest_array()})
