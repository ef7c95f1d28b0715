"""The same snippet from the file after its fix."""

from __future__ import annotations

import difflib
import os

from tflint_mem.finding import Step
from tflint_mem.sources.source import Source, SourceError

from .candidates import snippets
from .first_party import FileModel, Files
from .given import bound_by
from .region import find_repeats
from .snippet import CannotCut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint_mem.finding import Finding

    from .snippet import Snippet


def fixed_snippet(
    finding: Finding, files: Files, given: Mapping[str, str], once: bool, choice: int, setup: str
) -> Snippet | None:
    """The same slice, cut from the file after its fix; None when the fix does not apply or leaves nothing that repeats.

    given, once   as for snippets()        choice   which of the candidates ran as flagged        setup   the user's own
    """
    model = files.get(finding.path)
    if model is None or finding.fix is None:
        return None
    try:
        fixed = Source.from_bytes(model.source.path, model.source.with_edits(finding.fix.edits))
        others = [other for other in files.sources() if os.path.abspath(other.path) != model.path]
        fixed_files = Files(others + [fixed], files.folders)
        if fixed_files.get(finding.path) is None:
            return None
        moved = _moved(finding, model.source, fixed)
        candidates = snippets(moved, fixed_files, given, once, setup_names=bound_by(setup))
    except (SourceError, CannotCut, ValueError, LookupError, RecursionError):
        return None
    return candidates[min(choice, len(candidates) - 1)]


def _moved(finding: Finding, before: Source, after: Source) -> Finding:
    """The finding with the rows of its repeat where they are after the fix."""
    rows = _new_rows(before, after)
    start_row, start_column = finding.start
    row = before.module_row(finding.cell, start_row)
    moved_trace = []
    for step in list(finding.trace or ()) or _trace_of(finding, before, row):
        if os.path.abspath(step.path) == os.path.abspath(finding.path):
            cell, new_row = after.locate(rows.get(before.module_row(step.cell, step.row), step.row))
            step = step.replace(cell=cell, row=new_row)
        moved_trace.append(step)
    cell, new_row = after.locate(rows.get(row, row))
    return finding.replace(start=(new_row, start_column), cell=cell, trace=tuple(moved_trace), fix=None)


def _new_rows(before: Source, after: Source) -> dict[int, int]:
    """For each row of the module before the fix the one that stands in its place after it."""
    rows: dict[int, int] = {}
    matcher = difflib.SequenceMatcher(None, before.lines, after.lines, autojunk=False)
    for _, first, last, new_first, new_last in matcher.get_opcodes():
        for offset in range(last - first):
            rows[first + offset + 1] = min(new_first + offset, max(new_last - 1, new_first)) + 1
    return rows


def _trace_of(finding: Finding, before: Source, row: int) -> list[Step]:
    """A trace for a finding without one: the repeat around it, where it stands in the same file."""
    own = Files([before])
    path = os.path.abspath(finding.path)
    model = own.get(finding.path) or FileModel(path, before, os.path.dirname(path))
    _, column = finding.start
    repeat = find_repeats(own, model, row, len(model.text.rows[row - 1][: column - 1].encode("utf-8")), [])[0]
    if repeat.model.path != model.path:
        return []
    return [Step(path=finding.path, row=repeat.node.lineno, column=1, message="repeats")]
