"""Reports: every format is written from the same findings by a module of its own with `render(run) -> str`.

    text, grouped, markdown       for people; with frame, patch and summary
    json, json_lines, pylint      for programs
    sarif, rdjson, github, gitlab, azure, junit   for services; with located and fingerprints
    statistics                    how often each rule was broken        fixes   what was fixed
    suggestions                   fixes as rows of a code review, for rdjson
    job_summary                   the table on the page of a run on GitHub
    unified                       `--diff`: a patch that `git apply` takes
    ways                          where else a finding is repeated from
    twins                         one finding for what stands several times
    run                           what all of them ask of a run

`write` is all that the command calls.  A report changes nothing; what it shows of the code under check goes through
`hardening.safe`.
"""

from __future__ import annotations

import os
import sys

from tflint_mem.hardening.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

    from tflint_mem.finding import Finding

    from .run import Run


def write(run: Run) -> None:
    """Render the run's reports and put them where the options say.  Raises UsageError, and OSError of standard
    output.
    """
    options, chosen = run.options, run.settings.output_format
    target = options.output_file
    # With fixes of standard input, standard output carries the new source.
    stream = sys.stderr if (run.stdin and run.settings.fix) or options.diff else sys.stdout
    if options.diff:
        text = _outcome(run)
        target = None
    elif run.settings.fix_only:
        run.findings = []  # they stay, and nobody asked about them
        text = _contained(run, chosen, False)
    else:
        text = _contained(run, chosen, _wants_color(options.color, stream) if not target else options.color == "always")
    for further, file in options.outputs:
        _save("--output-format", file, _contained(run, further, options.color == "always", further=True))
    if not options.diff and "github" in (chosen, *(further for further, _ in options.outputs)):
        from tflint_mem.report import job_summary

        job_summary.append(_contained(run, "markdown", False, further=True))
    if target:
        _save("--output-file", target, text)
        return
    if text and not options.silent:
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
        stream.write(text)
        stream.flush()


def _save(option: str, path: str, text: str) -> None:
    from tflint_mem.storage.new_file import save

    try:
        save(path, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise UsageError(f"{option} {path}: {error.strerror or error}") from None


def _contained(run: Run, chosen: str, color: bool, further: bool = False) -> str:
    """The report; a finding that cannot be shown is left out of it.

    further   it is written to a file beside what standard output gets
    """
    try:
        return _render(run, chosen, color, further)
    except Exception:  # which finding was it?
        whole = run.findings
        shown: list[Finding] = []
        for finding in whole:
            run.findings = [finding]
            with run.faults.around(f"the {chosen} report of {finding.code} in row {finding.start[0]}", finding.path):
                _render(run, chosen, color, further)
                shown.append(finding)
        run.findings = shown
        try:
            with run.faults.around(f"the {chosen} report"):
                return _render(run, chosen, color, further)
            from tflint_mem.hardening import safe

            return "".join(
                safe.row(
                    safe.field(f"{finding.path}:{finding.start[0]}:{finding.start[1]}: {finding.code} {finding.name}")
                )
                + "\n"
                for finding in shown
            )
        finally:
            run.findings = whole


def _render(run: Run, chosen: str, color: bool, further: bool) -> str:
    if run.options.statistics and not further:
        from tflint_mem.report import statistics

        return statistics.render(run)
    if chosen in ("full", "concise", "grouped"):
        if not run.findings and not run.fixed:
            return _outcome(run)  # the common case imports nothing
        if chosen == "grouped":
            from tflint_mem.report import grouped

            return grouped.render(run) + _outcome(run)
        from tflint_mem.report import text

        return text.render(run, full=chosen == "full", color=color) + _outcome(run)
    from importlib import import_module

    rendered: str = import_module(f"tflint_mem.report.{chosen.replace('-', '_')}").render(run)
    return rendered


def _outcome(run: Run) -> str:
    if run.options.quiet:
        return ""
    if not run.findings and not run.fixed and not run.settings.fix_only:
        if run.failed and not run.checked:
            return ""  # standard error says why
        files = f"{run.checked} file{'s' * (run.checked != 1)}"
        tail = f" ({run.baselined} in the baseline)" if run.baselined else ""
        return f"Checked {files}: no findings{tail}.\n{more(run)}"
    from tflint_mem.report import summary

    listed = ""
    if run.settings.show_fixes and run.fixed:
        from tflint_mem.report import fixes

        listed = fixes.render(run)
    return listed + summary.line(run) + "\n" + more(run)


def more(run: Run) -> str:
    """The line that says how many findings a default run holds back, and how to see them; empty when there are none."""
    number = 0 if run.settings.fix_only else run.held_back
    return f"{number} more finding{'s' * (number != 1)} with --pedantic.\n" if number else ""


def _wants_color(choice: str, stream: TextIO) -> bool:
    """Colour on a terminal unless NO_COLOR; FORCE_COLOR colours everything."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"
