"""`--verify`: hand the findings of a run to the verifier and keep what it measured for the reports."""

from __future__ import annotations

from tflint_mem.finding import CODES_OF_FILES
from tflint_mem.hardening.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .check import Run


def verify(run: Run) -> None:
    """Verify `run.findings` as `run.options.verify` says; they come back with their `verification`.

    What was measured stays in `run.verified`, by finding.  Where nothing can be measured (no TensorFlow, no such
    device) the findings stay as they are and the run has failed.  Raises UsageError before anything runs for a wrong
    option, and when a report or snippet cannot be written.
    """
    from tflint_mem.verify import command
    from tflint_mem.verify.place import PLACE
    from tflint_mem.verify.plan.options import CannotVerify, OptionError

    given: Any = {name: value for name, value in (run.options.verify or {}).items() if value is not None}
    report = given.pop("report", None)
    try:
        outcome = command.run(
            [finding for finding in run.findings if finding.code not in CODES_OF_FILES],
            run.reader.kept(),
            run.settings,
            given,
            report=report,
            source_of=run.reader.get,
            quiet=run.options.quiet,
        )
    except CannotVerify as error:
        run.failed = True
        run.findings = [finding for finding in run.findings if finding.code != PLACE]
        run.warn(f"--verify: {error}")
        return
    except OptionError as error:
        raise UsageError(str(error)) from None
    except OSError as error:
        raise UsageError(f"{error.filename}: {error.strerror}") from None
    run.findings = sorted(
        [*(f for f in run.findings if f.code in CODES_OF_FILES), *outcome.findings], key=lambda f: f.sort_key()
    )
    run.interrupted = outcome.interrupted
    for line in outcome.unwritten:
        run.failed = True
        run.warn(line)
    run.verified = {result.finding.key(): result for result in outcome.results}
