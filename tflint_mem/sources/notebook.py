"""A Jupyter notebook (nbformat 3 or 4) read as one Python module, and written back cell by cell.

The code cells are joined in order, magics masked.  Cells are numbered from 1 over all cells of the notebook, as people
count them.  An edit replaces the bytes of its cell's `source` in the JSON text and nothing else: outputs, metadata,
indentation and the spelling of untouched lines stay as they were.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from os.path import commonprefix

from tflint_mem.finding import Edit
from tflint_mem.hardening.depth import DEEP
from tflint_mem.hardening.parsing import parsed

from .magics import mask
from .text import BOM, SourceError, splice, split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from .magics import Masked

    Route = tuple[str | int, ...]  # keys and indices on the way through the JSON
    Span = tuple[int, int]  # offsets in the JSON text: of the first character, and behind the last one

_LINE_END = re.compile(r"\r\n|\r|\n")
_DEEPEST = 396  # levels of JSON: a notebook has about ten, pictures with their data thirty


class _Cell:
    """One code cell.

    number     over all cells of the notebook, from 1        first_row   its first row in the module
    text       as it stands in the notebook                  masked      where magics were replaced
    route      through the JSON to its source                margin      what its rows are indented by
    """

    __slots__ = ("number", "first_row", "text", "masked", "route", "margin", "_rows")

    def __init__(self, number: int, first_row: int, text: str, masked: Masked, route: Route, margin: str) -> None:
        self.number, self.first_row, self.text = number, first_row, text
        self.masked, self.route, self.margin = masked, route, margin
        self._rows: list[str] | None = None

    @property
    def rows(self) -> list[str]:
        """The rows of `text`."""
        if self._rows is None:
            self._rows = split_rows(self.text)
        return self._rows


class Notebook:
    """The code cells of a notebook.

    document   the JSON text        text   the module that the cells make
    """

    def __init__(self, document: str, bom: bool, cells: list[_Cell], text: str) -> None:
        self.document, self._bom, self._cells, self.text = document, bom, cells, text
        self._spans: dict[Route, Span] = {}
        self._rows: list[int] = []  # where the rows of the document begin
        self._starts = [cell.first_row for cell in cells]
        self._by_number = {cell.number: cell for cell in cells}

    @classmethod
    def parse(cls, path: str, raw: bytes) -> Notebook:
        """The notebook that the bytes hold.  Raises SourceError for anything that is none."""
        try:
            document = raw.decode("utf-8-sig")
            content = _loaded(document)
        except UnicodeDecodeError as error:
            row = raw.count(b"\n", 0, error.start) + 1
            column = error.start - (raw.rfind(b"\n", 0, error.start) + 1) + 1
            raise SourceError(
                path, row, column, f"not a notebook: byte 0x{raw[error.start]:02x} is not UTF-8"
            ) from None
        except json.JSONDecodeError as error:
            raise SourceError(path, error.lineno, error.colno, f"not a notebook: invalid JSON, {error.msg}") from None
        except ValueError as error:  # a number of thousands of digits
            raise SourceError(path, 1, 1, f"not a notebook: invalid JSON, {error}") from None
        except RecursionError:
            raise SourceError(path, 1, 1, "not a notebook: its JSON is nested too deeply") from None
        cells: list[_Cell] = []
        texts: list[str] = []
        row = 1
        for number, (route, text) in enumerate(_code_cells(path, content), 1):
            if text is None:
                continue
            margin, masked_text = _without_margin(_without_surrogates(text))
            masked_text, masked = mask(masked_text)
            cells.append(_Cell(number, row, text, masked, route, margin))
            texts.append(masked_text)
            row += len(split_rows(masked_text))
        text = "\n".join(texts)
        notebook = cls(document, raw.startswith(BOM), cells, text)
        if "\0" in text:
            rows = split_rows(text[: text.index("\0")])
            cell, row = notebook.locate(len(rows))
            raise SourceError(path, row, len(rows[-1]) + 1, "source code cannot contain NUL bytes", cell)
        return notebook

    def locate(self, row: int) -> tuple[int | None, int]:
        """`(cell number, row in cell)` of a row of `text`."""
        if not self._cells:
            return None, row
        cell = self._cells[max(0, bisect_right(self._starts, row) - 1)]
        return cell.number, row - cell.first_row + 1

    def margin(self, row: int) -> int:
        """How many columns the row of `text` lies to the left of where it stands in its cell."""
        if not self._cells:
            return 0
        cell = self._cells[max(0, bisect_right(self._starts, row) - 1)]
        return (
            len(cell.margin)
            if cell.margin and split_rows(cell.text)[row - cell.first_row].startswith(cell.margin)
            else 0
        )

    def drop_broken(self) -> list[SyntaxError]:
        """Leave out the cells that do not parse by themselves: Jupyter runs the others all the same.

        Returns the SyntaxErrors, with rows of `text`; the broken cells are comments from then on.
        """
        rows = split_rows(self.text)
        errors: list[SyntaxError] = []
        for position, cell in enumerate(self._cells):
            first, behind = (
                cell.first_row - 1,
                self._starts[position + 1] - 1 if position + 1 < len(self._starts) else len(rows),
            )
            try:
                parsed("\n".join(rows[first:behind]), f"cell {cell.number}")
            except SyntaxError as error:
                error.lineno = min((error.lineno or 1) + first, behind)
                errors.append(error)
                rows[first:behind] = ["#" + row[1:] if row else row for row in rows[first:behind]]
        self.text = "\n".join(rows)
        return errors

    def module_row(self, number: int, row: int) -> int:
        """The row of `text` for a row of the cell with that number."""
        return self._by_number[number].first_row + row - 1

    def numbers(self) -> list[int]:
        """The numbers of the code cells, in order."""
        return list(self._by_number)

    def cell_text(self, number: int) -> str:
        """The cell's own text, magics included."""
        return self._by_number[number].text

    def with_edits(self, edits: Iterable[Edit]) -> bytes:
        """The file's new bytes.  Raises ValueError when an edit would write over a magic, overlap or miss the cell."""
        pieces: list[str] = []
        done = 0
        for start, end, new in self._changes(edits):
            pieces += (self.document[done:start], new)
            done = end
        return BOM * self._bom + "".join((*pieces, self.document[done:])).encode("utf-8")

    def check(self, edits: Iterable[Edit]) -> None:
        """Raises ValueError as `with_edits` does, without writing anything out."""
        last: Edit | None = None
        for edit in sorted(edits, key=lambda edit: (edit.cell or 0, edit.start, edit.end)):
            cell = self._cell(edit.cell)
            _refuse_masked(cell, edit)
            for row, column in (edit.start, edit.end):
                if not (1 <= row <= len(cell.rows) and 1 <= column <= len(cell.rows[row - 1]) + 1):
                    raise ValueError(f"no such place: row {row}, column {column}")
            if edit.end < edit.start or last is not None and last.cell == edit.cell and edit.start < last.end:
                raise ValueError(f"edits overlap at row {edit.start[0]}")
            last = edit

    def _cell(self, number: int | None) -> _Cell:
        if number is None or number not in self._by_number:
            raise ValueError(f"no code cell {number}")
        return self._by_number[number]

    def file_edits(self, edits: Iterable[Edit]) -> list[Edit]:
        """The same change as edits of the JSON text, for programs that know nothing about cells."""
        found: list[Edit] = []
        for start, end, new in self._changes(edits):
            old = self.document[start:end]
            head = len(commonprefix((old, new)))
            tail = len(commonprefix((old[: head - 1 if head else None : -1], new[: head - 1 if head else None : -1])))
            found.append(
                Edit(start=self._place(start + head), end=self._place(end - tail), content=new[head : len(new) - tail])
            )
        return found

    def file_place(self, number: int, row: int, column: int) -> tuple[int, int]:
        """`(row, column)` in the JSON text of a place in a cell; the row's first column where escapes are in
        the way.
        """
        start, end = self._span(number)
        tokens = [(start, end)]
        if self.document[start] == "[":
            tokens = [(s, e) for _, s, e in _items(self.document, start)] or tokens
        lines = split_rows(self._by_number[number].text)
        if len(tokens) < row or tokens[0][0] == start:
            return self._place(tokens[-1][0])
        start = tokens[row - 1][0]
        spelled = _spell(lines[row - 1][: column - 1], self.document.isascii())[:-1]
        return self._place(start + len(spelled) if self.document.startswith(spelled, start) else start)

    def _changes(self, edits: Iterable[Edit]) -> list[tuple[int, int, str]]:
        """`(start, end, new)` in the JSON text for each cell that the edits touch, in order."""
        by_cell: dict[int | None, list[Edit]] = {}
        for edit in edits:
            by_cell.setdefault(edit.cell, []).append(edit)
        changes: list[tuple[int, int, str]] = []
        for number, group in by_cell.items():
            cell = self._cell(number)
            for edit in group:
                _refuse_masked(cell, edit)
            start, end = self._span(cell.number)
            changes.append((start, end, _source_json(self.document, start, end, cell.text, splice(cell.text, group))))
        return sorted(changes)

    def _span(self, number: int) -> Span:
        """Start and end offset of a cell's source in the JSON text."""
        route = self._by_number[number].route
        for depth in range(1, len(route) + 1):
            if route[:depth] not in self._spans:
                start = self._spans[route[: depth - 1]][0] if depth > 1 else _skip(self.document, 0)
                # Of equal keys the last one counts, as it does for json.loads.
                self._spans.update({(*route[: depth - 1], key): (s, e) for key, s, e in _items(self.document, start)})
        return self._spans[route]

    def _place(self, offset: int) -> tuple[int, int]:
        if not self._rows:
            self._rows = [0, *(end.end() for end in _LINE_END.finditer(self.document))]
        row = bisect_right(self._rows, offset)
        return row, offset - self._rows[row - 1] + 1


def _loaded(document: str) -> Any:
    """The JSON's content.  Raises RecursionError where it is nested too deeply, which is the same for every caller,
    however deep he is himself, and ValueError (most often JSONDecodeError) for what is no JSON: whichever the text
    comes to first.
    """
    if document.count("[") + document.count("{") <= _DEEPEST:
        end = None
    else:
        end = _too_deep(document)
    with DEEP:
        if end is None:
            return json.loads(document)
        try:
            json.loads(document[:end])
        except json.JSONDecodeError as error:
            if error.pos < end:
                raise
        raise RecursionError


_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")
_EITHER = re.compile(f"{_STRING.pattern}|{_BRACKET.pattern}", re.DOTALL)


def _too_deep(document: str) -> int | None:
    """The offset of the first bracket that opens one level too many; None when there is none."""
    brackets: list[str] = _BRACKET.findall(_STRING.sub("", document))
    depth = 0
    for bracket in brackets:
        if bracket in "[{":
            depth += 1
            if depth > _DEEPEST:
                break
        else:
            depth -= 1
    else:
        return None
    depth = 0
    for found in _EITHER.finditer(document):
        first = document[found.start()]
        depth += (first in "[{") - (first in "]}")
        if depth > _DEEPEST:
            return found.start()
    return None


def _code_cells(path: str, content: Any) -> Iterator[tuple[Route, str | None]]:
    """For every cell in order: its route through the JSON to the source, and the source if the cell holds Python."""
    if not isinstance(content, dict):
        raise SourceError(path, 1, 1, "not a notebook: the JSON is no object")
    if isinstance(content.get("cells"), list):
        lists: list[tuple[Route, list[Any]]] = [(("cells",), content["cells"])]
    elif isinstance(content.get("worksheets"), list):
        lists = [
            (("worksheets", i, "cells"), sheet["cells"])
            for i, sheet in enumerate(content["worksheets"])
            if isinstance(sheet, dict) and isinstance(sheet.get("cells"), list)
        ]
    else:
        raise SourceError(path, 1, 1, "not a notebook: it has no list of cells")
    metadata = content.get("metadata")
    python = _is_python(metadata if isinstance(metadata, dict) else {})
    for route, cells in lists:
        for i, cell in enumerate(cells):
            if not isinstance(cell, dict):
                raise SourceError(path, 1, 1, f"not a notebook: cell {i + 1} is no object")
            key = "source" if "source" in cell else "input"
            text = None
            if python and cell.get("cell_type") == "code" and _speaks_python(cell):
                text = cell.get(key, "")
                if isinstance(text, list) and all(isinstance(part, str) for part in text):
                    text = "".join(text)
                if not isinstance(text, str):
                    raise SourceError(path, 1, 1, f"not a notebook: the source of cell {i + 1} is no text")
            yield (*route, i, key), text


def _speaks_python(cell: dict[str, Any]) -> bool:
    """False when a cell of an old notebook says that it is in another language."""
    language = cell.get("language")
    return not isinstance(language, str) or "python" in language.lower()


def _is_python(metadata: dict[str, Any]) -> bool:
    """False when the notebook says that its kernel speaks another language."""
    for table, key in (("kernelspec", "language"), ("language_info", "name")):
        entry = metadata.get(table)
        if isinstance(entry, dict) and isinstance(entry.get(key), str):
            name: str = entry[key]
            return "python" in name.lower()
    return True


def _without_surrogates(text: str) -> str:
    """JSON can spell half a surrogate pair, which no encoding can hold; one replacement character keeps the columns."""
    if text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text):
        return text
    return "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in text)


def _without_margin(text: str) -> tuple[str, str]:
    """(margin, text without it): what the first row is indented by is taken from every row that begins with it, as
    IPython does.
    """
    stripped = text.lstrip(" \t\r\n")
    margin = text[text.rfind("\n", 0, len(text) - len(stripped)) + 1 : len(text) - len(stripped)]
    if not margin or not stripped:
        return "", text
    return margin, "\n".join(row[len(margin) :] if row.startswith(margin) else row for row in text.split("\n"))


def _refuse_masked(cell: _Cell, edit: Edit) -> None:
    near = range(edit.start[0], edit.end[0] + 1)
    for row in near if len(near) < len(cell.masked) else cell.masked:
        first, behind = cell.masked.get(row, (0, 0))
        if behind and edit.start < (row, behind) and (row, first) < edit.end:
            raise ValueError(f"the fix would write over the notebook magic in cell {cell.number}, row {row}")


# -- the JSON text: find a value, spell a new one


_WHITESPACE = " \t\n\r"
_decode = json.JSONDecoder().raw_decode


def _skip(document: str, position: int) -> int:
    while document[position] in _WHITESPACE:
        position += 1
    return position


def _items(document: str, position: int) -> Iterator[tuple[str | int, int, int]]:
    """`(key, start, end)` of each value in the object or array at `position`; keys of an array are its indices."""
    is_object = document[position] == "{"
    position = _skip(document, position + 1)
    index = 0
    while document[position] not in "}]":
        key: str | int = index
        if is_object:
            key, position = _decode(document, position)
            position = _skip(document, _skip(document, position) + 1)
        end = _decode(document, position)[1]
        yield key, position, end
        index += 1
        position = _skip(document, end)
        if document[position] == ",":
            position = _skip(document, position + 1)


def _source_json(document: str, start: int, end: int, old: str, new: str) -> str:
    """JSON for the cell text `new` in the style of the value at start:end, which spells `old`."""
    ascii_only = document.isascii() or _without_surrogates(new) != new

    if document[start] != "[":
        return _spell(new, ascii_only)
    spans = [(s, e) for _, s, e in _items(document, start)]
    old_lines, new_lines = _lines(old), _lines(new)
    tokens = [document[s:e] for s, e in spans]
    if [json.loads(token) for token in tokens] != old_lines:
        tokens = [_spell(line, ascii_only) for line in old_lines]
    same_head = _common(old_lines, new_lines)
    same_tail = min(_common(old_lines[::-1], new_lines[::-1]), min(len(old_lines), len(new_lines)) - same_head)
    middle = [_spell(line, ascii_only) for line in new_lines[same_head : len(new_lines) - same_tail]]
    tokens = tokens[:same_head] + middle + tokens[len(tokens) - same_tail :]
    if not spans:
        return "[" + ", ".join(tokens) + "]"
    opening, closing = document[start + 1 : spans[0][0]], document[spans[-1][1] : end - 1]
    between = document[spans[0][1] : spans[1][0]] if len(spans) > 1 else "," + (opening or " ")
    return "[" + opening + between.join(tokens) + closing + "]"


def _spell(text: str, ascii_only: bool) -> str:
    return json.dumps(text, ensure_ascii=ascii_only)


def _lines(text: str) -> list[str]:
    """The text in the pieces that a notebook stores: one per line, line end included."""
    pieces = text.split("\n")
    return [piece + "\n" for piece in pieces[:-1]] + ([pieces[-1]] if pieces[-1] else [])


def _common(left: Sequence[str], right: Sequence[str]) -> int:
    count = 0
    for a, b in zip(left, right):
        if a != b:
            break
        count += 1
    return count
