"""What a function returns whose calls are the repeats: in a snippet nobody takes it."""

from __future__ import annotations

import linecache
import sys

from .values import described

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType, FrameType
    from typing import Any

    from .values import Described
    from .watch import SnippetFiles

_CALLED_BY_US = "for _ in repeat(range("  # the row above a call that a snippet makes itself
_STEPS = 0x20 | 0x80 | 0x200  # flags of generators and coroutines: each step of theirs looks like a return


class Returned:
    """Listens from `begin` to `end`.  files: which code is the snippet's"""

    def __init__(self, files: SnippetFiles) -> None:
        self._files = files
        self._caller: CodeType | None = None
        self._found: dict[str, Described] = {}

    def begin(self, frame: FrameType) -> None:
        """From here on, where the repeats are calls of one function.  frame: of the code that repeats"""
        row = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if _CALLED_BY_US in row and sys.getprofile() is None:
            self._caller = frame.f_code
            sys.setprofile(self._listen)

    def end(self) -> None:
        """Up to here."""
        if self._caller is not None and sys.getprofile() == self._listen:
            sys.setprofile(None)
        self._caller = None

    def taken(self) -> dict[str, Described]:
        """What came back since the last time, under the function's name."""
        found, self._found = self._found, {}
        return found

    def _listen(self, frame: FrameType, event: str, argument: Any) -> None:
        if event != "return" or frame.f_back is None or frame.f_back.f_code is not self._caller:
            return
        code = frame.f_code
        if self._files.get(code.co_filename) is None or code.co_flags & _STEPS or code.co_name.startswith("<"):
            return
        told = described(argument)
        if told is not None:
            self._found[code.co_name + "()"] = told
