"""What is verified of one place: the findings of a file or of one of its rows, or the row itself."""

from __future__ import annotations

import os

from tflint_mem.finding import Finding
from tflint_mem.sources.source import Source, SourceError
from tflint_mem.verify.plan.options import OptionError

from .session import covers

PLACE = "-"  # the code of a finding that accuses nobody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def at_place(findings: Iterable[Finding], path: str, row: int | None = None) -> list[Finding]:
    """The findings of a file, or of one row of it; for a row without one, a stand-in so that any loop can be measured.

    A stand-in has the code PLACE: it accuses nobody, it only says where to measure.  Raises OptionError for a row that
    the file does not have.
    """
    if row is not None:
        _check_row(path, row)
    real = os.path.realpath(path)
    found = [finding for finding in findings if os.path.realpath(finding.path) == real and finding.code != "TFM000"]
    if row is None:
        return found
    exact = [finding for finding in found if covers(finding, row)]
    return exact or [
        Finding(
            code=PLACE,
            name="place",
            group="leak",
            severity="hint",
            message="what this place does to memory",
            path=path,
            start=(row, 1),
            end=(row, 1),
        )
    ]


def _check_row(path: str, row: int) -> None:
    try:
        lines = Source.read(path).lines
    except (OSError, SourceError):
        return  # that the file cannot be read is said elsewhere
    rows = len(lines) - 1 if lines and not lines[-1].strip() else len(lines)
    if not 1 <= row <= rows:
        raise OptionError(f"{path}:{row}: the file has {rows} row{'s' if rows != 1 else ''}")
