"""Findings as the editor shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lsprotocol import types

from tflint_mem.finding import UNUSED_SUPPRESSION, Step
from tflint_mem.hardening import safe
from tflint_mem.record import Record
from tflint_mem.ruleset.pages import page
from tflint_mem.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source

    from .places import Places

SOURCE = "tflint-mem"
# A hint of ours is advice worth reading; editors show `Hint` as three dots that nobody sees.
SEVERITIES = {
    "error": types.DiagnosticSeverity.Error,
    "warning": types.DiagnosticSeverity.Warning,
    "hint": types.DiagnosticSeverity.Information,
}
_WITHOUT_EFFECT = frozenset((UNUSED_SUPPRESSION, "TFM501", "TFM505"))  # what does nothing, which editors show faded
MOST_STEPS = 100  # of further information on one finding


class Shown(Record):
    """A finding as it is shown in a text of the editor.

    elsewhere   it lies in a file that is not open, and is told at a step of its way
    """

    __slots__ = ()
    uri: str
    finding: Finding
    diagnostic: types.Diagnostic
    elsewhere: bool = False


def shown(findings: Iterable[Finding], opened: Mapping[str, Source], places: Places, related: bool) -> list[Shown]:
    """The findings for the editor, as far as they lie in open texts or their way leads through one.

    related   it shows further places of a diagnostic; otherwise they are told in the message
    """
    seen = ((finding, seen_from(finding, opened)) for finding in findings)
    return [
        _shown(there, places, related).replace(elsewhere=there is not finding)
        for finding, there in seen
        if there is not None
    ]


def seen_from(finding: Finding, opened: Mapping[str, Source]) -> Finding | None:
    """The finding as it is told in a text that is open: itself where it lies in one, else at the last step of its way
    that does, without its fix; None where none does.
    """
    if finding.path in opened:
        return finding
    found = _last_open(finding, opened)
    if found is None:
        return None
    step, row = found
    there = Step(
        path=finding.path, cell=finding.cell, row=finding.start[0], column=finding.start[1], message="it is here"
    )
    return finding.replace(
        path=step.path,
        cell=step.cell,
        start=(step.row, step.column),
        end=(step.row, max(len(row.rstrip()), step.column) + 1),
        message=f"{finding.message} (in {os.path.basename(finding.path)}:{finding.start[0]})",
        fix=None,
        places=(there,),
    )


def row_that_leads_to(finding: Finding, opened: Mapping[str, Source]) -> str | None:
    """The text of the last row on its way that lies in an open file, None where none does."""
    found = _last_open(finding, opened)
    return None if found is None else found[1]


def _last_open(finding: Finding, opened: Mapping[str, Source]) -> tuple[Step, str] | None:
    """The last step that lies in an open file, with the text of its row."""
    for step in reversed(finding.trace):
        source = opened.get(step.path)
        if source is None:
            continue
        try:
            return step, source.rows(step.cell)[step.row - 1]
        except (SourceError, IndexError):
            continue
    return None


def _shown(finding: Finding, places: Places, related: bool) -> Shown:
    location = places.location(finding.path, finding.cell, finding.start, finding.end)
    steps = [*finding.trace, *finding.places][:MOST_STEPS]
    rows = [safe.field(finding.message)]
    if finding.help:
        rows.append(safe.field(finding.help))
    if not related:
        rows += [_told(step) for step in steps]
    return Shown(
        location.uri,
        finding,
        types.Diagnostic(
            range=location.range,
            message="\n".join(rows),
            severity=SEVERITIES[finding.severity],
            code=finding.code,
            code_description=types.CodeDescription(page(finding.code)),
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if finding.code in _WITHOUT_EFFECT else None,
            related_information=[_related(step, places) for step in steps] if related and steps else None,
        ),
    )


def _related(step: Step, places: Places) -> types.DiagnosticRelatedInformation:
    location = places.location(step.path, step.cell, (step.row, step.column))
    return types.DiagnosticRelatedInformation(location, safe.field(step.message))


def _told(step: Step) -> str:
    cell = "" if step.cell is None else f":cell {step.cell}"
    return safe.field(f"{step.path}{cell}:{step.row}:{step.column}: {step.message}")
