"""`--report report.html`: one page that needs nothing else, with curves, code, fix and environment.

No script, no font, no request: style and pictures are in the page.  Light and dark by the reader's setting; prints.
"""

from __future__ import annotations

import difflib
import html
import time

from tflint_mem import __version__
from tflint_mem.hardening import safe
from tflint_mem.sources.source import Source, SourceError
from tflint_mem.storage.new_file import put
from tflint_mem.verify.verdict.contract import device_name
from tflint_mem.verify.verdict.units import duration, size
from tflint_mem.verify.verdict.words import LEVEL_WORDS, VERDICTS

from . import chart
from .chart import escaped
from .page_style import STYLE
from .text import above_start, curve_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Protocol

    from tflint_mem.finding import Finding
    from tflint_mem.verify.events import Environment
    from tflint_mem.verify.plan.options import Options
    from tflint_mem.verify.snippet.snippet import Level
    from tflint_mem.verify.verdict.contract import MeterNumbers, Verification
    from tflint_mem.verify.verdict.measured import Measured
    from tflint_mem.verify.verdict.result import Result
    from tflint_mem.verify.verdict.words import MeterName

    class Verified(Protocol):
        """What the page shows of a session.Outcome."""

        @property
        def results(self) -> Sequence[Result]: ...
        @property
        def environment(self) -> Environment: ...
        @property
        def interrupted(self) -> bool: ...
        @property
        def skipped(self) -> int: ...


_METER_NAMES = {
    "rss": "host memory",
    "nvml": "GPU, as the driver counts",
    "allocator": "GPU, as TensorFlow counts",
    "objects": "objects",
    "time": "time",
}

# whose numbers made the verdict -> its row
_DECIDES: dict[MeterName, str] = {"host": "rss", "allocator": "allocator", "nvml": "nvml"}
_LEVELS: dict[Level, str] = {
    "as-written": "the code's own region",
    "reduced": "the code's own call, in a loop of ours",
    "mechanism": "the rule's own pair of programs, not this code",
}
_SHOWN: dict[MeterName, str] = {
    "host": "Host memory in use",
    "allocator": "GPU memory in TensorFlow's allocator",
    "nvml": "GPU memory, as the driver counts",
}


def render(
    outcome: Verified,
    source_of: Callable[[str], Source | None],
    options: Options,
    title: str = "What the flagged code does to memory",
) -> str:
    """The page as text.

    source_of   the Source of a path, None where there is none any more
    """
    counts = {name: sum(result.verification["verdict"] == name for result in outcome.results) for name in VERDICTS}
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escaped(title)}</title>",
        f"<style>{STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{escaped(title)}</h1>",
        f'<p class="soft">tflint-mem {escaped(__version__)}, {time.strftime("%Y-%m-%d %H:%M")}: '
        "each finding was cut out of the project, run in a process of its own and measured over two settled phases, "
        "as flagged and as fixed.</p>",
        '<ul class="counts">'
        + "".join(
            f'<li><b class="{name}">{counts[name]}</b>{name.replace("-", " ")}</li>'
            for name in VERDICTS
            if counts[name]
        )
        + "</ul>",
    ]
    if outcome.interrupted:
        parts.append("<p><strong>Interrupted:</strong> what follows was measured before.</p>")
    if outcome.skipped:
        parts.append(f"<p><strong>{outcome.skipped} findings were left out:</strong> the total time was up.</p>")
    for result in sorted(outcome.results, key=lambda result: VERDICTS.index(result.verification["verdict"])):
        parts.append(_article(result, source_of))
    parts += [_environment(outcome.environment, options), "</main>", "</body>", "</html>"]
    return "\n".join(parts) + "\n"


def _article(result: Result, source_of: Callable[[str], Source | None]) -> str:
    finding, verification = result.finding, result.verification
    row, _ = finding.start
    place = f"{finding.path}:{row}" if finding.cell is None else f"{finding.path}: cell {finding.cell}, row {row}"
    verdict = verification["verdict"]
    badge = verdict.replace("-", " ") + (f", {verification['kind']}" if verification["kind"] else "")
    out = [
        "<article>",
        '<header class="place">',
        f"<h2>{escaped(finding.code)} {escaped(finding.name)}</h2>",
        f'<span class="badge {verdict}">{escaped(badge)}</span>',
        "</header>",
        f'<p class="place"><code>{escaped(place)}</code></p>',
        f'<p class="soft">{escaped(_capital(finding.message))}.</p>',
        f"<p>{escaped(_capital(verification['message']))}.</p>",
    ]
    level = verification.get("level")
    if level is not None:
        out.append(f'<p class="soft">Level: {LEVEL_WORDS[level]}, {_LEVELS[level]}.</p>')
    if verification["mechanism"]:
        out.append(f'<p class="soft">Mechanism: {escaped(verification["mechanism"])}.</p>')
    out += [_picture(result), _meters(verification, result.flagged.missing if result.flagged is not None else {})]
    source = source_of(finding.path)
    out += [_code(finding, source), _fix(finding, source)]
    out += [_list("Stand-ins", verification["stand_ins"]), _list("Needs", verification["needs"])]
    if result.snippet:
        out.append(
            "<details><summary>What was run, as one file</summary>" + _block(result.reproduction()) + "</details>"
        )
    if result.log.strip():
        out.append("<details><summary>What it printed</summary>" + _block(result.log[-3000:]) + "</details>")
    out.append("</article>")
    return "\n".join(part for part in out if part)


def _list(title: str, items: Sequence[str]) -> str:
    """A list under a title; "" for an empty one."""
    if not items:
        return ""
    return f"<h3>{title}</h3><ul>" + "".join(f"<li>{escaped(text)}</li>" for text in items) + "</ul>"


def _row(text: str) -> str:
    """The same for a row of code: tabs stay."""
    return html.escape(safe.code(text))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _picture(result: Result) -> str:
    """Bars of times for a speed finding, curves for any other; "" where nothing was measured."""
    flagged, fixed = result.flagged, result.fixed
    if flagged is None or not flagged.repeats:
        return ""
    return _times(flagged, fixed) if result.finding.group == "speed" else _curves(flagged, fixed, result.verification)


def _times(flagged: Measured, fixed: Measured | None) -> str:
    if flagged.times is None:
        return ""
    other = fixed.times.median * 1e3 if fixed is not None and fixed.times else None
    values = [
        chart.Bar("flagged", "flagged", flagged.times.median * 1e3),
        chart.Bar("fixed", "fixed", other),
    ]
    return "<h3>Time per repeat</h3>" + chart.bars(values)


def _curves(flagged: Measured, fixed: Measured | None, verification: Verification) -> str:
    series: list[chart.Series] = []
    legend: list[str] = []
    meter = verification.get("meter")
    for css, measured in (("flagged", flagged), ("fixed", fixed)):
        points = above_start(curve_of(measured, meter)) if measured is not None else []
        if points:
            series.append(chart.Series(css, [(x, y / chart.MIB) for x, y in points]))
            legend.append(f'<span style="--line: var(--{css})">{css}</span>')
    driver = above_start(flagged.curves.get("nvml") or [])
    if driver and meter != "nvml":
        series.append(chart.Series("device", [(x, y / chart.MIB) for x, y in driver]))
        legend.append('<span style="--line: var(--device)">flagged, as the driver counts</span>')
    shown: MeterName = meter or ("allocator" if flagged.curves.get("allocator") else "host")
    what = _SHOWN[shown if shown != "host" and flagged.curves.get(shown) else "host"]
    return (
        f"<h3>{what}, above its start</h3>"
        + f'<p class="legend">{"".join(legend)}</p>'
        + chart.curves(series, flagged.marks, "MiB", what)
    )


def _meters(verification: Verification, missing: Mapping[str, str]) -> str:
    deciding = _DECIDES.get(verification["meter"]) if "meter" in verification else None
    rows = [_meter(meter, missing, meter["name"] == deciding) for meter in verification["meters"]]
    times = verification.get("time")
    if times:
        fixed = duration(times["fixed"]) if times["fixed"] is not None else "-"
        rows.append(f"<tr><td>time</td><td>{duration(times['flagged'])}</td><td></td><td>{fixed}</td><td></td></tr>")
    facts = f"{escaped(verification['device'])}, {verification['iterations']} repeats, {verification['seconds']:.0f} s"
    return (
        '<h3>Per repeat</h3><div class="wide"><table><thead><tr><th></th><th>flagged</th><th>stays</th>'
        "<th>fixed</th><th>stays</th></tr></thead><tbody>"
        + "".join(rows)
        + "</tbody></table></div>"
        + f'<p class="soft">{facts}</p>'
    )


def _meter(meter: MeterNumbers, missing: Mapping[str, str], decided: bool) -> str:
    """A row of the table: one meter of both versions."""
    flagged, fixed = meter["flagged"], meter["fixed"]
    cells = [flagged["raw"], flagged["retained"]] + ([fixed["raw"], fixed["retained"]] if fixed else [None, None])
    name = meter["name"]
    if all(cell is None for cell in cells) and name in ("nvml", "allocator"):
        why = f": {escaped(missing[name])}" if name in missing else ""
        return f"<tr><td>{_METER_NAMES[name]}</td><td colspan='4' class='soft'>not measured{why}</td></tr>"
    shown = "".join(f"<td>{_cell(cell, name != 'objects')}</td>" for cell in cells)
    css = " class='decided'" if decided else ""
    return f"<tr{css}><td>{_METER_NAMES[name]}</td>{shown}</tr>"


def _cell(value: float | None, is_bytes: bool) -> str:
    if value is None:
        return "-"
    return size(value) if is_bytes else f"{value:.2f}"


def _code(finding: Finding, source: Source | None) -> str:
    if source is None:
        return ""
    rows = source.rows(finding.cell)
    (hit_first, _), (end, _) = finding.start, finding.end
    hit_last = max(hit_first, end)
    first, last = max(1, hit_first - 6), min(len(rows), hit_last + 4)
    lines = []
    for row in range(first, last + 1):
        css = ' class="hit"' if hit_first <= row <= hit_last else ""
        lines.append(f"<span{css}><i>{row:>4}  </i>{_row(rows[row - 1])}</span>")
    return "<h3>Code</h3><pre>" + "".join(lines) + "</pre>"


def _fix(finding: Finding, source: Source | None) -> str:
    if finding.fix is None or source is None:
        return ""
    try:
        fixed = Source.from_bytes(source.path, source.with_edits(finding.fix.edits))
        before, after = source.rows(finding.cell), fixed.rows(finding.cell)
    except (SourceError, ValueError, LookupError):
        return ""
    lines = []
    for line in list(difflib.unified_diff(before, after, n=2, lineterm=""))[2:]:
        css = {"+": "add", "-": "del", "@": "soft"}.get(line[:1])
        lines.append(f"<span{f' class={chr(34)}{css}{chr(34)}' if css else ''}>{_row(line)}</span>")
    if not lines:
        return ""
    return (
        f"<h3>Fix ({escaped(finding.fix.applicability)})</h3><p>{escaped(_capital(finding.fix.message))}</p><pre>"
        + "".join(lines)
        + "</pre>"
    )


def _block(text: str) -> str:
    return "<pre>" + "".join(f"<span>{_row(line)}</span>" for line in text.rstrip("\n").split("\n")) + "</pre>"


def _environment(facts: Environment, options: Options) -> str:
    gpus = ", ".join(
        f"{gpu['name'] or 'GPU'} ({size(gpu['total'])})" if gpu["total"] else str(gpu["name"])
        for gpu in facts["driver_gpus"]
    )
    isolated = facts.get("isolated")
    entries: list[tuple[str, object]] = [
        ("TensorFlow", facts["tensorflow"]),
        ("Keras", facts["keras"]),
        ("NumPy", facts["numpy"]),
        ("Python", facts["python"]),
        ("System", facts["system"]),
        ("Processors", facts["processors"]),
        ("Measured on", device_name(facts, options)),
        ("GPUs, as the driver lists them", gpus or facts.get("nvml") or "none"),
        ("Driver", facts["driver"]),
        (
            "Allocator of GPU memory",
            "cuda_malloc_async: it keeps no account, the driver's numbers decide"
            if facts.get("allocator") == "cuda_malloc_async"
            else None,
        ),
        ("Other processes on them", facts.get("shared_with") if facts["driver_gpus"] else None),
        ("Network of the children", isolated.get("network") if isolated else None),
        ("Project read-only", "yes" if isolated and isolated.get("readonly") else "scratch folder only"),
        ("Not contained", ", ".join(facts.get("unprotected") or ())),
        ("Limits", f"{options.timeout:.0f} s and {size(options.memory)} each"),
        ("Memory growth", "on, except where memory growth itself is measured"),
    ]
    rows = "".join(
        f"<tr><td>{escaped(name)}</td><td>{escaped(str(value))}</td></tr>"
        for name, value in entries
        if value not in (None, "")
    )
    return f'<article><h2>Environment</h2><table class="facts"><tbody>{rows}</tbody></table></article>'


def write(path: str, page: str) -> None:
    """Writes the page; replaces what was there in one step.  Raises OSError."""
    put(path, page)
