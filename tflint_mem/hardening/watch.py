"""How long the analysis of a file may take: what outlasts the limit is interrupted, and the file left out.

A timer looks from time to time at what is being worked on and adds the time to that file's account, so a run pays
nothing for it file by file.  Time is that of the processor: a busy machine makes no file slow.  Without such a timer
(on Windows, or where the process is somebody else's) the account is made up whenever the work goes on to another file:
what took too long is left out of the rest.
"""

from __future__ import annotations

import math
import time

from .faults import Interrupted, Overtime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, ModuleType
    from typing import Any

    At = str | int  # the path of a file that is read, the index of a module that a rule looks at, SHARED or OFF

OFF, SHARED = -2, -1  # nothing may be interrupted; work for no single file
PER_FILE = 0.05  # seconds that each file adds to what shared work may take
_LOOKS = 20  # times within a limit
_SHORTEST, _LONGEST = 0.02, 1.0  # seconds between two looks


class Watch:
    """No limit.

    at      what is worked on now: the path of a file that is read, the index of a module that a rule looks at, SHARED
            or OFF
    latest  the module that was looked at last, SHARED or OFF
    late    what was found to take too long
    limit   seconds of processor time that one file may take; 0 for no limit
    """

    limit = 0.0

    def __init__(self) -> None:
        self.at: At = OFF
        self.latest: int = OFF
        self.late: set[At] = set()

    def start(self) -> None:
        """Begin to look."""

    def stop(self) -> None:
        """Look no more."""
        self.at = OFF

    def forgive(self, at: At) -> None:
        """Begin the account of something anew."""


class _Accounts(Watch):
    def __init__(self, limit: float, files: int, clock: Callable[[], float]) -> None:
        self._spent: dict[At, float] = {}
        self._clock, self._then = clock, clock()
        self.limit, self._shared = limit, limit + PER_FILE * files
        super().__init__()

    def forgive(self, at: At) -> None:
        self.late.discard(at)
        self._spent.pop(at, None)

    def _add(self, at: At) -> bool:
        """Enter the time since the last look; True when it was too much."""
        now = self._clock()
        spent, self._then = now - self._then, now
        if at == OFF:
            return False
        total = self._spent[at] = self._spent.get(at, 0.0) + spent
        if total <= (self._shared if at == SHARED else self.limit):
            return False
        self.late.add(at)
        return True


class Timed(_Accounts):
    """A timer interrupts what takes too long; in the main thread of a process that has no other use for SIGALRM."""

    def __init__(self, limit: float, files: int, signals: ModuleType) -> None:
        super().__init__(limit, files, time.process_time)
        self._signals = signals
        self._before: Any = None  # the handler of signals that was there

    def start(self) -> None:
        pause = min(max(self.limit / _LOOKS, _SHORTEST), _LONGEST)
        self._before = self._signals.signal(self._signals.SIGALRM, self._look)
        self._signals.setitimer(self._signals.ITIMER_REAL, pause, pause)

    def stop(self) -> None:
        super().stop()
        self._signals.setitimer(self._signals.ITIMER_REAL, 0)
        self._signals.signal(self._signals.SIGALRM, self._before)

    def _look(self, number: int, frame: FrameType | None) -> None:
        if self._add(self.at):
            raise Overtime


class Patient(_Accounts):
    """Nothing is interrupted; the account, of this thread alone, is made up when the work goes on."""

    _at: At = OFF

    def __init__(self, limit: float, files: int) -> None:
        super().__init__(limit, files, getattr(time, "thread_time", time.process_time))

    @property
    def at(self) -> At:
        """What is worked on now."""
        return self._at

    @at.setter
    def at(self, at: At) -> None:
        if at != self._at:
            self._add(self._at)
            self._at = at


class Waiting(Patient):
    """The same for an analysis that ends, by Interrupted, when the work goes on and nobody waits for it any more."""

    def __init__(self, limit: float, files: int, given_up: Callable[[], bool]) -> None:
        super().__init__(limit if limit > 0 else math.inf, files)
        self._given_up = given_up

    @property
    def at(self) -> At:
        """What is worked on now."""
        return self._at

    @at.setter
    def at(self, at: At) -> None:
        if at != self._at:
            self._add(self._at)
            self._at = at
            if at != OFF and self._given_up():
                raise Interrupted


def of(limit: float, files: int, alone: bool, given_up: Callable[[], bool] | None = None) -> Watch:
    """The watch for a run over so many files, with `limit` seconds for each.

    alone      the process does nothing else      given_up   tells when nobody waits for the run any more
    """
    if given_up is not None:
        return Waiting(limit, files, given_up)
    if not limit > 0:
        return Watch()
    signals = _signals() if alone else None
    return Patient(limit, files) if signals is None else Timed(limit, files, signals)


def _signals() -> ModuleType | None:
    """The interpreter's own module: `signal` around it imports `enum`, which costs more than a small file."""
    try:
        import _signal  # type: ignore[import-not-found]  # typeshed has none
    except ImportError:
        return None
    return _signal if hasattr(_signal, "setitimer") else None
