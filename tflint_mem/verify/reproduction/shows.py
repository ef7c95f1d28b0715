"""What a reproduction printed when it was run by itself, and whether that is what the verdict says."""

from __future__ import annotations

import re

from tflint_mem.verify.verdict.units import KIB, size
from tflint_mem.verify.verdict.words import CONFIRMED, DEFERRED, RETAINED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.verdict.contract import Verification

_MEMORY = re.compile(r"(?P<raw>[+-][\d.]+) KiB per repeat until a collection, (?P<kept>[+-][\d.]+) KiB stay after")
_TIME = re.compile(r"(?P<took>[\d.]+) ms per repeat \(median")
_AGREES = 3.0  # a figure of another process may be so many times smaller, and means the same


class Shown:
    """agrees: with the verdict; words: for the file itself, "" where it printed no figure."""

    def __init__(self, agrees: bool, words: str) -> None:
        self.agrees, self.words = agrees, words


def shown(run: Run, said: Verification, fixed: bool) -> Shown:
    """What a run of the file showed.  fixed: it is the version after the fix, which has no verdict of its own"""
    raised = re.fullmatch(r"raises (\w+)", said["mechanism"] or "")
    if raised is not None and not fixed:
        agrees = f"{raised.group(1)}: " in run.log
        return Shown(agrees, f"it raises {raised.group(1)} when run by itself" if agrees else "")
    memory, took = _last(_MEMORY, run.log), _last(_TIME, run.log)
    if memory is None:
        words = f"{took['took']} ms per repeat when it was run by itself" if took is not None else ""
        return Shown(took is not None or run.code == 0, words)
    raw, kept = float(memory["raw"]), float(memory["kept"])
    words = f"when run by itself, {size(raw * KIB)} per repeat until a collection, {size(kept * KIB)} stay after one"
    if fixed or said["verdict"] != CONFIRMED:
        return Shown(True, words)
    figure = {DEFERRED: raw, RETAINED: kept}.get(said["kind"] or "deferred", raw)
    measured = _measured(said)
    least = measured / KIB / _AGREES if measured is not None else 0.0
    return Shown(figure > 0 and figure >= least, words)


def _last(pattern: re.Pattern[str], log: str) -> dict[str, str] | None:
    found = list(pattern.finditer(log))
    return found[-1].groupdict() if found else None


def _measured(said: Verification) -> float | None:
    """Bytes per repeat that the verdict rests on, of the meter that the file reads."""
    name = {"allocator": "allocator"}.get(said.get("meter", ""), "rss")
    for meter in said["meters"]:
        numbers = meter["flagged"]
        if meter["name"] == name and isinstance(numbers, dict) and meter["unit"] == "bytes/repeat":
            found = numbers["raw" if said["kind"] == DEFERRED else "retained"]
            return found if isinstance(found, (int, float)) else None
    return None
