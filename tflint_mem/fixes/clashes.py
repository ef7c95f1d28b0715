"""Which fixes get in each other's way, and the edits of those that do not."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.finding import Edit, Finding, Place
    from tflint_mem.sources.source import Source

    Same = tuple[int, Place, Place, str]  # see `same`

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_LAST = (1 << 62, 1 << 62)  # a place behind any


class Taken:
    """The edits of the fixes that are chosen: which others would clash with them?"""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._words: set[str] | None = None
        self._cells: dict[int | None, list[tuple[Place, Place, Edit]]] = {}  # starts, ends, edits
        self._same: set[Same] = set()
        self._names: set[tuple[int, str]] = set()  # (function, new name) of the insertions
        self._scopes: list[int] | None = None

    def clash(self, edit: Edit) -> bool:
        """Whether the edit overlaps a chosen one, or touches it where their order would matter."""
        if same(edit) in self._same:
            return False
        ranges = self._cells.get(edit.cell, [])
        at = bisect_right(ranges, (edit.end, _LAST), key=_span) - 1
        while at >= 0:
            start, end, other = ranges[at]
            if end < edit.start:
                break
            if not _side_by_side(edit, other):
                return True
            at = bisect_left(ranges, (start, end), key=_span) - 1  # of insertions at one place one stands for all
        return edit.start == edit.end and not self._names.isdisjoint(self._new_names(edit))

    def add(self, edits: Iterable[Edit]) -> None:
        """Choose a fix with these edits."""
        for edit in edits:
            if same(edit) not in self._same:
                self._same.add(same(edit))
                insort(self._cells.setdefault(edit.cell, []), (edit.start, edit.end, edit), key=_span)
                if edit.start == edit.end:
                    self._names |= self._new_names(edit)

    def _new_names(self, edit: Edit) -> set[tuple[int, str]]:
        """Names in the text of an insertion that the file does not know, each with the function it gets into.

        Two fixes must not give one name to two things.
        """
        if self._words is None:
            self._words = set(_NAME.findall(self._source.text))
        new = set(_NAME.findall(edit.content)) - self._words
        if not new:
            return set()
        if self._scopes is None:
            self._scopes = _functions(self._source)
        row, column = edit.start
        row = self._source.module_row(edit.cell, row) + (column > 1)
        scope = self._scopes[row] if row < len(self._scopes) else 0
        return {(scope, name) for name in new}


def _span(entry: tuple[Place, Place, Edit]) -> tuple[Place, Place]:
    start, end, _ = entry
    return start, end


def _functions(source: Source) -> list[int]:
    """For each row of the module, counted from 0, the number of the function whose body it is in; 0 for none."""
    import ast

    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod.outline import parse
    from tflint_mem.sources.text import SourceError

    scopes = [0] * (len(source.lines) + 2)
    try:
        tree = parse(source.code_bytes())
    except (NoFix, SourceError):
        return scopes
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for number, node in enumerate(sorted(found, key=lambda node: node.lineno), 1):
        end = node.end_lineno or node.lineno
        scopes[node.lineno + 1 : end + 1] = [number] * (end - node.lineno)
    return scopes


def _side_by_side(one: Edit, other: Edit) -> bool:
    """Whether two edits that touch or overlap only meet between two rows, so that both can be done."""
    if one.start == one.end == other.start == other.end:
        below = one.start[1] == 1 and one.content.endswith(("\n", "\r")) and other.content.endswith(("\n", "\r"))
        return below or one.content.startswith(("\n", "\r")) and other.content.startswith(("\n", "\r"))
    first, second = sorted((one, other), key=lambda edit: (edit.start, edit.end))
    if first.end != second.start or second.start[1] != 1:
        return False
    return first.start != first.end or first.content.endswith(("\n", "\r"))


def same(edit: Edit) -> Same:
    """What two edits have in common that do the same."""
    return edit.cell or 0, edit.start, edit.end, edit.content


def first_place(edits: Iterable[Edit]) -> tuple[int, Place, Place]:
    """The cell (0 for none), start and end of the first of the edits."""
    return min((edit.cell or 0, edit.start, edit.end) for edit in edits)


def edits_of(group: Iterable[Finding]) -> list[Edit]:
    """The edits of the fixes of several findings, equal ones (the same import, inserted for each of them) once."""
    edits = {same(edit): edit for finding in group if finding.fix is not None for edit in finding.fix.edits}
    return sorted(edits.values(), key=lambda edit: (edit.cell or 0, edit.start, edit.end))
