"""Waits of the snippet's own code in its repeats are cut short: a loop that looks for something new each minute is
measured in seconds.
"""

from __future__ import annotations

import sys
import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.verify.events import Event

    from .watch import SnippetFiles

_LONG, _SHORT = 1.0, 0.01  # seconds: what is a wait for something outside, and what is left of it
_TOLD = "time.sleep: in the repeats waits of %.0f s and more are cut to %.0f ms" % (_LONG, _SHORT * 1000)


class Waits:
    """In the place of `time.sleep`.  `emit` is told once, in the report's words, when a wait was cut.

    files   which code is the snippet's        repeating   are there repeats under way?
    """

    def __init__(self, emit: Callable[[Event], None], files: SnippetFiles, repeating: Callable[[], bool]) -> None:
        self._emit, self._files, self._repeating = emit, files, repeating
        self._sleep = time.sleep
        self._told = self._waited = False

    def __enter__(self) -> Waits:
        time.sleep = self._wait  # type: ignore[assignment]  # what has an `__index__` is a number here
        return self

    def __exit__(self, *ignored: object) -> None:
        time.sleep = self._sleep

    def taken(self) -> bool:
        """Was there such a wait since the last time?"""
        waited, self._waited = self._waited, False
        return waited

    def _wait(self, seconds: float) -> None:
        own = self._files.get(sys._getframe(1).f_code.co_filename) is not None
        # another thread's wait may be what its work needs
        if seconds >= _LONG and own and self._repeating() and threading.current_thread() is threading.main_thread():
            self._waited, seconds = True, _SHORT
            if not self._told:
                self._told = True
                self._emit({"event": "stand-in", "code": "", "rewrite": None, "text": _TOLD})
        self._sleep(seconds)
