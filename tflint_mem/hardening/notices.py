"""What a run says beside its findings."""

from __future__ import annotations

from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[["Notice"], None]

UNREADABLE, SKIPPED, FAULT, OVERTIME = "unreadable", "skipped", "fault", "overtime"
COMMENT, BASELINE, SEARCH, PROJECT = "comment", "baseline", "search", "project"
ERRORS = frozenset((UNREADABLE, FAULT, OVERTIME))  # kinds that say that the result is not complete


class Notice(Record, tag="notice", kw_only=True):
    """One thing that a run has to say, and that is no finding.

    kind   "unreadable": the file cannot be read       "skipped": it is larger than `max-file-size`
           "fault": this program failed there          "overtime": it took longer than `timeout-per-file`
           "comment": a comment that cannot work       "baseline": entries that are stale
           "search": a search that was given up (only when asked for)
           "project": only a part of the project around is read
    path   the file it is about, as the run names it; None when it is about no single file
    text   one line, which begins with the place where there is one
    trace  rows of the traceback of a fault; "" unless they were asked for
    """

    __slots__ = ()
    kind: str
    text: str
    path: str | None = None
    trace: str = ""


def ignore(notice: Notice) -> None:
    """Tells nobody."""
