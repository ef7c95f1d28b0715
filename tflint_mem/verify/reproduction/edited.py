"""Rows of a source text, of which statements are taken out."""

from __future__ import annotations

import ast
import io
import tokenize

from tflint_mem.hardening.parsing import parsed
from tflint_mem.verify.snippet.syntax import first_row, last_column, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Edited:
    """A text that loses statements.  Raises SyntaxError where it does not parse.

    tree   of the text as it was        rows   of it, without line ends
    """

    def __init__(self, text: str) -> None:
        self.tree = parsed(text)
        self.rows = text.split("\n")
        self._gone: set[int] = set()
        self._new: dict[int, str] = {}
        self._margin: dict[int, int] = {}

    def is_alone(self, node: ast.stmt) -> bool:
        """Does the statement share none of its rows with another?"""
        return not self._ahead(node).strip() and not self._behind(node)

    def drop(self, node: ast.stmt) -> bool:
        """Takes a statement out, where it has its rows for itself; did it go?"""
        if not self.is_alone(node):
            return False
        self.drop_rows(first_row(node), last_row(node))
        return True

    def drop_rows(self, first: int, last: int) -> None:
        """Takes rows out, from the first to the last."""
        self._gone.update(range(first, last + 1))

    def replace(self, first: int, last: int, text: str) -> None:
        """One row in the place of some."""
        self.drop_rows(first, last)
        self._gone.discard(first)
        self._new[first] = text

    def outdent(self, block: list[ast.stmt], by: int) -> bool:
        """Moves a block to the left; not where a string spans its rows, whose text would change."""
        rows = range(first_row(block[0]), last_row(block[-1]) + 1)
        if any(row in self.inside_strings() for row in rows):
            return False
        for row in rows:
            self._margin[row] = self._margin.get(row, 0) + by
        return True

    def indent(self, node: ast.stmt) -> str:
        """The white space ahead of a statement."""
        row = self.rows[first_row(node) - 1]
        return row[: len(row) - len(row.lstrip())]

    def text(self) -> str:
        """What is left."""
        found = []
        for number, row in enumerate(self.rows, 1):
            if number in self._gone:
                continue
            row = self._new.get(number, row)
            cut = min(self._margin.get(number, 0), len(row) - len(row.lstrip()))
            found.append(row[cut:])
        return "\n".join(found)

    def _ahead(self, node: ast.stmt) -> str:
        row = self.rows[first_row(node) - 1]
        if getattr(node, "decorator_list", None):
            return row[: len(row) - len(row.lstrip())]
        return row.encode("utf-8")[: node.col_offset].decode("utf-8", "replace")

    def _behind(self, node: ast.stmt) -> str:
        row = self.rows[last_row(node) - 1].encode("utf-8")[last_column(node) :].decode("utf-8", "replace")
        return "" if row.lstrip().startswith("#") else row.strip()

    def inside_strings(self) -> set[int]:
        """Rows of strings that span rows."""
        found: set[int] = set()
        for token in tokenize.generate_tokens(io.StringIO("\n".join(self.rows)).readline):
            (first, _), (last, _) = token.start, token.end
            if last > first and token.type != tokenize.NEWLINE:
                found.update(range(first, last + 1))
        return found


def drop_all(edited: Edited, block: list[ast.stmt], dropped: Iterable[ast.stmt]) -> None:
    """Takes statements out of a block, which keeps a `pass` where none of it is left."""
    gone = [node for node in dropped if edited.is_alone(node)]
    for node in gone:
        edited.drop(node)
    if gone and len(gone) == len(block) and gone[0].col_offset:
        first = gone[0]
        edited.replace(first_row(first), last_row(first), edited.indent(first) + "pass")
