"""`--verify`: hand the findings of a run to the verifier and keep what it measured for the reports."""

from tflint_mem.settings.config import UsageError


def verify(run):
    """Verify `run.findings` as `run.options.verify` says; they come back with their `verification`.

    What was measured stays in `run.verified`, by finding.  Raises UsageError before anything runs when an option, the
    interpreter or the device is not there, and OSError when a report or snippet cannot be written.
    """
    from tflint_mem.verify import OptionError, command

    given = {name: value for name, value in run.options.verify.items() if value is not None}
    report = given.pop("report", None)
    try:
        outcome = command.run(
            [finding for finding in run.findings if finding.code != "TFM000"],
            run.reader.kept(),
            run.settings,
            given,
            report=report,
            source_of=run.reader.get,
            quiet=run.options.quiet,
        )
    except OptionError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None
    run.findings = sorted(
        [*(f for f in run.findings if f.code == "TFM000"), *outcome.findings], key=lambda f: f.sort_key()
    )
    run.interrupted = outcome.interrupted
    for line in outcome.unwritten:
        run.failed = True
        run.warn(line)
    run.verified = {key(result.finding): result for result in outcome.results}
    return outcome


def key(finding):
    """What tells a finding from the others of its run."""
    return (finding.path, finding.cell, finding.start, finding.code)


def place(argument):
    """`(path, row or None)` of FILE.py or FILE.py:ROW."""
    path, colon, row = argument.rpartition(":")
    if colon and row.isdigit():
        return path, int(row)
    return argument, None
