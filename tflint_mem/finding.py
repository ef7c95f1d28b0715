"""The one model of a diagnostic that every rule produces and every report reads.

Rows and columns count from 1; columns count characters, ends are exclusive.  In a notebook `cell` is the 1-based
number of the cell over all cells and rows count within that cell; elsewhere `cell` is None.
Plain classes with slots instead of dataclasses: importing `dataclasses` costs more than checking a small file.
"""

from __future__ import annotations

SEVERITIES = ("error", "warning", "hint")
CONFIDENCES = ("certain", "likely", "possible")
PERSONAS = ("regular", "pedantic")
SAFE, UNSAFE = "safe", "unsafe"


class _Record:
    """Keyword-only plain record: equality, repr and `replace` over `__slots__`."""

    __slots__ = ()
    _defaults = {}

    def __init__(self, **values):
        for name in self.__slots__:
            if name in values:
                setattr(self, name, values.pop(name))
            elif name in self._defaults:
                setattr(self, name, self._defaults[name])
            else:
                raise TypeError(f"{type(self).__name__} needs {name!r}")
        if values:
            raise TypeError(f"{type(self).__name__} has no {', '.join(map(repr, values))}")

    def replace(self, **changes):
        """A copy with some fields changed."""
        values = {name: getattr(self, name) for name in self.__slots__}
        values.update(changes)
        return type(self)(**values)

    def __eq__(self, other):
        return type(self) is type(other) and all(getattr(self, n) == getattr(other, n) for n in self.__slots__)

    __hash__ = None

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{n}={getattr(self, n)!r}' for n in self.__slots__)})"


class Edit(_Record):
    """Replace the characters from `start` to `end` (both `(row, column)`, end exclusive) by `content`.

    `start == end` inserts.  `content` uses the file's own line ends.
    """

    __slots__ = ("start", "end", "content", "cell")
    start: tuple[int, int]
    end: tuple[int, int]
    content: str
    cell: int | None
    _defaults = {"cell": None}


class Fix(_Record):
    """A proposed codemod: its edits do not overlap and are sorted by position.

    `applicability` is "safe" (the program means the same) or "unsafe" (a person should look).
    """

    __slots__ = ("applicability", "message", "edits")


class Step(_Record):
    """One place on the way from what repeats to what is flagged; `message` says what happens there."""

    __slots__ = ("path", "cell", "row", "column", "message")
    _defaults = {"cell": None}


class Finding(_Record):
    """One diagnostic.

    path      file as the run names it (relative or absolute as discovered)
    start/end (row, column) of the flagged code
    noqa_row  the row where a suppression comment counts (last row of the flagged logical line)
    message   one or two sentences: what repeats, what it retains
    measured  what the evidence found, with the version it was found on; "" when nothing was measured
    help      what to do
    confidence  "certain", "likely" or "possible": how much of the way from the repeat to the receiver is known, how much guessed
    persona   "regular" for what is worth acting on; "pedantic" for what is shown only when asked for
    trace     Steps from the repeat to the place, outermost first; empty when one place tells it all
    places    Steps of further places with the same fault, which this finding stands for (filled for reports: see report.twins)
    fix       Fix or None
    verification  None, or the dictionary described in the documentation of --verify
    """

    __slots__ = (
        "code",
        "name",
        "group",
        "severity",
        "confidence",
        "persona",
        "message",
        "measured",
        "help",
        "path",
        "cell",
        "start",
        "end",
        "noqa_row",
        "trace",
        "places",
        "fix",
        "verification",
    )
    _defaults = {
        "confidence": "certain",
        "persona": "regular",
        "measured": "",
        "help": "",
        "cell": None,
        "noqa_row": None,
        "trace": (),
        "places": (),
        "fix": None,
        "verification": None,
    }

    def sort_key(self):
        """Order of reports: file, cell, place, code."""
        return (self.path, self.cell or 0, self.start, self.code)
