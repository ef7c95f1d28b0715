"""Text as Python's tokenizer counts it, in rows and columns, and what can be wrong with a file that should be text."""

from __future__ import annotations

from tflint_mem.finding import SYNTAX_ERROR, Finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.finding import Edit, Place

BOM = b"\xef\xbb\xbf"


class SourceError(Exception):
    """A file that cannot be read or understood.

    `row` and `column` tell the place (1-based; in a notebook's `cell` when that is set).  They are None when the file
    could not be read at all: then the run cannot do its job, while every other error is a finding about the file.
    """

    def __init__(self, path: str, row: int | None, column: int | None, message: str, cell: int | None = None) -> None:
        super().__init__(message)
        self.path, self.row, self.column, self.message, self.cell = path, row, column, message, cell

    @property
    def unreadable(self) -> bool:
        """True when there were no bytes to look at."""
        return self.row is None

    def finding(self) -> Finding:
        """The diagnostic TFM000 for this error."""
        place = (self.row or 1, self.column or 1)
        return Finding(
            code=SYNTAX_ERROR,
            name="syntax-error",
            group="syntax",
            severity="error",
            message=self.message,
            path=self.path,
            cell=self.cell,
            start=place,
            end=place,
            noqa_row=place[0],
        )


def split_rows(text: str) -> list[str]:
    """The rows of `text` as Python's tokenizer counts them, without line ends."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.split("\n")


def splice(text: str, edits: Iterable[Edit]) -> str:
    """`text` with `edits` applied by row and column; raises ValueError when they overlap or point outside."""
    rows = split_rows(text)
    starts: list[int] = []
    position = 0
    for row in rows:
        starts.append(position)
        position += len(row) + (2 if text.startswith("\r\n", position + len(row)) else 1)

    def offset(place: Place) -> int:
        row, column = place
        if not (1 <= row <= len(rows) and 1 <= column <= len(rows[row - 1]) + 1):
            raise ValueError(f"no such place: row {row}, column {column}")
        return starts[row - 1] + column - 1

    pieces: list[str] = []
    done = 0
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        start, end = offset(edit.start), offset(edit.end)
        if not done <= start <= end:
            raise ValueError(f"edits overlap at row {edit.start[0]}")
        pieces += (text[done:start], edit.content)
        done = end
    pieces.append(text[done:])
    return "".join(pieces)
