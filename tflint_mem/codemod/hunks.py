"""Edits of whole rows: from old rows and new rows to the smallest ones, and those of several rewrites as one list."""

from __future__ import annotations

from tflint_mem.finding import Edit
from tflint_mem.sources.difference import changes

from . import NoFix
from .outline import Place, cell_of, strip_end

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.sources.source import Source


def hunks(
    source: Source, lines: Sequence[str], first_row: int, old: Sequence[str], new: Sequence[str], newline: str
) -> list[Edit]:
    """Edits that turn the rows from `first_row` (their text is `old`, line ends kept) into `new`.

    source   the Source, asked for the notebook cell of a row: no edit reaches into the next cell
    lines    all lines of the module
    Every edit covers whole rows, so it can be shown as a suggestion in a review.
    """
    old, new = _ended(old, newline), _ended(new, newline)
    edits: list[Edit] = []
    for change in changes(old, new):
        first, last = change.first, change.last
        content = "".join(new[change.start : change.end])
        row = first_row + first
        if first == last == len(old):
            at = _end_of(lines, row - 1)
            edits.append(Edit(start=at, end=at, content=newline + _without_end(content)))
        elif first == last:
            edits.append(Edit(start=(row, 1), end=(row, 1), content=content))
        elif change.start == change.end:
            begin, stop = whole_rows(source, lines, row, first_row + last - 1)
            edits.append(Edit(start=begin, end=stop, content=""))
        else:
            edits.append(Edit(start=(row, 1), end=_end_of(lines, first_row + last - 1), content=_without_end(content)))
    return edits


def _ended(lines: Sequence[str], newline: str) -> list[str]:
    """The lines, the last one with a line end too."""
    ended = list(lines)
    if ended and strip_end(ended[-1]) == ended[-1]:
        ended[-1] += newline
    return ended


def _without_end(text: str) -> str:
    if text.endswith("\r\n"):
        return text[:-2]
    return text[:-1] if text.endswith(("\n", "\r")) else text


def _end_of(lines: Sequence[str], row: int) -> Place:
    return row, len(strip_end(lines[row - 1])) + 1


def whole_rows(source: Source, lines: Sequence[str], first: int, last: int) -> tuple[Place, Place]:
    """The range (start, end) that takes the rows `first` to `last` out together with one line end of their own cell."""
    cell = cell_of(source, first)
    if last < len(lines) and cell_of(source, last + 1) == cell:
        return (first, 1), (last + 1, 1)
    if first > 1 and cell_of(source, first - 1) == cell:
        return _end_of(lines, first - 1), _end_of(lines, last)
    return (first, 1), _end_of(lines, last)


def join(*lists: Sequence[Edit]) -> list[Edit]:
    """The edits of several rewrites as one sorted list; NoFix when they overlap.

    Insertions at one place are merged in the order given, identical edits are kept once.
    """
    merged: list[Edit] = []
    for edit in sorted((edit for edits in lists for edit in edits), key=lambda edit: (edit.start, edit.end)):
        last = merged[-1] if merged else None
        if last is None or last.end < edit.start or (last.end == edit.start and last.end != last.start):
            merged.append(edit)
        elif last == edit:
            continue
        elif last.start == last.end == edit.start == edit.end:
            merged[-1] = last.replace(content=last.content + edit.content)
        elif last.start == last.end == edit.start:
            merged[-1] = edit.replace(content=last.content + edit.content)
        else:
            raise NoFix("two changes overlap")
    return merged
