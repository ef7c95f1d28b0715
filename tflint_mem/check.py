"""One run of `tflint-mem check`: discover, read, analyse, suppress, fix, report."""

import os
import sys

from tflint_mem import config, discover
from tflint_mem.config import UsageError
from tflint_mem.source import Source, SourceError, names_framework

OK, FOUND, FAILED = 0, 1, 2
_KEEP_BYTES = 4_000_000
ENDS_HERE = False  # the process ends after this run: set by the command, not by callers in a living process
_FEWEST_TO_CACHE = 50  # files: fewer are checked sooner than a cache is opened
_AT_HAND = 8  # sources that stay decoded: findings come file by file, traces lead through a few others


class Options:
    """What the command line asks for; the attributes are the options' names.

    `overrides` holds the options that are settings too, keys in kebab-case, None for those not given.
    """

    __slots__ = (
        "paths", "overrides", "config", "isolated", "diff", "add_noqa", "write_baseline", "statistics", "exit_zero",
        "output_file", "stdin_filename", "quiet", "verbose", "color", "verify", "place",
    )

    def __init__(self, paths, **given):
        self.paths = list(paths) or ["."]
        self.overrides, self.config, self.isolated = {}, (), False
        self.diff = self.add_noqa = self.statistics = self.exit_zero = self.quiet = self.verbose = False
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
        self._size = 0

    def sources(self, note=None):
        """Every readable file, which `note` is told; what cannot be read goes to `errors`."""
        for path in self.files:
            try:
                source = Source.read(path)
            except SourceError as error:
                self.errors.append((path, error.message))
                continue
            if note is not None:
                note(source)
            if names_framework(source.raw):
                if self._is_too_big(source):
                    continue
                if self._size <= _KEEP_BYTES:  # the files of a very large tree are read again when a report asks
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
        if source.kind == "notebook" and size <= 20 * self._limit:
            try:
                size = len(source.text)
            except SourceError:
                return False
            if size <= self._limit:
                return False
        self._warn(f"{source.path}: skipped, {size / 1e6:.1f} MB is more than max-file-size ({self._limit / 1e6:g} MB)")
        return True


def run(options):
    """Do it; returns the exit code."""
    try:
        return Run(options).result()
    except UsageError as error:
        print(f"tflint-mem: {error}", file=sys.stderr)
        return FAILED


class Run:
    """The state of one run.

    findings  what is left to report     fixed  what was (or would be) fixed     verified  what was measured
    """

    def __init__(self, options):
        self.options = options
        self.stdin = "-" in options.paths
        paths = [options.stdin_filename or "-"] if self.stdin else options.paths
        if self.stdin and options.paths != ["-"]:
            raise UsageError("`-` (standard input) cannot be checked together with other paths")
        self.settings = config.load(
            [os.getcwd()] if paths == ["-"] else paths, options.config, options.isolated, options.overrides)
        self.paths = paths
        self.findings, self.fixed, self.skipped_fixes = [], [], []
        self.baseline, self.baselined = None, 0
        self.verified = {}  # what --verify measured, by verifying.key(finding)
        self.failed = self.warned = False
        self.checked = 0

    def warn(self, message):
        """One line on standard error."""
        self.warned = True
        print(f"tflint-mem: {message}", file=sys.stderr)

    def result(self):
        """Run all the steps; returns the exit code."""
        self.reader = self._reader()
        self.findings = self._found()
        files = set(self.reader.files)
        self.checked = len(files) - sum(path in files for path, _ in self.reader.errors)
        for path, message in self.reader.errors:
            self.failed = True
            self.warn(f"{path}: {message}")
        self.findings = self._wanted(self.findings, self.reader.get)
        if self.options.add_noqa:
            return self._add_noqa()
        if self.options.write_baseline:
            return self._write_baseline()
        if self.settings.baseline:
            self._subtract_baseline()
        if self.options.place:
            self._keep_place()
        if self.options.diff or self.settings.fix:
            self._fix()
        if self.options.verify is not None:
            from tflint_mem import verifying

            verifying.verify(self)
        self._report()
        return self._exit_code()

    def _found(self):
        """The findings of the files, from the cache when they are as they were."""
        cache = self._cache()
        found = cache.findings() if cache else None
        if found is None:
            self.warned = False
            found = self.analyze(self.reader.sources(cache.note if cache else None))
            if cache and not self.reader.errors and not self.warned:
                cache.store(found)
        return found

    def _cache(self):
        """The cache, unless the run changes files, needs them all, or has so few that reading them is quicker."""
        options, settings = self.options, self.settings
        if not settings.cache or self.stdin or settings.fix or options.diff or options.add_noqa or options.verify is not None:
            return None
        if len(self.reader.files) < _FEWEST_TO_CACHE:
            return None
        from tflint_mem.cache import Cache

        return Cache(settings, self.paths, self.reader.files)

    def analyze(self, sources):
        """The engine's findings for `sources`; the engine is not even imported where nothing mentions TensorFlow."""
        waiting, sources = [], iter(sources)
        for source in sources:
            waiting.append(source)
            if names_framework(source.raw):
                break
        else:
            return []
        from itertools import chain

        from tflint_mem import engine

        if ENDS_HERE and not (self.settings.fix or self.options.diff):
            engine.hold()
        sources = chain(waiting, sources)
        return [self._placed(finding) if finding.code == "TFM000" else finding for finding in engine.analyze(sources, self.settings, len(self.reader.files))]

    def _placed(self, error):
        """A syntax error as it is, unless the file is no text at all: we know the place of that, Python does not."""
        source = self.reader.get(error.path)
        try:
            source.text
        except SourceError as failure:
            return failure.finding()
        return error

    def findings_with(self, changed):
        """What the run would report if the files in `changed` ({path: Source}) held those bytes."""
        if self.stdin:
            sources = changed.values()
        else:
            reader = Reader(self.reader.files, self.settings, lambda message: None)
            sources = (changed.get(source.path, source) for source in reader.sources())

        def get(path):
            return changed[path] if path in changed else self.reader.get(path)

        findings = self._wanted(self.analyze(sources), get)
        return self.baseline.new(findings, get) if self.baseline else findings

    def written(self, path, raw):
        """Replace a file's bytes; False, told in one line, when the file system refuses."""
        from tflint_mem import apply

        try:
            apply.write_atomic(path, raw)
        except OSError as error:
            self.warn(f"{path}: not written: {error.strerror or error}")
            self.failed = True
            return False
        return True

    # -- steps

    def _reader(self):
        if self.stdin:
            return self._reader_of_stdin()
        found = discover.discover(self.paths, self.settings)
        if self.options.verbose:
            self.warn(f"configuration: {self.settings.config_path or 'none'}; project root: {self.settings.project_root}")
            self.warn(f"{len(found.files)} file{'s' * (len(found.files) != 1)} to check")
        reader = Reader(found.files, self.settings, self.warn)
        reader.errors += found.errors
        return reader

    def _reader_of_stdin(self):
        source = Source(self.paths[0], sys.stdin.buffer.read())
        left_out = source.path != "-" and self.settings.force_exclude and discover.is_excluded(source.path, self.settings)
        reader = Reader([] if left_out else [source.path], self.settings, self.warn)
        reader.sources = lambda note=None: iter(() if left_out else (source,))
        reader.put(source)
        return reader

    def _wanted(self, findings, get):
        """Without what the settings or comments in the files (`get(path)`) silence; sorted."""
        if not findings:
            return []
        from tflint_mem import suppress

        enabled = self.settings.enabled
        findings = [
            finding for finding in findings
            if finding.code == "TFM000" or (finding.code in enabled and not self.settings.is_ignored(finding.path, finding.code))
        ]
        kept = suppress.apply(findings, get, self.warn)
        return sorted(kept, key=lambda finding: finding.sort_key())

    def _keep_place(self):
        """Only what stands in the file, or on the row, that `verify` was asked about."""
        from tflint_mem.verify import command

        self.findings = command.at_place(self.findings, *self.options.place)

    def _subtract_baseline(self):
        from tflint_mem.baseline import Baseline

        self.baseline = Baseline(self.settings.baseline, self.settings.project_root)
        before = len(self.findings)
        self.findings = self.baseline.new(self.findings, self.reader.get)
        self.baselined = before - len(self.findings)
        stale = self.baseline.stale(self.reader.files)
        if stale and not self.options.quiet:
            entries = "1 entry is" if stale == 1 else f"{stale} entries are"
            self.warn(f"{self.settings.baseline}: {entries} no longer found; --write-baseline drops what is fixed")

    def _write_baseline(self):
        from tflint_mem import baseline

        count = baseline.write(self, self.options.write_baseline)
        if not self.options.quiet:
            self.warn(f"wrote {count} finding{'s' * (count != 1)} to {self.options.write_baseline}")
        return FAILED if self.failed else OK

    def _add_noqa(self):
        from tflint_mem import suppress

        added = suppress.add_noqa(self.findings, self.reader.get, self.written)
        if not self.options.quiet:
            self.warn(f"added {added} noqa comment{'s' * (added != 1)}")
        return FAILED if self.failed else OK

    def _fix(self):
        from tflint_mem import fixing

        fixing.fix(self)

    def _report(self):
        from tflint_mem import report

        report.write(self)

    def _exit_code(self):
        if self.failed:
            return FAILED
        if self.options.exit_zero:
            return OK
        if self.options.diff:
            return FOUND if self.fixed else OK
        explicit = self.settings.explicit if self.findings else ()
        return FOUND if any(f.severity != "hint" or f.code in explicit for f in self.findings) else OK
