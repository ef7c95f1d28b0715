"""The finding for a file that does not parse, and whether it is worth a place in a default run.

It is, where a program of TensorFlow is broken and nobody may have noticed.  Homework with parts to be filled in, and
cells that are unfinished or name nothing of TensorFlow behind their imports, are pedantic.
"""

from __future__ import annotations

import re

from tflint_mem.finding import PEDANTIC, PYTHON_2, REGULAR, SYNTAX_ERROR, Finding
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.sources.source import Source

_BLANK = re.compile(
    r"=\s*raise\b|\b(?:your|insert|write|add|fill)\b.{0,20}\bcode\b|\bfill (?:in|this)\b"
    r"|(?<!\w)_{3,}(?!\w)|<\s*(?:todo|fill)",
    re.I,
)
_AROUND = 3  # rows before and behind the place
_LESSON = re.compile(r"(?:^|[\W_])(?:homeworks?|assignments?|exercises?|hw\d+)(?=$|[\W_\d])", re.I)
_TAKEN_OUT = "expected an indented block"  # what Python says of a body that is not there
_IMPORTED = re.compile(r"^\s*(?:import|from)\s.*\b(?:tensorflow|keras)\b")
_NAMED = re.compile(r"\b(?:tf|keras|tensorflow|tfk|tfkl)\.\w|\.(?:fit|predict|compile|load_weights)\(")


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
    regular = old or _is_worth(_rows(source, cell), local, message, source.path, cell)
    return Finding(
        code=SYNTAX_ERROR,
        name="syntax-error",
        group="syntax",
        severity="hint" if old else "error",
        persona=REGULAR if regular else PEDANTIC,
        message=PYTHON_2 if old else f"does not parse: {message}",
        path=source.path,
        cell=cell,
        start=place,
        end=place,
        noqa_row=place[0],
    )


def _rows(source: Source, cell: int | None) -> Sequence[str]:
    """The rows of a file, or of one of its cells."""
    try:
        return source.rows(cell)
    except SourceError:
        return ()


def _is_worth(rows: Sequence[str], row: int, message: str, path: str, cell: int | None) -> bool:
    """Is it a program of TensorFlow, and no homework with a part taken out, that breaks in a row, from 1?"""
    if any(_BLANK.search(text) for text in rows[max(row - 1 - _AROUND, 0) : row + _AROUND]):
        return False
    if message.startswith(_TAKEN_OUT) and _LESSON.search(path):
        return False
    return cell is None or not rows or _names_tensorflow(rows)  # a file that breaks is no module at all


def _names_tensorflow(rows: Sequence[str]) -> bool:
    """Is anything of TensorFlow or Keras named behind the imports?"""
    imports = [text for text in rows if _IMPORTED.match(text)]
    names = {
        name.strip().split(" as ")[-1].strip()
        for text in imports
        for name in text.partition("import ")[2].partition("#")[0].strip(" ()\\").split(",")
        if text.lstrip().startswith("from")
    } - {"", "*"}
    named = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b") if names else None
    return any(
        _NAMED.search(text) or named is not None and named.search(text) for text in rows if not _IMPORTED.match(text)
    )
