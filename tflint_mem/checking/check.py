"""One check: discover, read, analyse, and leave out what somebody has silenced."""

from __future__ import annotations

import os

from tflint_mem.finding import REGULAR, SYNTAX_ERROR, UNUSED_SUPPRESSION
from tflint_mem.hardening.faults import Faults
from tflint_mem.hardening.notices import BASELINE, COMMENT, SEARCH, Notice, ignore
from tflint_mem.settings import discovery
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from .reader import Reader, TextReader, mentions_us

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tflint_mem.engine.session import Session
    from tflint_mem.engine.unaffected import Unaffected
    from tflint_mem.finding import Finding
    from tflint_mem.hardening.notices import Tell
    from tflint_mem.settings.settings import Settings
    from tflint_mem.silencing.baseline import Baseline
    from tflint_mem.storage.cache import Judge
    from tflint_mem.storage.folder import CacheFolder

    from .changed import Changed
    from .reader import Read

    Get = Callable[[str], Source | None]

_FEWEST_TO_CACHE = 50  # files: fewer are checked sooner than a cache is opened
# A trial of fixes checks the project again.  In one of more files that is worth it only where a click applies them.
_MOST_TO_TRY = 400
_APPLIED_BY_A_CLICK = frozenset(("rdjson", "github", "sarif"))


class Check:
    """One check.  Call `discover` (or `take`), then `look`; it belongs to one thread.

    settings    what it goes by
    paths       files and folders, as somebody named them
    session     what lasts between its analyses
    faults      what went wrong
    fixing      fixes will be tried
    heeding     comments in the files silence findings
    outside     links that lead out of the tree and were not followed
    reader      the files; set by `discover` and `take`
    found       what `look` found, silenced or not
    wanted      that without what settings and comments silence; sorted
    findings    that without what is not worth showing, and without what the baseline knows
    known       the findings that the baseline knows
    every       with `fixing`, what all rules find, whatever is selected: fixes are judged by it
    checked     how many files were looked at
    held_back   how many findings `pedantic` would show
    alone       findings in files around, of which a step lies in a checked one, may be left out: nobody shows them
    tries_fixes a fix is offered only when it holds; False: all are, and `--fix` decides.  So it is in a large project,
                unless a report is one whose fixes a click applies: `formats`, beside that of the settings
    changed     the rows that `findings` are about, None for all
    baseline    the file of known findings, None when there is none; `baselined` is how many of them were found
    """

    reader: Reader
    tries_fixes = True
    formats: Collection[str] = ()
    alone = False

    def __init__(
        self,
        settings: Settings,
        paths: Sequence[str],
        tell: Tell = ignore,
        session: Session | None = None,
        *,
        verbose: bool = False,
        fixing: bool = False,
        heeding: bool = True,
    ) -> None:
        """tell   is given the Notices        verbose   searches that were given up, and tracebacks of faults, among
        them
        """
        if session is None:
            from tflint_mem.engine.session import Session

            session = Session()
        self.settings, self.paths, self.session = settings, paths, session
        self.verbose, self.fixing, self.heeding = verbose, fixing, heeding
        self._listener, self._told = tell, False
        self.faults = Faults(self._tell, verbose)
        self._first_faults: set[tuple[str, str | None]] = set()
        self.outside: list[str] = []
        self.found: list[Finding] = []
        self.wanted: list[Finding] = []
        self.findings: list[Finding] = []
        self.every: list[Finding] = []
        self.known: list[Finding] = []
        self.checked = self.held_back = self.baselined = 0
        self.baseline: Baseline | None = None
        self.changed: Changed | None = None
        self._held: dict[str, Source] = {}  # what was given in place of files
        self._root = settings.project_root
        self._tidied: set[str] = set()

    # -- steps

    def discover(self) -> None:
        """Find the files below the paths."""
        found = discovery.discover(self.paths, self.settings)
        self.outside = found.outside
        self.reader = Reader(found.files, self.settings, self._tell)
        if self.fixing:
            self.reader.most = float("inf")  # what is written must follow from the bytes that were analysed
        for path, reason in found.errors:
            self.reader.missed(path, reason)

    def resume(self, files: Iterable[str]) -> None:
        """Check the files that an earlier check has found."""
        self.reader = Reader(list(files), self.settings, self._tell)
        if self.fixing:
            self.reader.most = float("inf")

    def take(self, *sources: Source, read: Read | None = None) -> None:
        """Check these texts in place of files.  read   how the files around are read, if not as ever"""
        wanted = [source for source in sources if not self._leaves_out(source.path)]
        self._held = {source.path: source for source in wanted}
        self.reader = TextReader(self._held, self.settings, self._tell, read or Source.read)
        for source in sources:
            self.reader.put(source)

    def _leaves_out(self, path: str) -> bool:
        return path != "-" and self.settings.force_exclude and discovery.is_excluded(path, self.settings)

    def look(self, cached: bool = False) -> None:
        """Find what there is.  cached   an earlier run over the same files may tell, where the settings allow it"""
        self._surround()
        self.found = self._found(cached)
        self._first_faults = self.faults.latest
        files = set(self.reader.files)
        self.checked = len(files) - sum(error.path in files for error in self.reader.errors)
        for error in self.reader.errors:
            self._tell(error)
        self.wanted = self._wanted(self.found, self.reader.commented, self.reader.get, self._tell)
        self.findings = self._worth_showing(self.wanted)
        self.held_back = len(self.wanted) - len(self.findings)
        if self.fixing:
            self.every = self._unsilenced(self.every, self.reader.get, ignore)

    def since(self, revision: str) -> Changed:
        """The rows that changed since a revision of git, for `keep_changed`.  Raises UsageError where there is none."""
        from tflint_mem.sources.git import Revision

        from .changed import Changed

        first = os.path.abspath(self.paths[0]) if self.paths != ["-"] else os.getcwd()
        folder = first if os.path.isdir(first) else os.path.dirname(first)
        return Changed(Revision(revision, folder if os.path.isdir(folder) else os.getcwd()))

    def keep_changed(self, changed: Changed) -> None:
        """Leave out the findings that concern no row that changed."""
        self.changed = changed
        self.found, self.wanted, self.findings = (
            changed.only(findings, self.reader.get) for findings in (self.found, self.wanted, self.findings)
        )
        self.held_back = len(self.wanted) - len(self.findings)

    def subtract_baseline(self) -> None:
        """Leave out the findings that the file of the settings knows.  Raises UsageError for a file that is none."""
        from tflint_mem.silencing.baseline import Baseline

        path = self.settings.baseline
        if not path:
            return
        self.baseline = Baseline(path, self.settings.project_root)
        new = self.baseline.new(self.findings, self.reader.get)
        keys = {finding.key() for finding in new}
        self.known = [finding for finding in self.findings if finding.key() not in keys]
        self.baselined, self.findings = len(self.findings) - len(new), new
        stale = self.baseline.stale(self.reader.files)
        if stale:
            entries = "1 entry is" if stale == 1 else f"{stale} entries are"
            text = f"{path}: {entries} no longer found; --write-baseline drops what is fixed"
            self._tell(Notice(kind=BASELINE, path=path, text=text))

    def may_change(self, path: str) -> bool:
        """Is the file one of those that were given?  Those of the project around are read only."""
        return path not in self.reader.around

    @property
    def silenced(self) -> list[Finding]:
        """The findings that would be reported if no comment in the files silenced them; sorted."""
        keys = {finding.key() for finding in self.wanted}
        silenced = [finding for finding in self._enabled(self.found) if finding.key() not in keys]
        return sorted(self._worth_showing(silenced), key=lambda finding: finding.sort_key())

    def together(self, calls: bool = False, copies: bool = False) -> None:
        """Let one finding stand for several that are the same thing, as reports have it; see `twins.together`."""
        if len(self.findings) > 1:
            from tflint_mem.report import twins

            self.findings = twins.together(self.findings, self.reader.get, calls, copies)

    def found_with(self, changed: Mapping[str, Source]) -> tuple[list[Finding], list[Finding]]:
        """What the check would find if the files in `changed` (by path) held those bytes: to report, and of
        all rules.
        """
        reader = self.reader.again()
        sources = (changed.get(source.path, source) for source in reader.sources())

        def get(path: str) -> Source | None:
            return changed[path] if path in changed else self.reader.get(path)

        every: list[Finding] = []
        found = self._analyze(sources, every)
        commented = (reader.commented - changed.keys()) | {
            path for path, source in changed.items() if mentions_us(source.raw)
        }
        findings = self._worth_showing(self._wanted(found, commented, get, ignore))
        failed = {path for _, path in self.faults.latest - self._first_faults}
        if failed:  # what was not looked at is not gone
            findings += [
                finding
                for finding in self.findings
                if finding.path in changed and (finding.path in failed or None in failed) and finding not in findings
            ]
        if self.changed:
            findings = self.changed.only(findings, get)
        if self.baseline:
            findings = self.baseline.new(findings, get)
        return findings, self._unsilenced(every, get, ignore)

    def replace(self, path: str, raw: bytes, old: bytes) -> str | None:
        """Replace a file's bytes `old`; why not, when they are others by now or the file system refuses."""
        from tflint_mem.storage import in_place

        if path in map(os.path.normpath, self.paths):
            roots: tuple[str, ...] = ()  # named: a link is followed wherever it leads
        else:
            roots = tuple(os.path.realpath(root) for root in self.paths if os.path.isdir(root))
        try:
            in_place.replace(path, raw, old, roots, self._tidied)
        except OSError as error:
            return error.strerror or str(error)
        return None

    def tidy(self) -> None:
        """Take away what a run that was killed left beside the files."""
        from tflint_mem.storage import in_place

        for folder in sorted({os.path.dirname(path) for path in self.reader.files}):
            in_place.tidy(folder or ".")

    # -- how

    def _tell(self, notice: Notice) -> None:
        self._told = True
        self._listener(notice)

    def _surround(self) -> None:
        """Find the project around the files, and what of it must be read."""
        if not self.settings.project or self.paths == ["-"] or not self.reader.files:
            return
        from .around import Around

        around = Around(self.paths, self.settings)
        self._root = around.root or self._root
        if around:
            self.reader.surround(around.files(self.reader.files, self.reader.alone().sources(), self._tell))

    def _found(self, cached: bool) -> list[Finding]:
        """The findings of the files, from the cache when they are as they were."""
        cache = found = None
        tries = self._tries_fixes()
        with self.faults.around("the cache"):
            folder = self._cache_folder()
            if folder is not None and cached:
                from tflint_mem.storage.cache import Cache

                files, around = self.reader.everything(), sorted(self.reader.around)
                tried = (tries, self.heeding)
                cache = Cache(self.settings, self.paths, files, folder, around, self._root, tried)
                found = cache.findings(self._judge(folder))
                if found is not None:
                    self.reader.commented = cache.commented
                    self._save_facts()
            if folder is not None and found is None:
                self._open_facts(folder)
        if found is None:
            self._told, self.session.parts = False, {}
            every = self.every if self.fixing else None
            if tries:
                self.session.remember()
            found = self._analyze(self.reader.sources(cache.note if cache else None), every)
            parts = self.session.parts
            if tries:
                with self.faults.around("the trial of fixes"):
                    found = self._offered(found)
            if cache and not self.reader.errors and not self._told and not self.faults:
                with self.faults.around("the cache"):
                    cache.store(found, self.session.beside, self.reader.commented, parts)
        return found

    def _open_facts(self, folder: CacheFolder) -> None:
        """Give the session the facts that earlier runs have left."""
        if self.session.store is None:
            from tflint_mem.storage.fact_store import FactStore

            self.session.store = FactStore(folder)

    def _save_facts(self) -> None:
        """Leave facts to later runs when no analysis does it."""
        store, self.session.store = self.session.store, None
        if store is not None:
            store.save()

    def _judge(self, folder: CacheFolder) -> Judge:
        """The function that tells of changed files whether findings change by them."""
        judges: list[Unaffected] = []

        def judge(path: str, before: str, parts: Mapping[str, str]) -> tuple[bytes, bool] | None:
            if path not in parts and path in self.reader.around:
                return None  # nobody was told when it could not be read
            if not judges:
                from tflint_mem.engine.unaffected import Unaffected

                self._open_facts(folder)
                judges.append(Unaffected(self.session, self.settings, parts))
            raw = judges[0].by(path, bytes.fromhex(before))
            return None if raw is None else (raw, mentions_us(raw))

        return judge

    def _tries_fixes(self) -> bool:
        """Are fixes tried before they are offered?"""
        if not self.tries_fixes or self.fixing:
            return False
        formats = {self.settings.output_format, *self.formats}
        return len(self.reader.everything()) <= _MOST_TO_TRY or not formats.isdisjoint(_APPLIED_BY_A_CLICK)

    def _offered(self, found: list[Finding]) -> list[Finding]:
        """The findings without the fixes that `--fix` would refuse; such a finding says why it has none."""
        shown = self._worth_showing(self._wanted(found, (), self.reader.get, ignore))
        if all(finding.fix is None for finding in shown):
            return found
        from tflint_mem.engine.finish import with_reason
        from tflint_mem.fixes import offers
        from tflint_mem.ruleset.registry import RULES

        faults, first = self.faults, self._first_faults
        self._first_faults, self.faults = faults.latest, Faults(ignore)  # a trial that fails is no fault of the check
        try:
            if all(rule.code in each.enabled for each in self.settings.each() for rule in RULES):
                every = self._unsilenced(found, self.reader.get, ignore)
            else:
                _, every = self.found_with({})
            refused = offers.refused(self, shown, every)
        finally:
            self.faults, self._first_faults = faults, first
        reasons = {each.finding.key(): each.reason for each in refused}
        return [
            finding.replace(fix=None, help=with_reason(finding.help, reason))
            if finding.fix is not None and (reason := reasons.get(finding.key())) is not None
            else finding
            for finding in found
        ]

    def _cache_folder(self) -> CacheFolder | None:
        """The folder of the cache, unless there are so few files that reading them is quicker."""
        if not self.settings.cache or len(self.reader.everything()) < _FEWEST_TO_CACHE:
            return None
        from tflint_mem.storage.folder import CacheFolder

        return CacheFolder(self.settings)

    def _analyze(self, sources: Iterable[Source], every: list[Finding] | None) -> list[Finding]:
        """The engine's findings for `sources`; the engine is not even imported where nothing mentions TensorFlow.

        every   takes the findings of all rules, enabled or not
        """
        waiting: list[Source] = []
        sources = iter(sources)
        for source in sources:
            waiting.append(source)
            if source.names_framework:
                break
        else:
            return []
        from itertools import chain

        from tflint_mem.engine import engine

        if self.fixing:
            self.session.remember()
        self.faults.begin()
        found = engine.analyze(
            chain(waiting, sources),
            self.settings,
            len(self.reader.files) + len(self.reader.around),
            self.faults,
            given=engine.Given(self._root, self.reader.around, self._held, self.alone),
            session=self.session,
            every=every,
            tell=self._given_up if self.verbose else None,
        )
        return [self._placed(finding) if finding.code == SYNTAX_ERROR else finding for finding in found]

    def _given_up(self, line: str) -> None:
        self._tell(Notice(kind=SEARCH, text=line))

    def _placed(self, error: Finding) -> Finding:
        """A syntax error as it is, unless the file is no text at all: we know the place of that, Python does not."""
        source = self.reader.get(error.path)
        with self.faults.around("the reading", error.path):
            try:
                if source is not None:
                    source.text  # noqa: B018 (decoding tells)
            except SourceError as failure:
                return failure.finding()
        return error

    def _enabled(self, findings: list[Finding]) -> list[Finding]:
        """Without what the settings leave out, as they have the others."""
        wants = self.settings.wants
        return self.settings.as_configured([finding for finding in findings if wants(finding.path, finding.code)])

    def _wanted(self, findings: list[Finding], commented: Collection[str], get: Get, tell: Tell) -> list[Finding]:
        """Without what the settings or comments in the files (`get(path)`) silence, as the settings have it; sorted.

        commented   the files that may have comments for this program, which are findings where they silence nothing
        """
        if not findings and not commented:
            return []
        wants = self.settings.wants
        judged: set[str] = set()
        if commented and self.heeding and not self.faults.latest:  # what failed may have found what they silence
            broken = {finding.path for finding in findings if finding.code == SYNTAX_ERROR}
            judged = {
                path
                for path in commented
                if path not in broken and wants(path, UNUSED_SUPPRESSION) and self._is_seen_whole(path)
            }
        return self.settings.as_configured(self._unsilenced(self._enabled(findings), get, tell, judged))

    def _unsilenced(self, findings: list[Finding], get: Get, tell: Tell, judged: Collection[str] = ()) -> list[Finding]:
        """Without what comments silence, and with what is wrong with those of the files in `judged`; sorted."""
        if not self.heeding:
            return sorted(findings, key=lambda finding: finding.sort_key())
        from tflint_mem.silencing import noqa_comments

        by_path: dict[str, list[Finding]] = {path: [] for path in judged}
        for finding in findings:
            by_path.setdefault(finding.path, []).append(finding)
        kept: list[Finding] = []
        for path, group in by_path.items():
            said = group
            with self.faults.around("the search for comments that silence findings", path):
                ours = {path: self._asked_in(path)} if path in judged else None
                said = noqa_comments.apply(group, get, _Comments(path, tell), ours)
            kept += said
        return sorted(kept, key=lambda finding: finding.sort_key())

    def _is_seen_whole(self, path: str) -> bool:
        """May be judged what a comment in the file silences?  Without the project around it, a finding that needs the
        other files is not made.
        """
        named = path in map(os.path.normpath, self.paths)
        whole = bool(self.settings.project) or not named or path in self._held
        return whole and path not in self.reader.around

    def _asked_in(self, path: str) -> Callable[[str], bool]:
        """The function that tells whether the rule with a code was asked about the file."""
        return lambda code: self.settings.wants(path, code)

    def _worth_showing(self, findings: list[Finding]) -> list[Finding]:
        """Without the pedantic ones, unless the settings ask for them, or select their rule by code or name."""
        return [finding for finding in findings if self._is_worth(finding, self.settings.of(finding.path))]

    def _is_worth(self, finding: Finding, settings: Settings) -> bool:
        return settings.pedantic or finding.persona == REGULAR or finding.code in settings.explicit


class _Comments:
    """Tells of comments in a file that cannot work."""

    def __init__(self, path: str, tell: Tell) -> None:
        self._path, self._tell = path, tell

    def __call__(self, line: str) -> None:
        self._tell(Notice(kind=COMMENT, path=self._path, text=line))
