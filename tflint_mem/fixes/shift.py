"""Where places of a text are after edits, and which edit wrote what stands at a place."""

from __future__ import annotations

from bisect import bisect_right

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.finding import Edit, Place

    Where = tuple[int, int, int]  # cell or 0, row, column


_ENDLESS = 1 << 62  # columns: behind any


class Shift:
    """The move that `edits` (they do not overlap) make; each answer costs one bisection per question.

    A place is `(cell or 0, row, column)`.
    """

    def __init__(self, edits: Iterable[Edit]) -> None:
        self._cells: dict[int, _Cell] = {}
        for edit in sorted(edits, key=lambda edit: (edit.cell or 0, edit.start, edit.end)):
            self._cells.setdefault(edit.cell or 0, _Cell()).add(edit)

    def moved(self, place: Where) -> Where:
        """Where what stood at `place` is now."""
        number, row, column = place
        cell = self._cells.get(number)
        return (number, *cell.moved((row, column))) if cell else place

    def writers(self, place: Where, whole_rows: bool = False) -> list[Edit]:
        """The edits whose content holds the new `place`; with `whole_rows`, whose content stands on its row."""
        number, row, column = place
        cell = self._cells.get(number)
        return cell.writers((row, column), whole_rows) if cell else []


class _Cell:
    """The edits of one cell, in order, with their old ends and the places where their contents begin and end now."""

    __slots__ = ("edits", "ends", "begins", "behind")

    def __init__(self) -> None:
        self.edits: list[Edit] = []
        self.ends: list[Place] = []
        self.begins: list[Place] = []
        self.behind: list[Place] = []

    def add(self, edit: Edit) -> None:
        """Add the next edit."""
        begin = row, column = self.moved(edit.start)
        rows = edit.content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        behind = (row, column + len(rows[0])) if len(rows) == 1 else (row + len(rows) - 1, len(rows[-1]) + 1)
        self.edits.append(edit)
        self.ends.append(edit.end)
        self.begins.append(begin)
        self.behind.append(behind)

    def moved(self, place: Place) -> Place:
        """Where what stood there is now."""
        last = bisect_right(self.ends, place) - 1
        if last < 0:
            return place
        row, column = place
        (end_row, end_column), (behind_row, behind_column) = self.ends[last], self.behind[last]
        if end_row == row:
            return behind_row, behind_column + column - end_column
        return row + behind_row - end_row, column

    def writers(self, place: Place, whole_rows: bool) -> list[Edit]:
        """The edits whose content holds the place; with `whole_rows`, stands on its row."""
        found: list[Edit] = []
        row, _ = place
        at = bisect_right(self.begins, (row, _ENDLESS) if whole_rows else place) - 1
        while at >= 0 and (self.behind[at] >= (row, 0) if whole_rows else self.behind[at] > place):
            found.append(self.edits[at])
            at -= 1
        return found
