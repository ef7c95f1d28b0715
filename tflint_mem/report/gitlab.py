"""GitLab's code quality report: what a merge request adds and removes."""

from __future__ import annotations

from tflint_mem.hardening import safe
from tflint_mem.sources.paths import repository

from . import ways
from .fingerprints import fingerprints
from .located import line, located

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from tflint_mem.finding import Finding

    from .run import Get, Run

_LEVELS = {"error": "major", "warning": "minor", "hint": "info"}


def render(run: Run) -> str:
    """A list of objects.  GitLab shows one of those that share a fingerprint, so each has its own."""
    root = repository(run.settings.project_root)
    known = fingerprints(run.findings, run.reader.get, root)
    return safe.dumps([_issue(finding, run.reader.get, root, by) for finding, by in zip(run.findings, known)]) + "\n"


def _issue(finding: Finding, get: Get, root: str, fingerprint: str) -> dict[str, Any]:
    place = located(finding, get, root)
    return {
        "description": f"{finding.code} {finding.name}: {place.note}{line(ways.message(finding))}",
        "check_name": finding.code,
        "fingerprint": fingerprint,
        "severity": _LEVELS[finding.severity],
        "location": {"path": place.path, "lines": {"begin": place.start[0], "end": place.end[0]}},
    }
