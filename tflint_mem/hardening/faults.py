"""Faults of this program: each costs the place where it happened, is told in one line, and the run ends with exit code 2.

What failed (a rule on a module, the reading of a file, the building of a fix, the report of a finding) is left out, everything
else goes on.  Where nobody keeps the faults, they are raised as any exception: a program that calls the engine sees them.
"""

import sys

_REPORT = "please report this as a bug, with the text that --verbose adds"
_LONGEST = 200  # characters of an exception's own text


class Overtime(BaseException):
    """The analysis of one file takes too long: see `watch`.  No `except Exception` on the way may take it for its own."""


class Faults:
    """What went wrong in one run.

    say      prints one line on standard error
    verbose  show the traceback below the line
    seen     {(what, path)}: each is told once, however often the files are checked again while they are fixed
    latest   those of the analysis that runs now: see `begin`
    """

    def __init__(self, say, verbose=False):
        self._say, self.verbose = say, verbose
        self.seen, self.latest = set(), set()

    def __bool__(self):
        return bool(self.seen)

    def begin(self):
        """From now on `latest` is filled anew."""
        self.latest = set()

    def add(self, what, path=None, row=None, failure=None):
        """`what` failed, for example "rule TFM101", at a place; `failure` is the exception that is handled now when it is not given."""
        failure = failure or Failure(sys.exc_info()[1], self.verbose)
        self._tell(
            what,
            path,
            f"{_place(path, row)}{what} failed and is left out here: {failure.text}; {_REPORT}",
            failure.trace,
        )

    def overtime(self, what, path, seconds):
        """The file at `path`, or what is no single file's, was given up after so many seconds."""
        self._tell(
            what,
            path,
            f"{_place(path, None)}{what} is left out: it takes longer than {seconds:g} s (--timeout-per-file)",
        )

    def around(self, what, path=None):
        """A `with` block whose fault costs the rest of the block only.  Mistakes of the user and the end of a pipe pass through."""
        return _Around(self, what, path)

    def _tell(self, what, path, line, trace=""):
        self.latest.add((what, path))
        if (what, path) not in self.seen:
            self.seen.add((what, path))
            self._say(line)
            for row in trace.splitlines():
                self._say(f"  {row}")


class Failure:
    """What is kept of an exception, so that its frames and all they hold can go.

    text     type and message in one row            trace    the traceback, if it is wanted
    places   [(module of the project, row or None)] that the frames were about, outermost first
    """

    __slots__ = ("text", "trace", "places", "memory")

    def __init__(self, error, verbose):
        self.text = _one_row(error)
        self.memory = isinstance(error, (MemoryError, RecursionError))
        self.trace = _formatted(error) if verbose else ""
        self.places = _places(error.__traceback__)


class _Around:
    def __init__(self, faults, what, path):
        self._faults, self._what, self._path = faults, what, path

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        from tflint_mem.settings.config import UsageError

        from .streams import refused

        if not isinstance(error, Exception) or isinstance(error, (UsageError, BrokenPipeError)) or refused(error):
            return False
        self._faults.add(self._what, self._path, failure=Failure(error, self._faults.verbose))
        return True


def _place(path, row):
    return "" if path is None else f"{path}:{row}: " if row else f"{path}: "


def _one_row(error):
    try:
        text = " ".join(str(error).split())
    except Exception:  # an exception that cannot even be shown
        text = ""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _formatted(error):
    import traceback

    try:
        return "".join(traceback.format_exception(type(error), error, error.__traceback__, limit=-40))
    except Exception:  # no memory or depth left for it
        return ""


def _places(traceback):
    """A rule looks at calls of modules, which its functions name `m` and `i`."""
    from tflint_mem.project.linking.module import Module

    found = {}
    while traceback is not None:
        names = traceback.tb_frame.f_locals
        m, i = names.get("m"), names.get("i")
        if isinstance(m, Module) and m not in found:
            found[m] = m.calls[i][6][0] if isinstance(i, int) and 0 <= i < len(m.calls) else None
        traceback = traceback.tb_next
    return list(found.items())
