"""The last line of a report for people."""

from __future__ import annotations

from tflint_mem.finding import SAFE, SEVERITIES
from tflint_mem.hardening import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .run import Run


def line(run: Run) -> str:
    """For example `Checked 12 files: 3 findings (1 error, 2 warnings), 2 fixable with --fix, 1 with --unsafe-fixes.`"""
    if run.options.diff:
        return f"Would fix {count(len(run.fixed), 'finding')}." + _skipped(run)
    if run.settings.fix_only:
        return f"Fixed {count(len(run.fixed), 'finding')}." + _skipped(run)
    parts = [f"Checked {count(run.checked, 'file')}:"]
    if run.fixed:
        parts.append(f"{count(len(run.fixed), 'finding')} fixed,")
    if not run.findings:
        parts.append("none left" if run.fixed else "no findings")
    else:
        by_severity = [
            count(number, severity)
            for severity in SEVERITIES
            if (number := sum(finding.severity == severity for finding in run.findings))
        ]
        left = f"{len(run.findings)} left" if run.fixed else count(len(run.findings), "finding")
        parts.append(f"{left} ({', '.join(by_severity)})")
    text = " ".join(parts)
    if run.baselined:
        text += f", {run.baselined} {'more ' * bool(run.findings)}in the baseline"
    if not run.settings.fix:
        text += _fixable(run)
    return text + "." + _skipped(run)


def count(number: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{number} {noun}{'s' * (number != 1)}"


def _fixable(run: Run) -> str:
    fixes = [f.fix for f in run.findings if f.fix is not None and f.path not in run.reader.around]
    safe = sum(fix.applicability == SAFE for fix in fixes)
    unsafe = len(fixes) - safe
    if run.settings.unsafe_fixes:
        return f", {safe + unsafe} fixable with --fix --unsafe-fixes" if safe + unsafe else ""
    text = f", {safe} fixable with --fix" if safe else ""
    if unsafe:
        text += f", {unsafe} {'' if safe else 'fixable '}with --unsafe-fixes"
    return text


def _skipped(run: Run) -> str:
    if not run.skipped_fixes:
        return ""
    fixes = f"{len(run.skipped_fixes)} fix{'es' * (len(run.skipped_fixes) != 1)}"
    return f"\n{fixes} left out: " + "; ".join(
        safe.field(f"{skipped.finding.path}:{skipped.finding.start[0]} {skipped.finding.code}: {skipped.reason}")
        for skipped in run.skipped_fixes
    )
