"""One finding, from its slices to its result: the flagged version runs, what stands behind its loop, the fixed version."""

import os
import time

from tflint_mem.verify.containment import runner
from tflint_mem.verify.containment.gpu_share import leave
from tflint_mem.verify.plan.protocols import HANGS, KEPT_FOR_LATER, LEAST_SECONDS, REFUSED, RESERVES, plan_for
from tflint_mem.verify.snippet import slicer
from tflint_mem.verify.snippet.snippet import CannotCut
from tflint_mem.verify.snippet.versions import bound_by, fixed_snippet, further_snippet, verify_with
from tflint_mem.verify.verdict.judge import judge, judge_growth
from tflint_mem.verify.verdict.outcome import ran, reached, refused
from tflint_mem.verify.verdict.result import Runs, not_runnable
from tflint_mem.verify.verdict.shortage import STOPPED
from tflint_mem.verify.verdict.verdict import COLLECTED

_BEHIND_SECONDS = 25.0
# the flagged version came to nothing: does the fixed one?
_FAILED = ("error", *STOPPED)
_FEW = 4  # repeats that tell whether what stands behind the loop uses all, or picks one
_TO_END_SECONDS = 1.0  # of the time that is given: to end a child and its children, and to judge


def verify_finding(finding, files, options, environment, folders=(), seconds=None, tell=None):
    """Verifies one finding.  Returns Result; never raises for what the snippet does.  KeyboardInterrupt passes, children ended."""
    tell = tell or (lambda stage: None)
    seconds = options.timeout if seconds is None else seconds
    began = time.monotonic()
    here = os.path.dirname(os.path.abspath(finding.path))
    folders = [here] + [folder for folder in folders if folder != here]
    on_gpu = options.device != "cpu" and bool(environment["gpus"])
    if finding.code == RESERVES and not on_gpu:
        return not_runnable(finding, options, environment, began, ["a GPU: on a CPU TensorFlow reserves nothing"])
    if on_gpu and REFUSED.get(finding.code, 0) > len(environment["gpus"]):
        return not_runnable(finding, options, environment, began, ["a second GPU: with one there is nothing to differ"])
    left_free, lacks = leave(environment) if finding.code == RESERVES else (0, None)
    if lacks is not None:
        return not_runnable(finding, options, environment, began, [lacks])
    try:
        model = files.get(finding.path)
        given = verify_with(model) if model is not None else {}
        once = finding.code in REFUSED or finding.code == RESERVES
        setup = options.setup_source()
        candidates = slicer.snippets(finding, files, given, once, setup_names=bound_by(setup))
    except CannotCut as error:
        return not_runnable(finding, options, environment, began, [str(error)])
    except RecursionError:
        return not_runnable(finding, options, environment, began, ["code that is less deeply nested"])
    seconds = max(seconds - _TO_END_SECONDS, 1.0)
    plan = plan_for(finding, options, seconds)
    setups = [setup] if setup else []
    share = 0.45 if finding.code == HANGS else 0.6
    pretended = 0 if on_gpu else REFUSED.get(finding.code, 0)
    run, chosen = None, 0
    tell("flagged")
    for choice, snippet in enumerate(candidates):
        left = seconds - (time.monotonic() - began)
        if choice and left < LEAST_SECONDS:
            break
        snippet.growth = finding.code not in REFUSED and finding.code != RESERVES
        plan["keyed"] = snippet.keyed and finding.code in COLLECTED
        attempt = runner.execute(
            snippet,
            options,
            plan,
            left * share if finding.fix is not None else left,
            folders,
            setups,
            pretend_gpus=pretended,
            leave=left_free,
        )
        if run is None or ran(attempt) and not (ran(run) and reached(run.attempt(), candidates[chosen])):
            run, chosen = attempt, choice
        if (
            ran(run)
            and reached(run.attempt(), candidates[chosen])
            or refused(run)
            and finding.group in ("config", "tf1")
        ):
            break
    runs = Runs(candidates[chosen], run, setups)
    if (
        finding.code in KEPT_FOR_LATER
        and ran(run)
        and judge_growth(finding, runs.snippet, run.attempt()).verdict == "confirmed"
    ):
        left = seconds - (time.monotonic() - began)
        further = further_snippet(finding, files, given, chosen, setup) if left > LEAST_SECONDS else None
        if further is not None and further.behind is not None:
            tell("behind")
            short_plan = dict(plan, protocol="behind", least=_FEW)
            short_run = runner.execute(
                further, options, short_plan, min(left, _BEHIND_SECONDS), folders, runs.setup, runs.rewrites
            )
            runs.behind, runs.seen = further.behind, short_run.attempt().last("behind")
    if finding.fix is not None and (ran(run) or refused(run) or run.status in _FAILED):
        runs.fixed_snippet = fixed_snippet(finding, files, folders, given, once, chosen, setup)
        left = seconds - (time.monotonic() - began)
        if runs.fixed_snippet is not None and left > LEAST_SECONDS:
            tell("fixed")
            runs.fixed_snippet.growth = runs.snippet.growth
            runs.fixed_run = runner.execute(
                runs.fixed_snippet,
                options,
                plan,
                left,
                folders,
                runs.setup,
                runs.rewrites,
                pretend_gpus=pretended,
                leave=left_free,
            )
    return judge(finding, options, environment, runs, began)
