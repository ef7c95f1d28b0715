"""From the runs of one finding to its verdict."""

from __future__ import annotations

from tflint_mem.verify.plan.protocols import CALLED_BY_OTHERS, HELD, REFUSED, RESERVES, SPEED_AND_MEMORY
from tflint_mem.verify.plan.protocols import HANGS as HANGING_RULE

from .contract import device_name, held_meters, meters, seconds_since
from .endings import STOPPED, ended, story
from .fix import on_fix
from .fixed_story import whether_it_grows, whether_it_runs
from .lacking import cut_short, unless_lacking
from .measured import Measured
from .memory import judge_memory
from .needs import needs as needed
from .needs import short
from .objections import about, after_the_loop, compared, limited, relieved
from .result import Result, with_verification
from .results import OTHER, SAME
from .signs import at_flagged, hang_message, hangs, ran
from .speed import judge_speed
from .verdict import Verdict, not_confirmed, not_runnable
from .without_growth import judge_held, judge_refusal, judge_reserved
from .words import CONFIRMED, HANGS, NOT_CONFIRMED, NOT_RUNNABLE, TIME, raises

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Finding
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Environment, Error
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.snippet.snippet import Snippet

    from .contract import Verification
    from .runs import Runs

_GROWS = frozenset(("TFM502", "TFM503"))  # of the group "tf1": a session's memory and a graph that grows
_GROWTH_THAT_IS_REFUSED = "TFM505"  # memory growth that is switched on too late


def judge(finding: Finding, options: Options, environment: Environment, runs: Runs, began: float) -> Result:
    """The Result of a finding.

    runs    what was run for it        began   time.monotonic() when its verification began
    """
    case = _Case(finding, runs)
    judged = case.verdict()
    fix = on_fix(judged, runs, case.fixed_last, case.fixed_alone, case.gone(judged))
    message = judged.message + case.addition(judged)
    if fix is not None and judged.verdict == CONFIRMED and fix["results"] in (SAME, OTHER):
        message += f"; {fix['message']}"
    flagged, fixed = case.measured, case.fixed
    # a contract: what further keys there are stand behind these, where they say something
    verification: Verification = {
        "verdict": judged.verdict,
        "kind": judged.kind,
        "mechanism": judged.mechanism,
        "device": device_name(environment, options),
        "iterations": flagged.repeats,
        "seconds": seconds_since(began),
        "meters": held_meters(case.last, case.fixed_last)
        if finding.code in HELD
        else meters(flagged, fixed, options, environment),
        "stand_ins": runs.stand_ins,
        "needs": judged.needs,
        "message": message,
        "level": runs.snippet.level,
    }
    if _is_about_growth(finding, judged) and judged.verdict != NOT_RUNNABLE:
        if verification["device"].startswith("GPU"):
            verification["meter"] = judged.meter
    if judged.undecided:
        verification["undecided"] = True
    if fix is not None:
        verification["fix"] = fix
    if environment.get("unprotected"):
        verification["unprotected"] = environment["unprotected"]
    if finding.group == "speed" and flagged.times is not None:
        verification["time"] = {
            "unit": "seconds/repeat",
            "flagged": round(flagged.times.median, 7),
            "fixed": round(fixed.times.median, 7) if fixed is not None and fixed.times else None,
        }
    return Result(
        with_verification(finding, verification),
        flagged,
        fixed,
        runs.text(),
        runs.fixed_text(),
        runs.setup,
        runs.run.log if judged.verdict == NOT_RUNNABLE else "",
    )


def judge_growth(finding: Finding, snippet: Snippet, run: Run) -> Verdict:
    """What the measured run says about memory, as far as it concerns the rule."""
    measured = Measured(run)
    end = run.last("end")
    again = snippet.keyed and not (end is not None and end["extended"])
    return about(_limited(finding, run, snippet, measured), finding.code, measured, again)


def _limited(finding: Finding, run: Run, snippet: Snippet, measured: Measured) -> Verdict:
    """What the numbers say about memory in a loop that may end by itself."""
    judged = judge_memory(measured, run)
    if finding.code in CALLED_BY_OTHERS:
        return judged
    end = run.last("end")
    count = end["elements"] if snippet.parts and snippet.count is None and end is not None else snippet.count
    return limited(judged, count, measured)


def _is_about_growth(finding: Finding, judged: Verdict) -> bool:
    return finding.code not in REFUSED and finding.code not in HELD and judged.mechanism != TIME


class _Case:
    """Both versions of a finding with their numbers.

    run, last       the flagged version's run, and its last attempt; measured: the numbers of that
    fixed_last      the last attempt of the fixed version, None when it did not run; fixed: its numbers
    fixed_alone     the verdict on the fixed version's memory
    """

    def __init__(self, finding: Finding, runs: Runs) -> None:
        self.finding, self.runs, self.run, self.snippet = finding, runs, runs.run, runs.snippet
        self.last = runs.run.attempt()
        self.measured = Measured(self.last)
        self.error = self.last.last("error")
        self.fixed_last: Run | None = None
        self.fixed: Measured | None = None
        self.fixed_alone: Verdict | None = None
        if runs.fixed_run is not None and ran(runs.fixed_run):
            self.fixed_last = runs.fixed_run.attempt()
            self.fixed = Measured(self.fixed_last)
            self.fixed_alone = judge_memory(self.fixed, self.fixed_last)

    def verdict(self) -> Verdict:
        """The verdict on the flagged version, beside the fixed one."""
        judged = self._alone()
        if self.fixed is None or self.fixed_alone is None or judged.mechanism in (TIME, HANGS):
            return judged
        if self.finding.code in (*REFUSED, *HELD, RESERVES):
            return judged
        return compared(judged, self.measured, self.fixed, self.fixed_alone)

    def _alone(self) -> Verdict:
        code, run = self.finding.code, self.run
        if code in REFUSED:
            judged = judge_refusal(run, self.runs.fixed_run, code == _GROWTH_THAT_IS_REFUSED)
            return self._needing() if judged.verdict == NOT_RUNNABLE else judged
        if code == RESERVES:
            return judge_reserved(self.measured, self.fixed)
        if code == HANGING_RULE and hangs(self.last):
            return Verdict(CONFIRMED, None, HANGS, hang_message(self.last))
        if run.status == "leaves":
            return not_confirmed("the loop is left in its first pass: nothing repeats")
        if not ran(run):
            refusal = self._refusal()
            if refusal is not None:
                return Verdict(CONFIRMED, None, raises(refusal["type"]), short(refusal["message"]))
            return self._needing()
        if code in HELD:
            return self._held()
        return self._speed() if self.finding.group == "speed" else self._growth()

    def _refusal(self) -> Error | None:
        """By what TensorFlow 2 refuses what is flagged.  Where the rule is about growth an exception says nothing of
        it, and a name that is not there is missing from the snippet."""
        error = self.error
        if self.finding.group != "tf1" or self.finding.code in _GROWS or error is None or error["type"] == "NameError":
            return None
        return error if at_flagged(error, self.snippet) else None

    def _needing(self) -> Verdict:
        return not_runnable(needed(self.run, self.error, self.snippet.render().text))

    def _held(self) -> Verdict:
        judged = judge_held(self.last, self.fixed_last)
        if judged.verdict != NOT_CONFIRMED:
            return judged
        needs = cut_short(judged, self.run, self.error, self.snippet, len(self.last.of("sample")))
        return not_runnable(needs) if needs else judged

    def _speed(self) -> Verdict:
        judged = judge_speed(self.measured, self.fixed)
        if judged.verdict != CONFIRMED and self.finding.code in SPEED_AND_MEMORY:
            memory = _limited(self.finding, self.last, self.snippet, self.measured)
            judged = memory if memory.verdict == CONFIRMED else judged
        return self._unless_lacking(judged, speed=True)

    def _growth(self) -> Verdict:
        code, runs = self.finding.code, self.runs
        judged = judge_growth(self.finding, self.snippet, self.last)
        judged = after_the_loop(judged, code, self.measured, runs.behind, runs.seen)
        if code == HANGING_RULE and judged.undecided:
            # it came back each time: no more is asked
            end = f"{ended(self.run)} after " if self.run.status in STOPPED else ""
            judged = judged.instead(NOT_CONFIRMED, f"{end}{self.measured.repeats} repeats that came back")
        return self._unless_lacking(judged)

    def _unless_lacking(self, judged: Verdict, speed: bool = False) -> Verdict:
        return unless_lacking(judged, self.run, self.last, self.measured, self.snippet, self.finding.code, speed)

    def gone(self, judged: Verdict) -> str | None:
        """What is better in the fixed version, though something else grows in it too, in words; None for nothing."""
        if self.fixed is None or self.fixed_alone is None or self.fixed_alone.verdict != CONFIRMED:
            return None
        return relieved(judged, self.finding.code, self.measured, self.fixed, self.fixed_alone)

    def addition(self, judged: Verdict) -> str:
        """What the message says behind the verdict itself: what became of the fixed version, how the run ended."""
        fixed_run, about_growth = self.runs.fixed_run, _is_about_growth(self.finding, judged)
        if judged.verdict == CONFIRMED:
            if not about_growth or fixed_run is None:
                return ""
            if self.fixed is None or self.fixed_last is None or self.fixed_alone is None:
                return whether_it_runs(fixed_run)
            return whether_it_grows(judged, self.fixed, self.fixed_last, self.fixed_alone, self.gone(judged))
        if judged.verdict == NOT_RUNNABLE:
            if fixed_run is not None and not judged.undecided and not ran(self.run):
                return whether_it_runs(fixed_run)
        elif judged.verdict == NOT_CONFIRMED and about_growth and self.run.status == "error" and self.error is not None:
            return f"; then {story(self.error)}"
        return ""
