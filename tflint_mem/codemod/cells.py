"""From module coordinates to the coordinates that leave the program: rows within notebook cells."""

from . import NoFix


def located(source, edits) -> list:
    """`edits` in final coordinates: for a notebook with `cell` set and rows within it.

    NoFix when an edit spans cells, would write over a notebook magic or stands in a cell that is indented as a whole.
    """
    if source.kind != "notebook":
        return list(edits)
    final = []
    for edit in edits:
        cell, first = source.locate(edit.start[0])
        other, last = source.locate(edit.end[0])
        if cell != other:
            raise NoFix("the change spans two notebook cells")
        if source.margin(edit.start[0]) or source.margin(edit.end[0]):
            raise NoFix("the notebook cell is indented")
        final.append(edit.replace(cell=cell, start=(first, edit.start[1]), end=(last, edit.end[1])))
    try:
        source.notebook.check(final)
    except ValueError as error:
        raise NoFix(str(error)) from error
    return final
