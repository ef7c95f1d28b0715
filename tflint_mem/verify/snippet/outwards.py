"""Does a fix put anything between a loop and the loop around it?  Then each round of the outer one pays for it."""

from __future__ import annotations

from .region import find_repeats
from .syntax import FUNCTIONS, LOOPS, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding

    from .first_party import Files
    from .region import Repeat


def moves_outwards(finding: Finding, files: Files) -> bool:
    """Is there an edit inside the loop around the one that is measured, and outside of that one?"""
    model = files.get(finding.path)
    if finding.fix is None or model is None:
        return False
    row, column = finding.start
    row = model.source.module_row(finding.cell, row)
    at = len(model.text.rows[row - 1][: column - 1].encode("utf-8"))
    trace = [(step.path, model.source.module_row(step.cell, step.row)) for step in finding.trace or ()]
    repeat = find_repeats(files, model, row, at, trace)[0]
    outer = _around(repeat) if repeat.kind == "loop" and repeat.model.path == model.path else None
    if outer is None:
        return False
    first, last = outer
    rows = {model.source.module_row(edit.cell, edit.start[0]) for edit in finding.fix.edits if edit.content.strip()}
    inner_first, inner_last = repeat.node.lineno, last_row(repeat.node)
    return any(first < edited <= last and not inner_first < edited <= inner_last for edited in rows)


def _around(repeat: Repeat) -> tuple[int, int] | None:
    """First and last row of the nearest loop around, in the same function; None where there is none."""
    for node in reversed(repeat.chain[:-1]):
        if isinstance(node, FUNCTIONS):
            return None
        if isinstance(node, LOOPS):
            return node.lineno, last_row(node)
    return None
