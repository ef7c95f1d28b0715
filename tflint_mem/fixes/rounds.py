"""Apply proposed fixes to one file, in rounds, and keep only those that hold what they promise.

A fix stays when the result still compiles, its finding is gone, and no error or warning of any rule appears that was
not there before.  What is left out is reported with the reason; the other fixes are kept.

Fixes that only work together are applied together: where the same rule then flags code that it had passed over, and has
a fix for that as well, the first fix stays on trust.  When trust is not repaid all is taken back to where it began.
"""

from __future__ import annotations

from collections import Counter

from tflint_mem.finding import REGULAR, SAFE
from tflint_mem.hardening.parsing import compiled
from tflint_mem.record import Record
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from .clashes import Taken, edits_of, first_place, same
from .shift import Shift

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from tflint_mem.finding import Edit, Finding

    from .clashes import Same

    Where = tuple[int, int, int]  # cell or 0, row, column
    Key = tuple[str, Where]  # code and place of a finding
    Steps = Generator[bytes, "Found", "Result"]
    Asking = Generator[bytes, "Found", "Accepted"]

MOST_ROUNDS = 30
MOST_CHECKS = 60  # of the whole project, for one file
MOST_BUILDS = 400  # results that are put together and compiled, for one file

_SEVERE = ("error", "warning")


class Found(Record):
    """What a check finds in the file: with the rules that were asked for, and with all rules."""

    __slots__ = ()
    wanted: list[Finding]
    every: list[Finding]


class Refused(Record):
    """A fix that was to be applied and was not, and why."""

    __slots__ = ()
    finding: Finding
    reason: str


class Result:
    """What became of one file.

    new      the file's bytes; equal to the old ones when nothing was applied
    applied  findings whose fixes are in `new`, in the order they were applied, as they stood when they were
    skipped  the fixes that were to be applied and were not
    rounds   how many rounds changed something
    """

    __slots__ = ("new", "applied", "skipped", "rounds")

    def __init__(self, new: bytes, applied: list[Finding], skipped: list[Refused], rounds: int) -> None:
        self.new, self.applied, self.skipped, self.rounds = new, applied, skipped, rounds


def fix_source(
    source: Source, findings: list[Finding], *, unsafe: bool, recheck: Callable[[bytes], list[Finding]]
) -> Result:
    """Apply the fixes of `findings` (all findings of the file, with or without fix) to `source`.

    unsafe   also apply fixes marked unsafe
    recheck  function from new bytes to the findings of the file with these bytes
    """
    work = steps(source, Found(findings, findings), unsafe=unsafe)
    try:
        raw = next(work)
        while True:
            findings = recheck(raw)
            raw = work.send(Found(findings, findings))
    except StopIteration as done:
        result: Result = done.value
        return result


def steps(source: Source, found: Found, *, unsafe: bool, only: Callable[[Finding], bool] | None = None) -> Steps:
    """The same as a generator, for callers that check many files at once: yields bytes, is sent the Found of a file
    that holds them, and returns the Result.

    only   may the fix of a finding be applied?  None: all may
    """
    return _Fixer(source, found, unsafe, only).run()


def refusals(source: Source, found: Found, known: list[Refused]) -> Generator[bytes, Found, None]:
    """Which fixes do not hold in the file as it is, each tried with those beside that keep out of its way: such a
    generator; `known` is filled while it goes on.
    """
    tried: set[Key] = set()
    fixer = _Fixer(source, found, True, lambda finding: _key(finding) not in tried)
    while batch := fixer.batch():
        yield from fixer.accept(batch)
        tried |= {_key(finding) for finding in batch}
        known += fixer.left_out.values()
        fixer.left_out = {}


class Accepted(Record):
    """The fixes of a round that hold.

    findings   whose fixes they are        new    the file's bytes with them
    found      what is found then          owed   keys of the findings that are to be fixed in return
    """

    __slots__ = ()
    findings: list[Finding]
    new: bytes
    found: Found
    owed: set[Key]


class _Trust(Record):
    """The state before a fix was taken on trust: `applied` is how many fixes were."""

    __slots__ = ()
    source: Source
    found: Found
    applied: int
    left_out: dict[Key, Refused]


class _Fixer:
    """The work on one file.

    source, found    the file as it is by now, and what is found in it
    applied          findings whose fixes it has
    left_out         fixes that did not hold, by the keys of their findings
    trust, owed      the state before a fix was taken on trust, and the keys of the findings that are to be fixed in
                     return
    """

    def __init__(self, source: Source, found: Found, unsafe: bool, only: Callable[[Finding], bool] | None) -> None:
        self.source, self.found, self.unsafe, self.only = source, found, unsafe, only
        self.compiled = _error_row(source) is None
        self.applied: list[Finding] = []
        self.left_out: dict[Key, Refused] = {}
        self.rounds = self.checks = self.builds = 0
        self.trusting = True
        self.trust: _Trust | None = None
        self.owed: set[Key] = set()

    def run(self) -> Steps:
        """Round by round, until nothing is left to try."""
        seen = {self.source.raw}
        end: str | None = None
        progress = False
        while end is None:
            batch = self.batch()
            if not batch:
                if self.owed & {_key(finding) for finding in self.found.wanted}:
                    self.take_back()
                    continue
                if not progress or not self.left_out:
                    break
                self.left_out, progress = {}, False  # what was refused may hold by now; if not, it is refused again
                continue
            if self.rounds >= MOST_ROUNDS or self.checks >= MOST_CHECKS or self.builds >= MOST_BUILDS:
                end = (
                    f"still not settled after {self.rounds} rounds"
                    if self.rounds >= MOST_ROUNDS
                    else "not tried: too many other fixes did not hold"
                )
                break
            accepted = yield from self.accept(batch)
            if not accepted.findings:
                continue  # each refused fix is left out from now on, so this ends
            self.take(accepted)
            progress = True
            if accepted.new in seen:
                end = "the fixes undo each other"
            seen.add(accepted.new)
        if end is not None:
            if self.owed & {_key(finding) for finding in self.found.wanted}:
                self.take_back()
            for finding in self.candidates():
                self.left_out[_key(finding)] = Refused(finding, end)
        return Result(self.source.raw, self.applied, list(self.left_out.values()), self.rounds)

    def take(self, accepted: Accepted) -> None:
        """The round has changed the file."""
        if accepted.owed and self.trust is None:
            self.trust = _Trust(self.source, self.found, len(self.applied), dict(self.left_out))
        shift = Shift(edits_of(accepted.findings))
        self.left_out = {(code, shift.moved(place)): value for (code, place), value in self.left_out.items()}
        self.owed = {(code, shift.moved(place)) for code, place in self.owed} | accepted.owed
        self.applied += accepted.findings
        self.source, self.found = Source.from_bytes(self.source.path, accepted.new), accepted.found
        self.rounds += 1

    def take_back(self) -> None:
        """A fix that was taken on trust did not lead to the end: back to where that began, and no trust from
        there on.
        """
        if self.trust is None:
            return
        self.source, self.found = self.trust.source, self.trust.found
        del self.applied[self.trust.applied :]
        self.left_out = dict(self.trust.left_out)
        self.trusting, self.trust, self.owed = False, None, set()

    def has_fix(self, finding: Finding) -> bool:
        """Whether the finding has a fix that may be applied."""
        return (
            finding.fix is not None
            and bool(finding.fix.edits)
            and (self.unsafe or finding.fix.applicability == SAFE)
            and (self.only is None or self.only(finding))
        )

    def candidates(self) -> list[Finding]:
        """The findings whose fixes are to be tried, in order of their first edits."""
        found = [
            finding for finding in self.found.wanted if self.has_fix(finding) and _key(finding) not in self.left_out
        ]
        return sorted(found, key=lambda finding: (first_place(_edits(finding)), finding.sort_key()))

    def batch(self) -> list[Finding]:
        """The candidates that do not get in each other's way; the others wait for the next round."""
        candidates = self.candidates()
        if not candidates:
            return []
        chosen: list[Finding] = []
        taken = Taken(self.source)
        for finding in candidates:
            edits = _edits(finding)
            if not any(taken.clash(edit) for edit in edits):
                chosen.append(finding)
                taken.add(edits)
        return chosen

    def accept(self, batch: list[Finding]) -> Asking:
        """The most of `batch` that holds; the rest is left out with its reason."""
        accepted = Accepted([], self.source.raw, self.found, set())
        groups = [self.buildable(batch)]
        while (
            groups and self.checks < MOST_CHECKS and self.builds < MOST_BUILDS
        ):  # what was not tried is told at the end
            group = groups.pop(0)
            if group:
                outcome = yield from self.attempt(accepted.findings + group)
                if isinstance(outcome, _Objection):
                    groups[:0] = self.parts(group, outcome)
                else:
                    accepted = outcome
        return accepted

    def buildable(self, batch: list[Finding]) -> list[Finding]:
        """The most of `batch` whose result compiles, found without any check of the project."""
        good: list[Finding] = []
        groups = [batch]
        while groups and self.builds < MOST_BUILDS:
            group = groups.pop(0)
            objection, _ = self.build(good + group)
            if objection.reason is None:
                good += group
            else:
                groups[:0] = self.parts(group, objection)
        return good

    def parts(self, group: list[Finding], objection: _Objection) -> list[list[Finding]]:
        """The parts of a refused group to try one by one: without those who are to blame, then these, else its halves.

        Nothing when all are to blame: they are left out.
        """
        guilty = objection.guilty & {id(finding) for finding in group}
        if len(group) == 1 or len(guilty) == len(group):
            for finding in group:
                reason = objection.reasons.get(id(finding), objection.reason)
                self.left_out[_key(finding)] = Refused(finding, reason or "")
            return []
        if guilty:
            return [[f for f in group if id(f) not in guilty], [f for f in group if id(f) in guilty]]
        middle = len(group) // 2
        return [group[:middle], group[middle:]]

    def build(self, group: list[Finding]) -> tuple[_Objection, bytes]:
        """`(_Objection, new bytes)` with the fixes of `group`; there is no reason in it when they can be put
        together.
        """
        edits = edits_of(group)
        objection = _Objection(group, Shift(edits))
        self.builds += 1
        try:
            new = self.source.with_edits(edits)
        except (ValueError, SourceError) as error:
            return objection.because(str(error)), b""
        if self.compiled:
            changed = Source.from_bytes(self.source.path, new)
            row = _error_row(changed)
            if row is not None:
                objection.because("the result would not compile", changed.locate(row) if row else None)
        return objection, new

    def attempt(self, group: list[Finding]) -> Generator[bytes, Found, Accepted | _Objection]:
        """The fixes of `group`, or what speaks against them."""
        objection, new = self.build(group)
        if objection.reason:
            return objection
        self.checks += 1
        try:
            found = yield new
        except SourceError as error:
            return objection.because(str(error))
        owed = self.object(objection, found)
        return objection if objection.reason else Accepted(group, new, found, owed)

    def object(self, objection: _Objection, found: Found) -> set[Key]:
        """Collect what the new findings say against the fixes; returns the keys of those that are owed for them."""
        owed: set[Key] = set()
        codes = {finding.code for finding in objection.group}
        for finding in _appeared(self.found.wanted, found.wanted, objection):
            place = cell, row, _ = _place(finding)
            if finding.code in codes:
                if self.trusting and self.has_fix(finding) and not objection.shift.writers(place):
                    owed.add(_key(finding))
                else:
                    objection.because("the finding would still be there", (cell, row), finding.code)
            elif finding.severity in _SEVERE:
                objection.because(f"it would cause {finding.code} {finding.name}", (cell, row))
        if found.every is not found.wanted:
            said = {_key(finding) for finding in found.wanted}
            for finding in _appeared(self.found.every, found.every, objection):
                if finding.severity in _SEVERE and finding.persona == REGULAR and _key(finding) not in said:
                    cell, row, _ = _place(finding)
                    objection.because(f"it would cause {finding.code} {finding.name}", (cell, row))
        return owed


class _Objection:
    """What speaks against a group of fixes.

    reason   the first thing that does, None when nothing does
    guilty   ids of the findings whose fixes are to blame, as far as that can be told; `reasons` by these ids
    """

    def __init__(self, group: list[Finding], shift: Shift) -> None:
        self.group, self.shift = group, shift
        self.reason: str | None = None
        self.guilty: set[int] = set()
        self.reasons: dict[int, str] = {}
        self._by_edit: dict[Same, list[Finding]] | None = None

    def because(self, reason: str, row: tuple[int | None, int] | None = None, code: str | None = None) -> _Objection:
        """One more reason; `row`, (cell, row) of the result, and `code` tell who is to blame.  Returns self."""
        self.reason = self.reason or reason
        if row is not None:
            cell, number = row
            for edit in self.shift.writers((cell or 0, number, 1), whole_rows=True):
                for finding in self._owners(edit):
                    if code is None or finding.code == code:
                        self.guilty.add(id(finding))
                        self.reasons.setdefault(id(finding), reason)
        return self

    def _owners(self, edit: Edit) -> list[Finding]:
        if self._by_edit is None:
            self._by_edit = {}
            for finding in self.group:
                for own in _edits(finding):
                    self._by_edit.setdefault(same(own), []).append(finding)
        owners = self._by_edit[same(edit)]
        return owners if len(owners) == 1 else []  # an import that several share is nobody's fault


def _appeared(before: list[Finding], after: list[Finding], objection: _Objection) -> Iterator[Finding]:
    """The findings of `after` that are not those of `before`, moved by the edits and without the fixed ones."""
    fixed = {_key(finding) for finding in objection.group}
    expected = Counter(
        (finding.code, objection.shift.moved(_place(finding))) for finding in before if _key(finding) not in fixed
    )
    new: list[Finding] = []
    for finding in after:
        key = _key(finding)
        if expected[key]:
            expected[key] -= 1
        else:
            new.append(finding)
    loose: Counter[str] = Counter()
    for (code, _), count in expected.items():
        loose[code] += count
    for finding in new:
        if loose[finding.code]:
            loose[finding.code] -= 1  # an old one that an edit carried along
        else:
            yield finding


def _place(finding: Finding) -> Where:
    return (finding.cell or 0, *finding.start)


def _edits(finding: Finding) -> tuple[Edit, ...]:
    return finding.fix.edits if finding.fix is not None else ()


def _key(finding: Finding) -> Key:
    return finding.code, _place(finding)


def _error_row(source: Source) -> int | None:
    """The row where Python stops, 0 when it does not tell; None when it accepts the source.

    In a notebook `await` may stand at top level.
    """
    import ast

    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if source.kind == "notebook" else 0
    try:
        compiled(source.code_bytes(), source.path, flags)
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError, SourceError):
        return 0
    return None
