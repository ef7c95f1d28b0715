"""The edits of one fix as a few rows with `-`, `+` and a blank in front."""

from __future__ import annotations

import difflib

from tflint_mem.sources.text import splice, split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint_mem.finding import Edit
    from tflint_mem.sources.source import Source

_NEAR = 3


def rows(source: Source, edits: Iterable[Edit]) -> list[str]:
    """Changed rows with one row of context; `@`-rows separate places that lie apart."""
    result: list[str] = []
    for group in _groups(edits):
        cell = group[0].cell
        lines = source.rows(cell)
        (first, _), (last, _) = group[0].start, group[-1].end
        first, last = max(1, first - 1), min(len(lines), last + 1)
        old = lines[first - 1 : last]
        shifted = [_moved(edit, first - 1) for edit in group]
        new = split_rows(splice("\n".join(old), shifted))
        if result:
            result.append(f"@ row {first}")
        result += [
            row for row in list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:] if not row.startswith("@@")
        ]
    return result


def _groups(edits: Iterable[Edit]) -> list[list[Edit]]:
    """Edits that lie close together, in order."""
    groups: list[list[Edit]] = []
    for edit in sorted(edits, key=lambda edit: (edit.cell or 0, edit.start)):
        (row, _), latest = edit.start, groups[-1][-1] if groups else None
        if latest is not None and latest.cell == edit.cell and row - latest.end[0] <= _NEAR:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _moved(edit: Edit, rows_up: int) -> Edit:
    (row, column), (end_row, end_column) = edit.start, edit.end
    return edit.replace(start=(row - rows_up, column), end=(end_row - rows_up, end_column))
