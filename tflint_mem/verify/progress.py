"""How far a verification is: one row that is drawn over itself on a terminal."""

from __future__ import annotations

import os
import threading
import time

from tflint_mem.hardening import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from tflint_mem.finding import Finding

    from .experiment import Stage

_BAR = 24  # characters
_DONE: dict[Stage, float] = {
    "flagged": 0.0,
    "reduced": 0.3,
    "behind": 0.4,
    "fixed": 0.5,
    "pattern": 0.6,
    "done": 1.0,
}  # of one finding
_WORDS: dict[Stage, str] = {
    "flagged": "as flagged",
    "reduced": "reduced",
    "behind": "behind the loop",
    "fixed": "as fixed",
    "pattern": "the pattern of the rule",
    "done": "done",
}


class Progress:
    """The row, with the seconds of the stage; nothing where there is no terminal, or where nobody wants to see it."""

    def __init__(self, stream: TextIO, quiet: bool, clock: Callable[[], float] = time.monotonic) -> None:
        """clock: seconds, from whenever."""
        self.stream, self.clock = stream, clock
        self.shown = not quiet and hasattr(stream, "isatty") and stream.isatty()
        self.width = 0
        self._text, self._runs, self._began = "", False, 0.0
        self._lock, self._over = threading.Lock(), threading.Event()
        self._ticker: threading.Thread | None = None

    def __call__(self, number: int, total: int, finding: Finding, stage: Stage) -> None:
        """A stage begins.  number: of the finding, from 0; total: of findings."""
        if not self.shown:
            return
        filled = int(_BAR * (number + _DONE[stage]) / total)
        bar = "#" * filled + "-" * (_BAR - filled)
        row, _ = finding.start
        place = f"{os.path.basename(finding.path)}:{row}"
        text = f"verifying [{bar}] {min(number + 1, total)}/{total} {finding.code} {place} {_WORDS[stage]}"
        with self._lock:
            self._text, self._runs, self._began = safe.field(text), stage != "done", self.clock()
        self.draw()
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()

    def draw(self) -> None:
        """Draws the row as it is now."""
        with self._lock:
            row = self._text + (f", {self.clock() - self._began:.0f} s" if self._runs else "")
            self.stream.write("\r" + row.ljust(self.width))
            self.stream.flush()
            self.width = len(row)

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            self.draw()

    def end(self) -> None:
        """Removes the row."""
        self._over.set()
        if self._ticker is not None:
            self._ticker.join(2.0)
        if self.shown and self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()
