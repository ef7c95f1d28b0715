"""The table of a fleet as one page that needs no network: a click on the head of a column sorts by it."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

# what sorts by meaning, not by letters
_RANKS = {"broken": 0, "incomplete": 1, "error": 2, "warning": 3, "hint": 4, "certain": 0, "likely": 1, "possible": 2}
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem; color: #1c1e21; background: #fff }
table { border-collapse: collapse; width: 100%; font-size: 14px }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem; border-bottom: 1px solid #d8dbe0 }
td { overflow-wrap: anywhere }
th { position: sticky; top: 0; background: #f3f4f6 }
th button { font: inherit; font-weight: 600; border: 0; background: none; padding: 0; cursor: pointer; color: inherit }
th[aria-sort=ascending] button::after { content: " \\2191" }
th[aria-sort=descending] button::after { content: " \\2193" }
tr.error td:nth-child(3), tr.broken td:nth-child(3) { color: #b00020; font-weight: 600 }
@media (prefers-color-scheme: dark) {
  body { color: #e6e8eb; background: #17191c }
  th { background: #24272c }
  th, td { border-color: #3a3f46 }
  tr.error td:nth-child(3), tr.broken td:nth-child(3) { color: #ff8a80 }
}
"""
_SCRIPT = """
const body = document.querySelector("tbody"), heads = [...document.querySelectorAll("th")];
const order = new Intl.Collator(undefined, { numeric: true });
heads.forEach((head, column) => head.firstChild.addEventListener("click", () => {
  const down = head.getAttribute("aria-sort") === "ascending";
  heads.forEach(other => other.removeAttribute("aria-sort"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const key = row => row.cells[column].dataset.rank ?? row.cells[column].textContent;
  const rows = [...body.rows].sort((a, b) => order.compare(key(a), key(b)));
  body.append(...(down ? rows.reverse() : rows));
}));
"""


def page(rows: Sequence[Mapping[str, str]], columns: Iterable[str], repositories: int) -> str:
    """The page.  repositories: how many were looked at, those without a row included."""
    names = list(columns)
    counts = Counter(row["severity"] for row in rows)
    said = ", ".join(f"{counts[word]} {word}" for word in sorted(counts, key=lambda word: _RANKS.get(word, 9)))
    heads = "".join(f'<th scope="col"><button type="button">{_text(name)}</button></th>' for name in names)
    body = "\n".join(
        f'<tr class="{_text(row["severity"])}">{"".join(_cell(row[name]) for name in names)}</tr>' for row in rows
    )
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Memory findings of {repositories} repositories</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>Memory findings of {repositories} repositories</h1>
<p>{len(rows)} rows: {said or "nothing was found"}.</p>
<table>
<thead><tr>{heads}</tr></thead>
<tbody>
{body}
</tbody>
</table>
<script>{_SCRIPT}</script>
</body>
</html>
"""


def _cell(value: str) -> str:
    rank = f' data-rank="{_RANKS[value]}"' if value in _RANKS else ""
    return f"<td{rank}>{_text(value)}</td>"


def _text(value: str) -> str:
    """Text of a repository, fit for the page: what cannot be seen, or turns the direction of a row, is written out."""
    return html.escape("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in value))
