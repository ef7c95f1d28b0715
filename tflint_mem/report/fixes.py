"""What was fixed, by file and rule: `--show-fixes`."""

from __future__ import annotations

from tflint_mem.hardening import safe

from .summary import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .run import Run


def render(run: Run) -> str:
    """For each file how many findings of which rule were fixed, or would be."""
    by_path: dict[str, list[Finding]] = {}
    for finding in run.fixed:
        by_path.setdefault(finding.path, []).append(finding)
    rows = [f"{'Would fix' if run.options.diff else 'Fixed'} {count(len(run.fixed), 'finding')}:"]
    for path, findings in sorted(by_path.items()):
        rows.append(f"- {safe.field(path)}:")
        rules = [(finding.code, finding.name) for finding in findings]
        rows += [
            f"    {rules.count(rule)} × {safe.field(rule[0])} ({safe.field(rule[1])})"
            for rule in sorted(set(rules), key=lambda rule: (-rules.count(rule), rule))
        ]
    return "".join(safe.row(row) + "\n" for row in rows)
