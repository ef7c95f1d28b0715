"""The finding for a file that does not parse."""

from __future__ import annotations

from tflint_mem.finding import PYTHON_2, SYNTAX_ERROR, Finding
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.sources.source import Source


def syntax_finding(source: Source, error: SyntaxError | ValueError, more: int = 0, old: bool = False) -> Finding:
    """The finding for a file that does not parse; `more` of its cells do not either, and `old` is Python 2."""
    row = getattr(error, "lineno", None) or 1
    column = getattr(error, "offset", None) or 1
    message = getattr(error, "msg", None) or str(error)
    if more > 0:
        message += f" (nor do {more} more cells)" if more > 1 else " (nor does one more cell)"
    cell: int | None = None
    local = row
    if source.kind == "notebook":
        try:
            cell, local = source.locate(row)
        except (SourceError, ValueError, IndexError):
            cell, local = None, row
    place = (max(local, 1), max(column, 1))
    return Finding(
        code=SYNTAX_ERROR,
        name="syntax-error",
        group="syntax",
        severity="hint" if old else "error",
        message=PYTHON_2 if old else f"does not parse: {message}",
        path=source.path,
        cell=cell,
        start=place,
        end=place,
        noqa_row=place[0],
    )
