"""Lines of a snippet: each knows where it came from, and they can be moved to the right and to the left."""

from __future__ import annotations

import io
import textwrap
import tokenize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Origin = tuple[str, int]  # (absolute path, row from 1) of a first-party file


class Line:
    """One line of the snippet.

    text     without its line end
    origin   the place it stood at, None where the cutter wrote it
    """

    __slots__ = ("text", "origin")

    def __init__(self, text: str, origin: Origin | None = None) -> None:
        self.text, self.origin = text, origin

    def __repr__(self) -> str:
        return f"Line({self.text!r}, {self.origin!r})"


def indented(lines: Iterable[Line], by: int) -> list[Line]:
    """Lines moved to the right by so many columns, except those that begin inside a string that spans lines: their text
    is data."""
    lines = list(lines)
    inside = _rows_inside_strings("\n".join(line.text for line in lines))
    pad = " " * by
    return [
        line if number in inside or not line.text.strip() else Line(pad + line.text, line.origin)
        for number, line in enumerate(lines, 1)
    ]


def dedented(lines: Iterable[Line]) -> list[Line]:
    """Lines moved to the left margin."""
    lines = list(lines)
    texts = [line.text for line in lines if line.text.strip()]
    margin = len(texts[0]) - len(texts[0].lstrip()) if texts else 0
    if not margin:
        return lines
    inside = _rows_inside_strings(textwrap.dedent("\n".join(line.text for line in lines)))
    return [
        line
        if number in inside
        else Line(line.text[min(margin, len(line.text) - len(line.text.lstrip())) :], line.origin)
        for number, line in enumerate(lines, 1)
    ]


def _rows_inside_strings(text: str) -> set[int]:
    """Rows that begin inside of a string."""
    rows: set[int] = set()
    fstring_starts: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            kind = tokenize.tok_name[token.type]
            first, _ = token.start
            last, _ = token.end
            if kind == "FSTRING_START":
                fstring_starts.append(first)
            elif kind == "FSTRING_END":
                rows.update(range(fstring_starts.pop() + 1, last + 1))
            elif kind == "STRING":
                rows.update(range(first + 1, last + 1))
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass  # the compiler says it better, when the snippet is run
    return rows
