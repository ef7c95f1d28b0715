"""Where something stands in the text."""

from __future__ import annotations

from .record import Record


class Pos(Record):
    """From the first character of something to behind its last one: rows from 1, columns in UTF-8 bytes from 0, as
    `ast` gives them.
    """

    __slots__ = ()
    line: int
    column: int
    end_line: int
    end_column: int
