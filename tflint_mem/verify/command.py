"""--verify as the command line uses it: say what will run, run it with a progress bar, write the page and the snippets.

    outcome = command.run(findings, sources, settings, given, stream=sys.stderr)

Everything for people goes to `stream`; the outcome's findings go on to the reports.
"""

import contextlib
import os
import re
import signal
import sys
import threading
import time

from tflint_mem.hardening import safe
from tflint_mem.verify.plan import interpreter
from tflint_mem.verify.plan.options import OptionError, Options

from . import session

_BAR = 24


class Progress:
    """One row that is drawn over itself on a terminal, with the seconds of the stage; nothing elsewhere."""

    def __init__(self, stream, quiet, clock=time.monotonic):
        self.stream, self.clock = stream, clock
        self.shown = not quiet and hasattr(stream, "isatty") and stream.isatty()
        self.width, self._row, self._began = 0, None, 0.0
        self._lock, self._over, self._ticker = threading.Lock(), threading.Event(), None

    def __call__(self, number, total, finding, stage):
        if not self.shown:
            return
        done = number + {"flagged": 0.0, "behind": 0.4, "fixed": 0.5, "done": 1.0}[stage]
        filled = int(_BAR * done / total)
        place = f"{os.path.basename(finding.path)}:{finding.start[0]}"
        words = {"flagged": "as flagged", "behind": "behind the loop", "fixed": "as fixed", "done": "done"}[stage]
        row = f"verifying [{'#' * filled}{'-' * (_BAR - filled)}] {min(number + 1, total)}/{total} {finding.code} {place} {words}"
        with self._lock:
            self._row, self._began = (safe.field(row), stage != "done"), self.clock()
        self.draw()
        if self._ticker is None:
            self._ticker = threading.Thread(target=self._tick, daemon=True)
            self._ticker.start()

    def draw(self) -> None:
        """Draws the row as it is now."""
        with self._lock:
            row, runs = self._row
            row += f", {self.clock() - self._began:.0f} s" if runs else ""
            self.stream.write("\r" + row.ljust(self.width))
            self.stream.flush()
            self.width = len(row)

    def _tick(self) -> None:
        while not self._over.wait(1.0):
            self.draw()

    def end(self):
        """Removes the row."""
        self._over.set()
        if self._ticker is not None:
            self._ticker.join(2.0)
        if self.shown and self.width:
            self.stream.write("\r" + " " * self.width + "\r")
            self.stream.flush()


def options_of(settings, given):
    """Options from the configuration's `verify` table and what the command line gives (None: not given).

    given: {"python", "device", "timeout", "total", "memory", "codes", "keep", "network", "setup"}.  Raises OptionError.
    """
    config_path = getattr(settings, "config_path", None)
    base = os.path.dirname(os.path.abspath(config_path)) if config_path else getattr(settings, "project_root", None)
    table = getattr(settings, "verify", None) or {}
    if given.get("memory") is not None:
        from tflint_mem.verify.plan.options import parse_bytes

        given = dict(given, memory=parse_bytes(given["memory"]))
    options = Options.from_table(table, base, **given)
    options.python = interpreter.resolve(options.python, getattr(settings, "project_root", None))
    return options


def run(findings, sources, settings, given, report=None, source_of=None, stream=None, quiet=False):
    """Verifies, and writes `report` (an HTML page) and the snippets of `given["keep"]`.

    sources    iterable of Source of the run      source_of(path)   the Source of a path; default: from `sources`
    Returns session.Outcome; `unwritten` has a line for the page or the snippets when they could not be written.  Raises
    OptionError before anything runs, and OSError when the folder for the snippets cannot be made.
    """
    stream = sys.stderr if stream is None else stream
    options = options_of(settings, given)
    source_list = list(sources)
    if source_of is None:
        by_path = {os.path.abspath(source.path): source for source in source_list}
        source_of = lambda path: by_path.get(os.path.abspath(path))  # noqa: E731
    if options.keep:
        os.makedirs(options.keep, exist_ok=True)
    if report:
        _check_writable(report)

    def announce(environment):
        if not quiet:
            stream.write(safe.field(session.announcement(findings, options, environment)) + "\n")
            stream.flush()

    progress = Progress(stream, quiet)
    try:
        with _terminable():
            outcome = session.verify_findings(findings, source_list, settings, options, progress, announce)
    finally:
        progress.end()
    if options.keep:
        _written(outcome, f"--keep {options.keep}", lambda: keep(outcome, options.keep))
    if report:
        from tflint_mem.verify.report import html_page

        _written(
            outcome,
            f"--report {report}",
            lambda: html_page.write(report, html_page.render(outcome, source_of, options)),
        )
    if outcome.interrupted and not quiet:
        stream.write(f"Interrupted: {len(outcome.results)} of the findings were verified.\n")
    if outcome.skipped and not quiet:
        stream.write(f"The total time is up: {outcome.skipped} findings were not verified.\n")
    return outcome


def _written(outcome, what, write):
    """Write a file; what was measured is not lost when that fails."""
    try:
        write()
    except OSError as error:
        outcome.unwritten.append(f"{what}: {error.strerror or error}")
    except Exception as error:
        outcome.unwritten.append(f"{what}: not written: {error!r}; please report this as a bug")


@contextlib.contextmanager
def _terminable():
    """A request to terminate ends the run as Ctrl-C does: children are ended and what was measured is kept."""

    def interrupt(number, frame):
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's business
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _check_writable(path):
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder) or os.path.isdir(path):
        raise OptionError(
            f"cannot write the report {path}: {'it is a folder' if os.path.isdir(path) else 'no such folder'}"
        )


def keep(outcome, folder):
    """Writes what ran for each result, flagged and fixed, as runnable files.  Returns their paths.  Raises OSError."""
    from tflint_mem.storage.new_file import put

    written, taken = [], set()
    for result in outcome.results:
        finding = result.finding
        stem = re.sub(r"\W+", "_", os.path.splitext(os.path.basename(finding.path))[0])
        cell = f"_cell{finding.cell}" if finding.cell else ""
        base = f"{finding.code}_{stem}{cell}_{finding.start[0]}"
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base}_{number}"
        taken.add(name)
        for suffix, text in (("", result.reproduction()), ("_fixed", result.reproduction(fixed=True))):
            if text:
                path = os.path.join(folder, name + suffix + ".py")
                put(path, text)
                written.append(path)
    return written


def at_place(findings, path, row=None):
    """The findings of a file, or of one row of it; for a row without one, a stand-in so that any loop can be measured.

    A stand-in has the code "-": it accuses nobody, it only says where to measure.  Raises OptionError for a row that the
    file does not have.
    """
    from tflint_mem.finding import Finding

    if row is not None:
        _check_row(path, row)
    real = os.path.realpath(path)
    found = [finding for finding in findings if os.path.realpath(finding.path) == real and finding.code != "TFM000"]
    if row is None:
        return found
    exact = [finding for finding in found if finding.start[0] <= row <= finding.end[0]]
    return exact or [
        Finding(
            code="-",
            name="place",
            group="leak",
            severity="hint",
            message="what this place does to memory",
            path=path,
            start=(row, 1),
            end=(row, 1),
        )
    ]


def _check_row(path, row):
    from tflint_mem.sources.source import Source, SourceError

    try:
        lines = Source.read(path).lines
    except (OSError, SourceError):
        return  # that the file cannot be read is said elsewhere
    rows = len(lines) - 1 if lines and not lines[-1].strip() else len(lines)
    if not 1 <= row <= rows:
        raise OptionError(f"{path}:{row}: the file has {rows} row{'s' if rows != 1 else ''}")
