"""A few rows of code with the flagged place marked, for a terminal."""

from __future__ import annotations

import unicodedata

from tflint_mem.hardening import safe
from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Place

TAB = 4
WIDTH = 110
CONTEXT = 2


class Row(Record):
    """A row as it is shown: its number, its text, and the marker below it, "" except for the flagged row."""

    __slots__ = ()
    number: int
    text: str
    marker: str


def frame(rows: list[str], start: Place, end: Place) -> list[Row]:
    """The rows around `start`, with the place marked.

    Tabs are expanded, wide characters counted as two, long rows cut around the place.
    """
    row, column = start
    if not rows:
        return []
    row = min(row, len(rows))
    first = max(1, row - CONTEXT)
    while first < row and not rows[first - 1].strip():
        first += 1
    last = min(len(rows), row + 1)
    while last > row and not rows[last - 1].strip():
        last -= 1
    last_row, last_column = end
    if last_row != row:
        last_column = len(rows[row - 1].rstrip()) + 1
    shift = _shift(rows[row - 1], column, last_column)
    result: list[Row] = []
    for number in range(first, last + 1):
        text = rows[number - 1]
        marker = ""
        if number == row:
            lead = width(text[shift : column - 1]) + (1 if shift else 0)
            length = max(1, width(text[column - 1 : last_column - 1]))
            marker = " " * lead + "^" * min(length, max(1, WIDTH - lead))
        result.append(Row(number, cut(text, shift), marker))
    return result


def cut(text: str, shift: int = 0) -> str:
    """A row ready to print: from character `shift` on, at most WIDTH columns, cuts shown by an ellipsis."""
    shown: list[str] = []
    used = 0
    if shift:
        if shift >= len(text):
            return ""
        shown.append("…")
        used = 1
    position = shift
    while position < len(text):
        character = text[position]
        size = TAB - used % TAB if character == "\t" else _cells(character)
        if used + size > WIDTH:
            shown.append("…")
            break
        shown.append(" " * size if character == "\t" else safe.picture(character))
        used += size
        position += 1
    return "".join(shown).rstrip()


def width(text: str) -> int:
    """Columns that `text` takes on a terminal when it starts a row."""
    used = 0
    for character in text[: 4 * WIDTH]:
        used += TAB - used % TAB if character == "\t" else _cells(character)
    return used


def _shift(text: str, column: int, last_column: int) -> int:
    """Characters to leave out on the left so that the flagged place is in sight."""
    if width(text[: last_column - 1]) <= WIDTH - 1 or column - 1 <= WIDTH // 2:
        return 0
    return max(0, column - 1 - WIDTH // 3)


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
