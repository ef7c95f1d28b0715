"""From the runs of one finding to its verdict."""

import time

from tflint_mem.verify.plan.protocols import CALLED_BY_OTHERS, HANGS, HELD, REFUSED, RESERVES, SPEED_AND_MEMORY, VARYING

from . import verdict
from .comparison import compared
from .measure import Measured
from .needs import ENDED_BY_ITSELF, LIMITS, itself, short
from .needs import needs as needed
from .outcome import at_flagged, hang_message, hangs, held_bytes, ran, reached
from .result import Result, device_name, held_meters, meters
from .shortage import STOPPED, ended, ran_out, story
from .verdict import NOT_CONFIRMED, NOT_RUNNABLE, Verdict

_REFUSALS = ("ValueError", "RuntimeError", "AttributeError", "AssertionError")
_TENSORFLOW_NAMES = ("module 'tensorflow", "module 'keras", "module 'tf_keras")


def judge(finding, options, environment, runs, began):
    """The Result of a finding.

    runs    Runs        began   time.monotonic() when its verification began
    """
    run, snippet, last = runs.run, runs.snippet, runs.run.attempt()
    measured = Measured(last)
    fixed_last = runs.fixed_run.attempt() if runs.fixed_run is not None and ran(runs.fixed_run) else None
    fixed = Measured(fixed_last) if fixed_last is not None else None
    error = last.last("error")
    needs = []
    if finding.code in REFUSED:
        judged = _judge_refusal(run, runs.fixed_run, finding.code == "TFM505")
        if judged.verdict == NOT_RUNNABLE:
            needs = needed(run, error, snippet.render().text)
            judged = Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + "; ".join(needs))
    elif finding.code == RESERVES:
        judged = _judge_reserved(measured, fixed)
    elif finding.code == HANGS and hangs(last):
        judged = Verdict("confirmed", None, "hangs", hang_message(last))
    elif run.status == "leaves":
        judged = Verdict(NOT_CONFIRMED, None, None, "the loop is left in its first pass: nothing repeats")
    elif not ran(run):
        if finding.group == "tf1" and error is not None and at_flagged(error, snippet):
            judged = Verdict("confirmed", None, f"raises {error['type']}", short(error["message"]))
        else:
            needs = needed(run, error, snippet.render().text)
            judged = Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + "; ".join(needs))
    elif finding.code in HELD:
        judged = _judge_held(last, fixed_last)
        repeats = len(last.of("sample"))
        needs = _cut_short(judged, run, error, snippet, repeats) if judged.verdict == NOT_CONFIRMED else []
        judged = Verdict(NOT_RUNNABLE, None, None, f"not runnable: needs {'; '.join(needs)}") if needs else judged
    elif finding.group == "speed":
        judged = verdict.judge_speed(measured, fixed)
        if judged.verdict != "confirmed" and finding.code in SPEED_AND_MEMORY:
            memory = _limited(finding, last, snippet, measured)
            judged = memory if memory.verdict == "confirmed" else judged
        judged, needs = _unless_lacking(judged, run, last, measured, snippet, finding.code, speed=True)
    else:
        judged = verdict.after_the_loop(
            judge_growth(finding, snippet, last), finding.code, measured, runs.behind, runs.seen
        )
        if (
            finding.code == HANGS and judged.undecided and run.status in STOPPED
        ):  # it came back each time: no more is asked
            judged = judged.instead(NOT_CONFIRMED, f"{ended(run)} after {measured.repeats} repeats that came back")
        judged, needs = _unless_lacking(judged, run, last, measured, snippet, finding.code)
    again = verdict.judge_memory(fixed, fixed_last) if fixed is not None else None
    if (
        fixed is not None
        and judged.mechanism not in ("time", "hangs")
        and finding.code not in (*REFUSED, *HELD, RESERVES)
    ):
        judged = compared(judged, measured, fixed, again)
    message = judged.message
    about_growth = finding.code not in REFUSED and finding.code not in HELD and judged.mechanism != "time"
    if judged.verdict == "confirmed" and fixed is None and runs.fixed_run is not None and about_growth:
        message += _as_fixed(runs.fixed_run)
    elif judged.verdict == "confirmed" and fixed is not None and about_growth:
        message += _after_fix(judged, fixed, fixed_last, again)
    elif judged.verdict == NOT_RUNNABLE and runs.fixed_run is not None and not judged.undecided and ran(run) is False:
        message += _as_fixed(runs.fixed_run)
    elif judged.verdict == NOT_CONFIRMED and about_growth and run.status == "error" and error is not None:
        message += f"; then {story(error)}"
    # a contract: what further keys there are stand behind these, where they say something
    verification = {
        "verdict": judged.verdict,
        "kind": judged.kind,
        "mechanism": judged.mechanism,
        "device": device_name(environment, options),
        "iterations": measured.repeats,
        "seconds": round(time.monotonic() - began, 1),
        "meters": meters(measured, fixed, options, environment)
        if finding.code not in HELD
        else held_meters(last, fixed_last),
        "stand_ins": runs.stand_ins,
        "needs": needs,
        "message": message,
    }
    if about_growth and judged.verdict != NOT_RUNNABLE and verification["device"].startswith("GPU"):
        verification["meter"] = judged.meter
    if judged.undecided:
        verification["undecided"] = True
    if environment.get("unprotected"):
        verification["unprotected"] = environment["unprotected"]
    if finding.group == "speed" and measured.times is not None:
        verification["time"] = {
            "unit": "seconds/repeat",
            "flagged": round(measured.times[0], 7),
            "fixed": round(fixed.times[0], 7) if fixed is not None and fixed.times else None,
        }
    return Result(
        finding.replace(verification=verification),
        measured,
        fixed,
        runs.text(),
        runs.fixed_text(),
        runs.setup,
        run.log if judged.verdict == NOT_RUNNABLE else "",
    )


def _limited(finding, run, snippet, measured):
    """What the numbers say about memory in a loop that may end by itself."""
    if finding.code in CALLED_BY_OTHERS:
        return verdict.judge_memory(measured, run)
    end = run.last("end")
    count = end["elements"] if snippet.parts and snippet.count is None and end is not None else snippet.count
    return verdict.limited(verdict.judge_memory(measured, run), count, measured)


def judge_growth(finding, snippet, run):
    """What the measured run says about memory, as far as it concerns the rule."""
    measured = Measured(run)
    return verdict.about(_limited(finding, run, snippet, measured), finding.code, measured, snippet.keyed)


def _unless_lacking(judged, run, last, measured, snippet, code, speed=False):
    """(Verdict, needs): what was not found is no verdict where the code failed, took too long, or went another way."""
    if judged.verdict not in (NOT_CONFIRMED, "bounded"):
        return judged, judged.needs
    error = last.last("error")
    # a service that waits for its first request did not hang: that is an answer
    needs = _cut_short(judged, run, error, snippet, measured.repeats) if code != HANGS else []
    if needs:
        return Verdict(NOT_RUNNABLE, None, None, f"not runnable: needs {'; '.join(needs)}"), needs
    out = ran_out(last)
    if judged.verdict == NOT_CONFIRMED and out is not None:
        needs = [f"more memory: it ran out after {out['repeats']} repeats that did not grow: {story(out)}"]
        return Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + needs[0]), needs
    if (
        judged.verdict == NOT_CONFIRMED
        and error is not None
        and (measured.repeats < 4 or not verdict.acquits(measured))
    ):
        needs = needed(run, error, snippet.render().text)
        return Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + "; ".join(needs)), needs
    if judged.verdict == NOT_CONFIRMED and speed and measured.times is None and run.status == "timeout":
        needs = ["more time: the first repeats did not end in time (--verify-timeout)"]
        return Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + needs[0]), needs
    if judged.verdict == NOT_CONFIRMED and code in VARYING | {"TFM301"} and _never_traced(last):
        needs = ["a repeat that calls the traced function: here it is made in each repeat, and never called"]
        return Verdict(NOT_RUNNABLE, None, None, "not runnable: needs " + needs[0]), needs
    if judged.verdict == NOT_CONFIRMED and code in VARYING and snippet.constant:
        needs = [
            "a caller: each repeat gets the same stand-ins here, and what varies from call to call is its caller's choice"
        ]
        return Verdict(
            NOT_RUNNABLE, None, None, "undecided: nothing that repeats varies; needs " + needs[0], needs=needs
        ), needs
    if not reached(last, snippet):
        needs = ["a way through the code that reaches the flagged line"]
        return Verdict(NOT_RUNNABLE, None, None, "the snippet runs, but never reaches the flagged line"), needs
    return judged, []


def _never_traced(last: object) -> bool:
    """Was no function ever traced, in all repeats of a finding about traces?  Then nothing of it has run."""
    counts = [event["counts"] for event in last.of("settled") + last.of("raw")]
    return bool(counts) and all(counted.get("graphs") == 0 for counted in counts)


def _cut_short(judged: object, run: object, error: object, snippet: object, repeats: int) -> list:
    """What a run lacks that ended before it was over: what would have come next is not known, so its curve acquits nobody."""
    if run.status in ENDED_BY_ITSELF:
        return [itself(run)]
    if run.status in LIMITS:
        return [LIMITS[run.status]]
    if judged.verdict == "bounded" and error is not None and run.status == "error":
        return needed(run, error, snippet.render().text)
    if repeats or judged.verdict != NOT_CONFIRMED:
        return []
    if run.status == "timeout":
        return ["more time: stopped at the time limit before one repeat was measured (--verify-timeout)"]
    if run.status == "memory":
        return ["more memory: stopped at the memory limit before one repeat was measured (--verify-memory)"]
    if error is not None:
        return needed(run, error, snippet.render().text)
    over = len(run.attempt().of("sample"))
    return [
        f"more elements: the loop was over after {over} repeat{'s' if over != 1 else ''}, before anything was measured"
    ]


def _judge_refusal(run, fixed_run, wants_growth=False):
    """Did TensorFlow raise, or (wants_growth) leave memory growth off without a word?"""
    error = run.last("error")
    if error is None or error["where"] != "snippet":
        growth = run.last("growth")
        if wants_growth and growth is not None and growth["devices"] and not all(growth["devices"]):
            text = "nothing was raised, and memory growth is still off"
            after = fixed_run.last("growth") if fixed_run is not None else None
            if after is not None and after["devices"] and all(after["devices"]):
                text += "; fixed: it is on"
            return Verdict("confirmed", None, "no effect", text)
        if growth is None:
            return Verdict(NOT_RUNNABLE, None, None, "the snippet did not come to its end")
        return Verdict(NOT_CONFIRMED, None, None, "TensorFlow accepted it")
    # what the program itself raises is no refusal of TensorFlow's (most likely a stand-in displeases it), unless a name is
    # missing in TensorFlow: that error arises in the program's own row
    missing_name = error["type"] == "AttributeError" and error["message"].startswith(_TENSORFLOW_NAMES)
    if error["own"] and not missing_name or error["type"] not in _REFUSALS:
        return Verdict(NOT_RUNNABLE, None, None, f"{error['type']}: {short(error['message'])}")
    text = f"{error['type']}: {short(error['message'])}"
    if fixed_run is not None:
        other = fixed_run.last("error")
        text += "; fixed: no error" if other is None else f"; fixed: still {other['type']}"
    return Verdict("confirmed", None, f"raises {error['type']}", text)


def _judge_held(run, fixed_run):
    """Does what one call leaves behind exceed what it was given, several times, or what the fixed version leaves?"""
    held = held_bytes(run)
    if held is None:
        return Verdict(NOT_CONFIRMED, None, None, "too few repeats to judge")
    bytes_held, array = held
    text = f"{verdict.size(bytes_held)} stay after the first calls"
    if array:
        text += f", {bytes_held / float(array):.1f} times the largest array ({verdict.size(array)})"
    other = held_bytes(fixed_run) if fixed_run is not None else None
    if other is not None:
        text += f"; fixed: {verdict.size(other[0])}"
        much = bytes_held - other[0] >= max(1 << 20, 0.5 * bytes_held)
    else:
        much = bytes_held >= 1 << 20 and array is not None and bytes_held >= 2 * array
    return (
        Verdict("confirmed", "retained", "array in the graph", text)
        if much
        else Verdict(NOT_CONFIRMED, None, None, text)
    )


def _judge_reserved(measured, fixed):
    """Bytes that the process holds on the GPU after one operation, without and with memory growth."""
    without = _held(measured)
    with_growth = _held(fixed) if fixed is not None else None
    if without is None:
        return Verdict(
            NOT_RUNNABLE,
            None,
            None,
            "the driver does not say what this process holds: " + measured.missing.get("nvml", "no reading"),
        )
    if with_growth is None:
        return Verdict(
            NOT_CONFIRMED, None, None, f"{verdict.size(without)} reserved by one operation{_how(measured)}", "nvml"
        )
    text = f"{verdict.size(without)} reserved by one operation, {verdict.size(with_growth)} with memory growth{_how(measured)}"
    return Verdict(
        "confirmed" if without > 2 * with_growth else NOT_CONFIRMED, "retained", "reserved pool", text, "nvml"
    )


def _held(measured):
    """Bytes of this process, or, where its process id is hidden, what the whole GPU holds more than before it began."""
    points = measured.curves.get("nvml") or []
    if points:
        return points[-1][1]
    points = measured.curves.get("device") or []
    return max(0, points[-1][1] - measured.before) if points and measured.before is not None else None


def _how(measured):
    return "" if measured.curves.get("nvml") else " (the whole GPU before and after: the driver hides this process)"


def _as_fixed(run):
    """What became of the fixed version, where that or the flagged one did not come to its repeats."""
    if ran(run):
        return "; the fixed version runs"
    error = run.attempt().last("error")
    return (
        f"; the fixed version does not run: {story(error)}"
        if error is not None
        else "; the fixed version does not run either"
    )


def _after_fix(judged_flagged, fixed, run, judged):
    """What became of the fixed version; `judged` is its own verdict."""
    if judged_flagged.mechanism == "hangs":
        return "; fixed: it still hangs" if hangs(run) else "; fixed: it comes back"
    error = run.last("error")
    if error is not None and run.status == "error" and judged.verdict != "confirmed":
        return f"; the fixed version raises after {error.get('repeats') or 0} repeats: {story(error)}"
    growth = fixed.growth(judged_flagged.meter)  # the meter that accused, not one that saw nothing
    growth = growth.retained if growth.retained is not None else growth.raw
    number = "" if growth is None else f" ({verdict.size(max(growth.value, 0))} per repeat)"
    if judged.verdict == "confirmed":
        return f"; the fixed version grows too: {judged.message}"
    words = {NOT_CONFIRMED: "no growth", NOT_RUNNABLE: "too few repeats to tell"}
    return f"; fixed: {words.get(judged.verdict, 'bounded')}{number}"
