"""What docs/evidence/versions.json says of each rule under each version of TensorFlow: for docs/generate.py, as tables,
as a picture, and as the file that the package carries."""

import html
import json
import math
import re
from pathlib import Path

from tflint_mem.ruleset.registry import RULES

RECORD = Path(__file__).parent / "evidence" / "versions.json"
KINDS = ("flagged", "fixed")
_MARKS = re.compile(r"(<!-- versions: ([\w-]+) -->\n).*?(<!-- /versions -->)", re.DOTALL)
_NOTHING = 8.0  # KiB per repeat: below it nothing is told from noise (tflint_mem/verify/verdict/thresholds.py)


def record():
    """The record; what bench/versions.py measured."""
    return json.loads(RECORD.read_text(encoding="utf-8"))


def order(version):
    """A key that sorts versions by number; names of other environments come behind the version they begin with."""
    number = re.match(r"(\d+)\.(\d+)", version)
    return (int(number[1]), int(number[2]), version) if number else (99, 0, version)


# -- the file of the package -------------------------------------------------------------------------------------------


def costs():
    """Text of tflint_mem/ruleset/costs.json: for each rule a row for each version."""
    rules = record()["rules"]
    blocks = []
    for code in sorted(rules):
        rows = []
        for version in sorted({version for kind in KINDS for version in rules[code].get(kind, {})}, key=order):
            told = {kind: numbers(rules[code].get(kind, {}).get(version)) for kind in KINDS}
            rows.append("  " + json.dumps({"tensorflow": version, **told}))
        blocks.append(f" {json.dumps(code)}: [\n" + ",\n".join(rows) + "\n ]")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def numbers(entry):
    """What the package says of an entry; None for what was not measured."""
    if entry is None:
        return None
    if entry["verdict"] == "cannot-run":
        return {"cannot": entry["why"]}
    return {name: entry[name] for name in ("grows", "stays", "holds", "ms") if name in entry}


# -- tables ------------------------------------------------------------------------------------------------------------


def section(rule):
    """Rows of markdown about a rule; [] where nothing was measured of it."""
    measured = record()["rules"].get(rule.code)
    if not measured:
        return []
    return [
        "## On each version",
        "",
        _head(measured, rule.group),
        "",
        *_table({"`leaky.py`": measured.get("flagged", {}), "`fixed.py`": measured.get("fixed", {})}, rule.group),
        "",
        "How it was measured, and all rules at a glance: [versions](../versions.md).",
        "",
    ]


def _head(measured, group):
    if any("holds" in entry for entry in measured["flagged"].values()):
        return "KiB that the first calls hold, on a CPU."
    if group == "config" or not any("grows" in entry for entry in measured["flagged"].values()):
        return "What it says."
    words = "KiB per repeat, on a CPU: what memory grows by, and what of it no collection returns"
    return words + ("; and milliseconds per repeat, good for ratios only." if group == "speed" else ".")


def _table(programs, group):
    """A row for each version, columns for each program; programs: {heading: entries by version}."""
    entries = [entry for by_version in programs.values() for entry in by_version.values()]
    columns = [name for name in ("holds", "grows", "stays") if any(name in entry for entry in entries)]
    if group == "speed":
        columns.append("ms")
    if not columns:
        columns = ["message"]
    lines = [
        "| TensorFlow | "
        + " | ".join(f"{head} {_HEADS[name]}".strip() for head in programs for name in columns)
        + " |",
        "| --- |" + (" --- |" if columns == ["message"] else " ---: |") * (len(columns) * len(programs)),
    ]
    reasons = {}
    for version in sorted({version for by_version in programs.values() for version in by_version}, key=order):
        cells = []
        for by_version in programs.values():
            cells += _cells(by_version.get(version), columns, reasons)
        lines.append(f"| {version} | {' | '.join(cells)} |")
    lines += ["", *(f"{mark} It cannot run there: `{_code(why)}`" for why, mark in reasons.items())] if reasons else []
    return lines


_HEADS = {"holds": "holds", "grows": "grows", "stays": "stays", "ms": "ms", "message": ""}


def _cells(entry, columns, reasons):
    if entry is None:
        return ["" for _ in columns]
    if entry["verdict"] == "cannot-run":
        mark = reasons.setdefault(_cause(entry["why"]), f"({len(reasons) + 1})")
        return [mark, *("" for _ in columns[1:])]
    return [_cell(name, entry) for name in columns]


def _cell(name, entry):
    if name == "message":
        return f"{entry['verdict']}: {_code(entry['message'])}"
    return _number(entry.get(name))


def _cause(why):
    """The same for all versions that lack the same."""
    return why if len(why) <= 160 else why[:157] + "…"


def _code(text):
    return text.replace("`", "'").replace("|", "\\|")


def _number(value):
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}".replace("-0.0", "0.0")


# -- the page ----------------------------------------------------------------------------------------------------------


def filled(text):
    """The page with what its marks name: `environments`, `claims`, or one of these programs."""
    return _MARKS.sub(lambda match: match[1] + "\n".join(_part(match[2], record())) + "\n" + match[3], text)


def _part(name, record):
    parts = {"environments": _environments, "claims": _claims, "waiting": _waiting}
    return parts[name](record) if name in parts else _programs(record["claims"][name])


def _environments(record):
    names = ("python", "keras", "numpy")
    others = ("jax", "torch", "tensorflow_probability", "transformers")
    lines = ["| environment | TensorFlow | Python | Keras | NumPy | beside |", "| --- | --- | --- | --- | --- | --- |"]
    for name in sorted(record["environments"], key=order):
        has = record["environments"][name]
        if "broken" in has:
            lines.append(f"| {name} | cannot be used: `{_code(has['broken'])}` | | | | |")
            continue
        beside = ", ".join(f"{other.replace('_', '-')} {has[other]}" for other in others if other in has)
        cells = [has.get("tensorflow", ""), *(has.get(each, "") for each in names), beside]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return lines


def _waiting(record):
    """Which rules lack which of the versions that fixtures were measured on, either program."""
    rules = record["rules"]
    versions = {version for kinds in rules.values() for kind in KINDS for version in kinds.get(kind, {})}
    lines = ["| rule | versions |", "| --- | --- |"]
    for rule in RULES:
        kinds = rules.get(rule.code, {})
        lacking = [v for v in sorted(versions, key=order) if any(v not in kinds.get(kind, {}) for kind in KINDS)]
        if lacking:
            lines.append(f"| {rule.code} | {', '.join(lacking)} |")
    return lines if len(lines) > 2 else ["Nothing: all rules were measured on all versions."]


def _claims(record):
    lines = []
    for name, claim in record["claims"].items():
        rule, what = claim["rule"], claim["what"]
        lines += [f"**[{rule}](rules/{rule}.md)** {what} ([`{name}.py`](../bench/claims/{name}.py))", ""]
        lines += [*_programs(claim), ""]
    return lines[:-1]


def _programs(claim):
    return _table({"flagged": claim.get("flagged", {}), "fixed": claim.get("fixed", {})}, "leak")


# -- the picture -------------------------------------------------------------------------------------------------------

_LEFT, _TOP, _WIDTH, _HEIGHT = 300, 56, 62, 24
_LEGEND = 980
_STAYS, _WAITS, _FLAT, _NONE = "#b2182b", "#2166ac", "#f0f0f0", "#ffffff"


def picture(rules):
    """An SVG: what `leaky.py` of each rule costs per repeat under each version.  rules: rows, of the registry"""
    measured = record()["rules"]
    rows = [rule for rule in rules if any("grows" in e or "holds" in e for e in _flagged(measured, rule.code).values())]
    versions = sorted({v for rule in rows for v in _flagged(measured, rule.code)}, key=order)
    width, height = max(_LEFT + _WIDTH * len(versions), _LEGEND) + 16, _TOP + _HEIGHT * len(rows) + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-size="12" '
        'font-family="system-ui, sans-serif">',
        "<title>KiB per repeat of each rule's leaky.py under each version of TensorFlow</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        '<text x="12" y="22" font-size="14" fill="#1a1a1a">What the leaky fixture of each rule costs per repeat, '
        "on a CPU, by version of TensorFlow</text>",
    ]
    for column, version in enumerate(versions):
        x = _LEFT + _WIDTH * column + _WIDTH / 2
        parts.append(f'<text x="{x:.0f}" y="{_TOP - 8}" text-anchor="middle" fill="#1a1a1a">{version}</text>')
    for number, rule in enumerate(rows):
        y = _TOP + _HEIGHT * number
        parts.append(f'<text x="12" y="{y + 16}" fill="#1a1a1a">{rule.code} {html.escape(rule.name)}</text>')
        for column, version in enumerate(versions):
            parts += _square(_LEFT + _WIDTH * column, y, _flagged(measured, rule.code).get(version))
    parts += [*_legend(_TOP + _HEIGHT * len(rows) + 14), "</svg>"]
    return "\n".join(parts) + "\n"


def _flagged(measured, code):
    return measured.get(code, {}).get("flagged", {})


def _square(x, y, entry):
    """One place of the picture: a colour by kind, as strong as the logarithm of the number, and the number."""
    colour, strength, said = _told(entry)
    dark = strength > 0.55 and colour in (_STAYS, _WAITS)
    return [
        f'<rect x="{x + 1}" y="{y + 1}" width="{_WIDTH - 2}" height="{_HEIGHT - 2}" rx="3" fill="{colour}" '
        f'fill-opacity="{strength:.2f}" stroke="#d0d0d0"/>',
        f'<text x="{x + _WIDTH / 2:.0f}" y="{y + 16}" text-anchor="middle" fill="{"#ffffff" if dark else "#1a1a1a"}">'
        f"{said}</text>",
    ]


def _told(entry):
    if entry is None:
        return _NONE, 1.0, ""
    if entry["verdict"] == "cannot-run":
        return _NONE, 1.0, "n/a"
    stays, grows = entry.get("stays", entry.get("holds")) or 0.0, entry.get("grows") or 0.0
    if entry["verdict"] == "confirmed" and entry["kind"] == "deferred":
        return _WAITS, _strength(grows), _size(grows)
    if stays >= _NOTHING:
        return _STAYS, _strength(stays), _size(stays)
    return _FLAT, 1.0, "0" if stays < 1 else _size(stays)


def _strength(kib):
    """Between 0.15 at a few KiB and 1 at a few MiB."""
    return min(1.0, max(0.15, math.log10(max(kib, 1.0)) / 3.6))


def _size(kib):
    return f"{kib / 1024:.1f} M" if kib >= 1000 else f"{kib:.0f} K"


def _legend(y):
    rows = (
        (_STAYS, 0.7, "stays: no collection returns it"),
        (_WAITS, 0.7, "garbage that waits for a late collection"),
        (_FLAT, 1.0, "no growth"),
        (_NONE, 1.0, "n/a: it cannot run; empty: not measured yet"),
    )
    parts, x = [], 12
    for colour, strength, words in rows:
        parts.append(
            f'<rect x="{x}" y="{y}" width="14" height="14" rx="3" fill="{colour}" fill-opacity="{strength}" '
            'stroke="#d0d0d0"/>'
        )
        parts.append(f'<text x="{x + 20}" y="{y + 12}" fill="#1a1a1a">{words}</text>')
        x += 44 + int(6.6 * len(words))
    return parts
