"""One run of --verify: findings in, findings with their `verification` out, one after another."""

from __future__ import annotations

import os
import time

from tflint_mem.verify.containment import runner
from tflint_mem.verify.plan.options import OptionError
from tflint_mem.verify.plan.places import place_of
from tflint_mem.verify.plan.protocols import LEAST_SECONDS
from tflint_mem.verify.snippet.first_party import Files
from tflint_mem.verify.verdict.contract import device_name
from tflint_mem.verify.verdict.result import not_runnable
from tflint_mem.verify.verdict.units import size

from .experiment import verify_finding

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tflint_mem.finding import Finding
    from tflint_mem.settings.config import Settings
    from tflint_mem.sources.source import Source
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.verdict.result import Result

    from .experiment import Stage

    # (number from 0, number of findings in all, finding, stage that begins)
    Progress = Callable[[int, int, Finding, Stage], None]
    Announce = Callable[[Environment], None]


class Outcome:
    """What a run of --verify found.

    findings     all that were given, with `verification` where one was made
    results      in the order of the runs
    environment  what the child's interpreter has
    interrupted  Ctrl-C came
    skipped      number of findings that were left out because the total time was up
    unwritten    a line for each file that could not be written
    """

    __slots__ = ("findings", "results", "environment", "interrupted", "skipped", "unwritten")

    def __init__(
        self,
        findings: list[Finding],
        results: list[Result],
        environment: Environment,
        interrupted: bool,
        skipped: int,
    ) -> None:
        self.findings, self.results, self.environment = findings, results, environment
        self.interrupted, self.skipped = interrupted, skipped
        self.unwritten: list[str] = []


def verify_findings(
    findings: Sequence[Finding],
    sources: Iterable[Source],
    settings: Settings | None,
    options: Options,
    progress: Progress | None = None,
    announce: Announce | None = None,
) -> Outcome:
    """Verifies findings one after another.

    findings  those that options.codes (when given) does not name pass through untouched
    sources   of the run: their text decides, not what is on disk now
    settings  for the project root
    progress  called when a stage of a finding begins
    announce  called with the environment before the first snippet runs

    Raises OptionError before anything runs when the interpreter or the device is not there.
    """
    environment = check_environment(options)
    if announce is not None:
        announce(environment)
    folders = _folders(findings, settings)
    source_list = list(sources)
    files = Files(source_list, folders)
    wanted = [number for number, finding in enumerate(findings) if _is_wanted(finding, options)]
    replaced, interrupted, skipped = list(findings), False, 0
    results: list[Result] = []
    deadline = None if options.total is None else time.monotonic() + options.total
    for count, number in enumerate(wanted):
        seconds = options.timeout if deadline is None else min(options.timeout, deadline - time.monotonic())
        if seconds < LEAST_SECONDS and deadline is not None:
            skipped = len(wanted) - count
            break
        finding, began = findings[number], time.monotonic()

        def tell(stage: Stage, count: int = count, finding: Finding = finding) -> None:
            if progress is not None:
                progress(count, len(wanted), finding, stage)

        try:
            result = verify_finding(finding, files, options, environment, folders, seconds, tell)
        except KeyboardInterrupt:
            interrupted = True
            break
        except (OSError, RuntimeError, MemoryError) as error:
            # no room, no processes, no scratch folder: this finding's end, not the run's
            needs = [f"a system that can run it: {type(error).__name__}: {error}"]
            result = not_runnable(finding, options, environment, began, needs)
        tell("done")
        replaced[number] = result.finding
        results.append(result)
    return Outcome(replaced, results, environment, interrupted, skipped)


def check_environment(options: Options) -> Environment:
    """What the child's interpreter has.  Raises OptionError when it cannot serve."""
    if os.name != "posix":
        raise OptionError("--verify needs a POSIX system (Linux or macOS)")
    options.setup_source()
    environment, reason = runner.inspect(options)
    if environment is None:
        raise OptionError(reason or "")
    if options.device == "gpu" and not environment["gpus"]:
        why = f"; {environment['nvml']}" if environment.get("nvml") else ""
        raise OptionError(
            f"--verify-device gpu: TensorFlow {environment['tensorflow']} in {options.python} sees no GPU{why}"
        )
    return environment


def announcement(findings: Iterable[Finding], options: Options, environment: Environment) -> str:
    """What is about to run, in one sentence: nothing runs without the user having seen it."""
    count = sum(_is_wanted(finding, options) for finding in findings)
    isolated = environment.get("isolated")
    network = isolated.get("network", "on") if isolated else "on"
    others = environment.get("shared_with") if options.device != "cpu" and environment["gpus"] else 0
    shared = (
        f"  {others} other process{'es use' if others != 1 else ' uses'} the GPU; what they hold is not counted."
        if others
        else ""
    )
    return (
        f"Running {count} snippet{'s' if count != 1 else ''} of your code under TensorFlow "
        f"{environment['tensorflow']} on {device_name(environment, options)}: scratch folder, network {network}, "
        f"at most {options.timeout:.0f} s and {size(options.memory)} each.{shared}{_gaps(environment)}"
    )


def _gaps(environment: Environment) -> str:
    """Which protections this system does not give, in a sentence; "" when it gives all."""
    off = environment.get("unprotected")
    if not off:
        return ""
    reasons = "; ".join(
        f"{', '.join(name for name in off if off[name] == reason)} ({reason})" for reason in dict.fromkeys(off.values())
    )
    return f"  Not contained here: {reasons}.  See docs/verify-protection.md."


def _is_wanted(finding: Finding, options: Options) -> bool:
    if finding.code == "TFM000":
        return False
    if not options.codes:
        return True
    return any(_matches(finding, code) for code in options.codes)


def _matches(finding: Finding, selector: str) -> bool:
    """A code, a prefix of codes, a name, or a place: `file.py`, `file.py:12` or `nb.ipynb:cell 4:12`."""
    if finding.name == selector or finding.code.startswith(selector.upper()):
        return True
    place = place_of(selector)
    if not place.path.endswith((".py", ".ipynb")) or os.path.realpath(finding.path) != os.path.realpath(place.path):
        return False
    return place.row is None or place.cell in (None, finding.cell) and covers(finding, place.row)


def covers(finding: Finding, row: int) -> bool:
    """Does the flagged code reach over a row?"""
    (first, _), (last, _) = finding.start, finding.end
    return first <= row <= last


def _folders(findings: Iterable[Finding], settings: Settings | None) -> list[str]:
    """First-party folders, nearest first: those of the findings, the project root, the current one."""
    root = getattr(settings, "project_root", None)
    folders: list[str] = []
    for folder in [os.path.dirname(os.path.abspath(finding.path)) for finding in findings] + [root, os.getcwd()]:
        if folder and os.path.abspath(folder) not in folders:
            folders.append(os.path.abspath(folder))
    return folders
