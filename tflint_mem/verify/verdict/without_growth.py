"""Verdicts of rules that are not about growth: TensorFlow refuses, one call holds an array, the GPU is reserved."""

from __future__ import annotations

from .needs import short
from .signs import held
from .units import size
from .verdict import Verdict, not_confirmed, not_runnable
from .words import ARRAY_IN_GRAPH, CONFIRMED, NO_EFFECT, NOT_CONFIRMED, NVML, RESERVED_POOL, RETAINED, raises

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run

    from .measured import Curve, Measured

_REFUSALS = ("ValueError", "RuntimeError", "AttributeError", "AssertionError")
_TENSORFLOW_NAMES = ("module 'tensorflow", "module 'keras", "module 'tf_keras")
_HELD_LEAST = 1 << 20  # bytes
_HELD_MORE = 0.5  # of what the flagged version holds: how much less the fixed one has to hold
_TIMES_THE_ARRAY = 2  # what one call holds of the array that it was given, where there is no fixed version
_TIMES_RESERVED = 2  # what is reserved without memory growth, of what is with it


def judge_refusal(run: Run, fixed_run: Run | None, wants_growth: bool = False) -> Verdict:
    """Did TensorFlow raise, or (wants_growth) leave memory growth off without a word?"""
    error = run.last("error")
    if error is None or error["where"] != "snippet":
        return _judge_silence(run, fixed_run, wants_growth)
    # what the program itself raises is no refusal of TensorFlow's (most likely a stand-in displeases it), unless a
    # name is
    # missing in TensorFlow: that error arises in the program's own row
    missing_name = error["type"] == "AttributeError" and error["message"].startswith(_TENSORFLOW_NAMES)
    text = f"{error['type']}: {short(error['message'])}"
    if error["own"] and not missing_name or error["type"] not in _REFUSALS:
        return not_runnable([], text)
    if fixed_run is not None:
        other = fixed_run.last("error")
        text += "; fixed: no error" if other is None else f"; fixed: still {other['type']}"
    return Verdict(CONFIRMED, None, raises(error["type"]), text)


def _judge_silence(run: Run, fixed_run: Run | None, wants_growth: bool) -> Verdict:
    """Nothing was raised: did it do what it was asked for?"""
    growth = run.last("growth")
    if growth is None:
        return not_runnable([], "the snippet did not come to its end")
    if not wants_growth or not growth["devices"] or all(growth["devices"]):
        return not_confirmed("TensorFlow accepted it")
    text = "nothing was raised, and memory growth is still off"
    after = fixed_run.last("growth") if fixed_run is not None else None
    if after is not None and after["devices"] and all(after["devices"]):
        text += "; fixed: it is on"
    return Verdict(CONFIRMED, None, NO_EFFECT, text)


def judge_held(run: Run, fixed_run: Run | None) -> Verdict:
    """Does what one call leaves behind exceed what it was given, several times, or what the fixed version leaves?"""
    flagged = held(run)
    if flagged is None:
        return not_confirmed("too few repeats to judge")
    in_all, array = flagged.in_all, flagged.largest_array
    text = f"{size(in_all)} stay after the first calls"
    if array:
        text += f", {in_all / float(array):.1f} times the largest array ({size(array)})"
    fixed = held(fixed_run) if fixed_run is not None else None
    if fixed is not None:
        text += f"; fixed: {size(fixed.in_all)}"
        much = in_all - fixed.in_all >= max(_HELD_LEAST, _HELD_MORE * in_all)
    else:
        much = in_all >= _HELD_LEAST and array is not None and in_all >= _TIMES_THE_ARRAY * array
    return Verdict(CONFIRMED, RETAINED, ARRAY_IN_GRAPH, text) if much else not_confirmed(text)


def judge_reserved(measured: Measured, fixed: Measured | None) -> Verdict:
    """Does the process hold much more of the GPU after one operation than with memory growth?"""
    without = _reserved(measured)
    with_growth = _reserved(fixed) if fixed is not None else None
    if without is None:
        reason = measured.missing.get("nvml", "no reading")
        return not_runnable([], f"the driver does not say what this process holds: {reason}")
    if with_growth is None:
        return Verdict(NOT_CONFIRMED, None, None, f"{size(without)} reserved by one operation{_how(measured)}", NVML)
    text = f"{size(without)} reserved by one operation, {size(with_growth)} with memory growth{_how(measured)}"
    word = CONFIRMED if without > _TIMES_RESERVED * with_growth else NOT_CONFIRMED
    return Verdict(word, RETAINED, RESERVED_POOL, text, NVML)


def _reserved(measured: Measured) -> float | None:
    """Bytes of this process, or, where its process id is hidden, what the whole GPU holds more than before it began."""
    own, everybody = _last(measured.curves["nvml"]), _last(measured.curves["device"])
    if own is not None:
        return own
    return max(0, everybody - measured.before) if everybody is not None and measured.before is not None else None


def _last(curve: Curve) -> float | None:
    """The last reading of a curve, None for an empty one."""
    for _, value in curve[-1:]:
        return value
    return None


def _how(measured: Measured) -> str:
    return "" if measured.curves["nvml"] else " (the whole GPU before and after: the driver hides this process)"
