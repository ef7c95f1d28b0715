"""The summary of a job on GitHub: a table of the findings on the page of the run, appended to the file that its runner
names.
"""

from __future__ import annotations

import os
import sys

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe
from tflint_mem.sources.paths import place

from .summary import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding, Fix

    from .run import Run

VARIABLE = "GITHUB_STEP_SUMMARY"
_MOST_ROWS = 300
_MOST_BYTES = 500_000  # GitHub takes a mebibyte from all programs of a step
_LONGEST = 400  # characters of a message


def append(run: Run) -> None:
    """Add the table to the file; one that cannot be written to is told in one line, and costs nothing else."""
    path = os.environ.get(VARIABLE)
    if not path:
        return
    try:
        with open(path, "ab") as file:
            file.write(render(run).encode("utf-8", "backslashreplace"))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        print(safe.field(f"tflint-mem: {VARIABLE}: {reason}"), file=sys.stderr)


def render(run: Run) -> str:
    """The summary as markdown."""
    text = "## tflint-mem\n\n" + "\n\n".join(map(safe.markdown, line(run).split("\n"))) + "\n"
    if not run.findings:
        return text + "\n"
    text += "\n| | rule | place | finding | fix |\n| --- | --- | --- | --- | --- |\n"
    shown = 0
    size = len(text.encode("utf-8", "backslashreplace"))
    for finding in run.findings[:_MOST_ROWS]:
        row = _row(finding)
        size += len(row.encode("utf-8", "backslashreplace"))
        if size > _MOST_BYTES:
            break
        text += row
        shown += 1
    left = len(run.findings) - shown
    return text + (f"\n… and {left} more: see the log.\n\n" if left else "\n")


def _row(finding: Finding) -> str:
    where = place(finding.path, finding.cell, *finding.start)
    message = " ".join(finding.message.split())
    message = message if len(message) <= _LONGEST else message[:_LONGEST] + "…"
    fields = (finding.severity, f"{finding.code} {finding.name}", where, message, _fix(finding.fix))
    return "| " + " | ".join(map(safe.markdown, fields)) + " |\n"


def _fix(fix: Fix | None) -> str:
    if fix is None:
        return ""
    return f"{fix.message} ({'--fix' if fix.applicability == SAFE else '--fix --unsafe-fixes'})"
