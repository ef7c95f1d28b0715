"""What a verification says on a terminal: verdict, numbers, and the curve in one row."""

from __future__ import annotations

import textwrap

from tflint_mem.hardening import safe
from tflint_mem.verify.verdict.units import duration, size
from tflint_mem.verify.verdict.words import (
    BOUNDED,
    CONFIRMED,
    LEVEL_WORDS,
    MEASURED_PATTERN,
    NOT_CONFIRMED,
    NOT_RUNNABLE,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tflint_mem.verify.events import Meter
    from tflint_mem.verify.verdict.growth import Growth
    from tflint_mem.verify.verdict.measured import Curve, Measured
    from tflint_mem.verify.verdict.result import Result
    from tflint_mem.verify.verdict.words import MeterName, VerdictWord

    Paint = Callable[[str, str], str]  # (text, style) -> text with colors

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#%"
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
_COLOR: dict[VerdictWord, str] = {
    CONFIRMED: RED,
    BOUNDED: YELLOW,
    NOT_CONFIRMED: GREEN,
    MEASURED_PATTERN: YELLOW,
    NOT_RUNNABLE: YELLOW,
}


def sparkline(
    values: Iterable[float],
    width: int = 32,
    low: float | None = None,
    high: float | None = None,
    ascii: bool = False,
) -> str:
    """The curve in at most `width` characters, from `low` to `high` (default: its own bounds); "" when there is
    none."""
    marks = _ASCII if ascii else _BLOCKS
    values = list(values)
    if not values:
        return ""
    low = min(values) if low is None else low
    high = max(values) if high is None else high
    columns = min(width, len(values))
    out = []
    for column in range(columns):
        first, last = column * len(values) // columns, (column + 1) * len(values) // columns
        part = values[first:last]
        level = (sum(part) / len(part) - low) / float(high - low) if high > low else 0.0
        out.append(marks[min(len(marks) - 1, max(0, int(level * len(marks))))])
    return "".join(out)


def rows(result: Result, paint: Paint | None = None, width: int = 100, ascii: bool = False) -> list[str]:
    """Rows of text for one Result, without indent.  paint: None leaves it plain."""
    paint = paint or _plain
    verification = result.verification
    head: str = verification["verdict"]
    if verification["kind"]:
        head += f", {verification['kind']}"
    if verification["mechanism"]:
        head += f" ({verification['mechanism']})"
    facts = f"on {verification['device']}, {verification['iterations']} repeats, {verification['seconds']:.0f} s"
    level = verification.get("level")
    if level is not None:
        facts = f"{LEVEL_WORDS[level]}, {facts}"
    if verification.get("measured_before"):
        facts += ", by an earlier run"
    color = _COLOR[verification["verdict"]]
    lines = [f"{paint('verified:', BOLD)} {paint(safe.field(head), color)}, {safe.field(facts)}"]
    lines += _wrapped(verification["message"], width)
    lines += ["  " + row for row in _curves(result, ascii)]
    for row in gpu_rows(result):
        lines += _wrapped(row, width)
    if verification["stand_ins"]:
        lines += _wrapped("stand-ins: " + "; ".join(verification["stand_ins"]), width)
    if verification.get("unprotected"):
        lines += _wrapped("not contained: " + ", ".join(verification["unprotected"]), width)
    if verification["needs"] and verification["verdict"] not in (NOT_RUNNABLE, MEASURED_PATTERN):
        lines += _wrapped("needs: " + "; ".join(verification["needs"]), width)
    return lines


def _plain(text: str, style: str) -> str:
    return text


def _wrapped(text: str, width: int) -> list[str]:
    """Indented rows of at most `width` characters, where words allow it."""
    wrapped = textwrap.wrap(safe.field(text), width - 2, break_long_words=False, break_on_hyphens=False)
    return ["  " + row for row in wrapped]


def _curves(result: Result, ascii: bool) -> list[str]:
    """One row with numbers and curve for the flagged version and one for the fixed."""
    if result.flagged is None or not result.flagged.repeats:
        return []
    versions = [("flagged", result.flagged)] + ([("fixed", result.fixed)] if result.fixed is not None else [])
    if result.finding.group == "speed":
        return [
            f"{name:7} {duration(measured.times.median)} per repeat" for name, measured in versions if measured.times
        ]
    meter = result.verification.get("meter")
    drawn = []
    for name, measured in versions:
        rises = above_start(curve_of(measured, meter))
        if rises:
            drawn.append((name, measured, [rise for _, rise in rises]))
    # one scale for both, so that the fixed curve looks as flat as it is
    top = max((max(rises) for _, _, rises in drawn), default=0) or 1
    return [
        f"{name:7} {sparkline(rises, low=0, high=top, ascii=ascii)}  {numbers(measured, meter)}"
        for name, measured, rises in drawn
    ]


def gpu_rows(result: Result) -> list[str]:
    """What each meter of the GPU says, or why it says nothing, of the flagged version; nothing where no GPU was
    measured."""
    measured = result.flagged
    if measured is None or not result.verification["device"].startswith("GPU"):
        return []
    rows = []
    for name, label, growth in (
        ("nvml", "NVML, this process", measured.nvml),
        ("device", "NVML, all processes", measured.device),
        ("allocator", "TensorFlow's allocator", measured.allocator),
    ):
        if growth.raw is not None:
            rows.append(f"{label}: {_growth(growth)}")
        elif name in measured.missing:
            rows.append(f"{label}: not measured ({measured.missing[name]})")
    for name, reason in measured.missing.items():
        if name.startswith("nvml of "):
            rows.append(f"NVML, {name[len('nvml of ') :]}: not in these numbers ({reason})")
    return rows


_HOST: tuple[Meter, ...] = ("heap", "rss")
_CURVES: dict[MeterName | None, tuple[Meter, ...]] = {
    "host": _HOST,
    "nvml": ("nvml", *_HOST),
    None: ("allocator", *_HOST),
}


def curve_of(measured: Measured, meter: MeterName | None = None) -> Curve:
    """The curve of the meter that decided, else of the one that tells most: TensorFlow's GPU allocator, malloc's
    account, resident memory.

    meter: None when none decided
    """
    for name in _CURVES.get(meter, _CURVES[None]):
        points = measured.curves.get(name)
        if points:
            return points
    return []


def above_start(curve: Curve) -> Curve:
    """A curve from zero on."""
    for _, start in curve[:1]:
        return [(number, value - start) for number, value in curve]
    return []


def numbers(measured: Measured, meter: MeterName | None = None) -> str:
    """ "+932 KiB per repeat, 930 KiB stay" of one version, on the meter that decided."""
    growth = measured.allocator if meter is None else measured.growth(meter)
    return _growth(growth if growth.raw is not None else measured.host)


def _growth(growth: Growth) -> str:
    parts = []
    if growth.raw is not None:
        raw = growth.raw.value
        parts.append(f"{'+' if raw >= 0 else ''}{size(raw)} per repeat")
    if growth.retained is not None:
        parts.append(f"{size(max(0, growth.retained.value))} stay")
    return ", ".join(parts)
