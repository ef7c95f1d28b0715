"""Reviewdog's diagnostic format: a review comment per finding, with the fix as a suggestion to accept by one click.

Columns are UTF-8 bytes from 1.  A suggestion replaces whole lines, because that is what code review offers.
"""

from __future__ import annotations

from tflint_mem.hardening import safe
from tflint_mem.sources.paths import relative, repository
from tflint_mem.sources.text import SourceError, splice, split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tflint_mem.finding import Finding, Fix, Place
    from tflint_mem.sources.source import Source

    from .run import Get, Run

_LEVELS = {"error": "ERROR", "warning": "WARNING", "hint": "INFO"}
_LONGEST = 200  # rows; a longer suggestion is no longer something to read in a comment


def render(run: Run) -> str:
    """One DiagnosticResult."""
    root = repository(run.settings.project_root)
    diagnostics = [_diagnostic(finding, run.reader.get, root) for finding in run.findings]
    return safe.dumps({"source": {"name": "tflint-mem"}, "diagnostics": diagnostics}) + "\n"


def _diagnostic(finding: Finding, get: Get, root: str) -> dict[str, Any]:
    source = get(finding.path)
    text = "\n".join(filter(None, (finding.message, finding.measured, finding.help)))
    if finding.cell is not None:
        text = f"cell {finding.cell}, row {finding.start[0]}: {text}"
    result: dict[str, Any] = {
        "message": text,
        "severity": _LEVELS[finding.severity],
        "code": {"value": finding.code},
        "location": _location(source, finding.path, root, finding.cell, finding.start, finding.end),
    }
    if finding.trace or finding.places:
        result["relatedLocations"] = [
            {
                "message": step.message,
                "location": _location(get(step.path), step.path, root, step.cell, (step.row, step.column)),
            }
            for step in (*finding.trace, *finding.places)
        ]
    suggestion = _suggestion(source, finding.fix)
    if suggestion:
        result["suggestions"] = [suggestion]
    return result


def _location(source: Source | None, path: str, root: str, cell: int | None, *places: Place) -> dict[str, Any]:
    spots = [_position(source, cell, *place) for place in places]
    return {"path": relative(path, root), "range": dict(zip(("start", "end"), spots))}


def _position(source: Source | None, cell: int | None, row: int, column: int) -> dict[str, int]:
    if source is None:  # no such file, or not readable as text: the place must do as it is
        return {"line": row, "column": column}
    try:
        row, column = source.file_place(cell, row, column)
        rows = source.file_rows()
    except SourceError:
        return {"line": row, "column": column}
    before = rows[row - 1][: column - 1] if row <= len(rows) else ""
    return {"line": row, "column": len(before.encode("utf-8", "replace")) + 1}


def _suggestion(source: Source | None, fix: Fix | None) -> dict[str, Any] | None:
    """The rows from the first edit to the last, as they are after the fix."""
    if fix is None or source is None:
        return None
    try:
        edits = source.file_edits(fix.edits)
    except ValueError:
        return None
    first, last = min(edit.start[0] for edit in edits), max(edit.end[0] for edit in edits)
    if last - first >= _LONGEST:
        return None
    shifted = [edit.replace(start=_up(edit.start, first), end=_up(edit.end, first)) for edit in edits]
    new = split_rows(splice("\n".join(source.file_rows()[first - 1 : last]), shifted))
    return {"range": {"start": {"line": first}, "end": {"line": last}}, "text": "\n".join(new)}


def _up(place: Place, first: int) -> Place:
    row, column = place
    return row - first + 1, column
