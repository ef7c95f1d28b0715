"""One finding, from its slices to its result: the flagged version runs, what stands behind its loop, the fixed
version."""

from __future__ import annotations

import os
import time

from tflint_mem.verify.child.seen import LEAST_REPEATS
from tflint_mem.verify.containment import runner
from tflint_mem.verify.containment.gpu_share import leave
from tflint_mem.verify.plan.protocols import HANGS, KEPT_FOR_LATER, LEAST_SECONDS, REFUSED, RESERVES, plan_for
from tflint_mem.verify.snippet.candidates import further_snippet, snippets
from tflint_mem.verify.snippet.fixed_version import fixed_snippet
from tflint_mem.verify.snippet.given import bound_by, verify_with
from tflint_mem.verify.snippet.outwards import moves_outwards
from tflint_mem.verify.snippet.reduced import reduced
from tflint_mem.verify.snippet.snippet import CannotCut
from tflint_mem.verify.verdict.endings import STOPPED
from tflint_mem.verify.verdict.judge import judge, judge_growth
from tflint_mem.verify.verdict.objections import COLLECTED
from tflint_mem.verify.verdict.result import not_runnable
from tflint_mem.verify.verdict.results import OTHER, compared, differing, unsettled
from tflint_mem.verify.verdict.runs import Runs
from tflint_mem.verify.verdict.signs import ran, reached, refused
from tflint_mem.verify.verdict.words import CONFIRMED, NOT_CONFIRMED, NOT_RUNNABLE

from .keeping import add_files
from .kept_runs import KeptRuns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    from tflint_mem.finding import Finding
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.job import PlanFields
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.snippet.first_party import Files
    from tflint_mem.verify.snippet.snippet import Snippet
    from tflint_mem.verify.verdict.result import Result
    from tflint_mem.verify.verdict.results import Compared

    Stage = Literal["flagged", "reduced", "behind", "fixed", "pattern", "done"]
    Tell = Callable[[Stage], None]

_BEHIND_SECONDS = 25.0
# the flagged version came to nothing: does the fixed one?
_FAILED = ("error", *STOPPED)
_ANOTHER_SEED = 7919  # of random numbers; the first one is that of a plan
_FEW = 4  # repeats that tell whether what stands behind the loop uses all, or picks one
_TO_END_SECONDS = 1.0  # of the time that is given: to end a child and its children, and to judge
_SHARE = 0.6  # of the time, for the flagged version where there is a fixed one
_SHARE_OF_HANG = 0.45  # ... and where the fixed one may have to be waited for as long


def verify_finding(
    finding: Finding,
    files: Files,
    options: Options,
    environment: Environment,
    folders: Iterable[str] = (),
    seconds: float | None = None,
    tell: Tell | None = None,
) -> Result:
    """Verifies one finding.  Never raises for what the snippet does; KeyboardInterrupt passes, children ended.

    environment   what the interpreter of the options has      folders   first-party folders, nearest first
    seconds       wall time for all runs, None: as the options say
    tell          called with the stage that begins
    """
    began = time.monotonic()
    on_gpu = options.device != "cpu" and bool(environment["gpus"])

    def needing(needs: str) -> Result:
        return not_runnable(finding, options, environment, began, [needs])

    if finding.code == RESERVES and not on_gpu:
        return needing("a GPU: on a CPU TensorFlow reserves nothing")
    if on_gpu and REFUSED.get(finding.code, 0) > len(environment["gpus"]):
        return needing("a second GPU: with one there is nothing to differ")
    left_free = 0
    if finding.code == RESERVES:
        left_free, lacks = leave(environment)
        if lacks is not None:
            return needing(lacks)
    try:
        experiment = _Experiment(finding, files, options, folders, began, seconds, tell)
    except CannotCut as error:
        return needing(str(error))
    except RecursionError:
        return needing("code that is less deeply nested")
    experiment.left_free = left_free
    experiment.pretended = 0 if on_gpu else REFUSED.get(finding.code, 0)
    kept = experiment.kept = KeptRuns(options, environment, experiment.folders) if options.changed else None
    runs = experiment.runs()
    result = judge(finding, options, environment, runs, began)
    if kept is not None and 0 < kept.used == kept.asked:
        result.verification["measured_before"] = True
    add_files(result, runs, options, environment, experiment.folders)
    return result


def verify_reduced(
    finding: Finding,
    files: Files,
    options: Options,
    environment: Environment,
    folders: Iterable[str],
    seconds: float,
    before: Result,
    tell: Tell,
) -> Result | None:
    """Verifies the flagged call of a finding in a loop of its own; None where that gives no verdict either.

    before   the Result of the code as written
    """
    began = time.monotonic()
    bare = finding.replace(fix=None)  # the fix is one of the code as written
    model = files.get(finding.path)
    given = verify_with(model) if model is not None else {}
    cut = reduced(bare, files, given, bound_by(options.setup_source()))
    if not cut:
        return None

    def told(stage: Stage) -> None:
        tell("reduced")

    experiment = _Experiment(bare, files, options, folders, began, seconds, told, [each.snippet for each in cut])
    if options.changed:
        experiment.kept = KeptRuns(options, environment, experiment.folders)
    runs = experiment.runs()
    result = judge(bare, options, environment, runs, began)
    said = result.verification
    if said["verdict"] == NOT_RUNNABLE or said["verdict"] == NOT_CONFIRMED and not cut[experiment.choice].complete:
        return None
    needs = "; ".join(before.verification["needs"])
    said["message"] += f"; this is the flagged call in a loop of its own, because as written it needs {needs}"
    said["needs"] = before.verification["needs"]
    said["seconds"] = round(said["seconds"] + before.verification["seconds"], 1)
    result.finding = finding.replace(verification=said)
    add_files(result, runs, options, environment, experiment.folders)
    return result


class _Experiment:
    """The runs of one finding, in the time that they have.

    left_free   bytes of GPU memory that a child must leave to others
    pretended   number of GPUs to add to TensorFlow's list
    folders     first-party folders, nearest first
    choice      which of the candidates counts
    kept        runs of before that need not be made again, None to make all
    """

    kept: KeptRuns | None = None

    def __init__(
        self,
        finding: Finding,
        files: Files,
        options: Options,
        folders: Iterable[str],
        began: float,
        seconds: float | None,
        tell: Tell | None,
        candidates: list[Snippet] | None = None,
    ) -> None:
        """Cuts the snippets, where no candidates are given.  Raises CannotCut or RecursionError when there are none."""
        self._finding, self._files, self._options, self._began = finding, files, options, began
        self._tell: Tell = tell or (lambda stage: None)
        here = os.path.dirname(os.path.abspath(finding.path))
        self.folders = [here] + [folder for folder in folders if folder != here]
        self.left_free = self.pretended = 0
        model = files.get(finding.path)
        self._given = verify_with(model) if model is not None else {}
        self._once = finding.code in REFUSED or finding.code == RESERVES
        self._setup = options.setup_source()
        self._candidates = candidates or snippets(
            finding, files, self._given, self._once, setup_names=bound_by(self._setup)
        )
        self._seconds = max((options.timeout if seconds is None else seconds) - _TO_END_SECONDS, 1.0)
        self._plan = plan_for(finding, options, self._seconds)
        self._plan["rounds"] = moves_outwards(finding, files)
        self.choice = 0

    def runs(self) -> Runs:
        """Runs everything."""
        self._tell("flagged")
        runs = self._flagged()
        if self._finding.code in KEPT_FOR_LATER and ran(runs.run):
            if judge_growth(self._finding, runs.snippet, runs.run.attempt()).verdict == CONFIRMED:
                self._behind(runs)
        if self._finding.fix is not None and (ran(runs.run) or refused(runs.run) or runs.run.status in _FAILED):
            self._fixed(runs)
        return runs

    def _left(self) -> float:
        """Seconds."""
        return self._seconds - (time.monotonic() - self._began)

    def _flagged(self) -> Runs:
        """The first candidate that runs and reaches the flagged line; else the first that runs; else the first."""
        finding, setups = self._finding, [self._setup] if self._setup else []
        share = _SHARE_OF_HANG if finding.code == HANGS else _SHARE
        run: Run | None = None
        for choice, snippet in enumerate(self._candidates):
            left = self._left()
            if run is not None and left < LEAST_SECONDS:
                break
            snippet.growth = not self._once
            self._plan["keyed"] = snippet.keyed and finding.code in COLLECTED
            attempt = self._execute(snippet, self._plan, left * share if finding.fix is not None else left, setups, ())
            if run is None or ran(attempt) and not self._arrived(run):
                run, self.choice = attempt, choice
            if self._arrived(run) or refused(run) and finding.group in ("config", "tf1"):
                break
        assert run is not None, "there is a candidate at least"
        return Runs(self._candidates[self.choice], run, setups)

    def _arrived(self, run: Run) -> bool:
        """Did the candidate that counts run, and reach the flagged line?"""
        return ran(run) and reached(run.attempt(), self._candidates[self.choice])

    def _execute(
        self,
        snippet: Snippet,
        plan: PlanFields,
        seconds: float,
        setup: Sequence[str],
        rewrites: Iterable[Sequence[str]],
    ) -> Run:
        """Runs a snippet, unless it is known what it does."""
        if self.kept is None:
            return self._run(snippet, plan, seconds, setup, rewrites)
        rewrites = list(rewrites)
        key = self.kept.key(snippet, plan, setup, rewrites, self.pretended, self.left_free)
        run = self.kept.get(key)
        if run is None:
            run = self._run(snippet, plan, seconds, setup, rewrites)
            self.kept.put(key, run)
        return run

    def _run(
        self,
        snippet: Snippet,
        plan: PlanFields,
        seconds: float,
        setup: Sequence[str],
        rewrites: Iterable[Sequence[str]],
    ) -> Run:
        return runner.execute(
            snippet,
            self._options,
            plan,
            seconds,
            self.folders,
            setup,
            rewrites,
            pretend_gpus=self.pretended,
            leave=self.left_free,
        )

    def _behind(self, runs: Runs) -> None:
        """A short run through what stands behind the loop, where anything there uses what the loop keeps."""
        left = self._left()
        if left <= LEAST_SECONDS:
            return
        further = further_snippet(self._finding, self._files, self._given, self.choice, self._setup)
        if further is None or further.behind is None:
            return
        self._tell("behind")
        plan = self._plan.copy()
        plan.update({"protocol": "behind", "least": _FEW})
        run = self._execute(further, plan, min(left, _BEHIND_SECONDS), runs.setup, runs.rewrites)
        runs.behind, runs.seen = further.behind, run.attempt().last("behind")

    def _fixed(self, runs: Runs) -> None:
        """The same candidate of the fixed version, with the stand-ins that the flagged one was given."""
        runs.fixed_snippet = fixed_snippet(
            self._finding, self._files, self._given, self._once, self.choice, self._setup
        )
        left = self._left()
        if runs.fixed_snippet is not None and left > LEAST_SECONDS:
            self._tell("fixed")
            runs.fixed_snippet.growth = runs.snippet.growth
            runs.fixed_run = self._execute(runs.fixed_snippet, self._plan, left, runs.setup, runs.rewrites)
            if ran(runs.run) and ran(runs.fixed_run):
                runs.compared = self._compared(runs, runs.fixed_run)

    def _compared(self, runs: Runs, fixed_run: Run) -> Compared:
        """What both versions did.  Where they differ the flagged one runs again: what differs there too says nothing of
        the fix.
        """
        flagged, fixed = runs.run.attempt().of("seen"), fixed_run.attempt().of("seen")
        found = compared(flagged, fixed, least=LEAST_REPEATS)
        left = self._left()
        if found.verdict != OTHER:
            return found
        if left < LEAST_SECONDS:
            return unsettled(found)
        plan = self._plan.copy()
        plan.update({"protocol": "seen", "seed": _ANOTHER_SEED})
        seconds = min(left, max(_BEHIND_SECONDS, runs.run.seconds))  # where importing takes long, it does so again
        again = self._execute(runs.snippet, plan, seconds, runs.setup, runs.rewrites).attempt().of("seen")
        if len(again) < min(len(flagged), len(fixed)):
            return unsettled(found)
        return compared(flagged, fixed, differing(flagged, again), LEAST_REPEATS)
