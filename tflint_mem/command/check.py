"""One run of `tflint-mem check`, for a terminal: what is said on standard error, reports, files that are written, exit
codes.

The check itself is a `checking.check.Check`, as a program that imports the package has it.
"""

from __future__ import annotations

import os
import sys

from tflint_mem.checking.check import Check
from tflint_mem.hardening.errors import UsageError
from tflint_mem.hardening.notices import BASELINE
from tflint_mem.settings import config
from tflint_mem.sources.source import Source

from .progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from tflint_mem.checking.reader import Reader
    from tflint_mem.engine.session import Session
    from tflint_mem.finding import Finding
    from tflint_mem.fixes.rounds import Refused
    from tflint_mem.hardening.faults import Faults
    from tflint_mem.hardening.notices import Notice
    from tflint_mem.settings.settings import Settings
    from tflint_mem.verify.plan.places import Place

    Verified = dict[tuple[str, "int | None", tuple[int, int], str], Any]  # results, by `finding.key()`

OK, FOUND, FAILED = 0, 1, 2
INTERRUPTED = 130  # as the shell has it after Ctrl-C
_ATTRIBUTES = {
    "total-timeout": "total",
    "memory-limit": "memory",
}  # keys of the table `verify` -> options, where they differ


class Options:
    """What the command line asks for; the attributes are the options' names.

    overrides   the options that are settings too: keys in snake_case, None for those not given
    verify      the options of --verify by name, None without it
    outputs     further reports: format and file
    since       a revision of git: only what concerns rows that changed since
    place       what `verify` was asked about, None without it
    """

    __slots__ = (
        "paths",
        "overrides",
        "config",
        "isolated",
        "diff",
        "add_noqa",
        "add_ignore",
        "comment_reason",
        "ignore_noqa",
        "write_baseline",
        "statistics",
        "exit_zero",
        "exit_non_zero_on_fix",
        "output_file",
        "outputs",
        "since",
        "stdin_filename",
        "quiet",
        "silent",
        "verbose",
        "color",
        "verify",
        "place",
        "trust",
        "fix_proven",
    )

    def __init__(self, paths: Sequence[str], **given: Any) -> None:
        self.paths = list(paths) or ["."]
        self.overrides: dict[str, Any] = {}
        self.config: tuple[str, ...] = ()
        self.isolated = self.diff = self.add_noqa = self.add_ignore = self.ignore_noqa = self.statistics = False
        self.exit_zero = self.exit_non_zero_on_fix = False
        self.quiet = self.silent = self.verbose = self.trust = self.fix_proven = False
        self.comment_reason: str | None = None
        self.write_baseline: str | None = None
        self.output_file: str | None = None
        self.outputs: list[tuple[str, str]] = []
        self.since: str | None = None
        self.stdin_filename: str | None = None
        self.verify: dict[str, Any] | None = None
        self.place: Place | None = None
        self.color = "auto"
        for name, value in given.items():
            setattr(self, name, value)
        self.quiet = self.quiet or self.silent


def run(options: Options, session: Session | None = None) -> int:
    """Do it; returns the exit code.  session   of a process that is ours alone; None: it is somebody else's, too"""
    try:
        return Run(options, session).result()
    except UsageError as error:
        from tflint_mem.hardening import safe

        print(f"tflint-mem: {safe.field(str(error))}", file=sys.stderr)
        return FAILED


def settings_for(options: Options, paths: Sequence[str]) -> Settings:
    """The settings of a run over these paths.  Raises UsageError."""
    settings = config.load(
        [os.getcwd()] if paths == ["-"] else paths,
        options.config,
        options.isolated,
        options.overrides,
        options.trust,
    )
    settings.fix = settings.fix or settings.fix_only
    return settings


class Run:
    """The state of one run.

    check          what is checked, and what is found
    findings       what is left to report
    fixed          findings that were (or would be) fixed
    skipped_fixes  the fixes that were to be applied and were not
    verified       what --verify measured, by `finding.key()`
    failed         the exit code says that something went wrong
    interrupted    by Ctrl-C, while --verify measured
    """

    def __init__(self, options: Options, session: Session | None = None) -> None:
        self.options = options
        self.failed = False
        self.stdin = "-" in options.paths
        self.paths = [options.stdin_filename or "-"] if self.stdin else options.paths
        if self.stdin and options.paths != ["-"]:
            raise UsageError("`-` (standard input) cannot be checked together with other paths")
        self.settings = settings_for(options, self.paths)
        self.fixing: bool = options.diff or self.settings.fix
        self.progress = Progress(sys.stderr, not options.quiet)
        self.check = Check(
            self.settings,
            self.paths,
            self._notice,
            session,
            verbose=options.verbose,
            fixing=self.fixing,
            heeding=not options.ignore_noqa,
        )
        self.check.formats = [name for name, _ in options.outputs]
        self.check.session.progress = self.progress.step
        self.fixed: list[Finding] = []
        self.skipped_fixes: list[Refused] = []
        self.interrupted = False
        self.verified: Verified = {}
        self._told = 0  # lines about configurations
        self._tell_what_is_refused()

    # -- what reports ask

    @property
    def findings(self) -> list[Finding]:
        """What is left to report."""
        return self.check.findings

    @findings.setter
    def findings(self, findings: list[Finding]) -> None:
        self.check.findings = findings

    @property
    def reader(self) -> Reader:
        """The files of the run."""
        return self.check.reader

    @property
    def faults(self) -> Faults:
        """What went wrong."""
        return self.check.faults

    @property
    def checked(self) -> int:
        """How many files were looked at."""
        return self.check.checked

    @property
    def silenced(self) -> list[Finding]:
        """The findings that comments silence; who asks about a place asks about no others."""
        return [] if self.options.place else self.check.silenced

    @property
    def known(self) -> list[Finding]:
        """The findings that the baseline knows."""
        return self.check.known

    @property
    def held_back(self) -> int:
        """How many findings --pedantic would show."""
        return self.check.held_back

    @property
    def baselined(self) -> int:
        """How many findings the baseline knows."""
        return self.check.baselined

    @property
    def _comments(self) -> bool:
        """Are comments to be written?"""
        return self.options.add_noqa or self.options.add_ignore

    # -- standard error

    def warn(self, message: str) -> None:
        """One line on standard error."""
        if self.options.silent:
            return
        from tflint_mem.hardening import safe

        self.progress.clear()
        print(f"tflint-mem: {safe.field(message)}", file=sys.stderr)

    def _notice(self, notice: Notice) -> None:
        if notice.kind == BASELINE and self.options.quiet:
            return
        self.warn(notice.text)
        for row in notice.trace.splitlines():
            self.warn(f"  {row}")

    def _refuse(self, path: str, reason: str) -> None:
        self.failed = True
        self.warn(f"{path}: not written: {reason}")

    def _tell_what_is_refused(self) -> None:
        """One line for each value of the checked tree's configuration that would have mattered and is not used."""
        self._tell_what_is_passed_over()
        for refused in self.settings.refused:
            group, _, name = refused.key.rpartition(".")
            given = self.options.verify if group else self.options.overrides
            if given is not None and given.get(_ATTRIBUTES.get(name, name.replace("-", "_"))) is None:
                self.warn(refused.message)

    def _tell_what_is_passed_over(self) -> None:
        """One line for each configuration that does not count, as far as it has not been told."""
        lines = self.settings.passed_over
        for line in lines[self._told :]:
            self.warn(line)
        self._told = len(lines)

    # -- steps

    def result(self) -> int:
        """Run all the steps; returns the exit code."""
        try:
            return self._steps()
        finally:
            self.progress.clear()

    def _steps(self) -> int:
        check = self.check
        self._discover()
        changed = None if self.options.since is None else check.since(self.options.since)
        check.look(cached=self._may_be_cached())
        self.progress.clear()
        if self.options.verbose and check.reader.around:
            self.warn(f"{len(check.reader.around)} files of the project around are read")
        self.failed = bool(check.reader.errors)
        if changed is not None:
            check.keep_changed(changed)
        if self._comments:
            return self._add_comments()
        if self.options.write_baseline:
            return self._write_baseline(self.options.write_baseline)
        if self.settings.baseline:
            with check.faults.around("the baseline"):
                check.subtract_baseline()
        if self.options.place:
            check.findings = check.wanted  # who names a place wants to know all about it
            self._keep_place(self.options.place)
        if self.fixing and self.options.verify is not None:
            self._verify()
            with check.faults.around("fixing"):
                self._fix_what_is_proven()
        elif self.fixing:
            with check.faults.around("fixing"):
                self._fix()
            self.progress.clear()
        if self.options.fix_proven and self.fixing:
            self._offer_proven()  # before the findings of a row share their fixes
        with check.faults.around("the search for copies"):
            formats = {self.settings.output_format, *(name for name, _ in self.options.outputs)}
            check.together(calls=True, copies=formats == {"full"})
        if not self.fixing and self.options.verify is not None:
            self._verify()
            if self.options.fix_proven:
                self._offer_proven()
        self._report()
        return self._exit_code()

    def _offer_proven(self) -> None:
        from tflint_mem.command import proven

        self.findings = proven.offered(self.findings)

    def _verify(self) -> None:
        from tflint_mem.command import verification

        with self.check.faults.around("--verify"):
            verification.verify(self)

    def _fix_what_is_proven(self) -> None:
        from tflint_mem.command import proven

        before = self.findings
        if not self.interrupted and any(map(proven.is_proven, before)):
            self._fix(proven.only_proven(before))
            self._keep_measured(proven.as_before(self.findings, before))

    def _keep_measured(self, left: Iterable[tuple[Finding, Finding | None]]) -> None:
        """What was measured of findings holds for them where they stand now.  left   them, and as they were measured"""
        measured, findings, self.verified = self.verified, [], {}
        for finding, was in left:
            if was is not None:
                finding = finding.replace(verification=was.verification)
                if was.key() in measured:
                    self.verified[finding.key()] = measured[was.key()]
            findings.append(finding)
        self.findings = findings

    def _discover(self) -> None:
        check = self.check
        if self.stdin:
            check.take(self._source_of_stdin())
            return
        check.discover()
        self._tell_what_is_passed_over()
        if self.options.verbose:
            files = check.reader.files
            self.warn(
                f"configuration: {self.settings.config_path or 'none'}; project root: {self.settings.project_root}"
            )
            self.warn(f"{len(files)} file{'s' * (len(files) != 1)} to check")
            for path in check.outside:
                self.warn(f"{path}: left out, a link that leads out of the tree; give it by name")
        if self._comments:
            check.reader.most = float("inf")  # what is written must follow from the bytes that were analysed

    def _source_of_stdin(self) -> Source:
        from tflint_mem.checking.reader import MOST_READ

        most = MOST_READ * self.settings.max_file_size
        try:
            raw = sys.stdin.buffer.read(most + 1)
        except OSError as error:
            raise UsageError(f"standard input: {error.strerror or error}") from None
        if len(raw) > most:
            raise UsageError(f"standard input: more than {most / 1e6:g} MB, which is {MOST_READ} times max-file-size")
        return Source(self.paths[0], raw)

    def _may_be_cached(self) -> bool:
        """Not when the run changes files, or needs them all."""
        options = self.options
        return not (self.stdin or self.fixing or self._comments or options.ignore_noqa or options.verify is not None)

    def _keep_place(self, place: Place) -> None:
        """Only what stands in the file, or on the row, that `verify` was asked about."""
        from tflint_mem.verify import command
        from tflint_mem.verify.plan.options import OptionError

        try:
            self.findings = command.at_place(self.findings, place)
        except OptionError as error:
            raise UsageError(str(error)) from None

    def _write_baseline(self, path: str) -> int:
        from tflint_mem.silencing import baseline

        count = baseline.write(self.check, path)
        if not self.options.quiet:
            self.warn(f"wrote {count} finding{'s' * (count != 1)} to {path}")
        return FAILED if self.failed or self.faults else OK

    def _add_comments(self) -> int:
        from tflint_mem.silencing import add_noqa

        noqa = self.options.add_noqa
        added = add_noqa.add_noqa(self.check, self._refuse, own=not noqa, reason=self.options.comment_reason or "")
        if not self.options.quiet:
            self.warn(f"added {added} {'noqa' if noqa else 'ignore'} comment{'s' * (added != 1)}")
        return FAILED if self.failed or self.faults else OK

    def _fix(self, only: Callable[[Finding], bool] | None = None) -> None:
        """Fix what there is: in the files, on standard output (for standard input), or as a diff.

        only   may the fix of a finding be applied, safe or not?  None: as the settings say
        """
        from tflint_mem.fixes import fixing

        check, diff = self.check, self.options.diff
        if not diff and not self.stdin:
            check.tidy()
        unsafe = self.settings.unsafe_fixes or only is not None
        fixed = fixing.fix(check, None if diff else self._written, unsafe, only)
        self.skipped_fixes += fixed.skipped
        for change in fixed.changes:
            self.fixed += change.applied
        if diff or self.stdin:
            from tflint_mem.command import diff as output

            if diff:
                output.show(fixed.changes)
            else:
                source = check.reader.get(self.paths[0])
                output.write(b"" if source is None else source.raw)

    def _written(self, source: Source, raw: bytes) -> bool:
        """Replace a file's bytes; False, told in one line, when that is refused."""
        reason = None if self.stdin else self.check.replace(source.path, raw, source.raw)
        if reason is not None:
            self._refuse(source.path, reason)
        return reason is None

    def _report(self) -> None:
        from tflint_mem import report

        report.write(self)

    def _exit_code(self) -> int:
        if self.interrupted:
            return INTERRUPTED
        if self.failed or self.faults:
            return FAILED
        if self.options.exit_zero:
            return OK
        if self.fixed and (self.options.diff or self.options.exit_non_zero_on_fix):
            return FOUND
        if self.options.diff or self.settings.fix_only:
            return OK
        return FOUND if any(map(self.settings.fails, self.findings)) else OK
