"""The analysis of one run: sources in, findings out.

`analyze` reads each file once.  A file that names neither TensorFlow nor Keras is parsed only when it may import a
module of the project that does.  Rules are imported only when the project mentions what they look for, LibCST only
when a finding has a fix to propose.
"""

import gc
import sys
import warnings

from tflint_mem import facts as F
from tflint_mem.finding import Finding, Fix, Step
from tflint_mem.hardening import watch
from tflint_mem.hardening.faults import Overtime
from tflint_mem.hardening.watch import OFF
from tflint_mem.project.project import Project
from tflint_mem.sources.source import SourceError

from . import relevance

RECURSION = 6000
KEEP_BYTES = 4_000_000
_M_TRIM_THRESHOLD, KEPT_FREE = -1, 256 << 20  # of glibc's <malloc.h>; bytes

NOBODY = watch.Watch()
_held = []  # see `hold`
_SEEN = None  # facts by (path, code) when they are worth keeping: see `remember`


def analyze(sources, settings, files=0, faults=None, alone=False, every=None, tell=None):
    """Findings of all enabled rules (plus TFM000 for files that do not parse), in final coordinates, sorted.

    sources   iterable of Source      settings   config.Settings      files   how many sources there are, about
    faults    faults.Faults that keeps what fails, and the rest goes on; None: it is raised
    alone     the process does nothing else, so that a timer may watch over the time: see `watch`
    every     a list that takes the findings of all rules, enabled or not (those only in outline: no fix)
    tell      is given a line for each search that was given up, so that nothing is reported there
    """
    watched = watch.of(settings.timeout_per_file if faults is not None else 0, files, alone)
    collecting, limit = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()  # facts have no cycles: collecting while they are made costs a fifth of the time
    sys.setrecursionlimit(max(limit, RECURSION))
    project = running = None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the compiler's remarks about the code under check
            watched.start()
            project, kept, findings = load(sources, settings, files, faults, watched)
        if project.modules:
            from .rule_runs import Running

            project.link()
            running = Running(project, settings, faults, watched, every is not None)
            if every is not None:
                every.extend(findings)
            findings.extend(_all_finished(running, kept, faults, watched, every))
            project = running.project
            for line in project.searches.lines() if tell is not None else ():
                tell(line)
        elif every is not None:
            every.extend(findings)
    finally:
        watched.stop()
        if project is not None and not _held:
            project.close()
            if running is not None:
                running.context.close()
        elif project is not None:
            _held.append(project)
        sys.setrecursionlimit(limit)
        if collecting:
            if _held:
                gc.freeze()
            gc.enable()
    findings.sort(key=Finding.sort_key)
    return findings


def load(sources, settings, files=0, faults=None, watched=NOBODY):
    """(project, {path: Source}, syntax findings) of the files that matter."""
    project = Project(settings, root=getattr(settings, "project_root", None), files=files)
    kept, others, findings = _Kept(), [], []
    held = {}  # while fixes are tried a file may hold something else than on the disk
    for source in sources:
        raw = source.raw
        if source.names_framework:
            if relevance.matters(source.path, raw):
                _add(project, source, kept, findings, False, faults, watched)
        elif source.path.endswith((".py", ".ipynb")):
            others.append(source.path)
            if _SEEN is not None:
                held[source.path] = source
    if project.modules and others:
        for source in relevance.importers(project, others, held, faults):
            _add(project, source, kept, findings, True, faults, watched)
    return project, kept, findings


def _add(project, source, kept, findings, quiet, faults, watched):
    """Add a file to the project; a fault costs this file."""
    if faults is None:
        return _added(project, source, kept, findings, quiet)
    try:
        try:
            watched.at = source.path
            _added(project, source, kept, findings, quiet)
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


def _added(project, source, kept, findings, quiet):
    mended = False
    try:
        collected = _collect(source)
    except SourceError as error:
        if not quiet:
            findings.append(error.finding())
        return
    except (SyntaxError, ValueError) as error:
        broken = source.drop_broken_cells() if isinstance(error, SyntaxError) else ()
        if not quiet:
            findings.append(_syntax_finding(source, broken[0] if broken else error, len(broken) - 1))
        try:
            collected = _collect(source) if broken else None
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            collected = None
        if collected is None and source.kind == "python" and isinstance(error, SyntaxError):
            collected, mended = _mended(source), True
        if collected is None:
            return
    except (RecursionError, MemoryError):
        if not quiet:
            findings.append(_syntax_finding(source, SyntaxError("too deeply nested to be analysed")))
        return
    kept.add(source)
    project.add(source.path, collected, source.locate if source.kind == "notebook" else None).mended = mended


class _Kept:
    """The sources of the project by path; the bytes of most are read again when a finding asks for them."""

    def __init__(self):
        self._held, self._size = {}, 0

    def add(self, source):
        size = len(source.raw)
        if self._size + size <= KEEP_BYTES or _SEEN is not None:
            self._size += size
            self._held[source.path] = source

    def __getitem__(self, path):
        from tflint_mem.sources.source import Source

        source = self._held.get(path)
        if source is None:
            source = self._held[path] = Source.read(path)
        return source


def _collect(source):
    code = source.code_bytes()
    source.check_bytes()
    if _SEEN is None:
        return F.collect(code, source.path)
    key = (source.path, code)
    if key not in _SEEN:
        _SEEN[key] = F.collect(code, source.path)
    return _SEEN[key]


def _mended(source):
    """Facts of what can be read in a file that does not parse, or None."""
    from tflint_mem.sources.mending import readable

    return readable(source.code_bytes(), lambda code: F.collect(code, source.path))


def hold():
    """The process ends right after the report: taking the facts apart, a tenth of a cold check, is left to the operating system.

    So is what one parse has freed: the C library gives it back after each file, and the next one asks for it again page by page.
    """
    _held.append(None)
    if sys.platform == "linux":
        try:
            import ctypes

            ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, KEPT_FREE)
        except (ImportError, OSError, AttributeError):  # no ctypes, or a C library without mallopt
            pass


def remember():
    """Keep the facts of files for the rest of the process: fixes check the project again after each round."""
    global _SEEN
    if _SEEN is None:
        _SEEN = {}


def _syntax_finding(source, error, more=0):
    row = getattr(error, "lineno", None) or 1
    column = getattr(error, "offset", None) or 1
    message = getattr(error, "msg", None) or str(error)
    if more > 0:
        message += f" (nor do {more} more cells)" if more > 1 else " (nor does one more cell)"
    cell, local = None, row
    if source.kind == "notebook":
        try:
            cell, local = source.locate(row)
        except (SourceError, ValueError, IndexError):
            cell, local = None, row
    place = (max(local, 1), max(column, 1))
    return Finding(
        code="TFM000",
        name="syntax-error",
        group="syntax",
        severity="error",
        message=f"does not parse: {message}",
        path=source.path,
        cell=cell,
        start=place,
        end=place,
        noqa_row=place[0],
    )


# -- rules ----------------------------------------------------------------------------------------------------------


def _all_finished(running, kept, faults, watched, every=None):
    """The Findings of the enabled rules' drafts; a draft that cannot be made one is left out."""
    drafts, enabled = [draft for draft in running.drafts() if not draft.m.mended], running.enabled
    findings = {}
    for draft in _most_specific([draft for draft in drafts if draft.code in enabled]):
        findings[id(draft)] = _try(running, draft, kept, faults, watched)
    if every is not None:
        for draft in _most_specific(drafts):
            known = (
                findings[id(draft)]
                if id(draft) in findings
                else _try(running, draft, kept, faults, watched, whole=False)
            )
            every += filter(None, (known,))
    return [finding for finding in findings.values() if finding is not None]


def _try(running, draft, kept, faults, watched, whole=True):
    """The Finding of a draft, None when that fails."""
    try:
        try:
            watched.at = draft.m.index
            return _finished(running.context, draft, kept, faults, watched, whole)
        finally:
            watched.at = OFF
    except (Exception, Overtime) as error:
        if faults is None:
            raise
        if isinstance(error, Overtime):
            faults.overtime(f"{draft.code} in row {draft.pos[0]}", draft.m.path, watched.limit)
        else:
            faults.add(f"{draft.code} in row {draft.pos[0]}", draft.m.path)
        return None


def _most_specific(drafts):
    """One finding for one place: of several drafts the one whose rule is the most specific."""
    from tflint_mem.ruleset.registry import BY_CODE

    best = {}
    for draft in drafts:
        key = (draft.m.index, draft.pos[:2], BY_CODE[draft.code].group == "config")
        other = best.get(key)
        if other is None or BY_CODE[draft.code].rank > BY_CODE[other.code].rank:
            best[key] = draft
    return list(best.values())


def _finished(context, draft, kept, faults, watched, whole=True):
    """The Finding of a draft: characters instead of bytes, cells instead of module rows, the fix built if it is the `whole`."""
    from tflint_mem.ruleset.registry import BY_CODE

    from . import worth

    rule = BY_CODE[draft.code]
    sure = worth.LIKELY if _incomplete(draft) else worth.confidence(context, draft)
    if sure == worth.CERTAIN and any(step.m.mended for step in draft.trace.steps):
        sure = worth.LIKELY
    source = kept[draft.m.path]
    start, end = _place(source, draft.pos[0], draft.pos[1]), _place(source, draft.pos[2], draft.pos[3])
    cell, row = source.locate(start[0])
    end_cell, end_row = source.locate(end[0])
    noqa_row = source.locate(draft.noqa_row)[1] if draft.noqa_row else end_row
    if end_cell != cell:
        end_row, end = row, start
    fix, refusal = _fix(draft, source, faults, watched) if whole else (None, "")
    return Finding(
        code=draft.code,
        name=rule.name,
        group=draft.group or rule.group,
        severity=draft.severity or rule.severity,
        confidence=sure,
        persona=worth.persona(context, draft, sure, draft.group or rule.group),
        message=draft.message,
        measured=draft.measured,
        help=_with_reason(draft.help, refusal),
        path=draft.m.path,
        cell=cell,
        start=(row, start[1]),
        end=(end_row, end[1]),
        noqa_row=noqa_row,
        trace=tuple(_step(kept, step.m, step.line, step.column, step.message) for step in draft.trace.steps),
        fix=fix,
    )


def _incomplete(draft):
    """Has one of its modules been left out since?"""
    return draft.m.left_out or any(step.m.left_out for step in draft.trace.steps)


def _step(kept, m, line, column, message):
    source = kept[m.path]
    if column == 0 and 0 < line <= len(source.lines):  # a whole line is meant: its first character
        text = source.lines[line - 1]
        column = len(text) - len(text.lstrip())
    row, column = _place(source, line, column)
    cell, row = source.locate(row)
    return Step(path=m.path, cell=cell, row=row, column=column, message=message)


def _place(source, line, column):
    """(row, column) in characters from 1 of a line from 1 and a UTF-8 byte column from 0."""
    rows = source.lines
    if 0 < line <= len(rows):
        text = rows[line - 1]
        if not text.isascii():
            column = len(text.encode("utf-8")[:column].decode("utf-8", "replace"))
    return (line, column + 1 + source.margin(line))


def _with_reason(text, refusal):
    """The help of a finding, with the few words that say why it has no fix."""
    if not refusal:
        return text
    return f"{text}; no fix is offered: {refusal}" if text else f"no fix is offered: {refusal}"


def _fix(draft, source, faults, watched):
    """(the Fix of a draft or None, why there is none in a few words or "")."""
    if draft.fix is None or isinstance(draft.fix, str):
        return None, draft.fix or ""
    if _incomplete(draft):
        return None, ""
    from tflint_mem.codemod import NoFix
    from tflint_mem.ruleset.fix_context import FixContext

    try:
        applicability, message, edits = draft.fix(FixContext(source, draft.m))
        from tflint_mem.codemod.cells import located

        edits = located(source, edits)
    except NoFix as refusal:
        return None, str(refusal)
    except SourceError:
        return None, ""
    except Overtime:
        faults.overtime(f"the fix of {draft.code} in row {draft.pos[0]}", source.path, watched.limit)
        watched.forgive(draft.m.index)
        return None, ""
    except Exception:
        if faults is None:
            raise
        faults.add(f"the fix of {draft.code} in row {draft.pos[0]}", source.path)
        return None, ""
    if not edits:
        return None, ""
    return Fix(
        applicability=applicability, message=message, edits=tuple(sorted(edits, key=lambda e: (e.start, e.end)))
    ), ""
