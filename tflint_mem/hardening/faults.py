"""Faults of this program: each costs the place where it happened, is told in one line, and the run ends with exit code
2.

What failed (a rule on a module, the reading of a file, the building of a fix, the report of a finding) is left out,
everything else goes on.  Where nobody keeps the faults, they are raised as any exception: a program that calls the
engine sees them.
"""

from __future__ import annotations

import sys

from .errors import UsageError
from .notices import FAULT, OVERTIME, Notice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

    from .notices import Tell

_REPORT = "please report this as a bug, with the text that --verbose adds"
_LONGEST = 200  # characters of an exception's own text


class Interrupted(BaseException):
    """Nobody waits for the analysis any more."""


class Overtime(BaseException):
    """The analysis of one file takes too long: see `watch`.  No `except Exception` on the way may take it for
    its own.
    """


class Faults:
    """What went wrong in one run.

    verbose  keep the traceback of each
    seen     {(what, path)}: each is told once, however often the files are checked again while they are fixed
    latest   those of the analysis that runs now: see `begin`
    """

    def __init__(self, tell: Tell, verbose: bool = False) -> None:
        """tell   is given a Notice for each fault"""
        self._tell, self.verbose = tell, verbose
        self.seen: set[tuple[str, str | None]] = set()
        self.latest: set[tuple[str, str | None]] = set()

    def __bool__(self) -> bool:
        return bool(self.seen)

    def begin(self) -> None:
        """From now on `latest` is filled anew."""
        self.latest = set()

    def add(self, what: str, path: str | None = None, row: int | None = None, failure: Failure | None = None) -> None:
        """`what` failed, for example "rule TFM101", at a place; `failure` is the exception that is handled now when it
        is not given.
        """
        failure = failure or Failure.now(self.verbose)
        self.enter(
            FAULT,
            what,
            path,
            f"{_place(path, row)}{what} failed and is left out here: {failure.text}; {_REPORT}",
            failure.trace,
        )

    def overtime(self, what: str, path: str | None, seconds: float) -> None:
        """The file at `path`, or what is no single file's, was given up after so many seconds."""
        self.enter(
            OVERTIME,
            what,
            path,
            f"{_place(path, None)}{what} is left out: it takes longer than {seconds:g} s (--timeout-per-file)",
        )

    def around(self, what: str, path: str | None = None) -> _Around:
        """A `with` block whose fault costs the rest of the block only.  Mistakes of the user and the end of a pipe pass
        through.
        """
        return _Around(self, what, path)

    def enter(self, kind: str, what: str, path: str | None, text: str, trace: str = "") -> None:
        """A fault as it is told: here, or in a process that works for this one."""
        self.latest.add((what, path))
        if (what, path) not in self.seen:
            self.seen.add((what, path))
            self._tell(Notice(kind=kind, path=path, text=text, trace=trace))


class Failure:
    """What is kept of an exception, so that its frames and all they hold can go.

    text     type and message in one row
    trace    the traceback, if it is wanted
    memory   memory, or the depth of calls, was not enough
    """

    __slots__ = ("text", "trace", "memory")

    def __init__(self, error: BaseException, verbose: bool) -> None:
        self.text = _one_row(error)
        self.memory = isinstance(error, (MemoryError, RecursionError))
        self.trace = _formatted(error) if verbose else ""

    @classmethod
    def now(cls, verbose: bool) -> Failure:
        """That of the exception that is handled now."""
        return cls(sys.exc_info()[1] or RuntimeError("no exception is handled"), verbose)


class _Around:
    def __init__(self, faults: Faults, what: str, path: str | None) -> None:
        self._faults, self._what, self._path = faults, what, path

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        from .streams import refused

        if not isinstance(error, Exception) or isinstance(error, (UsageError, BrokenPipeError)) or refused(error):
            return False
        self._faults.add(self._what, self._path, failure=Failure(error, self._faults.verbose))
        return True


def _place(path: str | None, row: int | None) -> str:
    return "" if path is None else f"{path}:{row}: " if row else f"{path}: "


def _one_row(error: BaseException) -> str:
    try:
        text = " ".join(str(error).split())
    except Exception:  # an exception that cannot even be shown
        text = ""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _formatted(error: BaseException) -> str:
    import traceback

    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-40))
    except Exception:  # no memory or depth left for it
        return ""
