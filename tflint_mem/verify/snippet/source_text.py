"""The rows of one file, to take statements from.

Text is taken from the file line by line, never printed from the tree, so that the snippet shows the user's own code.
"""

from __future__ import annotations

import ast

from .lines import Line
from .syntax import body_of, first_row, last_column, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Patch:
    """A change of one row.

    row      from 1                    column   in UTF-8 bytes from 0
    drop     bytes of old text to go   new      text that comes
    """

    __slots__ = ("row", "column", "drop", "new")

    def __init__(self, row: int, column: int, drop: int, new: str) -> None:
        self.row, self.column, self.drop, self.new = row, column, drop, new


class Text:
    """Rows of one file, to take statements from.  `patch` and `insert` change what is taken, not where things stand.

    path   absolute        rows   without line ends, as they stand in the file
    """

    def __init__(self, path: str, rows: Sequence[str]) -> None:
        self.path, self.rows = path, rows
        self._shown: dict[int, str] = {}
        self._inserted: dict[int, list[str]] = {}

    def fresh(self) -> Text:
        """The same rows without patches."""
        return Text(self.path, self.rows)

    def patch(self, *patches: Patch) -> None:
        """Changes rows; the patches do not overlap."""
        for patch in sorted(patches, key=lambda patch: (patch.row, patch.column), reverse=True):
            raw = self._shown.get(patch.row, self.rows[patch.row - 1]).encode("utf-8")
            changed = raw[: patch.column] + patch.new.encode("utf-8") + raw[patch.column + patch.drop :]
            self._shown[patch.row] = changed.decode("utf-8", "replace")

    def insert(self, row: int, text: str) -> None:
        """A line of its own before a row."""
        self._inserted.setdefault(row, []).append(text)

    def lines(self, first: int, last: int) -> list[Line]:
        """Rows `first` to `last` as Lines."""
        found: list[Line] = []
        for row in range(first, last + 1):
            found += [Line(text) for text in self._inserted.get(row, ())]
            found.append(Line(self._shown.get(row, self.rows[row - 1]), (self.path, row)))
        return found

    def indent(self, node: ast.stmt) -> str | None:
        """The white space before a statement; None when something else stands before it in its row (`if x: y`,
        `a; b`)."""
        before = self.rows[first_row(node) - 1].encode("utf-8")[: node.col_offset].decode("utf-8", "replace")
        if getattr(node, "decorator_list", None):
            before = before[: len(before) - len(before.lstrip())] if before.strip() in ("", "@") else before.rstrip("@")
        return before if not before.strip() else None

    def statement(self, node: ast.stmt) -> list[Line]:
        """The whole statement as Lines: its own rows, or printed anew where it shares a row with another."""
        indent = self.indent(node)
        end = last_row(node)
        behind = self.rows[end - 1].encode("utf-8")[last_column(node) :].decode("utf-8", "replace").strip()
        if indent is not None and (not behind or behind.startswith("#")):
            return self.lines(first_row(node), end)
        return self.printed(node, indent if indent is not None else " " * node.col_offset)

    def printed(self, node: ast.stmt, indent: str) -> list[Line]:
        """The statement printed from its tree, at an indent; every line is said to come from the statement's row."""
        return [
            Line(indent + text if text else text, (self.path, node.lineno)) for text in ast.unparse(node).split("\n")
        ]

    def header(self, node: ast.stmt) -> list[Line] | None:
        """The rows of a compound statement before its first block; None when the block begins in the same row."""
        first = body_of(node)[0]
        begin = first_row(first)
        if self.indent(node) is None or self.indent(first) is None or begin == node.lineno:
            return None
        last = begin - 1
        while last > node.lineno and (not self.rows[last - 1].strip() or self.rows[last - 1].lstrip().startswith("#")):
            last -= 1
        return self.lines(first_row(node), last)
