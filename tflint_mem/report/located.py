"""A finding for services that know rows of files and nothing of cells: place and text."""

from __future__ import annotations

from tflint_mem.record import Record
from tflint_mem.sources.paths import file_place, relative

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding, Place

    from .run import Get


class Located(Record):
    """Where a finding stands.

    path        below the root, with forward slashes
    start, end  (row, column) in the file itself, also for a notebook
    note        "cell 2, row 3: " for a notebook, else ""
    """

    __slots__ = ()
    path: str
    start: Place
    end: Place
    note: str


def located(finding: Finding, get: Get, root: str) -> Located:
    """The place of `finding`, for a service that counts paths from `root`."""
    path = relative(finding.path, root)
    if finding.cell is None:
        return Located(path, finding.start, finding.end, "")
    source = get(finding.path)
    start = file_place(source, finding.cell, finding.start)
    end = file_place(source, finding.cell, finding.end)
    return Located(path, start, end, f"cell {finding.cell}, row {finding.start[0]}: ")


def line(text: str) -> str:
    """`text` without line ends and runs of white space."""
    return " ".join(text.split())
