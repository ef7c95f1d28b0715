"""`--report report.html`: one page that needs nothing else, with curves, code, fix and environment.

No script, no font, no request: style and pictures are in the page.  Light and dark by the reader's setting; prints.
"""

import difflib
import html
import time

from tflint_mem.hardening import safe
from tflint_mem.verify.verdict.verdict import duration, size

from . import chart
from .text import curve_of

_ORDER = ("confirmed", "bounded", "not-confirmed", "not-runnable")
_METER_NAMES = {
    "rss": "host memory",
    "nvml": "GPU, as the driver counts",
    "allocator": "GPU, as TensorFlow counts",
    "objects": "objects",
    "time": "time",
}

_DECIDES = {"host": "rss", "allocator": "allocator", "nvml": "nvml"}  # whose numbers made the verdict -> its row
_SHOWN = {
    "host": "Host memory in use",
    "allocator": "GPU memory in TensorFlow's allocator",
    "nvml": "GPU memory, as the driver counts",
}

_STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5b6675; --paper: #ffffff; --card: #f7f8fa; --rule: #dfe3e8;
  --flagged: #c2410c; --fixed: #0f766e; --device: #7c6f9b; --mark: #fff3d6; --add: #e3f5ec; --del: #fde8e4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa5b5; --paper: #14181f; --card: #1c222c; --rule: #2f3845;
  --flagged: #fb923c; --fixed: #2dd4bf; --device: #b7a9dd; --mark: #4a3d16; --add: #12382d; --del: #47231c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.15rem; margin: 0; }
h3 { font-size: .85rem; margin: 1.25rem 0 .4rem; color: var(--soft); text-transform: uppercase; letter-spacing: .05em; }
p { margin: .4rem 0; } .soft { color: var(--soft); } a { color: inherit; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--paper); border: 1px solid var(--rule); border-radius: 6px; padding: .6rem 0; overflow-x: auto; margin: 0; }
pre span { display: block; padding: 0 .8rem; min-height: 1.5em; white-space: pre; } pre i { color: var(--soft); font-style: normal; user-select: none; }
.hit { background: var(--mark); } .add { background: var(--add); } .del { background: var(--del); }
.counts { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.25rem 0; padding: 0; list-style: none; }
.counts li { border: 1px solid var(--rule); border-radius: 8px; padding: .5rem .9rem; background: var(--card); } .counts b { font-size: 1.3rem; margin-right: .35rem; }
article { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 1.1rem 1.25rem; margin: 1.25rem 0; }
header.place { display: flex; flex-wrap: wrap; gap: .5rem; align-items: baseline; justify-content: space-between; }
.badge { border-radius: 99px; padding: .1rem .7rem; font-size: .85rem; font-weight: 600; border: 1px solid currentColor; white-space: nowrap; }
.confirmed { color: var(--flagged); } .not-confirmed { color: var(--fixed); } .bounded, .not-runnable { color: var(--soft); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; } th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--rule); }
th:first-child, td:first-child { text-align: left; } th { font-weight: 600; color: var(--soft); font-size: .85rem; }
table.facts td { text-align: left; } table.facts td:first-child { color: var(--soft); width: 11rem; }
.chart { width: 100%; height: auto; display: block; } .chart .grid { stroke: var(--rule); } .chart .mark { stroke: var(--soft); stroke-dasharray: 3 4; }
.chart text { fill: var(--soft); font: 11px system-ui, sans-serif; } .chart .line { fill: none; stroke-width: 2; stroke-linejoin: round; }
.line.flagged { stroke: var(--flagged); } .line.fixed { stroke: var(--fixed); } .line.device { stroke: var(--device); stroke-width: 1.2; stroke-dasharray: 5 3; }
.bar.flagged { fill: var(--flagged); } .bar.fixed { fill: var(--fixed); }
.legend { display: flex; flex-wrap: wrap; gap: 1.1rem; font-size: .85rem; color: var(--soft); margin-bottom: .3rem; } .legend span::before { content: ""; display: inline-block;
  width: 1.3rem; border-top: 3px solid var(--line); margin-right: .4rem; vertical-align: .25em; }
.wide { overflow-x: auto; } .decided td { font-weight: 600; } .place code, li, article p { overflow-wrap: anywhere; }
@media (max-width: 34rem) { main { padding: 1rem .6rem 2rem; } article { padding: .8rem .7rem; } th, td { padding: .25rem .3rem; font-size: .85rem; }
  table.facts td { display: block; width: auto; overflow-wrap: anywhere; } table.facts td:first-child { border-bottom: 0; padding-bottom: 0; width: auto; } }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--soft); }
@media print { :root { --ink: #000; --paper: #fff; --card: #fff; --soft: #444; --rule: #bbb; } main { max-width: none; padding: 0; } article { break-inside: auto; } header.place, h3, .chart, table { break-inside: avoid; } h3 { break-after: avoid; }
  pre { overflow: visible; } pre span { white-space: pre-wrap; } details:not([open]) { display: none; } }
"""


def render(outcome, source_of, options, title="What the flagged code does to memory"):
    """The page as text.

    outcome    session.Outcome        source_of(path)  the Source of a path, or None
    """
    from tflint_mem import __version__

    counts = {name: sum(result.verification["verdict"] == name for result in outcome.results) for name in _ORDER}
    parts = [
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_text(title)}</title>",
        f"<style>{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f"<h1>{_text(title)}</h1>",
        f'<p class="soft">tflint-mem {_text(__version__)}, {time.strftime("%Y-%m-%d %H:%M")}: each finding was cut out of the '
        "project, run in a process of its own and measured over two settled phases, as flagged and as fixed.</p>",
        '<ul class="counts">'
        + "".join(
            f'<li><b class="{name}">{counts[name]}</b>{name.replace("-", " ")}</li>' for name in _ORDER if counts[name]
        )
        + "</ul>",
    ]
    if outcome.interrupted:
        parts.append("<p><strong>Interrupted:</strong> what follows was measured before.</p>")
    if outcome.skipped:
        parts.append(f"<p><strong>{outcome.skipped} findings were left out:</strong> the total time was up.</p>")
    for result in sorted(outcome.results, key=lambda result: _ORDER.index(result.verification["verdict"])):
        parts.append(_article(result, source_of))
    parts += [_environment(outcome.environment, options), "</main>", "</body>", "</html>"]
    return "\n".join(parts) + "\n"


def _article(result, source_of):
    finding, verification = result.finding, result.verification
    place = (
        f"{finding.path}:{finding.start[0]}"
        if finding.cell is None
        else f"{finding.path}: cell {finding.cell}, row {finding.start[0]}"
    )
    verdict = verification["verdict"]
    badge = verdict.replace("-", " ") + (f", {verification['kind']}" if verification["kind"] else "")
    out = [
        "<article>",
        '<header class="place">',
        f"<h2>{_text(finding.code)} {_text(finding.name)}</h2>",
        f'<span class="badge {verdict}">{_text(badge)}</span>',
        "</header>",
        f'<p class="place"><code>{_text(place)}</code></p>',
        f'<p class="soft">{_text(_capital(finding.message))}.</p>',
        f"<p>{_text(_capital(verification['message']))}.</p>",
    ]
    if verification["mechanism"]:
        out.append(f'<p class="soft">Mechanism: {_text(verification["mechanism"])}.</p>')
    out += [_picture(result), _meters(verification, result.flagged.missing if result.flagged is not None else {})]
    source = source_of(finding.path)
    out += [_code(finding, source), _fix(finding, source)]
    if verification["stand_ins"]:
        out.append(
            "<h3>Stand-ins</h3><ul>"
            + "".join(f"<li>{_text(text)}</li>" for text in verification["stand_ins"])
            + "</ul>"
        )
    if verification["needs"]:
        out.append(
            "<h3>Needs</h3><ul>" + "".join(f"<li>{_text(text)}</li>" for text in verification["needs"]) + "</ul>"
        )
    if result.snippet:
        out.append(
            "<details><summary>What was run, as one file</summary>" + _block(result.reproduction()) + "</details>"
        )
    if result.log.strip():
        out.append("<details><summary>What it printed</summary>" + _block(result.log[-3000:]) + "</details>")
    out.append("</article>")
    return "\n".join(part for part in out if part)


def _text(text):
    """Text of the run as HTML: with nothing in it that a browser, or a person, reads as something else."""
    return html.escape(safe.field(text))


def _row(text):
    """The same for a row of code: tabs stay."""
    return html.escape(safe.code(text))


def _capital(text):
    return text[:1].upper() + text[1:]


def _picture(result):
    flagged, fixed = result.flagged, result.fixed
    if flagged is None or not flagged.repeats:
        return ""
    if result.finding.group == "speed":
        if flagged.times is None:
            return ""
        values = [
            ("flagged", "flagged", flagged.times[0] * 1e3),
            ("fixed", "fixed", fixed.times[0] * 1e3 if fixed is not None and fixed.times else None),
        ]
        return "<h3>Time per repeat</h3>" + chart.bars(values)
    series, legend, meter = [], [], result.verification.get("meter")
    for css, measured in (("flagged", flagged), ("fixed", fixed)):
        points = curve_of(measured, meter) if measured is not None else []
        if points:
            base = points[0][1]
            series.append((css, css, [(x, (y - base) / chart.MIB) for x, y in points]))
            legend.append(f'<span style="--line: var(--{css})">{css}</span>')
    driver = flagged.curves.get("nvml")
    if driver and meter != "nvml":
        series.append(("device", "driver", [(x, (y - driver[0][1]) / chart.MIB) for x, y in driver]))
        legend.append('<span style="--line: var(--device)">flagged, as the driver counts</span>')
    gpu = meter or ("allocator" if flagged.curves.get("allocator") else "host")
    what = _SHOWN[gpu if flagged.curves.get(gpu) else "host"]
    return (
        f"<h3>{what}, above its start</h3>"
        + f'<p class="legend">{"".join(legend)}</p>'
        + chart.curves(series, flagged.marks, "MiB", what)
    )


def _meters(verification, missing):
    rows = []
    for meter in verification["meters"]:
        fixed = meter["fixed"] or {"raw": None, "retained": None}
        bytes_ = meter["name"] != "objects"
        cells = [meter["flagged"]["raw"], meter["flagged"]["retained"], fixed["raw"], fixed["retained"]]
        if all(cell is None for cell in cells) and meter["name"] in ("nvml", "allocator"):
            why = f": {_text(missing[meter['name']])}" if meter["name"] in missing else ""
            rows.append(
                f"<tr><td>{_METER_NAMES[meter['name']]}</td><td colspan='4' class='soft'>not measured{why}</td></tr>"
            )
            continue
        shown = "".join(f"<td>{_cell(cell, bytes_)}</td>" for cell in cells)
        decided = " class='decided'" if meter["name"] == _DECIDES.get(verification.get("meter")) else ""
        rows.append(f"<tr{decided}><td>{_METER_NAMES[meter['name']]}</td>{shown}</tr>")
    if verification.get("time"):
        times = verification["time"]
        fixed = duration(times["fixed"]) if times["fixed"] is not None else "-"
        rows.append(f"<tr><td>time</td><td>{duration(times['flagged'])}</td><td></td><td>{fixed}</td><td></td></tr>")
    return (
        '<h3>Per repeat</h3><div class="wide"><table><thead><tr><th></th><th>flagged</th><th>stays</th><th>fixed</th><th>stays</th></tr></thead><tbody>'
        + "".join(rows)
        + "</tbody></table></div>"
        + f'<p class="soft">{_text(verification["device"])}, {verification["iterations"]} repeats, {verification["seconds"]:.0f} s</p>'
    )


def _cell(value, is_bytes):
    if value is None:
        return "-"
    return size(value) if is_bytes else f"{value:.2f}"


def _code(finding, source):
    if source is None:
        return ""
    rows = source.rows(finding.cell)
    hit_first, hit_last = finding.start[0], max(finding.start[0], finding.end[0])
    first, last = max(1, hit_first - 6), min(len(rows), hit_last + 4)
    lines = []
    for row in range(first, last + 1):
        css = ' class="hit"' if hit_first <= row <= hit_last else ""
        lines.append(f"<span{css}><i>{row:>4}  </i>{_row(rows[row - 1])}</span>")
    return "<h3>Code</h3><pre>" + "".join(lines) + "</pre>"


def _fix(finding, source):
    if finding.fix is None or source is None:
        return ""
    from tflint_mem.sources.source import Source, SourceError

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
        f"<h3>Fix ({_text(finding.fix.applicability)})</h3><p>{_text(_capital(finding.fix.message))}</p><pre>"
        + "".join(lines)
        + "</pre>"
    )


def _block(text):
    return "<pre>" + "".join(f"<span>{_row(line)}</span>" for line in text.rstrip("\n").split("\n")) + "</pre>"


def _environment(facts, options):
    from tflint_mem.verify.verdict.result import device_name

    gpus = ", ".join(
        f"{gpu['name'] or 'GPU'} ({size(gpu['total'])})" if gpu["total"] else str(gpu["name"])
        for gpu in facts["driver_gpus"]
    )
    isolated = facts.get("isolated") or {}
    entries = [
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
        ("Network of the children", isolated.get("network")),
        ("Project read-only", "yes" if isolated.get("readonly") else "scratch folder only"),
        ("Not contained", ", ".join(facts.get("unprotected") or ())),
        ("Limits", f"{options.timeout:.0f} s and {size(options.memory)} each"),
        ("Memory growth", "on, except where memory growth itself is measured"),
    ]
    rows = "".join(
        f"<tr><td>{_text(name)}</td><td>{_text(str(value))}</td></tr>"
        for name, value in entries
        if value not in (None, "")
    )
    return f'<article><h2>Environment</h2><table class="facts"><tbody>{rows}</tbody></table></article>'


def write(path, page):
    """Writes the page; replaces what was there in one step.  Raises OSError."""
    from tflint_mem.storage.new_file import put

    put(path, page)
