"""Findings as the editor shows them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from lsprotocol import types

from tflint_mem.finding import UNUSED_SUPPRESSION, Step
from tflint_mem.hardening import safe
from tflint_mem.record import Record
from tflint_mem.report import ways
from tflint_mem.ruleset.pages import page
from tflint_mem.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

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

    elsewhere   it lies in another file, and is told at a step of its way
    """

    __slots__ = ()
    uri: str
    finding: Finding
    diagnostic: types.Diagnostic
    elsewhere: bool = False


def shown(findings: Iterable[Finding], opened: Mapping[str, Source], places: Places, related: bool) -> list[Shown]:
    """The findings for the editor, as far as they lie in open texts or one of their ways leads through one.

    related   it shows further places of a diagnostic; otherwise they are told in the message
    """
    return [_shown(each, places, related) for finding in findings for each in _seen(finding, opened)]


class _There(Record):
    """A finding as it is told in one text; faint: it is told in full in another open one."""

    __slots__ = ()
    finding: Finding
    elsewhere: bool = False
    faint: bool = False


def _seen(finding: Finding, opened: Mapping[str, Source]) -> Iterator[_There]:
    """The finding where it lies, if that is open, and at the last open step in another file of each of its ways."""
    if finding.path in opened:
        yield _There(finding)
    traces = (finding.trace, *finding.further_traces)
    told: set[tuple[str, int | None, int]] = set()
    for trace in traces:
        found = _last_open(trace, finding.path, opened)
        if found is not None and (place := (found[0].path, found[0].cell, found[0].row)) not in told:
            told.add(place)
            others = tuple(other for other in traces if other is not trace)
            yield _There(_seen_from(*found, finding, trace, others), True, finding.path in opened)


def _seen_from(
    step: Step, row: str, finding: Finding, trace: tuple[Step, ...], others: tuple[tuple[Step, ...], ...]
) -> Finding:
    """The finding as it is told at a step of a trace, without its fix."""
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
        trace=trace,
        further_traces=others,
        places=(there,),
    )


def still_led_to(finding: Finding, before: Mapping[str, Source], opened: Mapping[str, Source]) -> bool:
    """Is a row as it was `before` by which a way through an open file led to a finding in one that is not?"""
    for trace in (finding.trace, *finding.further_traces):
        then, now = (_last_open(trace, finding.path, sources) for sources in (before, opened))
        if then is not None and then == now:
            return True
    return False


def _last_open(trace: Sequence[Step], but: str, opened: Mapping[str, Source]) -> tuple[Step, str] | None:
    """The last step that lies in an open file, which is not `but`, with the text of its row."""
    for step in reversed(trace):
        source = opened.get(step.path)
        if source is None or step.path == but:
            continue
        try:
            return step, source.rows(step.cell)[step.row - 1]
        except (SourceError, IndexError):
            continue
    return None


def _shown(there: _There, places: Places, related: bool) -> Shown:
    finding = there.finding
    location = places.location(finding.path, finding.cell, finding.start, finding.end)
    also = [begin.replace(message=f"also: {begin.message}") for begin in ways.begins(finding)]
    steps = [*finding.trace, *also, *finding.places][:MOST_STEPS]
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
            severity=types.DiagnosticSeverity.Hint if there.faint else SEVERITIES[finding.severity],
            code=finding.code,
            code_description=types.CodeDescription(page(finding.code)),
            source=SOURCE,
            tags=[types.DiagnosticTag.Unnecessary] if finding.code in _WITHOUT_EFFECT else None,
            related_information=[_related(step, places) for step in steps] if related and steps else None,
        ),
        there.elsewhere,
    )


def _related(step: Step, places: Places) -> types.DiagnosticRelatedInformation:
    location = places.location(step.path, step.cell, (step.row, step.column))
    return types.DiagnosticRelatedInformation(location, safe.field(step.message))


def _told(step: Step) -> str:
    cell = "" if step.cell is None else f":cell {step.cell}"
    return safe.field(f"{step.path}{cell}:{step.row}:{step.column}: {step.message}")
