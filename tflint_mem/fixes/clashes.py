"""Which fixes get in each other's way, and the edits of those that do not."""

import re
from bisect import bisect_left, bisect_right, insort

_NAME = re.compile(r"(?<![\w.])[^\W\d]\w*")
_LAST = (float("inf"), float("inf"))


class Taken:
    """The edits of the fixes that are chosen: which others would clash with them?"""

    def __init__(self, source):
        self._source, self._words = source, None
        self._cells, self._same = {}, set()
        self._names, self._scopes = set(), None  # (function, new name) of the insertions

    def clash(self, edit) -> bool:
        """Whether the edit overlaps a chosen one, or touches it where their order would matter."""
        if same(edit) in self._same:
            return False
        ranges = self._cells.get(edit.cell, ())
        at = bisect_right(ranges, (edit.end, _LAST)) - 1
        while at >= 0 and ranges[at][1] >= edit.start:
            if not _side_by_side(edit, ranges[at][2]):
                return True
            place = ranges[at][:2]
            at = bisect_left(ranges, place) - 1  # of insertions at one place one stands for all
        return edit.start == edit.end and not self._names.isdisjoint(self._new_names(edit))

    def add(self, edits):
        for edit in edits:
            if same(edit) not in self._same:
                self._same.add(same(edit))
                insort(self._cells.setdefault(edit.cell, []), (edit.start, edit.end, edit), key=lambda entry: entry[:2])
                if edit.start == edit.end:
                    self._names |= self._new_names(edit)

    def _new_names(self, edit):
        """Names in the text of an insertion that the file does not know, each with the function it gets into.

        Two fixes must not give one name to two things.
        """
        if self._words is None:
            self._words = set(_NAME.findall(self._source.text))
        new = set(_NAME.findall(edit.content)) - self._words
        if not new:
            return new
        if self._scopes is None:
            self._scopes = _functions(self._source)
        row = self._source.module_row(edit.cell, edit.start[0]) + (edit.start[1] > 1)
        scope = self._scopes[row] if row < len(self._scopes) else 0
        return {(scope, name) for name in new}


def _functions(source):
    """For each row of the module, counted from 0, the number of the function whose body it is in; 0 for none."""
    import ast

    from tflint_mem.codemod import NoFix
    from tflint_mem.codemod.outline import parse
    from tflint_mem.sources.source import SourceError

    scopes = [0] * (len(source.lines) + 2)
    try:
        tree = parse(source.code_bytes())
    except (NoFix, SourceError):
        return scopes
    found = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for number, node in enumerate(sorted(found, key=lambda node: node.lineno), 1):
        scopes[node.lineno + 1 : node.end_lineno + 1] = [number] * (node.end_lineno - node.lineno)
    return scopes


def _side_by_side(one, other) -> bool:
    """Whether two edits that touch or overlap only meet between two rows, so that both can be done."""
    if one.start == one.end == other.start == other.end:
        below = one.start[1] == 1 and one.content.endswith(("\n", "\r")) and other.content.endswith(("\n", "\r"))
        return below or one.content.startswith(("\n", "\r")) and other.content.startswith(("\n", "\r"))
    first, second = sorted((one, other), key=lambda edit: (edit.start, edit.end))
    if first.end != second.start or second.start[1] != 1:
        return False
    return first.start != first.end or first.content.endswith(("\n", "\r"))


def same(edit) -> tuple:
    """What two edits have in common that do the same."""
    return edit.cell or 0, edit.start, edit.end, edit.content


def first_place(edits) -> tuple:
    """Where the first of the edits begins and ends."""
    return min(same(edit)[:3] for edit in edits)


def edits_of(group) -> list:
    """The edits of several fixes, equal ones (the same import, inserted for each of them) once."""
    edits = {same(edit): edit for finding in group for edit in finding.fix.edits}
    return sorted(edits.values(), key=lambda edit: same(edit)[:3])
