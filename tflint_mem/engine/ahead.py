"""Facts of many files at once: other processes parse, and this one takes what they find in the order of the files.

It pays where the facts are packed anyway, for later runs or because the project is large, and where there is enough to
parse.  What a process cannot read it leaves to this one, which knows how to tell of it.
"""

from __future__ import annotations

from collections import deque

from tflint_mem import facts
from tflint_mem.facts import packed
from tflint_mem.hardening import watch
from tflint_mem.hardening.faults import Overtime
from tflint_mem.hardening.parsing import undisturbed
from tflint_mem.hardening.watch import OFF
from tflint_mem.sources.text import SourceError

from . import relevance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tflint_mem.hardening.crew import Crew, Died
    from tflint_mem.sources.source import Source

    from .session import Session

    Early = bytes | Died | str | None  # facts as bytes, why there are none, LATE, or None: nobody has tried

LATE = "late"
ENOUGH = 1_500_000  # bytes to parse: below, processes cost more time than they save (half a second on two processors)
_AHEAD = 6  # tasks that wait at each worker
_MOST = 400  # sources that are held at once


class _Entry:
    """A source on its way; `done` when nothing is waited for."""

    __slots__ = ("source", "code", "early", "done")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.code: bytes | None = None
        self.early: Early = None
        self.done = True


class Ahead:
    """Goes through sources, and has the facts of those that matter made by others.

    jobs   how many processes      limit   seconds for one file, 0 for no limit
    """

    def __init__(self, session: Session, jobs: int, limit: float) -> None:
        self._session, self._jobs, self._limit = session, jobs, limit
        self._queue: deque[_Entry] = deque()
        self._unsent: deque[_Entry] = deque()
        self._crew: Crew | None = None
        self._sent: dict[int, _Entry] = {}
        self._count = 0
        self._size = 0

    def through(self, sources: Iterable[Source]) -> Generator[tuple[Source, Early], None, None]:
        """Each source in order, with what has become of its facts."""
        try:
            for source in sources:
                self._enter(source)
                while self._queue and (self._queue[0].done or len(self._queue) > _MOST and self._crew is not None):
                    yield self._next()
            while self._queue:
                if self._crew is None:
                    self._queue[0].done = True
                yield self._next()
        finally:
            if self._crew is not None:
                self._crew.close()

    def _next(self) -> tuple[Source, Early]:
        entry = self._queue[0]
        while not entry.done:
            self._hear()
        self._queue.popleft()
        return entry.source, entry.early

    def _enter(self, source: Source) -> None:
        entry = _Entry(source)
        self._queue.append(entry)
        if not source.names_framework or not relevance.matters(source.path, source.raw):
            return
        try:
            code = source.code_bytes()
            source.check_bytes()
        except SourceError:
            return
        if self._session.is_known(source.path, code):
            return
        entry.code, entry.done = code, False
        self._size += len(code)
        self._unsent.append(entry)
        if self._crew is None and self._size >= ENOUGH:
            from tflint_mem.hardening import crew

            self._crew = crew.Crew(self._jobs, _Reading(self._limit))
        self._send()

    def _send(self) -> None:
        """Give each process something to do."""
        for worker in self._crew.workers if self._crew is not None else ():
            while len(worker.waiting) < _AHEAD and self._unsent:
                entry = self._unsent.popleft()
                self._count += 1
                self._sent[self._count] = entry
                worker.give((self._count, entry.source.path, entry.code))
                entry.code = None

    def _hear(self) -> None:
        for _, (number, _, _), answer in self._crew.hear() if self._crew is not None else ():
            entry = self._sent.pop(number)
            entry.early, entry.done = answer, True
        self._send()


class _Reading:
    """What a process of the crew does: the facts of one file after the other."""

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._watch: watch.Watch | None = None

    def __call__(self, task: tuple[int, str, bytes]) -> Early:
        """The facts as bytes; LATE; None for what does not parse."""
        _, path, code = task
        if self._watch is None:
            self._watch = watch.of(self._limit, 1, True)
            self._watch.start()
        watched = self._watch
        try:
            try:
                watched.at = path
                return packed.dump(undisturbed(lambda: facts.collect(code, path)))
            finally:
                watched.at = OFF
        except Overtime:
            return LATE
        except (Exception, RecursionError):
            return None
        finally:
            watched.forgive(path)
