"""The rows of `pylint --output-format=parseable`, which many editors and build services read: `path:row: [CODE] text`.

Rows count in the file itself, for notebooks too.
"""

from __future__ import annotations

import os

from tflint_mem.hardening import safe

from . import ways
from .located import line, located

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .run import Get, Run


def render(run: Run) -> str:
    """One row per finding, with paths from the current folder."""
    here = os.getcwd()
    return "".join(_row(finding, run.reader.get, here) + "\n" for finding in run.findings)


def _row(finding: Finding, get: Get, here: str) -> str:
    place = located(finding, get, here)
    text = safe.field(f"[{finding.code}] {place.note}{line(ways.message(finding))}")
    return safe.row(f"{safe.field(place.path)}:{place.start[0]}: {text}")
