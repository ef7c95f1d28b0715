"""A bar on the terminal, for a run that takes longer than one likes to wait without a word."""

from __future__ import annotations

import os
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

PATIENCE = 2.0  # seconds before the bar appears
_PAUSE = 0.1  # seconds between two pictures
_CELLS, _LONGEST = 30, 79  # characters: of the bar, and of the row at most


class Progress:
    """How far a run is.  It writes to a terminal only, and leaves nothing there.

    shown   whether the bar is there now
    """

    def __init__(self, stream: TextIO, wanted: bool) -> None:
        self._stream, self._next, self.shown = stream, float("inf"), False
        if wanted and stream.isatty():
            self._next = time.monotonic() + PATIENCE

    def step(self, what: str, done: int, of: int) -> None:
        """So many of so many things are done."""
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + _PAUSE
        cells = _CELLS * min(done, of) // max(of, 1)
        row = f"checking [{'#' * cells}{'.' * (_CELLS - cells)}] {done}/{of} {what}"
        width = _width()
        self._write("\r" + row[:width].ljust(width))
        self.shown = True

    def clear(self) -> None:
        """Take the bar away, before something else is written and at the end."""
        if self.shown:
            self._write("\r" + " " * _width() + "\r")
            self.shown = False

    def _write(self, text: str) -> None:
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # a terminal that is gone
            self._next = float("inf")


def _width() -> int:
    """Of the row that is written over: one less than the terminal's, so that it does not go on in the next."""
    try:
        columns = os.get_terminal_size(2).columns
    except (OSError, ValueError):
        columns = 0
    return min(columns - 1, _LONGEST) if columns > 1 else _LONGEST  # 0 stands for a terminal that does not know
