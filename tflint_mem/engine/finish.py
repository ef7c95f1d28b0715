"""From what a rule leaves behind to a Finding: characters instead of bytes, cells instead of rows of a module, how
sure it is, and the fix that it proposes.
"""

from __future__ import annotations

from tflint_mem.finding import REGULAR, Finding, Fix, Step
from tflint_mem.hardening.faults import Overtime
from tflint_mem.hardening.watch import OFF
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    from tflint_mem.finding import Place
    from tflint_mem.hardening.faults import Faults
    from tflint_mem.hardening.watch import Watch
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Steps
    from tflint_mem.sources.source import Source

    from .engine import Kept
    from .rule_runs import Running

    T = TypeVar("T")


def finished_or_none(
    running: Running, draft: Draft, kept: Kept, faults: Faults | None, watched: Watch, whole: bool = True
) -> Finding | None:
    """The Finding of a draft, None when that fails."""
    others = further(draft, faults, watched)
    return _guarded(
        lambda: _finished(running.context, draft, others, kept, faults, watched, whole),
        f"{draft.code} in row {draft.pos.line}",
        draft,
        faults,
        watched,
    )


def further(draft: Draft, faults: Faults | None, watched: Watch) -> tuple[Steps, ...]:
    """The traces of further repeats of a draft's place; none when the search fails, which costs nothing else."""
    if _incomplete(draft):
        return ()
    what = f"the search for further repeats of {draft.code} in row {draft.pos.line}"
    found = _guarded(lambda: draft.trace.further, what, draft, faults, watched) or ()
    return tuple(steps for steps in found if not any(step.m.left_out for step in steps))


def _guarded(make: Callable[[], T], what: str, draft: Draft, faults: Faults | None, watched: Watch) -> T | None:
    """What `make` gives; None when it fails, which is told of `what`."""
    try:
        try:
            watched.at = draft.m.index
            return make()
        finally:
            watched.at = OFF
    except (Exception, Overtime) as error:
        if faults is None:
            raise
        if isinstance(error, Overtime):
            watched.forgive(draft.m.index)
            faults.overtime(what, draft.m.path, watched.limit)
        else:
            faults.add(what, draft.m.path)
        return None


def _finished(
    context: Context,
    draft: Draft,
    others: tuple[Steps, ...],
    kept: Kept,
    faults: Faults | None,
    watched: Watch,
    whole: bool,
) -> Finding:
    """The Finding of a draft: characters instead of bytes, cells instead of module rows, the fix built if it is the
    `whole`.
    """
    from tflint_mem.ruleset.registry import BY_CODE

    from . import worth

    rule = BY_CODE[draft.code]
    incomplete = _incomplete(draft)  # nothing more can be asked about it
    sure = worth.LIKELY if incomplete else worth.confidence(context, draft)
    persona = draft.persona or REGULAR if incomplete else worth.persona(context, draft, sure, draft.group or rule.group)
    if sure == worth.CERTAIN and any(step.m.mended for step in draft.trace.steps):
        sure = worth.LIKELY
    source = kept[draft.m.path]
    pos = draft.pos
    row, column = _place(source, pos.line, pos.column)
    end_row, end_column = _place(source, pos.end_line, pos.end_column)
    cell, row = source.locate(row)
    end_cell, end_row = source.locate(end_row)
    noqa_row = end_row
    if draft.noqa_row:
        _, noqa_row = source.locate(draft.noqa_row)
    if end_cell != cell:
        end_row, end_column = row, column
    fix, refusal = fix_of(context, draft, source, faults, watched) if whole else (None, "")
    return Finding(
        code=draft.code,
        name=rule.name,
        group=draft.group or rule.group,
        severity=draft.severity or rule.severity,
        confidence=sure,
        persona=persona,
        message=draft.message,
        measured=draft.measured,
        help=with_reason(draft.help, refusal),
        path=draft.m.path,
        cell=cell,
        start=(row, column),
        end=(end_row, end_column),
        noqa_row=noqa_row,
        trace=_steps(kept, draft.trace.steps),
        further_traces=tuple(sorted((_steps(kept, steps) for steps in others), key=_by_place)),
        fix=fix,
    )


def _incomplete(draft: Draft) -> bool:
    """Has one of its modules been left out since?"""
    return draft.m.left_out or any(step.m.left_out for step in draft.trace.steps)


def _steps(kept: Kept, steps: Steps) -> tuple[Step, ...]:
    return tuple(_step(kept, step.m, step.line, step.column, step.message) for step in steps)


def _by_place(steps: tuple[Step, ...]) -> list[tuple[str, int, int, int]]:
    return [(step.path, step.cell or 0, step.row, step.column) for step in steps]


def _step(kept: Kept, m: Module, line: int, column: int, message: str) -> Step:
    source = kept[m.path]
    if column == 0 and 0 < line <= len(source.lines):  # a whole line is meant: its first character
        text = source.lines[line - 1]
        column = len(text) - len(text.lstrip())
    row, column = _place(source, line, column)
    cell, row = source.locate(row)
    return Step(path=m.path, cell=cell, row=row, column=column, message=message)


def _place(source: Source, line: int, column: int) -> Place:
    """(row, column) in characters from 1 of a line from 1 and a UTF-8 byte column from 0."""
    rows = source.lines
    if 0 < line <= len(rows):
        text = rows[line - 1]
        if not text.isascii():
            column = len(text.encode("utf-8")[:column].decode("utf-8", "replace"))
    return (line, column + 1 + source.margin(line))


def with_reason(text: str, refusal: str) -> str:
    """The help of a finding, with the few words that say why it has no fix."""
    if not refusal:
        return text
    return f"{text}; no fix is offered: {refusal}" if text else f"no fix is offered: {refusal}"


def _taken(context: Context, m: Module, name: str) -> bool:
    """May another module of the project take a name from this one: by `from m import *`, or as `m.name`?"""
    project = context.project
    return any(
        any(imported.attribute in (name, "*") for imported in other.imports)
        or bool(project.mentions_in(other, (name,)))
        and name not in other.bindings(0)
        for other in map(project.module, project.imports.importers(m))
    )


def fix_of(
    context: Context, draft: Draft, source: Source, faults: Faults | None, watched: Watch
) -> tuple[Fix | None, str]:
    """(the Fix of a draft or None, why there is none in a few words or "")."""
    if draft.fix is None or isinstance(draft.fix, str):
        return None, draft.fix or ""
    if _incomplete(draft):
        return None, ""
    from tflint_mem.codemod import NoFix
    from tflint_mem.ruleset.fix_context import FixContext

    try:
        proposal = draft.fix(FixContext(source, draft.m))
        from tflint_mem.codemod.cells import located
        from tflint_mem.codemod.unused_imports import without_unused

        edits = located(source, without_unused(source, proposal.edits, lambda name: _taken(context, draft.m, name)))
    except NoFix as refusal:
        return None, str(refusal)
    except SourceError:
        return None, ""
    except Overtime:
        if faults is None:
            raise
        faults.overtime(f"the fix of {draft.code} in row {draft.pos.line}", source.path, watched.limit)
        watched.forgive(draft.m.index)
        return None, ""
    except Exception:
        if faults is None:
            raise
        faults.add(f"the fix of {draft.code} in row {draft.pos.line}", source.path)
        return None, ""
    if not edits:
        return None, ""
    edits = sorted(edits, key=lambda edit: (edit.start, edit.end))
    return Fix(applicability=proposal.applicability, message=proposal.message, edits=tuple(edits)), ""
