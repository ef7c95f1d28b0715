"""One run of `tflint-mem check`: discover, read, analyse, suppress, fix, report."""

import os
import sys

from tflint_mem.hardening.faults import Faults
from tflint_mem.settings import config, discovery
from tflint_mem.settings.config import UsageError
from tflint_mem.sources.files import TooLarge
from tflint_mem.sources.source import Source, SourceError

OK, FOUND, FAILED = 0, 1, 2
INTERRUPTED = 130  # as the shell has it after Ctrl-C
_KEEP_BYTES = 4_000_000
ENDS_HERE = False  # the process ends after this run: set by the command, not by callers in a living process
_FEWEST_TO_CACHE = 50  # files: fewer are checked sooner than a cache is opened
MOST_READ = 20  # times max-file-size: a notebook may be that big, pictures and all
_ATTRIBUTES = {
    "total-timeout": "total",
    "memory-limit": "memory",
}  # keys of the table `verify` -> options, where they differ
_AT_HAND = 8  # sources that stay decoded: findings come file by file, traces lead through a few others


class Options:
    """What the command line asks for; the attributes are the options' names.

    `overrides` holds the options that are settings too, keys in kebab-case, None for those not given.
    """

    __slots__ = (
        "paths",
        "overrides",
        "config",
        "isolated",
        "diff",
        "add_noqa",
        "write_baseline",
        "statistics",
        "exit_zero",
        "output_file",
        "stdin_filename",
        "quiet",
        "verbose",
        "color",
        "verify",
        "place",
        "trust",
    )

    def __init__(self, paths, **given):
        self.paths = list(paths) or ["."]
        self.overrides, self.config, self.isolated = {}, (), False
        self.diff = self.add_noqa = self.statistics = self.exit_zero = self.quiet = self.verbose = self.trust = False
        self.write_baseline = self.output_file = self.stdin_filename = self.verify = self.place = None
        self.color = "auto"
        for name, value in given.items():
            setattr(self, name, value)


class Reader:
    """Reads the files of a run once, and keeps the bytes of those that can have findings.

    The engine consumes `sources()`; reports and fixes ask for a file by name with `get`.
    """

    def __init__(self, files, settings, warn):
        self.files, self.errors = files, []
        self._limit, self._warn, self._kept, self._recent = settings.max_file_size, warn, {}, {}
        self._size, self.most = 0, _KEEP_BYTES

    def sources(self, note=None):
        """Every readable file, which `note` is told; what cannot be read goes to `errors`."""
        for path in self.files:
            try:
                source = Source.read(path, MOST_READ * self._limit)
            except TooLarge as error:
                self._skip(path, error.size or MOST_READ * self._limit)
                continue
            except SourceError as error:
                self.errors.append((path, error.message))
                continue
            if note is not None:
                note(source)
            if source.names_framework:
                if self._is_too_big(source):
                    continue
                if self._size <= self.most:  # the files of a very large tree are read again when a report asks
                    self._size += len(source.raw)
                    self._kept[path] = source.raw
            yield source

    def get(self, path):
        """The source at `path` as it was analysed, or as it is now if it played no part; None when there is none."""
        if path not in self._recent:
            if len(self._recent) >= _AT_HAND:
                del self._recent[next(iter(self._recent))]
            self._recent[path] = self._source(path)
        return self._recent[path]

    def kept(self):
        """The sources that can have findings, as they were analysed."""
        return [Source(path, raw) for path, raw in self._kept.items()]

    def put(self, source):
        """Replace a file's bytes: standard input, or a file that has just been fixed."""
        self._kept[source.path] = source.raw
        self._recent.pop(source.path, None)

    def _source(self, path):
        if path in self._kept:
            return Source(path, self._kept[path])
        try:
            return Source.read(path)
        except SourceError:
            return None

    def _is_too_big(self, source):
        """A notebook is measured by its code, since pictures make the file big."""
        size = len(source.raw)
        if size <= self._limit:
            return False
        if source.kind == "notebook" and size <= MOST_READ * self._limit:
            try:
                size = len(source.text)
            except SourceError:
                return False
            if size <= self._limit:
                return False
        self._skip(source.path, size)
        return True

    def _skip(self, path, size):
        self._warn(f"{path}: skipped, {size / 1e6:.1f} MB is more than max-file-size ({self._limit / 1e6:g} MB)")


def _say_nothing(message):
    """For checks whose warnings were given before."""


def run(options):
    """Do it; returns the exit code."""
    try:
        return Run(options).result()
    except UsageError as error:
        from tflint_mem.hardening import safe

        print(f"tflint-mem: {safe.field(str(error))}", file=sys.stderr)
        return FAILED


class Run:
    """The state of one run.

    findings  what is left to report     fixed  what was (or would be) fixed     verified  what was measured
    """

    def __init__(self, options):
        self.options = options
        self.failed = self.warned = False
        self.stdin = "-" in options.paths
        paths = [options.stdin_filename or "-"] if self.stdin else options.paths
        if self.stdin and options.paths != ["-"]:
            raise UsageError("`-` (standard input) cannot be checked together with other paths")
        self.settings = config.load(
            [os.getcwd()] if paths == ["-"] else paths,
            options.config,
            options.isolated,
            options.overrides,
            options.trust,
        )
        self.paths = paths
        self.findings, self.fixed, self.skipped_fixes = [], [], []
        self.fixing = self.options.diff or self.settings.fix
        self.every = [] if self.fixing else None  # what all rules find, whatever is selected: fixes are judged by it
        self.baseline, self.baselined = None, 0
        self.held_back = 0  # findings that --pedantic would show
        self.interrupted = False  # by Ctrl-C, while --verify measured
        self.verified = {}  # what --verify measured, by verifying.key(finding)
        self.faults = Faults(self.warn, options.verbose)
        self.checked = 0
        self._tell_what_is_refused()

    def warn(self, message):
        """One line on standard error."""
        from tflint_mem.hardening import safe

        self.warned = True
        print(f"tflint-mem: {safe.field(message)}", file=sys.stderr)

    def _tell_what_is_refused(self):
        """One line for each value of the checked tree's configuration that would have mattered and is not used."""
        for line in self.settings.passed_over:
            self.warn(line)
        for refused in self.settings.refused:
            group, _, name = refused.key.rpartition(".")
            given = self.options.verify if group else self.options.overrides
            if given is not None and given.get(_ATTRIBUTES.get(name, name.replace("-", "_"))) is None:
                self.warn(refused.message)

    def result(self):
        """Run all the steps; returns the exit code."""
        self.reader = self._reader()
        self.findings = self._found()
        self._first_faults = self.faults.latest
        files = set(self.reader.files)
        self.checked = len(files) - sum(path in files for path, _ in self.reader.errors)
        for path, message in self.reader.errors:
            self.failed = True
            self.warn(f"{path}: {message}")
        wanted = self._wanted(self.findings, self.reader.get)
        self.findings = self._worth_showing(wanted)
        self.held_back = len(wanted) - len(self.findings)
        if self.fixing:
            self.every = self._unsilenced(self.every, self.reader.get, warn=_say_nothing)
        if self.options.add_noqa:
            return self._add_noqa()
        if self.options.write_baseline:
            return self._write_baseline()
        if self.settings.baseline:
            with self.faults.around("the baseline"):
                self._subtract_baseline()
        if self.options.place:
            self.findings = wanted  # who names a place wants to know all about it
            self._keep_place()
        if self.fixing:
            with self.faults.around("fixing"):
                self._fix()
        if len(self.findings) > 1:
            from tflint_mem.report import twins

            with self.faults.around("the search for copies"):
                self.findings = twins.together(self.findings, self.reader.get)
        if self.options.verify is not None:
            from tflint_mem.command import verification

            with self.faults.around("--verify"):
                verification.verify(self)
        self._report()
        return self._exit_code()

    def _found(self):
        """The findings of the files, from the cache when they are as they were."""
        cache = found = None
        with self.faults.around("the cache"):
            cache = self._cache()
            found = cache.findings() if cache else None
        if found is None:
            self.warned = False
            found = self.analyze(self.reader.sources(cache.note if cache else None), self.every)
            if cache and not self.reader.errors and not self.warned and not self.faults:
                with self.faults.around("the cache"):
                    cache.store(found)
        return found

    def _cache(self):
        """The cache, unless the run changes files, needs them all, or has so few that reading them is quicker."""
        options, settings = self.options, self.settings
        if (
            not settings.cache
            or self.stdin
            or settings.fix
            or options.diff
            or options.add_noqa
            or options.verify is not None
        ):
            return None
        if len(self.reader.files) < _FEWEST_TO_CACHE:
            return None
        from tflint_mem.storage.cache import Cache

        return Cache(settings, self.paths, self.reader.files)

    def analyze(self, sources, every=None):
        """The engine's findings for `sources`; the engine is not even imported where nothing mentions TensorFlow.

        every   a list that takes the findings of all rules, enabled or not
        """
        waiting, sources = [], iter(sources)
        for source in sources:
            waiting.append(source)
            if source.names_framework:
                break
        else:
            return []
        from itertools import chain

        from tflint_mem.engine import engine

        if self.fixing:
            engine.remember()
        elif ENDS_HERE:
            engine.hold()
        sources = chain(waiting, sources)
        self.faults.begin()
        found = engine.analyze(
            sources,
            self.settings,
            len(self.reader.files),
            self.faults,
            alone=ENDS_HERE,
            every=every,
            tell=self.warn if self.options.verbose else None,
        )
        return [self._placed(finding) if finding.code == "TFM000" else finding for finding in found]

    def _placed(self, error):
        """A syntax error as it is, unless the file is no text at all: we know the place of that, Python does not."""
        source = self.reader.get(error.path)
        with self.faults.around("the reading", error.path):
            try:
                source.text
            except SourceError as failure:
                return failure.finding()
        return error

    def found_with(self, changed):
        """What the run would find if the files in `changed` ({path: Source}) held those bytes.

        `(findings to report, findings of all rules)`.
        """
        if self.stdin:
            sources = changed.values()
        else:
            reader = Reader(self.reader.files, self.settings, _say_nothing)
            sources = (changed.get(source.path, source) for source in reader.sources())

        def get(path):
            return changed[path] if path in changed else self.reader.get(path)

        every = []
        findings = self._worth_showing(self._wanted(self.analyze(sources, every), get, warn=_say_nothing))
        failed = {path for _, path in self.faults.latest - self._first_faults}
        if failed:  # what was not looked at is not gone
            findings += [
                finding
                for finding in self.findings
                if finding.path in changed and (finding.path in failed or None in failed) and finding not in findings
            ]
        if self.baseline:
            findings = self.baseline.new(findings, get)
        return findings, self._unsilenced(every, get, warn=_say_nothing)

    def written(self, path, raw, old):
        """Replace a file's bytes `old`; False, told in one line, when they are others by now or the file system refuses."""
        from tflint_mem.storage import in_place

        if path in map(os.path.normpath, self.paths):
            roots = ()  # named: a link is followed wherever it leads
        else:
            roots = tuple(os.path.realpath(root) for root in self.paths if os.path.isdir(root))
        try:
            in_place.replace(path, raw, old, roots)
        except OSError as error:
            self.warn(f"{path}: not written: {error.strerror or error}")
            self.failed = True
            return False
        return True

    # -- steps

    def _reader(self):
        if self.stdin:
            return self._reader_of_stdin()
        found = discovery.discover(self.paths, self.settings)
        if self.options.verbose:
            self.warn(
                f"configuration: {self.settings.config_path or 'none'}; project root: {self.settings.project_root}"
            )
            self.warn(f"{len(found.files)} file{'s' * (len(found.files) != 1)} to check")
            for path in found.outside:
                self.warn(f"{path}: left out, a link that leads out of the tree; give it by name")
        reader = Reader(found.files, self.settings, self.warn)
        if self.fixing or self.options.add_noqa:
            reader.most = float("inf")  # what is written must follow from the bytes that were analysed
        reader.errors += found.errors
        return reader

    def _reader_of_stdin(self):
        most = MOST_READ * self.settings.max_file_size
        try:
            raw = sys.stdin.buffer.read(most + 1)
        except OSError as error:
            raise UsageError(f"standard input: {error.strerror or error}") from None
        if len(raw) > most:
            raise UsageError(f"standard input: more than {most / 1e6:g} MB, which is {MOST_READ} times max-file-size")
        source = Source(self.paths[0], raw)
        left_out = (
            source.path != "-" and self.settings.force_exclude and discovery.is_excluded(source.path, self.settings)
        )
        reader = Reader([] if left_out else [source.path], self.settings, self.warn)
        reader.sources = lambda note=None: iter(() if left_out else (source,))
        reader.put(source)
        return reader

    def _wanted(self, findings, get, warn=None):
        """Without what the settings or comments in the files (`get(path)`) silence; sorted."""
        if not findings:
            return []
        enabled = self.settings.enabled
        findings = [
            finding
            for finding in findings
            if finding.code == "TFM000"
            or (finding.code in enabled and not self.settings.is_ignored(finding.path, finding.code))
        ]
        return self._unsilenced(findings, get, warn)

    def _unsilenced(self, findings, get, warn=None):
        """Without what comments silence; sorted."""
        from tflint_mem.silencing import noqa_comments

        by_path = {}
        for finding in findings:
            by_path.setdefault(finding.path, []).append(finding)
        kept = []
        for path, group in by_path.items():
            said = group
            with self.faults.around("the search for comments that silence findings", path):
                said = noqa_comments.apply(group, get, warn or self.warn)
            kept += said
        return sorted(kept, key=lambda finding: finding.sort_key())

    def _worth_showing(self, findings):
        """Without the pedantic ones, unless the settings ask for them, or select their rule by code or name."""
        if self.settings.pedantic or not findings:
            return findings
        return [
            finding for finding in findings if finding.persona == "regular" or finding.code in self.settings.explicit
        ]

    def _keep_place(self):
        """Only what stands in the file, or on the row, that `verify` was asked about."""
        from tflint_mem.verify import OptionError, command

        try:
            self.findings = command.at_place(self.findings, *self.options.place)
        except OptionError as error:
            raise UsageError(str(error)) from None

    def _subtract_baseline(self):
        from tflint_mem.silencing.baseline import Baseline

        self.baseline = Baseline(self.settings.baseline, self.settings.project_root)
        before = len(self.findings)
        self.findings = self.baseline.new(self.findings, self.reader.get)
        self.baselined = before - len(self.findings)
        stale = self.baseline.stale(self.reader.files)
        if stale and not self.options.quiet:
            entries = "1 entry is" if stale == 1 else f"{stale} entries are"
            self.warn(f"{self.settings.baseline}: {entries} no longer found; --write-baseline drops what is fixed")

    def _write_baseline(self):
        from tflint_mem.silencing import baseline

        count = baseline.write(self, self.options.write_baseline)
        if not self.options.quiet:
            self.warn(f"wrote {count} finding{'s' * (count != 1)} to {self.options.write_baseline}")
        return FAILED if self.failed or self.faults else OK

    def _add_noqa(self):
        from tflint_mem.silencing import add_noqa

        added = add_noqa.add_noqa(self)
        if not self.options.quiet:
            self.warn(f"added {added} noqa comment{'s' * (added != 1)}")
        return FAILED if self.failed or self.faults else OK

    def _fix(self):
        from tflint_mem.fixes import fixing

        fixing.fix(self)

    def _report(self):
        from tflint_mem import report

        report.write(self)

    def _exit_code(self):
        if self.interrupted:
            return INTERRUPTED
        if self.failed or self.faults:
            return FAILED
        if self.options.exit_zero:
            return OK
        if self.options.diff:
            return FOUND if self.fixed else OK
        explicit = self.settings.explicit if self.findings else ()
        return FOUND if any(f.severity != "hint" or f.code in explicit for f in self.findings) else OK
