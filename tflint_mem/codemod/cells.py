"""From module coordinates to the coordinates that leave the program: rows within notebook cells."""

from __future__ import annotations

from . import NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.finding import Edit
    from tflint_mem.sources.source import Source


def located(source: Source, edits: Sequence[Edit]) -> list[Edit]:
    """`edits` in final coordinates: for a notebook with `cell` set and rows within it.

    NoFix when an edit spans cells, would write over a notebook magic or stands in a cell that is indented as a whole.
    """
    notebook = source.notebook if source.kind == "notebook" else None
    if notebook is None:
        return list(edits)
    final: list[Edit] = []
    for edit in edits:
        (start_row, start_column), (end_row, end_column) = edit.start, edit.end
        cell, first = source.locate(start_row)
        other, last = source.locate(end_row)
        if cell != other:
            raise NoFix("the change spans two notebook cells")
        if source.margin(start_row) or source.margin(end_row):
            raise NoFix("the notebook cell is indented")
        final.append(edit.replace(cell=cell, start=(first, start_column), end=(last, end_column)))
    try:
        notebook.check(final)
    except ValueError as error:
        raise NoFix(str(error)) from error
    return final
