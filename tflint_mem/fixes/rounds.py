"""Apply proposed fixes to one file, in rounds, and keep only those that hold what they promise.

A fix stays when the result still compiles, its finding is gone, and no error or warning of any rule appears that was not
there before.  What is left out is reported with the reason; the other fixes are kept.

Fixes that only work together are applied together: where the same rule then flags code that it had passed over, and has a
fix for that as well, the first fix stays on trust.  When trust is not repaid all is taken back to where it began.
"""

import warnings
from collections import Counter
from typing import NamedTuple

from tflint_mem.finding import SAFE
from tflint_mem.sources.source import Source, SourceError

from .clashes import Taken, edits_of, first_place, same
from .shift import Shift

MOST_ROUNDS = 30
MOST_CHECKS = 60  # of the whole project, for one file
MOST_BUILDS = 400  # results that are put together and compiled, for one file

_SEVERE = ("error", "warning")


class Found(NamedTuple):
    """What a check finds in the file: with the rules that were asked for, and with all rules."""

    wanted: list
    every: list


class Result:
    """What became of one file.

    new      the file's bytes; equal to the old ones when nothing was applied
    applied  findings whose fixes are in `new`, in the order they were applied, as they stood when they were
    skipped  [(finding, reason)] of fixes that were to be applied and were not
    rounds   how many rounds changed something
    """

    __slots__ = ("new", "applied", "skipped", "rounds")

    def __init__(self, new, applied, skipped, rounds):
        self.new, self.applied, self.skipped, self.rounds = new, applied, skipped, rounds


def fix_source(source, findings, *, unsafe: bool, recheck) -> Result:
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
        return done.value


def steps(source, found: Found, *, unsafe: bool):
    """The same as a generator, for callers that check many files at once: yields bytes, is sent the Found of a file that
    holds them, and returns the Result."""
    return _Fixer(source, found, unsafe).run()


class _Trust(NamedTuple):
    """The state before a fix was taken on trust."""

    source: Source
    found: Found
    applied: int
    left_out: frozenset


class _Fixer:
    def __init__(self, source, found, unsafe):
        self.source, self.found, self.unsafe = source, found, unsafe
        self.compiled = _error_row(source) is None
        self.applied = []
        self.left_out = {}  # (code, place) -> (finding, reason)
        self.rounds = self.checks = self.builds = 0
        self.trusting, self.trust, self.owed = True, None, set()

    def run(self):
        seen = {self.source.raw}
        end, progress = None, False
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
            accepted, new, found, owed = yield from self.accept(batch)
            if not accepted:
                continue  # each refused fix is left out from now on, so this ends
            self.take(accepted, new, found, owed)
            progress = True
            if new in seen:
                end = "the fixes undo each other"
            seen.add(new)
        if end is not None:
            if self.owed & {_key(finding) for finding in self.found.wanted}:
                self.take_back()
            for finding in self.candidates():
                self.left_out[_key(finding)] = (finding, end)
        return Result(self.source.raw, self.applied, list(self.left_out.values()), self.rounds)

    def take(self, accepted, new, found, owed):
        """The round has changed the file."""
        if owed and self.trust is None:
            self.trust = _Trust(self.source, self.found, len(self.applied), frozenset(self.left_out.items()))
        shift = Shift(edits_of(accepted))
        self.left_out = {(code, shift.moved(place)): value for (code, place), value in self.left_out.items()}
        self.owed = {(code, shift.moved(place)) for code, place in self.owed} | owed
        self.applied += accepted
        self.source, self.found = Source.from_bytes(self.source.path, new), found
        self.rounds += 1

    def take_back(self):
        """A fix that was taken on trust did not lead to the end: back to where that began, and no trust from there on."""
        self.source, self.found = self.trust.source, self.trust.found
        del self.applied[self.trust.applied :]
        self.left_out = dict(self.trust.left_out)
        self.trusting, self.trust, self.owed = False, None, set()

    def has_fix(self, finding):
        """Whether the finding has a fix that may be applied."""
        return (
            finding.fix is not None and bool(finding.fix.edits) and (self.unsafe or finding.fix.applicability == SAFE)
        )

    def candidates(self):
        """The fixes to try, in order of their first edits."""
        found = [
            finding for finding in self.found.wanted if self.has_fix(finding) and _key(finding) not in self.left_out
        ]
        return sorted(found, key=lambda finding: (first_place(finding.fix.edits), finding.sort_key()))

    def batch(self):
        """The candidates that do not get in each other's way; the others wait for the next round."""
        candidates = self.candidates()
        if not candidates:
            return []
        chosen, taken = [], Taken(self.source)
        for finding in candidates:
            if not any(taken.clash(edit) for edit in finding.fix.edits):
                chosen.append(finding)
                taken.add(finding.fix.edits)
        return chosen

    def accept(self, batch):
        """`(accepted, new bytes, findings, owed)`: the most of `batch` that holds; the rest is left out with its reason."""
        accepted, new, found, owed = [], self.source.raw, self.found, set()
        groups = [self.buildable(batch)]
        while (
            groups and self.checks < MOST_CHECKS and self.builds < MOST_BUILDS
        ):  # what was not tried is told at the end
            group = groups.pop(0)
            if group:
                objection, outcome = yield from self.attempt(accepted + group)
                if objection is None:
                    accepted, (new, found, owed) = accepted + group, outcome
                else:
                    groups[:0] = self.parts(group, objection)
        return accepted, new, found, owed

    def buildable(self, batch):
        """The most of `batch` whose result compiles, found without any check of the project."""
        good, groups = [], [batch]
        while groups and self.builds < MOST_BUILDS:
            group = groups.pop(0)
            objection, _ = self.build(good + group)
            if objection.reason is None:
                good += group
            else:
                groups[:0] = self.parts(group, objection)
        return good

    def parts(self, group, objection):
        """The parts of a refused group to try one by one: without those who are to blame, then these, else its halves.

        Nothing when all are to blame: they are left out.
        """
        guilty = objection.guilty & {id(finding) for finding in group}
        if len(group) == 1 or len(guilty) == len(group):
            for finding in group:
                self.left_out[_key(finding)] = (finding, objection.reasons.get(id(finding), objection.reason))
            return []
        if guilty:
            return [[f for f in group if id(f) not in guilty], [f for f in group if id(f) in guilty]]
        middle = len(group) // 2
        return [group[:middle], group[middle:]]

    def build(self, group):
        """`(_Objection, new bytes)` with the fixes of `group`; there is no reason in it when they can be put together."""
        edits = edits_of(group)
        objection = _Objection(group, Shift(edits))
        self.builds += 1
        try:
            new = self.source.with_edits(edits)
        except (ValueError, SourceError) as error:
            return objection.because(str(error)), None
        if self.compiled:
            changed = Source.from_bytes(self.source.path, new)
            row = _error_row(changed)
            if row is not None:
                objection.because("the result would not compile", changed.locate(row) if row else None)
        return objection, new

    def attempt(self, group):
        """`(None, (new bytes, findings, owed))` with the fixes of `group`, or `(_Objection, None)` where they do not hold."""
        objection, new = self.build(group)
        if objection.reason:
            return objection, None
        self.checks += 1
        try:
            found = yield new
        except SourceError as error:
            return objection.because(str(error)), None
        owed = self.object(objection, found)
        return (objection, None) if objection.reason else (None, (new, found, owed))

    def object(self, objection, found):
        """Collect what the new findings say against the fixes; returns the keys of those that are owed for them."""
        owed = set()
        codes = {finding.code for finding in objection.group}
        for finding in _appeared(self.found.wanted, found.wanted, objection):
            place = _place(finding)
            if finding.code in codes:
                if self.trusting and self.has_fix(finding) and not objection.shift.writers(place):
                    owed.add(_key(finding))
                else:
                    objection.because("the finding would still be there", place[:2], finding.code)
            elif finding.severity in _SEVERE:
                objection.because(f"it would cause {finding.code} {finding.name}", place[:2])
        if found.every is not found.wanted:
            said = {_key(finding) for finding in found.wanted}
            for finding in _appeared(self.found.every, found.every, objection):
                if finding.severity in _SEVERE and finding.persona == "regular" and _key(finding) not in said:
                    objection.because(f"it would cause {finding.code} {finding.name}", _place(finding)[:2])
        return owed


class _Objection:
    """What speaks against a group of fixes.

    reason   the first thing that does, None when nothing does
    guilty   ids of the findings whose fixes are to blame, as far as that can be told; `reasons` by these ids
    """

    def __init__(self, group, shift):
        self.group, self.shift = group, shift
        self.reason, self.guilty, self.reasons = None, set(), {}
        self._by_edit = None

    def because(self, reason, row=None, code=None):
        """One more reason; `row`, (cell, row) of the result, and `code` tell who is to blame.  Returns self."""
        self.reason = self.reason or reason
        if row is not None:
            for edit in self.shift.writers((row[0] or 0, row[1], 1), whole_rows=True):
                for finding in self._owners(edit):
                    if code is None or finding.code == code:
                        self.guilty.add(id(finding))
                        self.reasons.setdefault(id(finding), reason)
        return self

    def _owners(self, edit):
        if self._by_edit is None:
            self._by_edit = {}
            for finding in self.group:
                for own in finding.fix.edits:
                    self._by_edit.setdefault(same(own), []).append(finding)
        owners = self._by_edit[same(edit)]
        return owners if len(owners) == 1 else ()  # an import that several share is nobody's fault


def _appeared(before, after, objection):
    """The findings of `after` that are not those of `before`, moved by the edits and without the fixed ones."""
    fixed = {_key(finding) for finding in objection.group}
    expected = Counter(
        (finding.code, objection.shift.moved(_place(finding))) for finding in before if _key(finding) not in fixed
    )
    new = []
    for finding in after:
        key = _key(finding)
        if expected[key]:
            expected[key] -= 1
        else:
            new.append(finding)
    loose = Counter()
    for (code, _), count in expected.items():
        loose[code] += count
    for finding in new:
        if loose[finding.code]:
            loose[finding.code] -= 1  # an old one that an edit carried along
        else:
            yield finding


def _place(finding):
    return (finding.cell or 0, *finding.start)


def _key(finding):
    return finding.code, _place(finding)


def _error_row(source):
    """The row where Python stops, 0 when it does not tell; None when it accepts the source.

    In a notebook `await` may stand at top level.
    """
    import ast

    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if source.kind == "notebook" else 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.code_bytes(), source.path, "exec", flags=flags, dont_inherit=True)
    except SyntaxError as error:
        return error.lineno or 0
    except (ValueError, RecursionError, MemoryError, SourceError):
        return 0
    return None
