"""The dictionary of the JSON contract: what `verification` says of a finding."""

from __future__ import annotations

import time

from .growth import Growth
from .signs import held

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal, TypedDict

    from tflint_mem.verify.containment.run import Run
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options

    from .growth import GrowthNumbers
    from .measured import Measured
    from .words import Kind, MeterName, VerdictWord

    class MeterNumbers(TypedDict):
        """One meter of both versions; fixed: None where there is no fixed version."""

        name: Literal["rss", "nvml", "allocator", "objects"]
        unit: Literal["bytes/repeat", "objects/repeat", "bytes"]
        flagged: GrowthNumbers
        fixed: GrowthNumbers | None

    class TimeNumbers(TypedDict):
        """Seconds per repeat."""

        unit: Literal["seconds/repeat"]
        flagged: float
        fixed: float | None

    class DifferenceFound(TypedDict):
        """The first thing that the fixed version does otherwise: see results.Difference."""

        where: str
        repeat: int
        flagged: str
        fixed: str

    class FixVerdict(TypedDict):
        """Of the fix: is the growth gone (None: nobody can tell), and are the results the same?

        results: "same", "other", "raises" or "unknown"; compared: how many things were
        """

        cures: bool | None
        results: str
        compared: int
        difference: DifferenceFound | None
        message: str

    class _Further(TypedDict, total=False):
        """Where they say something: whose numbers decided, whether it is undecided, whether an earlier run has
        measured it, what does not hold, times, and what is proven of the fix.
        """

        meter: MeterName
        undecided: bool
        measured_before: bool
        unprotected: Mapping[str, str]
        time: TimeNumbers
        fix: FixVerdict

    class Verification(_Further):
        """What is said of a finding: README.md has the meaning of each key."""

        verdict: VerdictWord
        kind: Kind | None
        mechanism: str | None
        device: str
        iterations: int
        seconds: float
        meters: list[MeterNumbers]
        stand_ins: list[str]
        needs: list[str]
        message: str


def device_name(environment: Environment, options: Options) -> str:
    """ "GPU (NVIDIA H200)", or "CPU": verdicts then come from host memory."""
    if options.device != "cpu" and environment["gpus"]:
        names = sorted({gpu["name"] for gpu in environment["driver_gpus"] if gpu["name"] and gpu.get("visible", True)})
        return "GPU" + (f" ({', '.join(names)})" if names else "")
    return "CPU"


def seconds_since(began: float) -> float:
    """Seconds that a verification took.  began: time.monotonic()."""
    return round(time.monotonic() - began, 1)


def no_meters() -> list[MeterNumbers]:
    """The meters of what did not run."""
    return [_bytes("rss", None, None), *_unread(fixed=False), _objects(None, None)]


def meters(flagged: Measured, fixed: Measured | None, options: Options, environment: Environment) -> list[MeterNumbers]:
    """The meters of both versions; a number that was not measured is null."""
    found = [_bytes("rss", flagged.host, fixed.host if fixed is not None else None)]
    if options.device != "cpu" and (environment["gpus"] or environment["driver_gpus"]):
        found.append(_bytes("nvml", flagged.nvml, fixed.nvml if fixed is not None else None))
        found.append(_bytes("allocator", flagged.allocator, fixed.allocator if fixed is not None else None))
    else:
        found += _unread(fixed=fixed is not None)
    return [*found, _objects(flagged, fixed)]


def held_meters(run: Run, fixed_run: Run | None) -> list[MeterNumbers]:
    """Meters of a rule about what one call holds: bytes in all, not per repeat."""
    found: list[MeterNumbers] = [
        {
            "name": "rss",
            "unit": "bytes",
            "flagged": _held(run),
            "fixed": _held(fixed_run) if fixed_run is not None else None,
        }
    ]
    for meter in _unread(fixed=False):
        meter["unit"] = "bytes"
        found.append(meter)
    return [*found, _objects(None, None)]


def _held(run: Run) -> GrowthNumbers:
    found = held(run)
    in_all = found.in_all if found is not None else None
    return {"raw": in_all, "retained": in_all}


def _bytes(name: Literal["rss", "nvml", "allocator"], flagged: Growth | None, fixed: Growth | None) -> MeterNumbers:
    """flagged: None where nothing was measured; fixed: None where there is no fixed version."""
    return {
        "name": name,
        "unit": "bytes/repeat",
        "flagged": (flagged or Growth()).as_json(),
        "fixed": fixed.as_json() if fixed is not None else None,
    }


def _unread(fixed: bool) -> list[MeterNumbers]:
    """The meters of a GPU where none was read.  fixed: is there a fixed version?"""
    other = Growth() if fixed else None
    return [_bytes("nvml", None, other), _bytes("allocator", None, other)]


def _objects(flagged: Measured | None, fixed: Measured | None) -> MeterNumbers:
    return {
        "name": "objects",
        "unit": "objects/repeat",
        "flagged": flagged.objects.as_json() if flagged is not None else Growth().as_json(),
        "fixed": fixed.objects.as_json() if fixed is not None else None,
    }
