"""Where places of a text are after edits, and which edit wrote what stands at a place."""

from bisect import bisect_right


class Shift:
    """The move that `edits` (they do not overlap) make; each answer costs one bisection per question.

    A place is `(cell or 0, row, column)`.
    """

    def __init__(self, edits) -> None:
        self._cells = {}
        for edit in sorted(edits, key=lambda edit: (edit.cell or 0, edit.start, edit.end)):
            self._cells.setdefault(edit.cell or 0, _Cell()).add(edit)

    def moved(self, place: tuple) -> tuple:
        """Where what stood at `place` is now."""
        cell = self._cells.get(place[0])
        return (place[0], *cell.moved(place[1:])) if cell else place

    def writers(self, place: tuple, whole_rows: bool = False) -> list:
        """The edits whose content holds the new `place`; with `whole_rows`, whose content stands on its row."""
        cell = self._cells.get(place[0])
        return cell.writers(place[1:], whole_rows) if cell else []


class _Cell:
    """The edits of one cell, in order, with their old ends and the places where their contents begin and end now."""

    __slots__ = ("edits", "ends", "begins", "behind")

    def __init__(self) -> None:
        self.edits, self.ends, self.begins, self.behind = [], [], [], []

    def add(self, edit) -> None:
        begin = self.moved(edit.start)
        rows = edit.content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        behind = (
            (begin[0], begin[1] + len(rows[0])) if len(rows) == 1 else (begin[0] + len(rows) - 1, len(rows[-1]) + 1)
        )
        self.edits.append(edit)
        self.ends.append(edit.end)
        self.begins.append(begin)
        self.behind.append(behind)

    def moved(self, place: tuple) -> tuple:
        last = bisect_right(self.ends, place) - 1
        if last < 0:
            return place
        end, behind = self.ends[last], self.behind[last]
        if end[0] == place[0]:
            return behind[0], behind[1] + place[1] - end[1]
        return place[0] + behind[0] - end[0], place[1]

    def writers(self, place: tuple, whole_rows: bool) -> list:
        found = []
        at = bisect_right(self.begins, (place[0], float("inf")) if whole_rows else place) - 1
        while at >= 0 and (self.behind[at][0] >= place[0] if whole_rows else self.behind[at] > place):
            found.append(self.edits[at])
            at -= 1
        return found
