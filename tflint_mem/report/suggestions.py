"""The fixes of a report as suggestions of a code review: whole rows of the file, and what shall stand there instead.

A reviewer accepts each by one click, or several in one commit; so no two of them overlap, each is as small as may be,
and one that belongs to a fix with others says so.  Rows are those of the file, of the JSON for a notebook.
"""

from __future__ import annotations

from tflint_mem.record import Record
from tflint_mem.sources.difference import changes
from tflint_mem.sources.text import BOM, SourceError, splice, split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.finding import Edit, Finding
    from tflint_mem.sources.source import Source

    from .run import Get

_TOGETHER = 24  # rows: changes of a fix that lie further apart are suggestions of their own
_MOST_ROWS = 120  # of a suggestion: more is nothing to read in a comment
_MOST_TEXT = 20_000  # characters of it
TOO_LONG = "it is too long to be suggested here"
OVERLAPS = "it overlaps with another suggestion: accept that one, and check again"
NOT_ROWS = "it cannot be told in whole rows"


class Suggestion(Record):
    """The rows `first` to `last` become `rows`."""

    __slots__ = ()
    first: int
    last: int
    rows: tuple[str, ...]

    def overlaps(self, first: int, last: int) -> bool:
        """Has it a row in common with these?"""
        return self.first <= last and first <= self.last


class Suggested(Record):
    """What becomes of the fix of a finding.

    own      the suggestion at the finding, None when there is none
    others   the further ones of the fix, at other places
    shared   first rows of those that the fix has in common with one before it, and that stand there
    refusal  why there are none; "" when there are
    """

    __slots__ = ()
    own: Suggestion | None
    others: tuple[Suggestion, ...]
    shared: tuple[int, ...]
    refusal: str


NOTHING = Suggested(None, (), (), "")


def suggested(findings: Sequence[Finding], get: Get) -> list[Suggested]:
    """What each finding has to suggest, in order; all suggestions together are free of overlaps."""
    files: dict[str, _File | None] = {}
    result: list[Suggested] = []
    for finding in findings:
        if finding.path not in files:
            source = get(finding.path)
            files[finding.path] = _File(source) if source is not None else None
        file = files[finding.path]
        result.append(file.claim(finding) if file is not None and finding.fix is not None else NOTHING)
    return [
        each if (file := files[finding.path]) is None else file.finished(finding, each)
        for finding, each in zip(findings, result)
    ]


class _File:
    """The suggestions of one file so far."""

    def __init__(self, source: Source) -> None:
        self._source, self._bom = source, "\ufeff" * source.raw.startswith(BOM)
        self._taken: list[Suggestion] = []
        try:
            self._rows = source.file_rows()
        except SourceError:
            self._rows = []
        self._last = len(self._rows) - (self._rows[-1:] == [""])  # behind the last line end there is no row

    def claim(self, finding: Finding) -> Suggested:
        """The smallest suggestions that make the finding's fix."""
        if self._source.raw.replace(b"\r\n", b"").count(b"\r") or not self._rows:
            return NOTHING.replace(refusal=NOT_ROWS)  # a review knows no row that ends in CR
        try:
            parts = self._parts(finding)
        except (ValueError, SourceError) as error:
            return NOTHING.replace(refusal=str(error))
        new: list[Suggestion] = []
        shared: list[int] = []
        for ways in map(self._ways, parts):
            free = [each for each in ways if not any(each.overlaps(other.first, other.last) for other in self._taken)]
            known = [each for each in ways if each in self._taken]
            if known:
                shared.append(known[0].first)
            elif free:
                new.append(free[0])
            else:
                return NOTHING.replace(refusal=OVERLAPS if ways else NOT_ROWS)
        if any(len(each.rows) > _MOST_ROWS or sum(map(len, each.rows)) > _MOST_TEXT for each in new):
            return NOTHING.replace(refusal=TOO_LONG)
        self._taken += new
        first, last = self._place(finding)
        new.sort(key=lambda each: max(each.first - last, first - each.last, 0))
        others = tuple(sorted(new[1:], key=lambda each: each.first))
        return Suggested(new[0] if new else None, others, tuple(shared), "")

    def finished(self, finding: Finding, found: Suggested) -> Suggested:
        """What is suggested, as it is told."""
        if found.own is None:
            return found
        own, *others = map(self._marked, (self._widened(finding, found.own), *found.others))
        return found.replace(own=own, others=tuple(others))

    def _widened(self, finding: Finding, own: Suggestion) -> Suggestion:
        """The finding's own suggestion covers its rows, too, where that costs few rows more and no other stands."""
        place = self._place(finding)
        first, last = min(own.first, place[0]), min(max(own.last, place[1]), self._last)
        if last - first >= _TOGETHER:
            return own
        others = [each for each in self._taken if each is not own]
        wide = self._wider(own, first, last)
        if any(each.overlaps(first, last) for each in others) or sum(map(len, wide.rows)) > _MOST_TEXT:
            return own
        self._taken = [*others, wide]
        return wide

    def _marked(self, suggestion: Suggestion) -> Suggestion:
        """With the byte order mark, which stands in the first row of the file and in no row of ours."""
        if not self._bom or suggestion.first > 1:
            return suggestion
        return suggestion.replace(rows=(self._bom + suggestion.rows[0], *suggestion.rows[1:]))

    def _place(self, finding: Finding) -> tuple[int, int]:
        """The first and last row of what is flagged."""
        first, _ = self._source.file_place(finding.cell, *finding.start)
        last, _ = self._source.file_place(finding.cell, *finding.end)
        return first, last

    def _parts(self, finding: Finding) -> list[Suggestion]:
        """What the fix changes, in rows; such a part may have no row, where something is inserted."""
        edits = self._source.file_edits(finding.fix.edits) if finding.fix is not None else []
        parts: list[Suggestion] = []
        for group in _groups(edits):
            top, bottom = group[0].start[0], max(edit.end[0] for edit in group)
            old = self._rows[top - 1 : bottom]
            new = split_rows(splice("\n".join(old), [_up(edit, top - 1) for edit in group]))
            if bottom == len(self._rows):
                if (new[-1] == "") != (self._last < bottom):
                    raise ValueError(NOT_ROWS)  # the last line end comes or goes
                if self._last < bottom:
                    old, new = old[:-1], new[:-1]
            for change in changes(old, new):
                part = Suggestion(top + change.first, top + change.last - 1, tuple(new[change.start : change.end]))
                before = parts[-1] if parts else None
                if before is not None and part.last - before.first < _TOGETHER:
                    between = tuple(self._rows[before.last : part.first - 1])
                    parts[-1] = Suggestion(before.first, part.last, before.rows + between + part.rows)
                else:
                    parts.append(part)
        return parts

    def _ways(self, part: Suggestion) -> list[Suggestion]:
        """The part with a row below or above where it has none, before or after, and with more of them where it would
        begin or end blank: forms of a review drop a blank row there.
        """
        first, last = part.first, part.last
        ways = [part]
        if not part.rows or first > last:
            ways = [self._wider(part, first, last + 1)] if last < self._last else []
            ways += [self._wider(part, first - 1, last)] if first > 1 else []
        return [way for way in map(self._settled, ways) if way.rows[-1].strip()]

    def _settled(self, part: Suggestion) -> Suggestion:
        while not part.rows[-1].strip() and part.last < self._last:
            part = self._wider(part, part.first, part.last + 1)
        while not part.rows[0].strip() and part.first > 1:
            part = self._wider(part, part.first - 1, part.last)
        return part

    def _wider(self, part: Suggestion, first: int, last: int) -> Suggestion:
        above, below = self._rows[first - 1 : part.first - 1], self._rows[part.last : last]
        return Suggestion(first, last, (*above, *part.rows, *below))


def _groups(edits: Iterable[Edit]) -> list[list[Edit]]:
    """The edits, those together that meet in a row."""
    groups: list[list[Edit]] = []
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end)):
        if groups and edit.start[0] <= groups[-1][-1].end[0] + 1:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _up(edit: Edit, rows: int) -> Edit:
    (row, column), (end_row, end_column) = edit.start, edit.end
    return edit.replace(start=(row - rows, column), end=(end_row - rows, end_column))
