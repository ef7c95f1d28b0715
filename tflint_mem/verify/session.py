"""One run of --verify: findings in, findings with their `verification` out: one after another, several at the same time
on this machine, or spread over the machines of an engine."""

from __future__ import annotations

import contextlib
import functools
import os
import threading

from tflint_mem.verify.containment import runner
from tflint_mem.verify.plan.options import CannotVerify, refuse_elsewhere
from tflint_mem.verify.plan.places import place_of
from tflint_mem.verify.plan.seat import processors
from tflint_mem.verify.verdict.contract import device_name
from tflint_mem.verify.verdict.units import size

from .work import Work

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from typing import Protocol

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

    class _Engine(Protocol):
        """Machines that findings are spread over."""

        def environment(self, options: Options) -> Environment:
            """What their interpreters have.  Raises OptionError."""

        def results(
            self,
            work: Work,
            findings: Sequence[tuple[int, Finding]],
            environment: Environment,
            tell: Callable[[int, Finding, Stage], None],
        ) -> Generator[tuple[int, Result | None], None, None]:
            """Number and result of each finding, as they are done; None for one that there was no time for."""


class Outcome:
    """What a run of --verify found.

    findings     all that were given, with `verification` where one was made
    results      in the order of the findings
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
    """Verifies findings.

    findings  those that options.codes (when given) does not name pass through untouched
    sources   of the run: their text decides, not what is on disk now
    settings  for the project root
    progress  called when a stage of a finding begins
    announce  called with the environment before the first snippet runs

    Raises CannotVerify before anything runs when the interpreter or the device is not there, OptionError when the
    set-up code cannot be read.
    """
    engine = _engine(options)
    environment = check_environment(options) if engine is None else engine.environment(options)
    if announce is not None:
        announce(environment)
    work = Work(list(sources), _folders(findings, settings), options)
    wanted = [(number, finding) for number, finding in enumerate(findings) if _is_wanted(finding, options)]
    shown = _Shown(progress, len(wanted))
    if engine is not None:
        found = engine.results(work, wanted, environment, shown.tell)
    elif options.jobs == 1 or len(wanted) < 2:
        found = _one_after_another(work, wanted, environment, shown.tell)
    else:
        from . import side_by_side

        found = side_by_side.results(work.verify, options, wanted, environment, shown.tell)
    results: dict[int, Result] = {}
    interrupted, skipped = False, 0
    with contextlib.closing(found):
        try:
            for number, result in found:
                if result is None:
                    skipped += 1
                else:
                    results[number] = result
        except KeyboardInterrupt:
            interrupted = True
    replaced = [results[number].finding if number in results else finding for number, finding in enumerate(findings)]
    return Outcome(replaced, [results[number] for number in sorted(results)], environment, interrupted, skipped)


def _engine(options: Options) -> _Engine | None:
    """What spreads the findings over other machines.  Raises OptionError when it is not there."""
    if options.on is None:
        return None
    from . import on_ray

    return on_ray.Cluster()


def _one_after_another(
    work: Work,
    findings: Sequence[tuple[int, Finding]],
    environment: Environment,
    tell: Callable[[int, Finding, Stage], None],
) -> Generator[tuple[int, Result | None], None, None]:
    for number, finding in findings:
        yield number, work.verify(finding, work.options, environment, functools.partial(tell, number, finding))


class _Shown:
    """Tells `progress` of stages, from any thread; a finding that begins is the next one, whichever it is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress, self._total = progress, total
        self._lock, self._done = threading.Lock(), 0

    def tell(self, number: int, finding: Finding, stage: Stage) -> None:
        """A stage of a finding begins."""
        if self._progress is None:
            return
        with self._lock:
            self._progress(self._done, self._total, finding, stage)
            self._done += stage == "done"


def check_environment(options: Options) -> Environment:
    """What the child's interpreter has.  Raises CannotVerify when it cannot serve, OptionError for the set-up code."""
    refuse_elsewhere()
    options.setup_source()
    environment, reason = runner.inspect(options)
    if environment is None:
        raise CannotVerify(reason or "")
    if options.device == "gpu" and not environment["gpus"]:
        why = f"; {environment['nvml']}" if environment.get("nvml") else ""
        raise CannotVerify(
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
    at_once = _at_once(options)
    return (
        f"Running {count} snippet{'s' if count != 1 else ''} of your code under TensorFlow "
        f"{environment['tensorflow']} on {device_name(environment, options)}: scratch folder, network {network}, "
        f"at most {options.timeout:.0f} s and {size(options.memory)} each{at_once}.{shared}{_gaps(environment)}"
    )


def _at_once(options: Options) -> str:
    if options.on is not None:
        return f", spread over a {options.on.capitalize()} cluster"
    return "" if options.jobs == 1 else f", {options.jobs or len(processors())} at the same time"


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
