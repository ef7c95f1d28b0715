"""The report for people, file by file."""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe
from tflint_mem.sources.paths import shown

from . import ways
from .located import line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .run import Run


def render(run: Run) -> str:
    """Each file's name, and below it one row per finding, in columns; `[*]` marks what --fix would fix."""
    files: dict[str, list[Finding]] = {}
    for finding in run.findings:
        files.setdefault(finding.path, []).append(finding)
    return "".join(_file(path, findings, run.settings.unsafe_fixes) for path, findings in files.items())


def _file(path: str, findings: list[Finding], unsafe_fixes: bool) -> str:
    rows = [(_place(finding), _text(finding, unsafe_fixes)) for finding in findings]
    width = max(len(place) for place, _ in rows)
    listed = "".join(safe.row(f"  {place:<{width}}  {text}") + "\n" for place, text in rows)
    return f"{safe.row(safe.field(shown(path)))}:\n{listed}\n"


def _place(finding: Finding) -> str:
    row, column = finding.start
    return f"{'' if finding.cell is None else f'cell {finding.cell}:'}{row}:{column}"


def _text(finding: Finding, unsafe_fixes: bool) -> str:
    fixable = finding.fix is not None and (unsafe_fixes or finding.fix.applicability == SAFE)
    mark = " [*]" if fixable else ""
    return safe.field(f"{finding.code} {finding.name} [{finding.severity}]{mark} {line(ways.message(finding))}")
