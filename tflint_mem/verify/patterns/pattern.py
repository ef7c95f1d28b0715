"""The leaky and the fixed program of a rule, as snippets at given sizes."""

from __future__ import annotations

import os
import re

from tflint_mem.verify.snippet.lines import Line
from tflint_mem.verify.snippet.snippet import Snippet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_FOLDER = os.path.dirname(os.path.abspath(__file__))
_CODE = re.compile(r"TFM\d{3}")
_PART = re.compile(r"^# (flagged|fixed)(, once)?$")
_SIZES = re.compile(r"^([A-Z][A-Z, ]*) = (\d[\d, ]*)$")  # INPUTS, UNITS = 64, 256
_REPEAT = "for number in repeat(range(1000000000)):"


class Pattern:
    """What a rule is about, as a program of its own.

    code     the rule
    sizes    by name, as it is written
    """

    __slots__ = ("code", "sizes", "_once", "_parts")

    def __init__(self, code: str, text: str) -> None:
        """text: of its module."""
        self.code = code
        _, _, body = text.partition('"""\n')
        self.sizes: dict[str, int] = {}
        self._once: list[str] = []
        self._parts: dict[str, list[str]] = {"flagged": [], "fixed": [], "flagged, once": [], "fixed, once": []}
        rows = self._once
        for row in body.split("\n"):
            part, sizes = _PART.match(row), _SIZES.match(row)
            if part:
                rows = self._parts[part.group(1) + (part.group(2) or "")]
            elif sizes:
                names, numbers = sizes.group(1).split(", "), sizes.group(2).split(", ")
                self.sizes.update({name: int(number) for name, number in zip(names, numbers)})
            else:
                rows.append(row)

    def snippet(self, version: str, place: str, name: str, sizes: Mapping[str, int]) -> Snippet:
        """The program as one that is measured.

        version   "flagged" or "fixed"        place, name   of the finding, for people
        sizes     other sizes than its own
        """
        told = {size: sizes.get(size, own) for size, own in self.sizes.items()}
        rows = [f"{size} = {number}" for size, number in told.items()]
        prelude = _trimmed(self._once)
        at = max((row for row, text in enumerate(prelude) if text.startswith(("import ", "from "))), default=-1) + 1
        prelude[at:at] = ["", *rows] if rows else []
        return Snippet(
            self.code,
            name,
            place,
            [Line(text) for text in prelude],
            [Line(_REPEAT), *(Line("    " + text if text else "") for text in _trimmed(self._parts[version]))],
            ("", 0),  # no line of the project is in it
            setup=[Line(text) for text in _trimmed(self._parts[f"{version}, once"])],
            level="mechanism",
        )


def pattern_of(code: str) -> Pattern | None:
    """The pattern of a rule; None for one that has none."""
    if not _CODE.fullmatch(code):
        return None
    try:
        with open(os.path.join(_FOLDER, code.lower() + ".py"), encoding="utf-8") as handle:
            return Pattern(code, handle.read())
    except FileNotFoundError:
        return None


def _trimmed(rows: list[str]) -> list[str]:
    """Without empty rows at both ends."""
    return "\n".join(rows).strip("\n").split("\n")
