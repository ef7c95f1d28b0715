"""What is verified of a place (see `plan.places`): the findings of a file or of one of its rows, or the row itself."""

from __future__ import annotations

import os

from tflint_mem.finding import Finding
from tflint_mem.sources.source import Source, SourceError
from tflint_mem.verify.plan.options import OptionError
from tflint_mem.verify.plan.places import Place

from .session import covers

PLACE = "-"  # the code of a finding that accuses nobody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def at_place(findings: Iterable[Finding], place: Place) -> list[Finding]:
    """The findings of a file, or of one row of it; for a row without one, a stand-in so that any loop can be measured.

    A stand-in has the code PLACE: it accuses nobody, it only says where to measure.  Raises OptionError for a row or a
    cell that the file does not have.
    """
    path, row, cell = place.path, place.row, place.cell
    if row is not None:
        _check(place, row)
    real = os.path.realpath(path)
    found = [finding for finding in findings if os.path.realpath(finding.path) == real and finding.code != "TFM000"]
    if row is None:
        return found
    exact = [finding for finding in found if finding.cell == cell and covers(finding, row)]
    return exact or [
        Finding(
            code=PLACE,
            name="place",
            group="leak",
            severity="hint",
            message="what this place does to memory",
            path=path,
            cell=cell,
            start=(row, 1),
            end=(row, 1),
        )
    ]


def _check(place: Place, row: int) -> None:
    """Raises OptionError when the file has no such place."""
    try:
        source = Source.read(place.path)
        notebook, lines = source.notebook, source.lines
    except (OSError, SourceError):
        return  # that the file cannot be read is said elsewhere
    of = "the file"
    if notebook is None:
        if place.cell is not None:
            raise OptionError(f"{place.path}: it is no notebook, and has no cells")
    elif place.cell is None:
        numbers = notebook.numbers()
        one = f", such as {place.path}:cell {numbers[0]}:{row}" if numbers else ""
        raise OptionError(f"{place.path}:{row}: rows of a notebook count in their cell: name it{one}")
    elif place.cell not in notebook.numbers():
        known = ", ".join(map(str, notebook.numbers())) or "none"
        raise OptionError(f"{place.path}: cell {place.cell} holds no code; those that do: {known}")
    else:
        of, lines = f"cell {place.cell}", source.rows(place.cell)
    rows = len(lines) - 1 if lines and not lines[-1].strip() else len(lines)
    if not 1 <= row <= rows:
        where = f"{place.path}:{row}" if place.cell is None else f"{place.path}:cell {place.cell}:{row}"
        raise OptionError(f"{where}: {of} has {rows} row{'s' if rows != 1 else ''}")
