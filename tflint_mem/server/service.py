"""When to check: one check at a time, always of what is open now.

Whoever types faster than checks run gets fewer of them, never a queue.  A check runs in a thread of its own, so that
the editor is heard meanwhile; what it finds about a text that has changed since is not shown, as the next check
is due at once.  In a large project the check after a key looks at what is open first; when the editor has that answer,
and nothing else is to be done, the whole project is looked at, until the next key.
"""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from tflint_mem.hardening.errors import UsageError
from tflint_mem.hardening.faults import Interrupted
from tflint_mem.hardening.notices import ERRORS
from tflint_mem.record import Record
from tflint_mem.sources.source import Source

from .diagnostics import Shown, shown
from .documents import opened
from .live import Live, folder_of
from .options import EditorSettings
from .places import Places

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeVar

    from lsprotocol import types

    from tflint_mem.hardening.notices import Notice

    from .documents import Opened, Text
    from .editor import Editor
    from .options import Options

    State = dict[str, dict[int | None, Text]]  # texts and their versions, by path
    T = TypeVar("T")

PAUSE = 0.03  # seconds: changes that come together are checked together
CALM = 0.2  # seconds without a key before the whole of a large project is looked at
_GONE = -1  # as no version is
_IDLE = 2.0  # seconds without anything to do before garbage is collected
_STACK = (
    64 << 20
)  # bytes: nested code is gone through in nested calls, and threads of some systems have half a megabyte


class Result(Record):
    """What was found in the open files of a project.

    opened   the files by path, as they were checked        shown   the findings in them
    whole    what lies around them is of this check, too
    """

    __slots__ = ()
    opened: dict[str, Opened]
    places: Places
    shown: list[Shown]
    whole: bool

    @property
    def sources(self) -> list[Source]:
        """What was checked, as it was before."""
        return [each.as_it_was().source for each in self.opened.values()]

    def of(self, uri: str) -> list[Shown]:
        """The findings in a text of the editor."""
        return [each for each in self.shown if each.uri == uri]


class _Project:
    """Open files that are checked together.

    state    as they were when they were checked        refined   the result with the fixes that hold, if somebody asked
    """

    def __init__(self, options: Options) -> None:
        self.live = Live(options)
        self.state: State | None = None
        self.result: Result | None = None
        self.refined: Result | None = None


class Service:
    """Checks what is open, and tells the editor.  All methods are called in the thread of the event loop."""

    def __init__(self, editor: Editor, options: Options) -> None:
        self.settings = EditorSettings()
        self._editor, self._options = editor, options
        self._projects: dict[str, _Project] = {}
        self._told: set[str] = set()
        self._shown: dict[str, tuple[int | None, list[types.Diagnostic]]] = {}
        self._due = self._all_due = False
        self._task: asyncio.Task[None] | None = None
        self._later: asyncio.Task[None] | None = None  # the look at the whole
        self._given_up = threading.Event()  # by a key
        before = threading.stack_size(_STACK)
        self._thread = ThreadPoolExecutor(1, "check")
        self._thread.submit(lambda: None)  # the thread starts here, with that stack
        threading.stack_size(before)

    # -- what the editor does

    def changed(self, everything: bool = False) -> None:
        """Something has changed.  everything   what is open may mean something else now, changed or not"""
        self._due, self._all_due = True, self._all_due or everything
        self._given_up.set()
        if self._task is None:
            self._task = asyncio.ensure_future(self._work())

    def stop(self) -> None:
        """No more checks."""
        self._given_up.set()
        if self._later is not None:
            self._later.cancel()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def current(self, uri: str) -> Result | None:
        """What is found in the project of a text, as it is now; None for one that is not checked."""
        while self._task is not None:
            await asyncio.shield(self._task)
        project = self._project_of(uri)
        return None if project is None else project.result

    async def with_fixes_that_hold(self, uri: str) -> Result | None:
        """The same, without the fixes that `--fix` would refuse: worked out once for each state."""
        result, project = await self.current(uri), self._project_of(uri)
        if result is None or project is None:
            return None
        if project.refined is None and any(each.finding.fix is not None for each in result.shown):
            overrides = self.settings.overrides
            check = await self._apart(lambda: project.live.with_fixes_that_hold(result.sources, overrides, _nobody))
            if project.result is not result:
                return await self.with_fixes_that_hold(uri)
            left = {finding.key(): finding for finding in check.findings}
            known = [each.replace(finding=left.get(each.finding.key(), each.finding)) for each in result.shown]
            project.refined = result.replace(shown=known)
        return project.refined or result

    async def fixed(self, uri: str) -> tuple[Result, Source, Source] | None:
        """(what was checked, a file before, and after all its safe fixes); None when there is nothing to fix."""
        result, project = await self.current(uri), self._project_of(uri)
        path = None if result is None else _path_of(uri, result.opened.values())
        if result is None or project is None or path is None:
            return None
        overrides = self.settings.overrides
        changed = await self._apart(lambda: project.live.fixed(result.sources, path, overrides, _nobody))
        return None if changed is None else (result, *changed)

    # -- how

    async def _work(self) -> None:
        try:
            while self._due:
                await asyncio.sleep(PAUSE)
                everything = self._all_due
                self._due = self._all_due = False
                try:
                    await self._check(everything)
                except Exception as error:
                    self._failed(error)
        finally:
            self._task = None
        if self._later is None:
            self._later = asyncio.ensure_future(self._look_around())
        asyncio.get_running_loop().call_later(_IDLE, self._tidy)

    async def _look_around(self) -> None:
        """Check the whole of the projects of which only the open files were looked at, while nothing else is due."""
        try:
            while True:
                partial = [
                    each for each in self._projects.values() if each.result is not None and not each.result.whole
                ]
                if not partial:
                    return
                project, before = partial[0], partial[0].result
                self._given_up = given_up = threading.Event()
                await asyncio.sleep(CALM)
                if self._task is not None or given_up.is_set() or before is None or project.result is not before:
                    continue
                files = dict(zip(before.opened, (each.as_it_was() for each in before.opened.values())))
                result = await self._result(project, files, given_up.is_set)
                if result is None and not given_up.is_set():
                    return
                if result is not None and project.result is before:
                    project.result, project.refined = result, None
                    self._publish()
        finally:
            self._later = None

    async def _check(self, everything: bool) -> None:
        by_folder: dict[str, dict[str, Opened]] = {}
        for each in opened(self._editor.workspace):
            by_folder.setdefault(folder_of(each.path), {})[each.path] = each
        for folder in [folder for folder in self._projects if folder not in by_folder]:
            del self._projects[folder]
        for folder, files in by_folder.items():
            project = self._projects.setdefault(folder, _Project(self._options))
            state = {path: each.cells for path, each in files.items()}
            if everything or state != project.state:
                project.state, project.refined = state, None
                result = await self._result(project, files)
                if result is not None:
                    project.result = result
        self._publish()

    async def _result(
        self, project: _Project, files: dict[str, Opened], given_up: Callable[[], bool] | None = None
    ) -> Result | None:
        """What is found in the files; None when the check fails as a whole, which is told, or is given up."""
        notices: list[Notice] = []
        settings, editor = self.settings, self._editor

        def work() -> Result:
            sources = [each.source for each in files.values()]
            check = project.live.check(sources, settings.overrides, notices.append, given_up)
            places = Places(files, check.reader.get, editor.codec)
            findings = [each for each in check.findings if settings.syntax_errors or each.group != "syntax"]
            texts = {path: each.source for path, each in files.items()}
            return Result(files, places, shown(findings, texts, places, editor.shows_related), not check.alone)

        try:
            result = await self._apart(work)
        except Interrupted:
            return None
        except UsageError as error:
            self._once(str(error), editor.complain)
            return None
        except Exception as error:
            self._failed(error)
            return None
        for notice in notices:
            self._once(notice.text, editor.complain if notice.kind in ERRORS else editor.remark)
        return result

    def _publish(self) -> None:
        """Tell the editor what is new about texts that are as they were checked."""
        now = {text.uri: text.version for each in opened(self._editor.workspace) for text in each.cells.values()}
        for uri in [uri for uri in self._shown if uri not in now]:
            del self._shown[uri]
            self._editor.publish(uri, None, [])
        for result in [project.result for project in self._projects.values() if project.result is not None]:
            for text in _texts(result):
                told = (text.version, [each.diagnostic for each in result.of(text.uri)])
                if now.get(text.uri, _GONE) == text.version and self._shown.get(text.uri) != told:
                    self._shown[text.uri] = told
                    self._editor.publish(text.uri, *told)

    async def _apart(self, work: Callable[[], T]) -> T:
        """Do something in the thread of the checks."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def _failed(self, error: Exception) -> None:
        self._once(f"the check failed: {type(error).__name__}: {error}", self._editor.complain)

    def _once(self, text: str, tell: Callable[[str], None]) -> None:
        if text not in self._told:
            self._told.add(text)
            tell(text)

    def _project_of(self, uri: str) -> _Project | None:
        for project in self._projects.values():
            if project.result is not None and _path_of(uri, project.result.opened.values()) is not None:
                return project
        return None

    def _tidy(self) -> None:
        """Collect garbage while nobody waits.  What is kept from check to check is looked through once."""
        if self._task is None and self._later is None:
            gc.collect()
            gc.freeze()


def _texts(result: Result) -> Iterable[Text]:
    return [text for each in result.opened.values() for text in each.cells.values()]


def _path_of(uri: str, files: Iterable[Opened]) -> str | None:
    return next((each.path for each in files if any(text.uri == uri for text in each.cells.values())), None)


def _nobody(notice: Notice) -> None:
    """What the check before has told already."""
