"""The one model of a diagnostic that every rule produces and every report reads.

Rows and columns count from 1; columns count characters, ends are exclusive.  In a notebook `cell` is the 1-based
number of the cell over all cells and rows count within that cell; elsewhere `cell` is None.

All of these are immutable, are made by name (`Edit(start=…, end=…, content=…)`), compare by value, and can be pickled
and hashed; a Finding with a `verification`, which is a dictionary, cannot be hashed.  `record.replace(field=…)` makes a
copy with some fields changed.
"""

from __future__ import annotations

from .record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SEVERITIES = ("error", "warning", "hint")
CONFIDENCES = CERTAIN, LIKELY, POSSIBLE = ("certain", "likely", "possible")
PERSONAS = REGULAR, PEDANTIC = ("regular", "pedantic")
SAFE, UNSAFE = "safe", "unsafe"
SYNTAX_ERROR = "TFM000"  # the code of a file that cannot be read as Python
UNUSED_SUPPRESSION = "TFM001"  # the code of a comment that silences nothing
CODES_OF_FILES = frozenset((SYNTAX_ERROR, UNUSED_SUPPRESSION))  # codes about the text of a file, not about what it runs
PYTHON_2 = "is written in Python 2: nothing is reported in it, but its calls count"  # message of such a file's TFM000

Place = tuple[int, int]  # (row, column)


class Edit(Record, tag="edit", kw_only=True):
    """Replace some characters of a file.

    start    (row, column) of the first character that goes
    end      (row, column) behind the last one; `start == end` inserts
    content  what stands there instead, with the file's own line ends
    cell     number of the notebook's cell in which rows count, None in a Python file
    """

    __slots__ = ()
    start: Place
    end: Place
    content: str
    cell: int | None = None


class Fix(Record, tag="fix", kw_only=True):
    """A proposed change of one file.

    applicability  "safe" (the program means the same) or "unsafe" (a person should look)
    message        one line: what the change does
    edits          Edits that do not overlap, sorted by position
    """

    __slots__ = ()
    applicability: str
    message: str
    edits: tuple[Edit, ...]


class Step(Record, tag="step", kw_only=True):
    """One place on the way from what repeats to what is flagged.

    path         file as the run names it
    cell         number of the notebook's cell, None in a Python file
    row, column  the place, from 1
    message      what happens there
    """

    __slots__ = ()
    path: str
    row: int
    column: int
    message: str
    cell: int | None = None


class Finding(Record, tag="finding", kw_only=True):
    """One diagnostic.

    code          of the rule: "TFM101"; "TFM000" for a file that does not parse
    name          of the rule: "load-model-in-loop"
    group         of the rule: "leak", "speed", "config", "tf1", "syntax", "comment"
    severity      "error", "warning" or "hint"
    message       one or two sentences: what repeats, what it retains
    path          file as the run names it (relative or absolute as discovered)
    start, end    (row, column) of the flagged code
    cell          number of the notebook's cell in which rows count, None in a Python file
    confidence    "certain", "likely" or "possible": how much of the way from the repeat to the receiver is known, how
                  much guessed
    persona       "regular" for what is worth acting on; "pedantic" for what is shown only when asked for
    measured      what the evidence found, with the version it was found on; "" when nothing was measured
    help          what to do; "" when there is nothing to say
    noqa_row      the row where a suppression comment counts (last row of the flagged logical line); None: the flagged
                  one
    trace         Steps from the repeat to the place, outermost first; empty when one place tells it all
    further_traces  traces of further repeats of the same place, by file and row of where they begin; bounded
    places        Steps of further places with the same fault, which this finding stands for (filled for reports: see
                  report.twins)
    fix           what would mend it, None when nothing is offered
    verification  None, or the dictionary described in the documentation of --verify
    """

    __slots__ = ()
    code: str
    name: str
    group: str
    severity: str
    message: str
    path: str
    start: Place
    end: Place
    cell: int | None = None
    confidence: str = CERTAIN
    persona: str = REGULAR
    measured: str = ""
    help: str = ""
    noqa_row: int | None = None
    trace: tuple[Step, ...] = ()
    further_traces: tuple[tuple[Step, ...], ...] = ()
    places: tuple[Step, ...] = ()
    fix: Fix | None = None
    verification: dict[str, Any] | None = None

    def key(self) -> tuple[str, int | None, Place, str]:
        """What tells the finding from the others of its run: file, cell, place, code."""
        return (self.path, self.cell, self.start, self.code)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The Steps of all traces."""
        return sum(self.further_traces, self.trace)

    def sort_key(self) -> tuple[str, int, Place, str]:
        """Order of reports: file, cell, place, code."""
        return (self.path, self.cell or 0, self.start, self.code)
