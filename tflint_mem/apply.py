"""Apply proposed fixes to one file, in rounds, and keep only those that hold what they promise.

A fix stays when the result still compiles, its finding is gone, and no error or warning appears that was not there
before.  What is left out is reported with the reason; the other fixes are kept.
"""

import os
import stat
import tempfile
import warnings

from .finding import SAFE
from .source import Source, SourceError

MOST_ROUNDS = 10


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
    return _Fixer(source, findings, unsafe, recheck).run()


class _Fixer:
    def __init__(self, source, findings, unsafe, recheck):
        self.source, self.findings = source, list(findings)
        self.unsafe, self.recheck = unsafe, recheck
        self.compiled = _compiles(source)
        self.applied, self.skipped = [], []
        self.left_out = set()

    def run(self) -> Result:
        seen = {self.source.raw}
        rounds = 0
        while rounds < MOST_ROUNDS:
            batch = self.batch()
            if not batch:
                break
            accepted, new, findings = self.accept(batch)
            if not accepted:
                continue  # each refused fix is left out from now on, so this ends
            rounds += 1
            edits = _edits(accepted)
            self.left_out = {(code, _moved(place, edits)) for code, place in self.left_out}
            self.applied += accepted
            self.source, self.findings = Source.from_bytes(self.source.path, new), findings
            if new in seen:
                self.drop_rest("the fixes undo each other")
                break
            seen.add(new)
        else:
            self.drop_rest(f"still not settled after {MOST_ROUNDS} rounds")
        return Result(self.source.raw, self.applied, self.skipped, rounds)

    def candidates(self):
        """The fixes to try, in order of their first edits."""
        found = [
            finding for finding in self.findings
            if finding.fix is not None and finding.fix.edits and (self.unsafe or finding.fix.applicability == SAFE)
            and _key(finding) not in self.left_out]
        return sorted(found, key=lambda finding: (_ranges(finding.fix.edits)[0], finding.sort_key()))

    def batch(self):
        """The candidates that do not get in each other's way; the others wait for the next round."""
        chosen, taken = [], []
        for finding in self.candidates():
            edits = finding.fix.edits
            if all(edit in taken or not any(_clash(edit, other) for other in taken) for edit in edits):
                chosen.append(finding)
                taken += edits
        return chosen

    def drop_rest(self, reason):
        self.skipped += [(finding, reason) for finding in self.candidates()]

    def leave_out(self, finding, reason):
        self.left_out.add(_key(finding))
        self.skipped.append((finding, reason))

    def accept(self, batch):
        """`(accepted, new bytes, findings)`: the most of `batch` that holds; the rest is left out with its reason."""
        accepted, new, findings = [], self.source.raw, self.findings
        groups = [batch]
        while groups:
            group = groups.pop(0)
            outcome = self.attempt(accepted + group)
            if isinstance(outcome, tuple):
                accepted, (new, findings) = accepted + group, outcome
            elif len(group) == 1:
                self.leave_out(group[0], outcome)
            else:
                middle = len(group) // 2
                groups[:0] = [group[:middle], group[middle:]]
        return accepted, new, findings

    def attempt(self, group):
        """`(new bytes, findings)` with the fixes of `group`, or the reason why they do not hold."""
        edits = _edits(group)
        try:
            new = self.source.with_edits(edits)
        except (ValueError, SourceError) as error:
            return str(error)
        if self.compiled and not _compiles(Source.from_bytes(self.source.path, new)):
            return "the result would not compile"
        try:
            findings = self.recheck(new)
        except SourceError as error:
            return str(error)
        return self.objection(group, edits, findings) or (new, findings)

    def objection(self, group, edits, findings):
        """Why the new findings speak against the fixes; None when they do not."""
        fixed = {id(finding) for finding in group}
        expected, loose = {}, []
        for finding in self.findings:
            if id(finding) not in fixed:
                expected.setdefault((finding.code, _moved(_place(finding), edits)), []).append(finding)
        new = []
        for finding in findings:
            matches = expected.get((finding.code, _place(finding)))
            if matches:
                matches.pop()
            else:
                new.append(finding)
        loose = [finding.code for rest in expected.values() for finding in rest]
        codes = {finding.code for finding in group}
        for finding in new:
            if finding.code in loose:
                loose.remove(finding.code)  # an old one that an edit carried along
            elif finding.code in codes:
                return "the finding would still be there"
            elif finding.severity in ("error", "warning"):
                return f"it would cause {finding.code} {finding.name}"
        return None


def _place(finding):
    return (finding.cell or 0, *finding.start)


def _key(finding):
    return finding.code, _place(finding)


def _ranges(edits):
    return sorted(((edit.cell or 0, *edit.start), (edit.cell or 0, *edit.end)) for edit in edits)


def _clash(one, other) -> bool:
    """Whether two different edits overlap or touch at a place where their order would matter."""
    if one.cell != other.cell:
        return False
    return one.start <= other.end and other.start <= one.end


def _edits(group):
    """The edits of several fixes, equal ones (the same import, inserted for each of them) once."""
    edits = []
    for finding in group:
        edits += [edit for edit in finding.fix.edits if edit not in edits]
    return sorted(edits, key=lambda edit: (edit.cell or 0, edit.start, edit.end))


def _moved(place, edits):
    """Where `place` (cell, row, column) is after `edits`."""
    cell, row, column = place
    new_row, new_column = row, column
    for edit in edits:
        if (edit.cell or 0) != cell or edit.end > (row, column):
            continue
        lines = edit.content.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        new_row += len(lines) - 1 - (edit.end[0] - edit.start[0])
        if edit.end[0] == row:
            shift = column - edit.end[1]
            new_column = shift + len(lines[-1]) + (1 if len(lines) > 1 else _moved_start(edit, edits))
    return cell, new_row, new_column


def _moved_start(edit, edits):
    """Column where the text of a one-line edit starts after the edits before it on its row."""
    earlier = [other for other in edits if other is not edit and other.cell == edit.cell and other.end <= edit.start]
    return _moved((edit.cell or 0, *edit.start), earlier)[2]


def _compiles(source) -> bool:
    """Whether Python accepts the source; in a notebook `await` may stand at top level."""
    import ast

    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT if source.kind == "notebook" else 0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source.code_bytes(), source.path, "exec", flags=flags, dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, SourceError):
        return False
    return True


def write_atomic(path, data: bytes) -> None:
    """Replace the file's contents in one step, keeping its mode; a symbolic link stays one and its target is replaced.

    Raises OSError, and then the file is as it was.
    """
    target = os.path.realpath(path)
    mode = stat.S_IMODE(os.stat(target).st_mode)
    handle, temporary = tempfile.mkstemp(prefix=".tflint-mem-", dir=os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, target)
    except BaseException:
        try:
            os.unlink(temporary)
        except OSError:
            pass
        raise
