"""One finding for one thing: what stands several times is reported once, with its places.

Findings of one rule are the same thing when they stand on one row, or on the same row of copies of one notebook cell or
of one file (`a/train.py`, `b/train.py`) of which the same is said; the tapes of one training step are one, too, and so
are the predictions of one pass, the parts of a loss that one step calls, the metrics or functions that one function
makes in the same repeat, and the models that one loop builds; files in Python 2 are one for their project.  Fixes,
baselines and comments know each of them; this is only about what people read.
"""

from __future__ import annotations

import os
from collections import Counter

from tflint_mem.finding import PYTHON_2, SYNTAX_ERROR, Edit, Finding, Fix, Step
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable

    from tflint_mem.sources.source import Source

    from .run import Get

    Same = tuple[Hashable, ...]  # what findings have in common that are one

# Of a step the same message with the same way is the same; of a pass all that it calls itself, or in one function.
_OF_A_STEP, _OF_A_BLOCK = "TFM203", frozenset(("TFM201", "TFM202"))
_OF_PREDICT, _OF_A_LOSS = "TFM201", "TFM202"
_OF_A_FUNCTION = frozenset(("TFM102", "TFM107", "TFM301", "TFM503"))  # what it makes: two metrics, say
_PASS, _STEP, _MADE = "pass", "step", "made"
_OF_A_LOOP = "TFM102"  # one builder or another is called
_SHORTEST = 2  # rows of a cell that is taken for a copy of another
_AROUND = 5  # rows above and below a finding that are the same in copies of a file


def together(findings: list[Finding], get: Get, calls: bool = False, copies: bool = False) -> list[Finding]:
    """The findings, each standing for its twins; the order of the first of each stays.

    calls   what one pass predicts in rows that follow each other is one as well; an editor tells each row by itself
    copies  so is all that one pass calls or one function makes, and so are copies of files: for people, who read the
            text of both; for programs each of them has its own
    """
    groups: dict[tuple[str, int | None, Hashable, str], list[Finding]] = {}
    for finding in findings:
        way = [(step.path, step.cell, step.row, step.column) for step in finding.trace[:-1]]
        row: Hashable = finding.start[0]
        if way and finding.code == _OF_A_STEP:
            row = (finding.message, *way)
        elif copies and way and finding.code in _OF_A_FUNCTION and finding.trace[-1].path == finding.path:
            row = (_MADE, finding.severity, *way)
        elif calls and way and finding.code in _OF_A_BLOCK:
            row = (_PASS, *way)
            before = groups.get((finding.path, finding.cell, row, finding.code))
            if before is not None and not (
                finding.code == _OF_PREDICT
                and _next(before[-1], finding)
                or copies
                and _one_block(get(finding.path), before[0], finding)
            ):
                row = finding.start[0]
            if len(way) > 1 and finding.code == _OF_A_LOSS and finding.trace[-2].path == finding.path:
                row = (_STEP, *way[:-1])
        groups.setdefault((finding.path, finding.cell, row, finding.code), []).append(finding)
    rows = Counter(map(_said, (group[0] for group in groups.values())))
    twins: dict[Same, list[list[Finding]]] = {}
    for place, group in groups.items():
        first = group[0]
        same: Same = place
        if first.message == PYTHON_2:
            same = (PYTHON_2,)
        elif copies and first.code == _OF_A_LOOP and first.trace:
            loop = first.trace[0]
            same = (_MADE, first.code, first.severity, first.help, loop.path, loop.cell, loop.row)
        elif first.code != SYNTAX_ERROR and rows[_said(first)] > 1 and (copies or first.cell is not None):
            text = _text(get(first.path), first)
            if text is not None:
                start = first.start if first.cell is not None else ()
                same = (*_said(first), start, text, first.severity, first.help)
        twins.setdefault(same, []).append(group)
    return [_merged(same) for same in twins.values()]


def _next(first: Finding, second: Finding) -> bool:
    """Does the second one begin in the row behind the first, or in the same?"""
    return second.start[0] - first.end[0] in (0, 1)


def _one_block(source: Source | None, first: Finding, second: Finding) -> bool:
    """Does the second one stand in the block of the first, or in one inside: is no row between them less indented?"""
    try:
        rows = source.rows(first.cell) if source is not None else []
    except SourceError:
        return False
    between = [row for row in rows[first.start[0] - 1 : second.start[0]] if row.strip()]
    indents = [len(row) - len(row.lstrip()) for row in between]
    return bool(indents) and min(indents) == indents[0]


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


def _said(finding: Finding) -> Same:
    """What is said of copies: the same in files of one name, or in any cell."""
    return (finding.code, finding.message, os.path.basename(finding.path) if finding.cell is None else "")


def _text(source: Source | None, finding: Finding) -> str | None:
    """The text of a cell, or of a file around its finding, without what is no difference; None for one that is too
    short to be a copy of another.
    """
    try:
        rows = [row.rstrip() for row in source.rows(finding.cell)] if source is not None else []
    except SourceError:
        return None
    if len(rows) < _SHORTEST:
        return None
    if finding.cell is None:
        rows = rows[max(0, finding.start[0] - 1 - _AROUND) : finding.end[0] + _AROUND]
    return "\n".join(rows).rstrip()
