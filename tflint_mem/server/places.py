"""Rows and columns as the editor counts them: from 0, columns in units of UTF-16 unless both agree on others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types
from pygls.uris import from_fs_path

from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pygls.workspace import PositionCodec

    from tflint_mem.finding import Edit, Place

    from .documents import Opened

    Get = Callable[[str], Source | None]


class Places:
    """Where things are, for the editor.

    opened   the open files by path        get   finds the others
    """

    def __init__(self, opened: Mapping[str, Opened], get: Get, codec: PositionCodec) -> None:
        self._opened, self._get, self._codec = opened, get, codec
        self._rows: dict[tuple[str, int | None], Sequence[str]] = {}

    def location(self, path: str, cell: int | None, start: Place, end: Place | None = None) -> types.Location:
        """Where a file, or a cell of a notebook, has these places; they count from 1, in characters."""
        end = end or start
        uri, at = self._text(path, cell)
        if at is None and cell is not None:  # the editor shows the JSON, or nothing yet
            source = self._source(path)
            if source is not None:
                start, end = source.file_place(cell, *start), source.file_place(cell, *end)
        return types.Location(uri, self._range(path, at, start, end))

    def edits(self, path: str, edits: Iterable[Edit]) -> dict[str, list[types.TextEdit]]:
        """Changes of an open file by URI.  Raises ValueError for a notebook that cannot be changed so."""
        opened = self._opened[path]
        if None in opened.cells and opened.source.notebook is not None:
            edits = opened.source.file_edits(edits)
        found: dict[str, list[types.TextEdit]] = {}
        for edit in edits:
            location = self.location(path, edit.cell, edit.start, edit.end)
            found.setdefault(location.uri, []).append(types.TextEdit(location.range, edit.content))
        return found

    def _text(self, path: str, cell: int | None) -> tuple[str, int | None]:
        """(URI, cell) of the text in which a place lies."""
        opened = self._opened.get(path)
        if opened is None:
            return from_fs_path(path) or path, None
        at = cell if cell in opened.cells else None
        text = opened.cells.get(at) or next(iter(opened.cells.values()), None)
        return (from_fs_path(path) or path) if text is None else text.uri, at

    def _range(self, path: str, cell: int | None, start: Place, end: Place) -> types.Range:
        key = (path, cell)
        if key not in self._rows:
            self._rows[key] = self._read(path, cell)
        rows = self._rows[key]
        return types.Range(self._position(rows, start), self._position(rows, end))

    def _position(self, rows: Sequence[str], place: Place) -> types.Position:
        row, column = max(place[0] - 1, 0), max(place[1] - 1, 0)
        if row >= len(rows):
            return types.Position(row, column)
        return self._codec.position_to_client_units(rows, types.Position(row, column))

    def _source(self, path: str) -> Source | None:
        opened = self._opened.get(path)
        return self._get(path) if opened is None else opened.source

    def _read(self, path: str, cell: int | None) -> Sequence[str]:
        source = self._source(path)
        try:
            if source is None:
                return ()
            return source.file_rows() if cell is None else source.rows(cell)
        except (SourceError, KeyError):
            return ()
