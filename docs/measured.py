"""Tables of measured patterns for docs/generate.py: what docs/evidence/patterns.json holds, as markdown."""

import json
import re
from pathlib import Path

RECORD = Path(__file__).parent / "evidence" / "patterns.json"
VERIFIED = Path(__file__).parent / "evidence" / "verify-cpu.json"
_VERIFIED = re.compile(r"(<!-- verified -->\n).*?(<!-- /verified -->)", re.DOTALL)
_SHOWN = ("leaky TFM302", "leaky TFM101", "leaky TFM207", "fixed TFM302")  # one of each verdict
_ROWS = re.compile(r"(<!-- rows: ([\w-]+) -->\n).*?(<!-- /rows -->)", re.DOTALL)
_CALLS = re.compile(r"(<!-- calls -->\n).*?(<!-- /calls -->)", re.DOTALL)


def filled(text: str) -> str:
    """The page with a table between each pair of marks."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    text = _ROWS.sub(lambda m: m[1] + _rows(record["rows"], m[2]) + m[3], text)
    text = _CALLS.sub(lambda m: m[1] + _calls(record["calls"]["rows"]) + m[2], text)
    return _VERIFIED.sub(lambda m: m[1] + _verified() + m[2], text)


def _verified():
    items = json.loads(VERIFIED.read_text(encoding="utf-8"))["items"]
    lines = ["| place | verified | in words |", "| --- | --- | --- |"]
    for wanted in _SHOWN:
        item = next(item for name, item in items.items() if name.startswith(wanted))
        head = item["verdict"] + (f", {item['kind']}" if item["kind"] else "")
        head += f" ({item['mechanism']})" if item["mechanism"] else ""
        facts = f"on {item['device']}, {item['iterations']} repeats, {item['seconds']:.0f} s"
        lines.append(f"| `{item['place'].partition('/')[2]}` of {item['code']} | {head}, {facts} | {item['message']} |")
    return "\n".join(lines) + "\n"


def _rows(rows, pattern):
    rows = [row for row in rows if row["pattern"] == pattern]
    if not rows:
        raise ValueError(f"no rows of {pattern}")
    versions = list(dict.fromkeys(row["tensorflow"] for row in rows))
    shown = [version.rpartition(".")[0] for version in versions]
    lines = [
        "| program | " + " | ".join(f"grows, {v} | stays, {v} | ms, {v}" for v in shown) + " |",
        "| --- |" + " ---: | ---: | ---: |" * len(shown),
    ]
    for does in dict.fromkeys(row["does"] for row in rows):
        cells = []
        for version in versions:
            row = next((r for r in rows if r["does"] == does and r["tensorflow"] == version), {})
            cells += [_number(row.get(name)) for name in ("raw_kib", "kept_kib", "ms")]
        lines.append(f"| {does} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _number(value):
    if value is None:
        return ""
    return f"{value:.0f}" if abs(value) >= 10 else f"{value:.1f}".replace("-0.0", "0.0")


def _calls(rows):
    lines = ["| call | TensorFlow | what happens |", "| --- | --- | --- |"]
    by_call = {}
    for row in rows:
        by_call.setdefault((row["calls"], row["outcome"]), []).append(row["tensorflow"].rpartition(".")[0])
    for (calls, outcome), versions in by_call.items():
        lines.append(f"| {calls} | {', '.join(versions)} | {outcome} |")
    return "\n".join(lines) + "\n"
