"""Cuts long trainings short: what a `fit` leaves behind does not depend on its hundredth epoch.

A thread looks at the repeat that is under way; when it takes longer than its share of the time, the Keras model that is
in its `fit` is told to stop training, which it does after the batch that it is at.
"""

from __future__ import annotations

import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any

    from tflint_mem.verify.events import Event

    from .probe import Probe

_LOOK_EVERY = 0.25  # seconds


class Shortener:
    """Watches a Probe.  seconds: for each repeat; `emit` is told once, in the report's words, when it stepped in."""

    def __init__(self, probe: Probe, emit: Callable[[Event], None], seconds: float) -> None:
        self.probe, self.emit, self.seconds = probe, emit, seconds
        self._told = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Shortener:
        self._thread.start()
        return self

    def __exit__(self, *ignored: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_LOOK_EVERY):
            if self.probe.running_for() > self.seconds and self._stop_training():
                if not self._told:
                    self._told = True
                    self.emit(
                        {
                            "event": "stand-in",
                            "code": "",
                            "rewrite": None,
                            "text": "fit: each training ends after %.0f s of its repeat, whatever its epochs"
                            % max(self.seconds, 1),
                        }
                    )

    def _stop_training(self) -> bool:
        """True when some model was told to stop."""
        told = False
        for innermost in list(sys._current_frames().values()):
            frame: FrameType | None = innermost
            while frame is not None:
                if frame.f_code.co_name == "fit" and "keras" in frame.f_code.co_filename:
                    model: Any = frame.f_locals.get("self")
                    if getattr(model, "stop_training", True) is False:
                        model.stop_training = told = True
                frame = frame.f_back
        return told
