"""What a verification says on a terminal: verdict, numbers, and the curve in one row."""

from tflint_mem.hardening import safe
from tflint_mem.verify.verdict.verdict import duration, size

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#%"
BOLD, DIM, RED, GREEN, YELLOW = "1", "2", "31", "32", "33"
_COLOR = {"confirmed": RED, "bounded": YELLOW, "not-confirmed": GREEN, "not-runnable": YELLOW}


def sparkline(values, width=32, low=None, high=None, ascii=False):
    """The curve in at most `width` characters, from `low` to `high` (default: its own bounds); "" when there is none."""
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


def rows(result, paint=None, width=100, ascii=False):
    """Rows of text for one Result, without indent.  paint(text, style) colors it; None leaves it plain."""
    paint = paint or (lambda text, style: text)
    verification = result.verification
    head = verification["verdict"]
    if verification["kind"]:
        head += f", {verification['kind']}"
    if verification["mechanism"]:
        head += f" ({verification['mechanism']})"
    facts = f"on {verification['device']}, {verification['iterations']} repeats, {verification['seconds']:.0f} s"
    lines = [
        f"{paint('verified:', BOLD)} {paint(safe.field(head), _COLOR[verification['verdict']])}, {safe.field(facts)}"
    ]
    lines += _wrapped(verification["message"], width - 2, "  ")
    lines += ["  " + row for row in _curves(result, ascii)]
    for row in gpu_rows(result):
        lines += _wrapped(row, width - 2, "  ")
    if verification["stand_ins"]:
        lines += _wrapped("stand-ins: " + "; ".join(verification["stand_ins"]), width - 2, "  ")
    if verification.get("unprotected"):
        lines += _wrapped("not contained: " + ", ".join(verification["unprotected"]), width - 2, "  ")
    if verification["needs"] and verification["verdict"] != "not-runnable":
        lines += _wrapped("needs: " + "; ".join(verification["needs"]), width - 2, "  ")
    return lines


def _wrapped(text, width, indent):
    import textwrap

    return [
        indent + row for row in textwrap.wrap(safe.field(text), width, break_long_words=False, break_on_hyphens=False)
    ]


def _curves(result, ascii):
    """One row with numbers and curve for the flagged version and one for the fixed."""
    if result.flagged is None or not result.flagged.repeats:
        return []
    versions = [("flagged", result.flagged)] + ([("fixed", result.fixed)] if result.fixed is not None else [])
    if result.finding.group == "speed":
        return [f"{name:7} {duration(measured.times[0])} per repeat" for name, measured in versions if measured.times]
    meter = result.verification.get("meter")
    curves = [(name, measured, curve_of(measured, meter)) for name, measured in versions]
    rises = [[value - points[0][1] for _, value in points] for _, _, points in curves if points]
    if not rises:
        return []
    # one scale for both, so that the fixed curve looks as flat as it is
    top = max(max(values) for values in rises) or 1
    lines, number = [], 0
    for name, measured, points in curves:
        if not points:
            continue
        lines.append(f"{name:7} {sparkline(rises[number], low=0, high=top, ascii=ascii)}  {numbers(measured, meter)}")
        number += 1
    return lines


def gpu_rows(result):
    """What each meter of the GPU says, or why it says nothing, of the flagged version; nothing where no GPU was measured."""
    measured = result.flagged
    if measured is None or not result.verification["device"].startswith("GPU"):
        return []
    rows = []
    for name, label in (
        ("nvml", "NVML, this process"),
        ("device", "NVML, all processes"),
        ("allocator", "TensorFlow's allocator"),
    ):
        growth = getattr(measured, name)
        if growth.raw is not None:
            rows.append(f"{label}: {_growth(growth)}")
        elif name in measured.missing:
            rows.append(f"{label}: not measured ({measured.missing[name]})")
    for name, reason in measured.missing.items():
        if name.startswith("nvml of "):
            rows.append(f"NVML, {name[len('nvml of ') :]}: not in these numbers ({reason})")
    return rows


def curve_of(measured, meter=None):
    """[(repeat, bytes)] of the meter that decided, else of the one that tells most: TensorFlow's GPU allocator, malloc's
    account, resident memory.

    meter: "host", "allocator", "nvml", or None
    """
    host = ("heap", "rss")
    for name in {"host": host, "nvml": ("nvml", *host)}.get(meter, ("allocator", *host)):
        points = measured.curves.get(name)
        if points:
            return points
    return []


def numbers(measured, meter=None):
    """ "+932 KiB per repeat, 930 KiB stay" of one version, on the meter that decided."""
    growth = measured.allocator if meter is None else measured.growth(meter)
    return _growth(growth if growth.raw is not None else measured.host)


def _growth(growth):
    parts = []
    if growth.raw is not None:
        raw = growth.raw.value
        parts.append(f"{'+' if raw >= 0 else ''}{size(raw)} per repeat")
    if growth.retained is not None:
        parts.append(f"{size(max(0, growth.retained.value))} stay")
    return ", ".join(parts)
