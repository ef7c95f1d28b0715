"""What a rule's pattern costs, in the place of a verdict on code that could not be run.  It confirms nothing."""

from __future__ import annotations

from .result import Result, with_verification
from .units import size
from .words import CONFIRMED, DEFERRED, HANGS, MEASURED_PATTERN, MECHANISM, RETAINED, TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .contract import MeterNumbers, Verification

_NAMES = {"host": "rss"}  # of the meter that decided -> of the meters of the contract


def in_place_of(result: Result, measured: Result, sizes: str, tensorflow: str, seconds: float) -> Result:
    """The Result of a finding with the numbers of its pattern.

    result     of the finding, which is not runnable     measured   of the pattern
    sizes      that the code told, in words, or ""       seconds    that the pattern took, or was waited for
    """
    own, pattern = result.verification, measured.verification
    verification: Verification = {
        "verdict": MEASURED_PATTERN,
        "kind": pattern["kind"],
        "mechanism": pattern["mechanism"],
        "device": pattern["device"],
        "iterations": pattern["iterations"],
        "seconds": round(own["seconds"] + seconds, 1),
        "meters": pattern["meters"],
        "stand_ins": [],
        "needs": own["needs"],
        "message": _message(own, pattern, sizes, tensorflow),
        "level": MECHANISM,
    }
    for key in ("meter", "time", "unprotected"):
        if key in pattern:
            verification[key] = pattern[key]
    found = Result(
        with_verification(result.finding, verification),
        measured.flagged,
        measured.fixed,
        measured.snippet,
        measured.fixed_snippet,
        log=result.log,
    )
    found.kept, found.kept_fixed = measured.kept, measured.kept_fixed
    return found


def _message(own: Verification, pattern: Verification, sizes: str, tensorflow: str) -> str:
    where = f"on TensorFlow {tensorflow} and {pattern['device']}" + (f" ({sizes})" if sizes else "")
    needs = "; ".join(own["needs"]) or own["message"]
    if own["iterations"]:
        why = f"your code itself ran and gave no verdict, because it needs {needs}"
    else:
        why = f"your code itself was not run, because it needs {needs}"
    return f"{_cost(pattern, where)}; {why}"


def _cost(pattern: Verification, where: str) -> str:
    """What the pattern costs, in a sentence."""
    if pattern["verdict"] != CONFIRMED:
        return f"this pattern costs nothing that could be measured {where}: {pattern['message']}"
    if pattern["mechanism"] == HANGS:
        return f"this pattern hangs {where}"
    times = pattern.get("time")
    if pattern["mechanism"] == TIME and times is not None and times["fixed"]:
        return f"this pattern takes {times['flagged'] / times['fixed']:.1f} times as long {where} as without it"
    meter = _NAMES.get(pattern.get("meter", "host"), pattern.get("meter", "rss"))
    found = next((each for each in pattern["meters"] if each["name"] == meter), None)
    if found is None or pattern["kind"] is None:
        return f"this pattern, {where}: {pattern['message']}"
    return f"this pattern costs {_amount(found, pattern)} {where}"


def _amount(meter: MeterNumbers, pattern: Verification) -> str:
    """ "5.0 MiB per repeat, and 3 B when fixed" ."""
    raw = pattern["kind"] == DEFERRED

    def of(numbers: object) -> float | None:
        assert isinstance(numbers, dict)
        found = numbers["raw" if raw else "retained"]
        return found if isinstance(found, (int, float)) else None

    cost = of(meter["flagged"])
    if cost is None:
        return "memory"
    per = "" if meter["unit"] == "bytes" else " per repeat"
    words = {RETAINED: " that nothing returns", DEFERRED: " of garbage that waits for a late collection"}
    text = f"{size(cost)}{per}{words[pattern['kind']] if pattern['kind'] else ''}"
    fixed = of(meter["fixed"]) if meter["fixed"] is not None else None
    return text if fixed is None else f"{text}, {size(max(fixed, 0.0))} when fixed,"
