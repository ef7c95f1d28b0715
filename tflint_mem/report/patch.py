"""The edits of one fix as a few rows with `-`, `+` and a blank in front."""

import difflib

from tflint_mem.finding import Edit
from tflint_mem.sources.source import splice, split_rows

_NEAR = 3


def rows(source, edits):
    """Changed rows with one row of context; `@`-rows separate places that lie apart."""
    result = []
    for group in _groups(edits):
        cell = group[0].cell
        lines = source.rows(cell)
        first = max(1, group[0].start[0] - 1)
        last = min(len(lines), group[-1].end[0] + 1)
        old = lines[first - 1 : last]
        shifted = [_moved(edit, first - 1) for edit in group]
        new = split_rows(splice("\n".join(old), shifted))
        if result:
            result.append(f"@ row {first}")
        result += [
            row for row in list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:] if not row.startswith("@@")
        ]
    return result


def _groups(edits):
    """Edits that lie close together, in order."""
    groups = []
    for edit in sorted(edits, key=lambda edit: (edit.cell or 0, edit.start)):
        near = groups and groups[-1][-1].cell == edit.cell and edit.start[0] - groups[-1][-1].end[0] <= _NEAR
        if near:
            groups[-1].append(edit)
        else:
            groups.append([edit])
    return groups


def _moved(edit, rows_up):
    return Edit(
        start=(edit.start[0] - rows_up, edit.start[1]),
        end=(edit.end[0] - rows_up, edit.end[1]),
        content=edit.content,
        cell=edit.cell,
    )
