"""How long the analysis of a file may take: what outlasts the limit is interrupted, and the file left out.

A timer looks from time to time at what is being worked on and adds the time to that file's account, so a run pays nothing for it
file by file.  Time is that of the processor: a busy machine makes no file slow.  Without such a timer (on Windows, or in a
thread) the account is made up whenever the work goes on to another file: what took too long is left out of the rest.
"""

import time

from .faults import Overtime

OFF, SHARED = -2, -1  # nothing may be interrupted; work for no single file
PER_FILE = 0.05  # seconds that each file adds to what shared work may take
_LOOKS = 20  # times within a limit
_SHORTEST, _LONGEST = 0.02, 1.0  # seconds between two looks


class Watch:
    """No limit.

    at      what is worked on now: the path of a file that is read, the index of a module that a rule looks at, SHARED or OFF
    latest  the module that was looked at last
    late    what was found to take too long
    """

    limit = 0.0

    def __init__(self):
        self.at = self.latest = OFF
        self.late = set()

    def start(self):
        """Begin to look."""

    def stop(self):
        """Look no more."""
        self.at = OFF

    def forgive(self, at):
        """Begin the account of something anew."""


class _Accounts(Watch):
    def __init__(self, limit, files):
        self._spent, self._then = {}, time.process_time()
        self.limit, self._shared = limit, limit + PER_FILE * files
        super().__init__()

    def forgive(self, at):
        self.late.discard(at)
        self._spent.pop(at, None)

    def _add(self, at):
        """Enter the time since the last look; True when it was too much."""
        now = time.process_time()
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

    def __init__(self, limit, files, signals):
        super().__init__(limit, files)
        self._signals, self._before = signals, None

    def start(self):
        pause = min(max(self.limit / _LOOKS, _SHORTEST), _LONGEST)
        self._before = self._signals.signal(self._signals.SIGALRM, self._look)
        self._signals.setitimer(self._signals.ITIMER_REAL, pause, pause)

    def stop(self):
        super().stop()
        self._signals.setitimer(self._signals.ITIMER_REAL, 0)
        self._signals.signal(self._signals.SIGALRM, self._before)

    def _look(self, number, frame):
        if self._add(self.at):
            raise Overtime


class Patient(_Accounts):
    """Nothing is interrupted; the account is made up when the work goes on."""

    _at = OFF

    @property
    def at(self):
        return self._at

    @at.setter
    def at(self, at):
        if at != self._at:
            self._add(self._at)
            self._at = at


def of(limit, files, alone):
    """The watch for a run over so many files; `alone`: the process does nothing else."""
    if not limit > 0:
        return Watch()
    signals = _signals() if alone else None
    return Patient(limit, files) if signals is None else Timed(limit, files, signals)


def _signals():
    """The interpreter's own module: `signal` around it imports `enum`, which costs more than a small file."""
    try:
        import _signal
    except ImportError:
        return None
    return _signal if hasattr(_signal, "setitimer") else None
