"""The analysis of one run: sources in, findings out.

`analyze` reads each file once.  A file that names neither TensorFlow nor Keras is parsed only when it may import a
module of the project that does.  Rules are imported only when the project mentions what they look for, LibCST only
when a finding has a fix to propose.
"""

from __future__ import annotations

from tflint_mem import facts
from tflint_mem.finding import Finding
from tflint_mem.hardening import watch
from tflint_mem.hardening.depth import DEEP
from tflint_mem.hardening.faults import Overtime
from tflint_mem.hardening.parsing import SILENCE, undisturbed
from tflint_mem.hardening.watch import OFF
from tflint_mem.project.project import Project
from tflint_mem.sources.source import Source
from tflint_mem.sources.text import SourceError

from . import reading, relevance
from .finish import finished_or_none, further
from .import_lines import UNKNOWN, digest, imported
from .places import most_specific
from .session import Session
from .syntax_errors import syntax_finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tflint_mem.facts import Facts
    from tflint_mem.facts.packed import PackedFacts
    from tflint_mem.hardening.faults import Faults
    from tflint_mem.hardening.watch import Watch
    from tflint_mem.ruleset.draft import Draft, Steps
    from tflint_mem.settings.settings import Settings

    from .rule_runs import Running

KEEP_BYTES = 4_000_000
NOBODY = watch.Watch()


class Given:
    """What of the sources is asked about; the others are read to judge it.

    root     the folder of the project, which requirements and programs are looked for in
    around   paths of the files that are not asked about: they have findings only where a step of the way to one lies
             in a file that is
    held     sources by path that are not what lies on the disk
    alone    only findings in the files that are asked about are wanted; others may be left out
    """

    __slots__ = ("root", "around", "held", "alone")

    def __init__(
        self,
        root: str,
        around: frozenset[str] = frozenset(),
        held: Mapping[str, Source] | None = None,
        alone: bool = False,
    ) -> None:
        self.root, self.around, self.held, self.alone = root, around, held or {}, alone

    def modules(self, project: Project) -> frozenset[int] | None:
        """Indices of the modules whose findings are wanted, None for all."""
        if not self.alone:
            return None
        return frozenset(module.index for module in project.modules if module.path not in self.around)

    def concerns(self, draft: Draft, further: Callable[[Draft], Iterable[Steps]]) -> bool:
        """Lies the finding, or a step of one of its traces, in a file that is asked about?

        further   gives the traces beside the first
        """
        around = self.around
        if not around or draft.m.path not in around:
            return True

        def touched(steps: Steps) -> bool:
            return any(step.m.path not in around for step in steps)

        return touched(draft.trace.steps) or any(map(touched, further(draft)))


def analyze(
    sources: Iterable[Source],
    settings: Settings,
    files: int = 0,
    faults: Faults | None = None,
    session: Session | None = None,
    every: list[Finding] | None = None,
    tell: Callable[[str], None] | None = None,
    given: Given | None = None,
) -> list[Finding]:
    """Findings of all enabled rules (plus TFM000 for files that do not parse), in final coordinates, sorted.

    files     how many sources there are, about
    faults    keeps what fails, and the rest goes on; None: it is raised
    session   of the run that this analysis belongs to; None: it is the only one
    every     takes the findings of all rules, enabled or not (those only in outline: no fix)
    tell      is given a line for each search that was given up, so that nothing is reported there
    given     what of the sources is asked about; None: all of them
    """
    session = session or Session()
    given = given or Given(settings.project_root)
    watched = watch.of(settings.timeout_per_file if faults is not None else 0, files, session.alone, session.given_up)
    project = running = None
    with DEEP:
        session.begin()
        try:
            with SILENCE:
                watched.start()
                project, kept, findings = load(sources, settings, files, faults, watched, session, given)
            reading.save(session, faults)
            if project.modules:
                from .rule_runs import Running

                project.link()
                asked = given.modules(project)
                running = Running(project, settings, faults, watched, every is not None, session.progress, asked)
                if every is not None:
                    every.extend(findings)
                findings.extend(_of_rules(running, kept, faults, watched, session, given, every))
                project = running.project
                if tell is not None:
                    for line in project.searches.lines():
                        tell(line)
            elif every is not None:
                every.extend(findings)
        finally:
            watched.stop()
            session.end(project, running)
    findings.sort(key=Finding.sort_key)
    return findings


def load(
    sources: Iterable[Source],
    settings: Settings,
    files: int = 0,
    faults: Faults | None = None,
    watched: Watch = NOBODY,
    session: Session | None = None,
    given: Given | None = None,
) -> tuple[Project, Kept, list[Finding]]:
    """The project of the files that matter, their sources by path, and the syntax errors; see `analyze`."""
    session = session or Session()
    given = given or Given(settings.project_root)
    project = Project(settings, root=given.root, files=files, beside=session.beside)
    kept = Kept(all_of_them=session.facts is not None, held=given.held)
    others: list[str] = []
    findings: list[Finding] = []
    held = dict(given.held)  # while fixes are tried a file may hold something else than on the disk, too

    def add(source: Source, quiet: bool) -> None:
        _add(project, source, kept, findings, quiet, faults, watched, session)

    session.parts = {}
    stream = reading.early(sources, settings, files, session)
    try:
        for done, (source, early) in enumerate(stream):
            if session.progress is not None:
                session.progress("files", done, files)
            if source.names_framework:
                if relevance.matters(source.path, source.raw) and not reading.is_lost(source, early, faults, watched):
                    session.ready = early if isinstance(early, bytes) else None
                    session.parts[source.path] = ""
                    add(source, quiet=source.path in given.around)
            elif source.path.endswith((".py", ".ipynb")):
                others.append(source.path)
                if session.facts is not None:
                    held[source.path] = source
    finally:
        stream.close()  # whatever happens, no process stays
    if project.modules and others:
        for source in relevance.importers(project, others, held, faults, session.beside):
            session.parts[source.path] = digest(imported(source.raw)) if session.store is not None else UNKNOWN
            add(source, quiet=True)
    return project, kept, findings


def _add(
    project: Project,
    source: Source,
    kept: Kept,
    findings: list[Finding],
    quiet: bool,
    faults: Faults | None,
    watched: Watch,
    session: Session,
) -> None:
    """Add a file to the project; a fault costs this file."""
    if faults is None:
        return _added(project, source, kept, findings, quiet, session)
    try:
        try:
            watched.at = source.path
            _added(project, source, kept, findings, quiet, session)
        finally:
            watched.at = OFF
    except Overtime:
        pass
    except Exception:
        faults.add("this file", source.path)
    if watched.late:
        watched.forgive(source.path)
        faults.overtime("this file", source.path, watched.limit)
        if project.modules and project.modules[-1].path == source.path:
            project.modules[-1].empty()


def _added(
    project: Project, source: Source, kept: Kept, findings: list[Finding], quiet: bool, session: Session
) -> None:
    mended = False
    collected: Facts | PackedFacts | None
    try:
        collected = _collect(source, session)
    except SourceError as error:
        if not quiet:
            findings.append(error.finding())
        return
    except (SyntaxError, ValueError) as error:
        readable = _mended(source) if isinstance(error, SyntaxError) else None
        broken = source.drop_broken_cells() if isinstance(error, SyntaxError) else ()
        if not quiet:
            old = readable is not None and readable[1]
            findings.append(syntax_finding(source, broken[0] if broken else error, len(broken) - 1, old))
        try:
            collected = _collect(source, session) if broken else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            collected = None
        if collected is None and source.kind == "python" and readable is not None:
            collected, mended = readable[0], True
        if collected is None:
            return
    except (RecursionError, MemoryError):
        if not quiet:
            findings.append(syntax_finding(source, SyntaxError("too deeply nested to be analysed")))
        return
    kept.add(source)
    locate = source.locate if source.kind == "notebook" else None
    module = project.add(source.path, collected, locate, session.known(source.path, collected))
    module.mended = mended
    session.made(source.path, collected, module)


class Kept:
    """The sources of the project by path; the bytes of most are read again when a finding asks for them.

    all_of_them   none is: the disk may hold something else
    held          these are not, for the same reason
    """

    def __init__(self, all_of_them: bool, held: Mapping[str, Source] | None = None) -> None:
        self._held = dict(held or {})
        self._size, self._all = 0, all_of_them

    def add(self, source: Source) -> None:
        """Keep a source, if there is room."""
        size = len(source.raw)
        if self._size + size <= KEEP_BYTES or self._all:
            self._size += size
            self._held[source.path] = source

    def __getitem__(self, path: str) -> Source:
        source = self._held.get(path)
        if source is None:
            source = self._held[path] = Source.read(path)
        return source


def _collect(source: Source, session: Session) -> Facts | PackedFacts:
    code = source.code_bytes()
    source.check_bytes()
    return session.collected(source.path, code)


def _mended(source: Source) -> tuple[Facts, bool] | None:
    """(facts of what can be read in a file that does not parse, is it Python 2), or None."""
    from tflint_mem.sources.mending import readable

    return readable(source.code_bytes(), lambda code: undisturbed(lambda: facts.collect(code, source.path)))


# -- rules ----------------------------------------------------------------------------------------------------------


def _of_rules(
    running: Running,
    kept: Kept,
    faults: Faults | None,
    watched: Watch,
    session: Session,
    given: Given,
    every: list[Finding] | None,
) -> list[Finding]:
    """What the rules find: in several processes where the project is large, as the rules share much of their work."""
    jobs = session.processes(running.settings.jobs) if running.project.large else 1
    if jobs < 2 or faults is None:
        return _all_finished(running, kept, faults, watched, given, every)
    from . import side_by_side

    def finish(draft: Draft, kept_faults: Faults, whole: bool) -> Finding | None:
        return finished_or_none(running, draft, kept, kept_faults, running.watch, whole)

    def concerns(draft: Draft, kept_faults: Faults) -> bool:
        return given.concerns(draft, lambda one: further(one, kept_faults, running.watch))

    return side_by_side.findings(running, jobs, faults, finish, concerns, every)


def _all_finished(
    running: Running,
    kept: Kept,
    faults: Faults | None,
    watched: Watch,
    given: Given,
    every: list[Finding] | None = None,
) -> list[Finding]:
    """The Findings of the enabled rules' drafts; a draft that cannot be made one is left out."""
    drafts, of = [draft for draft in running.drafts() if not draft.m.mended], running.context.settings.of
    findings: dict[int, Finding | None] = {}
    enabled = most_specific([draft for draft in drafts if draft.code in of(draft.m.path).enabled])

    def concerns(draft: Draft) -> bool:
        return given.concerns(draft, lambda one: further(one, faults, watched))

    for draft in filter(concerns, enabled):
        findings[id(draft)] = finished_or_none(running, draft, kept, faults, watched)
    if every is not None:
        for draft in filter(concerns, most_specific(drafts)):
            known = (
                findings[id(draft)]
                if id(draft) in findings
                else finished_or_none(running, draft, kept, faults, watched, whole=False)
            )
            if known is not None:
                every.append(known)
    return [finding for finding in findings.values() if finding is not None]
