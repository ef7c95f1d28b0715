"""Curves as inline SVG: one picture per finding, colors from the page's style sheet."""

import html
import math

from tflint_mem.hardening import safe

WIDTH, HEIGHT = 720, 260
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 36
MIB = 1024.0 * 1024.0


def curves(series, marks=(), unit="MiB", label=""):
    """An SVG with one line per series.

    series  [(css class, legend, [(x, y)])], y in `unit`; all are drawn over the repeats of the first
    marks   [(x, text)]: vertical lines where a phase begins
    """
    marks = list(marks)
    series = [(css, legend, points) for css, legend, points in series if points]
    if not series:
        return ""
    right = series[0][2][-1][0] or 1
    series = [(css, legend, [point for point in points if point[0] <= right]) for css, legend, points in series]
    low = min(0.0, min(y for _, _, points in series for _, y in points))
    high = max(y for _, _, points in series for _, y in points)
    if high - low < 1e-9:
        high = low + 1.0
    ticks = _ticks(low, high)
    low, high = min(low, ticks[0]), max(high, ticks[-1])

    def x_of(x):
        return _LEFT + (WIDTH - _LEFT - _RIGHT) * x / float(right)

    def y_of(y):
        return _TOP + (HEIGHT - _TOP - _BOTTOM) * (1 - (y - low) / float(high - low))

    out = [
        f'<svg class="chart" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{html.escape(safe.field(label or "memory per repeat"))}">'
    ]
    for tick in ticks:
        y = y_of(tick)
        out.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        out.append(f'<text class="tick" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    for tick in _ticks(0, right, whole=True):
        if tick <= right:
            out.append(
                f'<text class="tick" x="{x_of(tick):.1f}" y="{HEIGHT - _BOTTOM + 16}" text-anchor="middle">{_number(tick)}</text>'
            )
    out.append(f'<text class="axis" x="{(WIDTH + _LEFT) / 2:.0f}" y="{HEIGHT - 4}" text-anchor="middle">repeats</text>')
    out.append(
        f'<text class="axis" transform="translate(14 {HEIGHT / 2:.0f}) rotate(-90)" text-anchor="middle">{html.escape(safe.field(unit))}</text>'
    )
    for (x, text), (following, _) in zip(marks, marks[1:] + [(right, "")]):
        if x:
            out.append(
                f'<line class="mark" x1="{x_of(x):.1f}" x2="{x_of(x):.1f}" y1="{_TOP}" y2="{HEIGHT - _BOTTOM}"/>'
            )
        if x_of(following) - x_of(x) < 7 * len(text):
            continue  # no room for its name before the next phase
        out.append(f'<text class="phase" x="{x_of(x) + 4:.1f}" y="{_TOP + 10}">{html.escape(safe.field(text))}</text>')
    for css, _, points in series:
        points = _thinned(points)
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in points)
        out.append(f'<polyline class="line {css}" points="{path}"/>')
    out.append("</svg>")
    return "\n".join(out)


def bars(values, unit="ms"):
    """Horizontal bars: [(css class, legend, value)]."""
    values = [entry for entry in values if entry[2] is not None]
    if not values:
        return ""
    top = max(value for _, _, value in values) or 1.0
    height = 34 * len(values) + 12
    out = [f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" role="img" aria-label="time per repeat">']
    for number, (css, legend, value) in enumerate(values):
        y = 8 + 34 * number
        length = max(2.0, (WIDTH - 260) * value / top)
        out.append(f'<text class="axis" x="84" y="{y + 17}" text-anchor="end">{html.escape(safe.field(legend))}</text>')
        out.append(f'<rect class="bar {css}" x="92" y="{y}" width="{length:.1f}" height="24" rx="3"/>')
        out.append(
            f'<text class="tick" x="{100 + length:.1f}" y="{y + 17}">{_number(value)} {html.escape(safe.field(unit))}</text>'
        )
    out.append("</svg>")
    return "\n".join(out)


def _ticks(low, high, count=5, whole=False):
    """Round numbers that cover the range."""
    raw = (high - low) / float(count)
    power = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= raw * 0.999)
    if whole:
        step = max(1, math.ceil(step))
    first = math.floor(low / step)
    ticks = []
    while not ticks or ticks[-1] < high - 1e-9:
        ticks.append(round((first + len(ticks)) * step, 10))
    return ticks


def _number(value):
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    return f"{value:.3g}"


def _thinned(points, most=600):
    """Few enough points for a page, peaks kept: of each group the lowest and the highest."""
    if len(points) <= most:
        return points
    out, groups = [], most // 2
    for group in range(groups):
        part = points[group * len(points) // groups : (group + 1) * len(points) // groups]
        pair = {min(part, key=lambda point: point[1]), max(part, key=lambda point: point[1])}
        out += sorted(pair)
    return out
