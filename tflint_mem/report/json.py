"""The report for programs: ruff's fields and meaning, and our `trace`, `further_traces` and `verification`."""

from __future__ import annotations

from tflint_mem.hardening import safe
from tflint_mem.sources.paths import absolute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tflint_mem.finding import Finding, Place, Step

    from .run import Run


def render(run: Run) -> str:
    """A list of objects."""
    return safe.dumps([record(finding) for finding in run.findings]) + "\n"


def record(finding: Finding) -> dict[str, Any]:
    """One finding."""
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "persona": finding.persona,
        "message": finding.message,
        "measured": finding.measured,
        "help": finding.help,
        "filename": absolute(finding.path),
        "cell": finding.cell,
        "location": _place(finding.start),
        "end_location": _place(finding.end),
        "noqa_row": finding.noqa_row,
        "url": None,
        "fix": None
        if finding.fix is None
        else {
            "applicability": finding.fix.applicability,
            "message": finding.fix.message,
            "edits": [
                {
                    "content": edit.content,
                    "cell": edit.cell,
                    "location": _place(edit.start),
                    "end_location": _place(edit.end),
                }
                for edit in finding.fix.edits
            ],
        },
        "trace": _trace(finding.trace),
        "further_traces": [_trace(steps) for steps in finding.further_traces],
        "places": [
            {"filename": absolute(step.path), "cell": step.cell, "row": step.row, "column": step.column}
            for step in finding.places
        ],
        "verification": finding.verification,
    }


def _trace(steps: tuple[Step, ...]) -> list[dict[str, Any]]:
    return [
        {
            "filename": absolute(step.path),
            "cell": step.cell,
            "row": step.row,
            "column": step.column,
            "message": step.message,
        }
        for step in steps
    ]


def _place(place: Place) -> dict[str, int]:
    row, column = place
    return {"row": row, "column": column}
