"""--verify as the command line uses it: say what will run, run it with a progress bar, write the page and the snippets.

    outcome = command.run(findings, sources, settings, given, stream=sys.stderr)

Everything for people goes to `stream`; the outcome's findings go on to the reports.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
import threading

from tflint_mem.hardening import safe
from tflint_mem.storage.new_file import put
from tflint_mem.verify.plan import environments, interpreter
from tflint_mem.verify.plan.options import OptionError, Options, parse_bytes, refuse_elsewhere
from tflint_mem.verify.verdict.words import NOT_RUNNABLE

from . import helpful, session
from .place import at_place
from .progress import Progress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, TextIO

    from tflint_mem.finding import Finding
    from tflint_mem.settings.config import Settings
    from tflint_mem.sources.source import Source
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Given

    from .session import Outcome


# At the end of each reproduction, wherever it is kept.
_LEFT_OUT = "\n\n# What is reproduced here is reported where it stands.\n# tflint-mem: skip-file\n"
_IGNORE = "# Reproductions made by tflint-mem; without this file they are checked and committed\n*\n"

__all__ = ["Progress", "at_place", "keep", "make_folder", "options_of", "run"]


def options_of(settings: Settings | None, given: Given) -> Options:
    """Options from the configuration's `verify` table and what the command line gives.  Raises OptionError."""
    config_path = getattr(settings, "config_path", None)
    root: str | None = getattr(settings, "project_root", None)
    base = os.path.dirname(os.path.abspath(config_path)) if config_path else root
    table: Mapping[str, object] = getattr(settings, "verify", None) or {}
    overrides: dict[str, Any] = {**given}
    if overrides.get("memory") is not None:
        overrides["memory"] = parse_bytes(overrides["memory"])
    made = None
    if overrides.get("python") is None and "python" not in table:
        made = environments.of_project(root)
    if made is not None:
        overrides.update(python=made.interpreter, legacy_keras=made.legacy_keras)
    options = Options.from_table(table, base, **overrides)
    options.python = interpreter.resolve(options.python, root)
    return options


def run(
    findings: Sequence[Finding],
    sources: Iterable[Source],
    settings: Settings | None,
    given: Given,
    report: str | None = None,
    source_of: Callable[[str], Source | None] | None = None,
    stream: TextIO | None = None,
    quiet: bool = False,
) -> Outcome:
    """Verifies, and writes a page to the path `report` and the snippets to the folder of `given["keep"]`.

    sources    of the run      source_of   the Source of a path; None: from `sources`
    stream     for people; None: standard error

    The outcome's `unwritten` has a line for the page or the snippets when they could not be written.  Raises
    OptionError and CannotVerify before anything runs, and OSError when the folder for the snippets cannot be made.
    """
    refuse_elsewhere()
    out = sys.stderr if stream is None else stream
    options = options_of(settings, given)
    source_list = list(sources)
    by_path = {os.path.abspath(source.path): source for source in source_list}

    def of_run(path: str) -> Source | None:
        return by_path.get(os.path.abspath(path))

    if options.keep:
        make_folder(options.keep)
    if report:
        _check_writable(report)

    def announce(environment: Environment) -> None:
        if not quiet:
            out.write(safe.field(session.announcement(findings, options, environment)) + "\n")
            out.flush()

    progress = Progress(out, quiet)
    try:
        with _terminable():
            outcome = session.verify_findings(findings, source_list, settings, options, progress, announce)
    finally:
        progress.end()
    folder = options.keep
    if folder:
        with _unwritten(outcome, f"--keep {folder}"):
            keep(outcome, folder)
    if report:
        with _unwritten(outcome, f"--report {report}"):
            from tflint_mem.verify.report import html_page

            html_page.write(report, html_page.render(outcome, source_of or of_run, options))
    if not quiet:
        for line in helpful.environments(outcome, getattr(settings, "project_root", None)):
            out.write(safe.field(line) + "\n")
    if outcome.interrupted and not quiet:
        out.write(f"Interrupted: {len(outcome.results)} of the findings were verified.\n")
    if outcome.skipped and not quiet:
        out.write(f"The total time is up: {outcome.skipped} findings were not verified.\n")
    return outcome


@contextlib.contextmanager
def _unwritten(outcome: Outcome, what: str) -> Iterator[None]:
    """Writing a file: what was measured is not lost when that fails."""
    try:
        yield
    except OSError as error:
        outcome.unwritten.append(f"{what}: {error.strerror or error}")
    except Exception as error:
        outcome.unwritten.append(f"{what}: not written: {error!r}; please report this as a bug")


@contextlib.contextmanager
def _terminable() -> Iterator[None]:
    """A request to terminate ends the run as Ctrl-C does: children are ended and what was measured is kept."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # signals are the main thread's business
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before if before is not None else signal.SIG_DFL)


def _check_writable(path: str) -> None:
    """Raises OptionError for a path at which no file can be."""
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder) or os.path.isdir(path):
        raise OptionError(
            f"cannot write the report {path}: {'it is a folder' if os.path.isdir(path) else 'no such folder'}"
        )


def make_folder(folder: str) -> None:
    """A folder for snippets; one that is new is left out by the next check of what it lies in.  Raises OSError."""
    if os.path.isdir(folder):
        return
    os.makedirs(folder)
    put(os.path.join(folder, ".gitignore"), _IGNORE)


def keep(outcome: Outcome, folder: str) -> list[str]:
    """Writes what ran for each result, flagged and fixed, as runnable files.  Returns their paths.  Raises OSError."""
    written: list[str] = []
    taken: set[str] = set()
    for result in outcome.results:
        name = _free_name(result.finding, taken)
        taken.add(name)
        if (result.finding.verification or {}).get("verdict") == NOT_RUNNABLE:
            name += "_not_runnable"  # what was tried, for whoever wants to help it along
        for suffix, text in (("", result.reproduction()), ("_fixed", result.reproduction(fixed=True))):
            if text:
                path = os.path.join(folder, name + suffix + ".py")
                put(path, text.rstrip("\n") + _LEFT_OUT)
                written.append(path)
    return written


def _free_name(finding: Finding, taken: set[str]) -> str:
    """A name of a file for a finding that no other has, without its ending."""
    stem = re.sub(r"\W+", "_", os.path.splitext(os.path.basename(finding.path))[0])
    cell = f"_cell{finding.cell}" if finding.cell else ""
    row, _ = finding.start
    base = f"{finding.code if finding.code != '-' else finding.name}_{stem}{cell}_{row}"
    name, number = base, 1
    while name in taken:
        number += 1
        name = f"{base}_{number}"
    return name
