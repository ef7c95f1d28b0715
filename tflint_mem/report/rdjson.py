"""Reviewdog's diagnostic format: a review comment per finding, with the fix as a suggestion to accept by one click.

Columns are UTF-8 bytes from 1.  A suggestion replaces whole rows, because that is what code review offers (see
`suggestions`), and one diagnostic has one, because its comment has one place.
"""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe
from tflint_mem.sources.paths import relative, repository
from tflint_mem.sources.text import SourceError

from . import suggestions, ways

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tflint_mem.finding import Finding, Fix, Place
    from tflint_mem.sources.source import Source

    from .run import Get, Run
    from .suggestions import Suggested, Suggestion

_LEVELS = {"error": "ERROR", "warning": "WARNING", "hint": "INFO"}


def render(run: Run) -> str:
    """One DiagnosticResult."""
    root, get = repository(run.settings.project_root), run.reader.get
    diagnostics: list[dict[str, Any]] = []
    for finding, found in zip(run.findings, suggestions.suggested(run.findings, get)):
        diagnostics.append(_diagnostic(finding, found, get, root))
        total = 1 + len(found.others)
        diagnostics += [_further(finding, each, (at, total), root) for at, each in enumerate(found.others, 2)]
    return safe.dumps({"source": {"name": "tflint-mem"}, "diagnostics": diagnostics}) + "\n"


def _diagnostic(finding: Finding, found: Suggested, get: Get, root: str) -> dict[str, Any]:
    source = get(finding.path)
    text = "\n".join(filter(None, (finding.message, finding.measured, finding.help)))
    if finding.cell is not None:
        text = f"cell {finding.cell}, row {finding.start[0]}: {text}"
    if finding.fix is not None:
        text += f"\n{_about(finding.fix, found)}"
    result: dict[str, Any] = {
        "message": text,
        "severity": _LEVELS[finding.severity],
        "code": {"value": finding.code},
        "location": _location(source, finding.path, root, finding.cell, finding.start, finding.end),
    }
    related = (*finding.trace, *ways.begins(finding), *finding.places)
    if related:
        result["relatedLocations"] = [
            {
                "message": step.message,
                "location": _location(get(step.path), step.path, root, step.cell, (step.row, step.column)),
            }
            for step in related
        ]
    if found.own is not None:
        result["suggestions"] = [_suggestion(found.own)]
    return result


def _about(fix: Fix, found: Suggested) -> str:
    """What the suggestion is about, since it has no title of its own, and what belongs to it."""
    text = f"Suggested fix ({_how(fix)}): {fix.message}"
    if found.refusal:
        return f"Fix ({_how(fix)}): {fix.message}; {found.refusal}"
    if found.others:
        rows = ", ".join(str(each.first) for each in found.others)
        text += f" (1 of {1 + len(found.others)} suggestions that belong together; the others: row {rows})"
    if found.shared:
        rows = ", ".join(map(str, found.shared))
        text += f" (together with the one in row {rows})" if found.own else f" (the one in row {rows} makes it)"
    return text


def _how(fix: Fix) -> str:
    return "safe" if fix.applicability == SAFE else "unsafe: look before you apply it"


def _further(finding: Finding, suggestion: Suggestion, which: tuple[int, int], root: str) -> dict[str, Any]:
    """A diagnostic for a part of a fix at another place: a comment of a review has one place."""
    fix, (at, total) = finding.fix, which
    cell = f"cell {finding.cell}, " if finding.cell is not None else ""
    place = f"{finding.code} in {cell}row {finding.start[0]}"
    what = f"{_how(fix)}): {fix.message}" if fix is not None else ")"
    return {
        "message": f"Suggestion {at} of {total} that belong together, the fix of {place} ({what}",
        "severity": "INFO",
        "code": {"value": finding.code},
        "location": {"path": relative(finding.path, root), "range": _rows(suggestion)},
        "suggestions": [_suggestion(suggestion)],
    }


def _suggestion(suggestion: Suggestion) -> dict[str, Any]:
    return {"range": _rows(suggestion), "text": "\n".join(suggestion.rows)}


def _rows(suggestion: Suggestion) -> dict[str, Any]:
    return {"start": {"line": suggestion.first}, "end": {"line": suggestion.last}}


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
