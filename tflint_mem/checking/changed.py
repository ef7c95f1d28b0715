"""Which findings concern rows that changed since a revision of git: `--since`."""

from __future__ import annotations

from tflint_mem.finding import SYNTAX_ERROR
from tflint_mem.sources.difference import changes
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError, split_rows

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tflint_mem.finding import Finding
    from tflint_mem.sources.git import Revision

    Get = Callable[[str], Source | None]
    Rows = dict[int | None, set[int]]  # the rows that changed, by cell; None in a Python file


class Changed:
    """The rows of files that are not as they were in a revision.

    Where rows are gone, those beside the gap count as changed: a release that was taken out of a loop is missed there.
    """

    def __init__(self, revision: Revision) -> None:
        self._revision = revision
        self._rows: dict[tuple[str, bytes], Rows | None] = {}

    def only(self, findings: Iterable[Finding], get: Get) -> list[Finding]:
        """The findings that stand on such rows, or one of whose ways leads over them; a file that does not parse has
        changed as a whole.

        get   path -> Source or None
        """
        return [finding for finding in findings if self._concerns(finding, get)]

    def _concerns(self, finding: Finding, get: Get) -> bool:
        if finding.code == SYNTAX_ERROR:
            rows = self._of(finding.path, get)
            return rows is None or any(rows.values())
        own = range(finding.start[0], max(finding.end[0], finding.start[0]) + 1)
        places = [(finding.path, finding.cell, own)]
        places += [(step.path, step.cell, range(step.row, step.row + 1)) for step in (*finding.steps, *finding.places)]
        for path, cell, span in places:
            rows = self._of(path, get)
            if rows is None or not rows.get(cell, set()).isdisjoint(span):
                return True
        return False

    def _of(self, path: str, get: Get) -> Rows | None:
        """The rows of a file that changed; None for all of them."""
        source = get(path)
        if source is None:
            return {}
        key = (path, source.raw)
        if key not in self._rows:
            old = self._revision.before(path, source.raw)
            self._rows[key] = None if old is None else _changed(Source(path, old), source)
        return self._rows[key]


def _changed(old: Source, new: Source) -> Rows | None:
    try:
        notebook, before = new.notebook, old.notebook
        if notebook is None:
            return {None: _rows(old.lines, new.lines)}
        was = [before.cell_text(number) for number in before.numbers()] if before is not None else []
    except SourceError:  # was it none, all of it is new; is it none, all of it is broken
        return None
    now = {number: notebook.cell_text(number) for number in notebook.numbers()}
    rows: Rows = {number: set() for number in now}
    numbers = list(now)
    for change in changes(was, list(now.values())):
        # Cells that were edited have their like among those that stood there, in order.
        former = was[change.first : change.last]
        for position in range(change.start, change.end):
            number = numbers[position]
            at = position - change.start
            other = former[at] if len(former) == change.end - change.start else _most_alike(now[number], former)
            rows[number] = _rows(split_rows(other), split_rows(now[number]))
    return rows


def _most_alike(text: str, others: list[str]) -> str:
    """The cell that most rows of the text stem from; "" when there is none like it."""
    rows = set(text.split("\n"))
    best = max(others, key=lambda other: len(rows & set(other.split("\n"))), default="")
    return best if rows & set(best.split("\n")) - {""} else ""


def _rows(old: list[str], new: list[str]) -> set[int]:
    """The rows of `new`, from 1, that are not in `old`, and those beside rows that are gone."""
    rows: set[int] = set()
    for change in changes(old, new):
        if change.start == change.end:
            rows |= {change.start, change.start + 1}
        else:
            rows.update(range(change.start + 1, change.end + 1))
    return rows
