"""Processes that work for this one: forked, so that they know what it knows, and ended with it.

Each takes tasks in order and answers them in order.  One that dies, whatever kills it, costs the task it was at; what
else it had been given is given to the next.  Only a process without threads, and that is ours alone, may fork.
"""

from __future__ import annotations

import marshal
import os
import select
import signal
import sys
from collections import deque

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Work = Callable[[Any], Any]  # a task to its answer, both of what `marshal` takes

_PR_SET_PDEATHSIG = 1  # of Linux's <sys/prctl.h>
_AT_ONCE = 1 << 18  # bytes that are read from a pipe in one go


class Died(Exception):
    """A process of the crew has ended in the middle of a task."""


class Worker:
    """One process, as seen from the one that forked it.

    waiting   the tasks that it has not answered yet, oldest first
    """

    def __init__(self, work: Work) -> None:
        tasks, self._out = os.pipe()
        self.answers, answers = os.pipe()
        self.waiting: deque[Any] = deque()
        self._unsent, self._read = bytearray(), bytearray()
        parent = os.getpid()
        self._pid = os.fork()
        if self._pid == 0:
            try:
                signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C is for the parent to tell
                os.close(self._out)
                os.close(self.answers)
                _end_with(parent)
                _serve(tasks, answers, work)
            finally:
                os._exit(1)  # nothing of the parent's is flushed or tidied up
        os.close(tasks)
        os.close(answers)
        os.set_blocking(self._out, False)

    def give(self, task: Any) -> None:
        """One more task."""
        self.waiting.append(task)
        raw = marshal.dumps(task)
        self._unsent += len(raw).to_bytes(8, "little") + raw
        self.send()

    def send(self) -> None:
        """Send what the pipe takes."""
        try:
            while self._unsent:
                del self._unsent[: os.write(self._out, self._unsent[:_AT_ONCE])]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            self._unsent.clear()  # it is dead, which is found when it is heard

    @property
    def sending(self) -> int | None:
        """The descriptor to wait for, when something is not sent yet."""
        return self._out if self._unsent else None

    def hear(self) -> list[tuple[Any, Any]]:
        """[(task, answer)] of what it has said; the answer to the last is a `Died` when it is dead."""
        raw = os.read(self.answers, _AT_ONCE)
        if not raw:
            died = Died(self._end())
            return [(self.waiting.popleft(), died)] if self.waiting else []
        heard = []
        self._read += raw
        while len(self._read) >= 8 and len(self._read) >= 8 + (size := int.from_bytes(self._read[:8], "little")):
            heard.append((self.waiting.popleft(), marshal.loads(self._read[8 : 8 + size])))
            del self._read[: 8 + size]
        return heard

    @property
    def alive(self) -> bool:
        """Has nobody waited for its end yet?"""
        return self._pid > 0

    def close(self) -> None:
        """End it: it holds nothing that would be lost."""
        if self._pid > 0:
            try:
                os.kill(self._pid, signal.SIGKILL)
            except OSError:
                pass
            self._end()

    def _end(self) -> str:
        pid, self._pid = self._pid, 0
        os.close(self._out)
        os.close(self.answers)
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        return f"its process ended by signal {-code}" if code < 0 else f"its process ended with code {code}"


class Crew:
    """Some workers that do the same work.

    workers   those that are alive
    """

    def __init__(self, count: int, work: Work) -> None:
        self._work = work
        self.workers: list[Worker] = []
        try:
            for _ in range(count):
                self.workers.append(Worker(work))
        except BaseException:
            self.close()
            raise

    def hear(self) -> list[tuple[Worker, Any, Any]]:
        """[(worker, task, answer)], waiting for at least one; see `Worker.hear`.

        Another takes the place of one that is dead, and has its tasks.
        """
        heard: list[tuple[Worker, Any, Any]] = []
        while not heard:
            poll = select.poll()
            by_descriptor = {}
            for worker in self.workers:
                by_descriptor[worker.answers] = worker
                poll.register(worker.answers, select.POLLIN)
                if worker.sending is not None:
                    by_descriptor[worker.sending] = worker
                    poll.register(worker.sending, select.POLLOUT)
            for descriptor, _ in poll.poll():
                worker = by_descriptor[descriptor]
                if descriptor != worker.answers:
                    if worker.alive:
                        worker.send()
                    continue
                heard += [(worker, task, answer) for task, answer in worker.hear()]
                if not worker.alive:
                    self._replace(worker)
        return heard

    def close(self) -> None:
        """End them all."""
        for worker in self.workers:
            worker.close()
        self.workers = []

    def _replace(self, worker: Worker) -> None:
        other = Worker(self._work)
        self.workers[self.workers.index(worker)] = other
        for task in worker.waiting:
            other.give(task)


def _serve(tasks: int, answers: int, work: Work) -> None:
    """What a worker does until there is nobody to work for."""
    with open(tasks, "rb") as source, open(answers, "wb") as sink:
        while head := source.read(8):
            raw = marshal.dumps(work(marshal.loads(source.read(int.from_bytes(head, "little")))))
            sink.write(len(raw).to_bytes(8, "little"))
            sink.write(raw)
            sink.flush()


def _end_with(parent: int) -> None:
    """Linux ends this process when the parent is gone, however that came; elsewhere it ends when a pipe breaks."""
    if sys.platform == "linux":
        try:
            import ctypes

            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        except (ImportError, OSError, AttributeError):
            pass
    if os.getppid() != parent:
        os._exit(1)
