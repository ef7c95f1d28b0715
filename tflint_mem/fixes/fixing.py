"""Fix the files of a check: all of them side by side, and keep what holds in the whole project."""

from __future__ import annotations

from tflint_mem.finding import SAFE
from tflint_mem.record import Record
from tflint_mem.sources.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping
    from typing import TypeVar

    from tflint_mem.checking.check import Check
    from tflint_mem.finding import Finding

    from .rounds import Found, Refused, Result

    Write = Callable[[Source, bytes], bool]
    Only = Callable[[Finding], bool] | None
    Results = dict[str, Result]
    Done = TypeVar("Done")  # what the work on one file comes to

MOST_TURNS = 4  # how often files may bring others to have something to fix


class Change(Record):
    """One file, as it was and as it is with its fixes.

    applied   findings whose fixes it has, in the order they were applied, as they stood when they were
    """

    __slots__ = ()
    old: Source
    new: Source
    applied: list[Finding]


class Fixed(Record):
    """What became of the fixes.

    changes   the files that changed, sorted by path
    skipped   the fixes that were to be applied and were not
    """

    __slots__ = ()
    changes: list[Change]
    skipped: list[Refused]


def fix(check: Check, write: Write | None, unsafe: bool, only: Only = None) -> Fixed:
    """Fix what `check.findings` offers.

    write    is asked for each file that changes, and says whether it has written the new bytes; None: nothing is
             written, and the check stays as it is.  Otherwise it knows the new bytes then, and what is left to report
             in place of the old findings
    unsafe   also apply fixes marked unsafe
    only     may the fix of a finding be applied?  None: all may
    """
    results, left = _all_settled(check, unsafe, only)
    changes: list[Change] = []
    skipped: list[Refused] = []
    for path, result in sorted(results.items()):
        source = check.reader.get(path)
        skipped += result.skipped
        if source is None or result.new == source.raw or write is not None and not write(source, result.new):
            continue
        changes.append(Change(source, Source(path, result.new), result.applied))
    if changes and write is not None:
        changed = {change.new.path: change.new for change in changes}
        if left is None or changed.keys() != {path for path, result in results.items() if result.applied}:
            left = check.found_with(changed)
        check.findings, check.every = left
        for source in changed.values():
            check.reader.put(source)
    return Fixed(changes, skipped)


def _all_settled(check: Check, unsafe: bool, only: Only) -> tuple[Results, tuple[list[Finding], list[Finding]] | None]:
    """The results of all files with something to fix, by path, and what the check finds after that, if it is known.

    A fix may bring a finding with a fix to light in another file, which then has its turn.
    """
    results = _settle(check, check.findings, check.every, {}, unsafe, only)
    for _ in range(MOST_TURNS):
        state = {path: Source(path, result.new) for path, result in results.items() if result.applied}
        if not state:
            return results, None
        left = check.found_with(state)
        more = _settle(check, *left, results, unsafe, only)
        if not more:
            return results, left
        results.update(more)
    return results, None


def _settle(
    check: Check, findings: list[Finding], every: list[Finding], known: Results, unsafe: bool, only: Only
) -> Results:
    """The results of the files with something to fix, but for those whose results are `known`.

    A fix must be checked in the whole project, and that costs as much as the run itself.  So all files are fixed side
    by side and share each check: a file whose fixes wait for an answer is left, and goes on when the answers of all are
    there.
    """
    from . import rounds

    going: dict[str, Generator[bytes, Found, Result]] = {}
    wanted, everything = by_path(findings), by_path(every)

    def may(finding: Finding) -> bool:
        return (
            finding.fix is not None
            and (unsafe or finding.fix.applicability == SAFE)
            and (only is None or only(finding))
        )

    for path, found in wanted.items():
        wanted_here = path not in known and check.may_change(path) and any(map(may, found))
        source = check.reader.get(path) if wanted_here else None
        if source is not None:
            going[path] = rounds.steps(source, rounds.Found(found, everything.get(path, [])), unsafe=unsafe, only=only)
    return side_by_side(check, going, {path: result.new for path, result in known.items()})


def side_by_side(
    check: Check, going: Mapping[str, Generator[bytes, Found, Done]], held: Mapping[str, bytes], most: int | None = None
) -> dict[str, Done]:
    """Let the work on several files, by path, share each check of the project; returns its results.

    held   what other files hold by now
    most   checks; work that would need more is given up
    """
    from .rounds import Found

    results: dict[str, Done] = {}
    questions: dict[str, bytes] = {}
    done: dict[str, bytes] = dict(held)  # what files hold whose work has ended

    def step(path: str, answer: Found | None) -> None:
        try:
            questions[path] = next(going[path]) if answer is None else going[path].send(answer)
        except StopIteration as end:
            results[path] = end.value
            new = getattr(end.value, "new", None)
            if new is not None:
                done[path] = new

    for path in going:
        step(path, None)
    while questions and most != 0:
        most = None if most is None else most - 1
        asked = dict(questions)
        some, all_found = check.found_with({path: Source(path, raw) for path, raw in (done | asked).items()})
        wanted, everything = by_path(some), by_path(all_found)
        questions.clear()
        for path in asked:
            step(path, Found(wanted.get(path, []), everything.get(path, [])))
    return results


def by_path(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """The findings of each file."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        found.setdefault(finding.path, []).append(finding)
    return found
