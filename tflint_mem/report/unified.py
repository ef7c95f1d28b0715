"""What changes between two versions of a file, as `patch` and people read it."""

from __future__ import annotations

import difflib
import os

from tflint_mem.record import Record
from tflint_mem.sources.paths import shown
from tflint_mem.sources.text import split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.sources.source import Source


class Part(Record):
    """A unified diff: its rows, line ends included, and the encoding of the file that they are about."""

    __slots__ = ()
    encoding: str
    rows: list[str]


def unified(old: Source, new: Source) -> Iterator[Part]:
    """One diff for a file, in its own line ends; a notebook is compared cell by cell.  Raises SourceError."""
    was, is_ = old.notebook, new.notebook
    if was is None or is_ is None:
        yield Part(old.encoding, _rows(old.text, new.text, shown(old.path)))
        return
    for number in was.numbers():
        before, after = was.cell_text(number), is_.cell_text(number)
        if before != after:
            yield Part("utf-8", _rows(before, after, f"{shown(old.path)}:cell {number}"))


def _rows(before: str, after: str, name: str) -> list[str]:
    name = _quoted(name)
    rows = difflib.unified_diff(_keep_ends(before), _keep_ends(after), name, name)
    return [row if row.endswith(("\n", "\r")) else row + "\n\\ No newline at end of file\n" for row in rows]


def _quoted(name: str) -> str:
    """The name as git writes it in a patch: in quotes, with escapes, when a row cannot hold it as it is."""
    if name.isprintable() and not any(character in name for character in '"\\'):
        return name
    known = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
    return (
        '"'
        + "".join(
            "\\" + known[byte] if byte in known else chr(byte) if 32 <= byte < 127 else f"\\{byte:03o}"
            for byte in os.fsencode(name)
        )
        + '"'
    )


def _keep_ends(text: str) -> list[str]:
    """Rows with their line ends, split where Python's tokenizer splits."""
    rows: list[str] = []
    position = 0
    for row in split_rows(text):
        end = position + len(row)
        end += 2 if text.startswith("\r\n", end) else 1
        rows.append(text[position:end])
        position = end
    return rows if rows[-1] else rows[:-1]
