"""Workflow commands that GitHub turns into annotations, and the plain list, since GitHub shows only the first few.

An annotation cannot hold a suggestion, so it tells in words what the fix does (`rdjson` is for suggestions).  A line
end within a command is `%0A`, which ends nothing; all else that is not printable is escaped as in every report.
"""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe
from tflint_mem.report import ways
from tflint_mem.report.text import concise
from tflint_mem.sources.paths import file_place, relative, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding, Fix
    from tflint_mem.sources.source import Source

    from .run import Run

_LEVELS = {"error": "error", "warning": "warning", "hint": "notice"}
_SHOWN = 10


def render(run: Run) -> str:
    """One command per finding, then one line per finding."""
    root = repository(run.settings.project_root)
    commands = [_command(finding, run.reader.get(finding.path), root) for finding in run.findings]
    crowded = max((sum(finding.severity == level for finding in run.findings) for level in _LEVELS), default=0)
    note = [f"GitHub shows {_SHOWN} annotations of a kind per step; this list is complete:"] if crowded > _SHOWN else []
    return "".join(line + "\n" for line in (*commands, *note)) + concise(run)


def _command(finding: Finding, source: Source | None, root: str) -> str:
    (row, column), (end_row, end_column) = finding.start, finding.end
    where = ""
    if finding.cell is not None and source is not None:
        where = f"cell {finding.cell}, row {row}: "
        row, column = file_place(source, finding.cell, finding.start)
        end_row, end_column = file_place(source, finding.cell, finding.end)
    fields: dict[str, str | int] = {
        "title": f"tflint-mem ({finding.code} {finding.name})",
        "file": relative(finding.path, root),
        "line": row,
    }
    fields["endLine"] = end_row
    if row == end_row:  # GitHub takes columns only within one line
        fields.update(col=column, endColumn=end_column)
    properties = ",".join(f"{name}={_property(str(value))}" for name, value in fields.items())
    said = (where + finding.message, ways.sentence(finding), finding.measured, finding.help, _fix(finding.fix))
    text = "\n".join(filter(None, said))
    return f"::{_LEVELS[finding.severity]} {properties}::{_data(text)}"


def _fix(fix: Fix | None) -> str:
    if fix is None:
        return ""
    how = (
        "safe: --fix applies it" if fix.applicability == SAFE else "look before you apply it with --fix --unsafe-fixes"
    )
    return f"fix: {fix.message} ({how})"


def _data(text: str) -> str:
    text = "\n".join(map(safe.field, text.split("\n")))
    return text.replace("%", "%25").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
