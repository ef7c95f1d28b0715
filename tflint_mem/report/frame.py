"""A few rows of code with the flagged place marked, for a terminal."""

import unicodedata

from tflint_mem.hardening import safe

TAB = 4
WIDTH = 110
CONTEXT = 2


def frame(rows, start, end):
    """`(number, text, marker)` for the rows around `start`; the marker is "" except below the flagged row.

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
    last_column = end[1] if end[0] == row else len(rows[row - 1].rstrip()) + 1
    shift = _shift(rows[row - 1], column, last_column)
    result = []
    for number in range(first, last + 1):
        text = rows[number - 1]
        marker = ""
        if number == row:
            lead = width(text[shift : column - 1]) + (1 if shift else 0)
            length = max(1, width(text[column - 1 : last_column - 1]))
            marker = " " * lead + "^" * min(length, max(1, WIDTH - lead))
        result.append((number, cut(text, shift), marker))
    return result


def cut(text, shift=0):
    """A row ready to print: from character `shift` on, at most WIDTH columns, cuts shown by an ellipsis."""
    shown, used = [], 0
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


def width(text):
    """Columns that `text` takes on a terminal when it starts a row."""
    used = 0
    for character in text[: 4 * WIDTH]:
        used += TAB - used % TAB if character == "\t" else _cells(character)
    return used


def _shift(text, column, last_column):
    """Characters to leave out on the left so that the flagged place is in sight."""
    if width(text[: last_column - 1]) <= WIDTH - 1 or column - 1 <= WIDTH // 2:
        return 0
    return max(0, column - 1 - WIDTH // 3)


def _cells(character):
    if character.isascii():
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
