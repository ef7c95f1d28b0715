"""The package as a library: check files or a text, and apply fixes.

    report = check_paths(["src"])
    for finding in report.findings: ...
    fixes = apply_fixes(report)

Nothing is read or written but what is checked (and the files beside it that say what it runs on), no configuration of
the machine plays a part unless it is asked for, and the process stays as it is: its limits, its filters of warnings,
its handlers of signals. Any number of threads and processes may call at the same time.  See docs/library.md.
"""

from __future__ import annotations

import os

from tflint_mem.checking.check import Check
from tflint_mem.finding import Edit, Finding, Fix, Step
from tflint_mem.hardening.errors import UsageError
from tflint_mem.hardening.notices import ERRORS, Notice
from tflint_mem.record import Record
from tflint_mem.settings import config
from tflint_mem.settings.settings import Settings
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Path = str | os.PathLike[str]

__all__ = (
    "Edit",
    "FileChange",
    "Finding",
    "Fix",
    "Fixes",
    "Notice",
    "Refusal",
    "Report",
    "Settings",
    "Step",
    "UsageError",
    "apply_fixes",
    "check_paths",
    "check_source",
    "settings_for",
)


class Report(Record, tag="report", kw_only=True):
    """What a check has found.

    findings   sorted by file and place; one may stand for several that are the same thing (its `places`)
    errors     why the result is not complete: files that cannot be read, faults of this program, files that took too
               long
    notices    what else there is to say: files that are too large, comments that cannot work, stale entries of a
               baseline
    files      every file that belongs to the check, in order, as the findings name them
    held_back  how many findings more `Settings(pedantic=True)` would show
    paths      what was checked, as it was named
    settings   what the check went by
    text       the bytes that were checked in place of a file; None for files
    """

    __slots__ = ()
    findings: tuple[Finding, ...]
    errors: tuple[Notice, ...]
    notices: tuple[Notice, ...]
    files: tuple[str, ...]
    held_back: int
    paths: tuple[str, ...]
    settings: Settings
    text: bytes | None = None


class FileChange(Record, tag="change", kw_only=True):
    """A file, as it was and as it is with its fixes.

    path         as the findings name it
    old, new     its bytes before and after
    applied      findings whose fixes it has, in the order in which they were applied, as they stood then
    """

    __slots__ = ()
    path: str
    old: bytes
    new: bytes
    applied: tuple[Finding, ...]

    @property
    def old_text(self) -> str:
        """The text before, with the file's own line ends (the JSON of a notebook).  Raises ValueError for bytes that
        are no text.
        """
        return _text(self.path, self.old)

    @property
    def new_text(self) -> str:
        """The text with the fixes, in the same way."""
        return _text(self.path, self.new)

    def diff(self) -> str:
        """A patch in the form that `git apply` takes, with the name that git gives the file where the program runs."""
        from tflint_mem.report.unified import patch

        rows = patch(self.path, self.old, self.new)
        names, hunks = b"".join(rows[:3]), b"".join(rows[3:])
        return os.fsdecode(names) + hunks.decode(Source(self.path, self.old).encoding, "replace")


class Refusal(Record, tag="refusal", kw_only=True):
    """A fix that was to be applied and was not, or a file that was not written.

    path      the file
    reason    a few words
    finding   whose fix it is; None when the file as a whole is refused
    """

    __slots__ = ()
    path: str
    reason: str
    finding: Finding | None = None


class Fixes(Record, tag="fixes", kw_only=True):
    """What became of fixes.

    changes   the files that change, sorted by path
    refused   what was left out, and why
    left      the report of what is found after that: for files that were not written, as if they were
    written   the files on the disk were changed
    """

    __slots__ = ()
    changes: tuple[FileChange, ...]
    refused: tuple[Refusal, ...]
    left: Report
    written: bool


def settings_for(paths: Path | Iterable[Path] = ".", *, trust: bool = False) -> Settings:
    """The settings that the command would go by: the nearest configuration file around the paths, and the user's own.

    trust   that file may choose everything, as with `--trust`; otherwise `refused` of the result says what it chose in
            vain
    Raises UsageError for a file that is no configuration.
    """
    return config.load(_strings(paths), trust=trust).replace(cache=False)


def check_paths(paths: Path | Iterable[Path] = ".", settings: Settings | None = None) -> Report:
    """Check files, folders and notebooks, all as one project.

    The project around them is read as well, unless the settings say otherwise: what leads through one of the paths is
    found wherever it ends.  `files` of the report are those that were named.
    settings   None: `Settings()`, which no file of the machine has a part in
    What cannot be read is in `errors` of the report, a path that is not there, too.  Raises UsageError only for
    settings that cannot be (a baseline that is none).
    """
    names = _strings(paths)
    listener = _Listener()
    check = Check(config.located(settings or Settings(), names), names, listener.tell)
    check.discover()
    return _looked(check, listener, cached=True)


def check_source(
    text: str | bytes, filename: str = "<text>", settings: Settings | None = None, *, project: bool | Path = False
) -> Report:
    """Check a text in place of a file.

    filename   what the findings call it; one that ends in `.ipynb` is a notebook.  The text is taken to lie there: the
               files beside it say what it runs on, as for a file
    project    read the project around it, as `check_paths` does, with the text in place of the file: True for the one
               that is found, or its folder.  Otherwise the text is judged alone
    Otherwise as `check_paths`.
    """
    source = _source(filename, text)
    listener = _Listener()
    found = project if isinstance(project, bool) else os.path.abspath(project)
    located = config.located(settings or Settings(), [filename]).replace(project=found)
    check = Check(located, [filename], listener.tell)
    check.take(source)
    return _looked(check, listener, text=source.raw)


def apply_fixes(
    report: Report,
    *,
    unsafe: bool = False,
    only: Callable[[Finding], bool] | None = None,
    write: bool = False,
) -> Fixes:
    """Fix what a report is about.

    The same files are checked again first, so it does not matter whether they have changed since.  A fix is kept when
    the result compiles, its finding is gone, and no rule finds a new error or warning in the whole project; what it
    brings to light is fixed, too.

    unsafe   also apply fixes that a person should look at: those whose `applicability` is "unsafe"
    only     says for a finding whether its fix may be applied; None: all may
    write    change the files, each in one step, keeping owner, mode and attributes.  A file that somebody changes
             meanwhile, that is read-only, has several names (hard links) or is reached by a link that leads out of the
             paths stays, and is `refused`. Otherwise nothing is written: `changes` of the result has the new texts
    Raises ValueError for `write` and the report of a text, which has no file.
    """
    if write and report.text is not None:
        raise ValueError(f"{report.paths[0]} was checked as a text: there is no file to write")
    from tflint_mem.fixes import fixing

    listener = _Listener()
    check = Check(report.settings, report.paths, listener.tell, fixing=True)
    if report.text is not None:
        check.take(Source(report.paths[0], report.text))
    else:
        check.resume(report.files)
    check.look()
    _subtract(check)
    refused: list[Refusal] = []

    def written(source: Source, raw: bytes) -> bool:
        reason = check.replace(source.path, raw, source.raw) if write else None
        if reason is not None:
            refused.append(Refusal(path=source.path, reason=f"not written: {reason}"))
        return reason is None

    fixed = fixing.Fixed([], [])
    with check.faults.around("fixing"):
        if write:
            check.tidy()
        fixed = fixing.fix(check, written, unsafe, only)
    refused += [
        Refusal(path=skipped.finding.path, reason=skipped.reason, finding=skipped.finding) for skipped in fixed.skipped
    ]
    changes = tuple(
        FileChange(path=change.old.path, old=change.old.raw, new=change.new.raw, applied=tuple(change.applied))
        for change in fixed.changes
    )
    text = None
    if report.text is not None:
        text = changes[0].new if changes else report.text
    return Fixes(
        changes=changes,
        refused=tuple(refused),
        left=_report(check, listener, text),
        written=write and bool(changes),
    )


class _Listener:
    """Keeps what a check has to say."""

    def __init__(self) -> None:
        self.notices: list[Notice] = []

    def tell(self, notice: Notice) -> None:
        self.notices.append(notice)


def _looked(check: Check, listener: _Listener, text: bytes | None = None, cached: bool = False) -> Report:
    check.look(cached)
    _subtract(check)
    return _report(check, listener, text)


def _subtract(check: Check) -> None:
    with check.faults.around("the baseline"):
        check.subtract_baseline()


def _report(check: Check, listener: _Listener, text: bytes | None) -> Report:
    with check.faults.around("the search for copies"):
        check.together(calls=True)
    return Report(
        findings=tuple(check.findings),
        errors=tuple(notice for notice in listener.notices if notice.kind in ERRORS),
        notices=tuple(notice for notice in listener.notices if notice.kind not in ERRORS),
        files=tuple(check.reader.files),
        held_back=check.held_back,
        paths=tuple(check.paths),
        settings=check.settings,
        text=text,
    )


def _strings(paths: Path | Iterable[Path]) -> list[str]:
    if isinstance(paths, (str, os.PathLike)):
        return [os.fspath(paths)]
    return [os.fspath(path) for path in paths]


def _source(filename: str, text: str | bytes) -> Source:
    """The text as a file."""
    return Source(filename, text) if isinstance(text, bytes) else Source.of_text(filename, text)


def _text(path: str, raw: bytes) -> str:
    source = Source(path, raw)
    try:
        return source.text if source.notebook is None else source.notebook.document
    except SourceError as error:
        raise ValueError(f"{path}: {error.message}") from None
