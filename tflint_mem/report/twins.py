"""One finding for one thing: what stands several times is reported once, with its places.

Findings of one rule are the same thing when they stand on one row, or on the same row of copies of one notebook cell;
the tapes of one training step are one, too.  Fixes, baselines and comments know each of them; this is only about what
people read.
"""

from __future__ import annotations

from collections import Counter

from tflint_mem.finding import SYNTAX_ERROR, Edit, Finding, Fix, Step
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from tflint_mem.sources.source import Source

    from .run import Get

    Same = tuple[Hashable, ...]  # what findings have in common that are one

_OF_A_STEP = "TFM203"  # its message names no place of its own: with the same way it is the same step
_SHORTEST = 2  # rows of a cell that is taken for a copy of another


def together(findings: list[Finding], get: Get) -> list[Finding]:
    """The findings, each standing for its twins; the order of the first of each stays."""
    groups: dict[tuple[str, int | None, Hashable, str], list[Finding]] = {}
    for finding in findings:
        way = [(step.path, step.cell, step.row, step.column) for step in finding.trace[:-1]]
        row: Hashable = (finding.message, *way) if finding.code == _OF_A_STEP and way else finding.start[0]
        groups.setdefault((finding.path, finding.cell, row, finding.code), []).append(finding)
    codes = Counter(group[0].code for group in groups.values())
    copies: dict[Same, list[list[Finding]]] = {}
    for place, group in groups.items():
        path, cell, row, code = place
        text = _text(get(path), cell) if cell is not None and codes[code] > 1 and code != SYNTAX_ERROR else None
        copies.setdefault(place if text is None else (code, row, text), []).append(group)
    return [_merged(same) for same in copies.values()]


def _merged(groups: list[list[Finding]]) -> Finding:
    """The first finding of a list of rows, standing for all others."""
    first = groups[0][0]
    others = [finding for group in groups for finding in group if finding is not first]
    if not others:
        return first
    places = tuple(
        Step(path=f.path, cell=f.cell, row=f.start[0], column=f.start[1], message="the same here") for f in others
    )
    return first.replace(places=places, fix=_common(groups[0]))


def _common(row: list[Finding]) -> Fix | None:
    """The fixes of the findings of one row as one: all their edits when they keep out of each other's way, else the
    first one's.
    """
    fix: Fix | None = row[0].fix
    if fix is None or len(row) == 1:
        return fix
    edits: list[Edit] = []
    for finding in row:
        if finding.fix is None or finding.fix.applicability != fix.applicability:
            return fix
        edits += [edit for edit in finding.fix.edits if edit not in edits]
    edits.sort(key=lambda edit: (edit.cell or 0, edit.start, edit.end))
    if any(one.cell == other.cell and other.start <= one.end for one, other in zip(edits, edits[1:])):
        return fix
    return fix.replace(edits=tuple(edits))


def _text(source: Source | None, cell: int) -> str | None:
    """The text of a cell, without what is no difference; None for one that is too short to be a copy of another."""
    try:
        rows = [row.rstrip() for row in source.rows(cell)] if source is not None else []
    except SourceError:
        return None
    return "\n".join(rows).rstrip() if len(rows) >= _SHORTEST else None
