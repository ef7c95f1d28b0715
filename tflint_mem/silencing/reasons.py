"""Why somebody has silenced a finding, in the words of the comment that does it."""

from __future__ import annotations

import re

from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source

_LONGEST = 300  # characters
_OURS = r"#\s*tflint-mem\s*:\s*"
_NAMED = r"\s*(?:\[[^\]]*\])?"  # rules in brackets
_HERE = re.compile(
    rf"(?:{_OURS}ignore(?![\w-]){_NAMED}|#\s*noqa\b\s*:?(?:\s*,?\s*[A-Za-z]+[0-9]+\b)*)(.*)", re.IGNORECASE
)
_FILE = re.compile(rf"{_OURS}(?:skip-file|ignore-file){_NAMED}(.*)", re.IGNORECASE)


def reason(finding: Finding, get: Callable[[str], Source | None]) -> str:
    """What the comment says behind its rules; "" when it says nothing.

    get   path -> Source or None
    """
    source = get(finding.path)
    try:
        rows = source.rows(finding.cell) if source is not None else []
        everything = source.lines if source is not None else []
    except SourceError:
        return ""
    first, last = finding.start[0], max(finding.noqa_row or 0, finding.end[0], finding.start[0])
    above = first - 1
    while above > 0 and above <= len(rows) and rows[above - 1].lstrip().startswith("#"):
        above -= 1
    found = _search(_HERE, rows[max(first - 1, 0) : last] + rows[above : first - 1])
    return found if found is not None else _search(_FILE, everything) or ""


def _search(pattern: re.Pattern[str], rows: list[str]) -> str | None:
    for row in rows:
        match = pattern.search(row)
        if match:
            return match.group(1).strip(" \t-:#")[:_LONGEST]
    return None
