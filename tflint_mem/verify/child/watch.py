"""What happens in the snippet's own lines during the first repeat: exceptions, and the flagged line."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType
    from typing import Any

    from tflint_mem.verify.events import Watched

MAIN = "__main__"  # the snippet; the modules beside it go by their relative file names
_MOST_KEPT = 8  # exceptions


class Line:
    """A line of the snippet.  name: MAIN or the relative name of a module beside it; row: from 1."""

    __slots__ = ("name", "row")

    def __init__(self, name: str, row: int) -> None:
        self.name, self.row = name, row


class Watch:
    """During the first repeat: which exceptions pass through the snippet's own lines, and is the flagged line reached?

    An exception that the user's `except` swallows in each repeat would otherwise make a broken run look flat.

    files       which files are the snippet's           flagged   the flagged line, None where the snippet has none
    exceptions  the last that passed                    reached   the flagged line has run
    failed      the last that the flagged line raised, None when it did not
    rows        [name, row] of each of the snippet's lines that has run while it was looked at
    """

    def __init__(self, files: SnippetFiles, flagged: Line | None) -> None:
        self.files, self.flagged = files, flagged
        self.exceptions: list[Exception] = []
        self.reached = False
        self.failed: Exception | None = None
        self.rows: set[tuple[str, int]] = set()

    def __enter__(self) -> Watch:
        sys.settrace(self._call)
        return self

    def __exit__(self, *ignored: object) -> None:
        sys.settrace(None)

    def stop(self) -> None:
        """Ends the tracing, also in the frames that are already running."""
        sys.settrace(None)
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            frame.f_trace = None
            frame = frame.f_back

    def resume(self) -> None:
        """Looks again, for the flagged line alone; also in frames that are already running."""
        frame: FrameType | None = sys._getframe()
        while frame is not None:
            if self.files.get(frame.f_code.co_filename) is not None:
                frame.f_trace = self._line
            frame = frame.f_back
        sys.settrace(self._call)

    def event(self) -> Watched:
        """What was seen, as an event."""
        return {
            "event": "watched",
            "reached": self.reached,
            "raised": [type(error).__name__ for error in self.exceptions],
        }

    def _call(self, frame: FrameType, event: str, argument: Any) -> Any:
        return None if self.files.get(frame.f_code.co_filename) is None else self._line

    def _is_flagged(self, frame: FrameType) -> bool:
        flagged = self.flagged
        return (
            flagged is not None
            and self.files.get(frame.f_code.co_filename) == flagged.name
            and frame.f_lineno == flagged.row
        )

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            name = self.files.get(frame.f_code.co_filename)
            if name is not None:
                self.rows.add((name, frame.f_lineno))
            if not self.reached:
                self.reached = self._is_flagged(frame)
        elif event == "exception":
            _, error, _ = argument
            if isinstance(error, Exception) and not isinstance(error, StopIteration):
                if self._is_flagged(frame):
                    self.failed = error
                if not self.exceptions or self.exceptions[-1] is not error:
                    self.exceptions.append(error)
                    del self.exceptions[:-_MOST_KEPT]
        return self._line


class SnippetFiles:
    """Which files are the snippet's.  main: its path; embedded: relative names of the modules beside it, whose folder
    is made at run time."""

    def __init__(self, main: str, embedded: Iterable[str]) -> None:
        self._main, self._embedded = main, list(embedded)
        self._known: dict[str, str | None] = {}

    def get(self, filename: str) -> str | None:
        """MAIN or the relative name of a module, for the file name of code; None for everybody else's."""
        if filename not in self._known:
            name = MAIN if filename == self._main else None
            if name is None:
                for candidate in self._embedded:
                    if filename.replace(os.sep, "/").endswith("/" + candidate):
                        name = candidate
            self._known[filename] = name
        return self._known[filename]
