"""How often each rule was broken."""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.hardening import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .run import Run


def render(run: Run) -> str:
    """One row per rule, most frequent first; a list of objects with `--output-format json`."""
    by_code: dict[str, list[Finding]] = {}
    for finding in run.findings:
        by_code.setdefault(finding.code, []).append(finding)
    groups = sorted(by_code.values(), key=lambda group: (-len(group), group[0].code))
    if run.settings.output_format == "json":
        return (
            safe.dumps(
                [
                    {"code": group[0].code, "name": group[0].name, "count": len(group), "fixable": _fixable(group, run)}
                    for group in groups
                ]
            )
            + "\n"
        )
    width = max((len(str(len(group))) for group in groups), default=0)
    return "".join(
        f"{len(group):>{width}}  {safe.field(group[0].code)}  "
        f"{'[*]' if _fixable(group, run) else '[ ]'}  {safe.field(group[0].name)}\n"
        for group in groups
    )


def _fixable(group: list[Finding], run: Run) -> bool:
    return any(f.fix is not None and (run.settings.unsafe_fixes or f.fix.applicability == SAFE) for f in group)
