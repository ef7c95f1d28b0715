"""Curves as inline SVG: one picture per finding, colors from the page's style sheet."""

from __future__ import annotations

import html
import math

from tflint_mem.hardening import safe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Points = Sequence[tuple[float, float]]  # (x, y)
    Marks = Sequence[tuple[float, str]]  # (x, text)

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 36
MIB = 1024.0 * 1024.0


class Series:
    """One line of a chart.

    css      its class        points   y in the unit of the chart
    """

    __slots__ = ("css", "points")

    def __init__(self, css: str, points: Points) -> None:
        self.css, self.points = css, points


class Bar:
    """One bar of a chart.

    css      its class        value    its length, None for no bar
    legend   what stands in front of it
    """

    __slots__ = ("css", "legend", "value")

    def __init__(self, css: str, legend: str, value: float | None) -> None:
        self.css, self.legend, self.value = css, legend, value


class _Area:
    """Where on the picture a point lies.  right: the last x; low, high: of all y."""

    def __init__(self, right: float, low: float, high: float) -> None:
        self._right, self._low, self._high = right, low, high

    def x(self, x: float) -> float:
        """From the left."""
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * x / float(self._right)

    def y(self, y: float) -> float:
        """From the top."""
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (y - self._low) / float(self._high - self._low))


def curves(series: Iterable[Series], marks: Marks = (), unit: str = "MiB", label: str = "") -> str:
    """An SVG with one line per series, "" when none has a point.

    series  all are drawn over the repeats of the first
    marks   vertical lines where a phase begins
    """
    drawn = [line for line in series if line.points]
    if not drawn:
        return ""
    last, _ = drawn[0].points[-1]
    right = last or 1
    drawn = [Series(line.css, [(x, y) for x, y in line.points if x <= right]) for line in drawn]
    low = min(0.0, min(y for line in drawn for _, y in line.points))
    high = max(y for line in drawn for _, y in line.points)
    if high - low < 1e-9:
        high = low + 1.0
    ticks = _ticks(low, high)
    area = _Area(right, min(low, ticks[0]), max(high, ticks[-1]))
    name = escaped(label or "memory per repeat")
    out = [f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{name}">']
    out += _axes(area, ticks, right, unit)
    out += _phases(area, marks, right)
    for line in drawn:
        path = " ".join(f"{area.x(x):.1f},{area.y(y):.1f}" for x, y in _thinned(line.points))
        out.append(f'<polyline class="line {line.css}" points="{path}"/>')
    out.append("</svg>")
    return "\n".join(out)


def _axes(area: _Area, ticks: Sequence[float], right: float, unit: str) -> list[str]:
    out = []
    for tick in ticks:
        y = area.y(tick)
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    for tick in _ticks(0, right, whole=True):
        if tick <= right:
            out.append(
                f'<text class="tick" x="{area.x(tick):.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">'
                f"{_number(tick)}</text>"
            )
    out.append(f'<text class="axis" x="{(WIDTH + _LEFT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">repeats</text>')
    out.append(
        f'<text class="axis" transform="translate(14 {HEIGHT / 2:.0f}) rotate(-90)" text-anchor="middle">'
        f"{escaped(unit)}</text>"
    )
    return out


def _phases(area: _Area, marks: Marks, right: float) -> list[str]:
    """Lines where phases begin, with their names where there is room before the next one."""
    out = []
    for (x, text), (following, _) in zip(marks, [*marks[1:], (right, "")]):
        at = area.x(x)
        if x:
            out.append(f'<line class="mark" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>')
        if area.x(following) - at >= 7 * len(text):
            out.append(f'<text class="phase" x="{at + 4:.1f}" y="{_TOP + 10}">{escaped(text)}</text>')
    return out


def bars(values: Iterable[Bar], unit: str = "ms") -> str:
    """Horizontal bars, "" when none has a value."""
    drawn = [(bar, bar.value) for bar in values if bar.value is not None]
    if not drawn:
        return ""
    top = max(value for _, value in drawn) or 1.0
    height = 34 * len(drawn) + 12
    out = [f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="time per repeat">']
    for number, (bar, value) in enumerate(drawn):
        y = 8 + 34 * number
        length = max(2.0, (WIDTH - 260) * value / top)
        out.append(f'<text class="axis" x="84" y="{y + 17}" text-anchor="end">{escaped(bar.legend)}</text>')
        out.append(f'<rect class="bar {bar.css}" x="92" y="{y}" width="{length:.1f}" height="24" rx="3"/>')
        shown = f"{_number(value)} {escaped(unit)}"
        out.append(f'<text class="tick" x="{100 + length:.1f}" y="{y + 17}">{shown}</text>')
    out.append("</svg>")
    return "\n".join(out)


def escaped(text: str) -> str:
    """Text of the run as HTML: with nothing in it that a browser, or a person, reads as something else."""
    return html.escape(safe.field(text))


def _ticks(low: float, high: float, count: int = 5, whole: bool = False) -> list[float]:
    """Round numbers that cover the range."""
    raw = (high - low) / float(count)
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1
    step: float = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    if whole:
        step = max(1, math.ceil(step))
    first = math.floor(low / step)
    ticks: list[float] = []
    while not ticks or ticks[-1] < high - 1e-9:
        ticks.append(round((first + len(ticks)) * step, 10))
    return ticks


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3g}"


def _thinned(points: Points, most: int = 600) -> Points:
    """Few enough points for a page, peaks kept: of each group the lowest and the highest."""
    if len(points) <= most:
        return points
    out: list[tuple[float, float]] = []
    groups = most // 2
    for group in range(groups):
        part = points[group * len(points) // groups : (group + 1) * len(points) // groups]
        pair = {min(part, key=_height), max(part, key=_height)}
        out += sorted(pair)
    return out


def _height(point: tuple[float, float]) -> float:
    _, y = point
    return y
