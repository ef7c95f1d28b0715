"""One finding for one thing: what stands several times is reported once, with its places.

Findings of one rule are the same thing when they stand on one row, or in copies of one piece of code: a notebook's cell, or a
function, class or statement at the top of a module.  Fixes, baselines and comments know each of them; this is only about what
people read.
"""

from __future__ import annotations

from collections.abc import Callable

from tflint_mem.finding import Edit, Finding, Fix, Step
from tflint_mem.source import Source, SourceError

_SHORTEST = 3  # rows of a piece of code that is taken for a copy of another
Get = Callable[[str], "Source | None"]


def together(findings: list[Finding], get: Get) -> list[Finding]:
    """The findings, each standing for its twins; the order of the first of each stays."""
    pieces: dict[tuple[str, int | None], _Pieces] = {}
    groups: dict[tuple, list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.path, finding.cell, finding.start[0], finding.code), []).append(finding)
    codes = [group[0].code for group in groups.values()]
    copies: dict[tuple, list[list[Finding]]] = {}
    for place, group in groups.items():
        path, cell, row, code = place
        key: tuple = place
        if codes.count(code) > 1 and code != "TFM000":
            if (path, cell) not in pieces:
                pieces[path, cell] = _Pieces(get(path), cell)
            key = pieces[path, cell].around(row, code) or place
        copies.setdefault(key, []).append(group)
    return [_merged(same) for same in copies.values()]


def _merged(groups: list[list[Finding]]) -> Finding:
    """The first finding of a list of rows, standing for all others."""
    first = groups[0][0]
    others = [finding for group in groups for finding in group if finding is not first]
    if not others:
        return first
    places = tuple(Step(path=f.path, cell=f.cell, row=f.start[0], column=f.start[1], message="the same here") for f in others)
    return first.replace(places=places, fix=_common(groups[0]))


def _common(row: list[Finding]) -> Fix | None:
    """The fixes of the findings of one row as one: all their edits when they keep out of each other's way, else the first one's."""
    fix: Fix | None = row[0].fix
    if fix is None or len(row) == 1:
        return fix
    edits: list[Edit] = []
    for finding in row:
        if finding.fix is None or finding.fix.applicability != fix.applicability:
            return fix
        edits += [edit for edit in finding.fix.edits if edit not in edits]
    edits.sort(key=lambda edit: (edit.cell or 0, edit.start, edit.end))
    if any(one.cell == other.cell and other.start <= one.end for one, other in zip(edits, edits[1:])):
        return fix
    return fix.replace(edits=tuple(edits))


class _Pieces:
    """The pieces of code of one file, or of one cell, by row."""

    def __init__(self, source: Source | None, cell: int | None) -> None:
        self._cell, self._rows = cell, []
        try:
            self._rows = source.rows(cell) if source is not None else []
        except SourceError:
            pass

    def around(self, row: int, code: str) -> tuple | None:
        """What tells the piece around a row from all pieces that are no copies of it; None for one that is too short."""
        first, last = (0, len(self._rows)) if self._cell is not None else self._bounds(row - 1)
        piece = [text.rstrip() for text in self._rows[first:last]]
        while piece and not piece[-1]:
            piece.pop()
        return (code, row - first, "\n".join(piece)) if len(piece) >= _SHORTEST else None

    def _bounds(self, index: int) -> tuple[int, int]:
        """The rows, from 0, of the statement at the top of the module around one row; the end is exclusive."""
        first = min(index, len(self._rows) - 1)
        while first > 0 and not _starts(self._rows[first]):
            first -= 1
        last = first + 1
        while last < len(self._rows) and not _starts(self._rows[last]):
            last += 1
        return max(first, 0), last


def _starts(text: str) -> bool:
    """Can a statement at the top of a module start with this row?"""
    return bool(text) and text[0] not in " \t\f)]}#@" and not text.startswith(("else", "elif", "except", "finally"))
