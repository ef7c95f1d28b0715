"""Comments that silence findings.

    # noqa                      # noqa: TFM101, TFM2        all, or these codes (a prefix names its family)
    # tflint-mem: ignore        # tflint-mem: ignore[load-model-in-loop, TFM110] why it is fine
    # tflint-mem: ignore-file[TFM101]                       these rules in the whole file
    # tflint-mem: skip-file                                 the whole file

The first two count on the first and last row of the flagged statement and on the flagged row itself; `ignore` alone on
a row counts for the statement below.  Only comments count, never text in a string, so a file is tokenised; but only one
that has a finding and contains such a word.
"""

from __future__ import annotations

import io
import re
import tokenize

from tflint_mem.finding import SYNTAX_ERROR
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from re import Match

    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source

    Warn = Callable[[str], None]

NOQA = re.compile(r"#\s*noqa\b(?:\s*:(?P<codes>[^#]*))?", re.IGNORECASE)
CODES = re.compile(r"\s*([A-Za-z]+[0-9]+)(?:\s*,\s*|\s+|$)")
_OURS = re.compile(r"#\s*tflint-mem\s*:\s*(?P<verb>[a-z-]+)\s*(?:\[(?P<codes>[^\]]*)\])?", re.IGNORECASE)
_EVERYTHING = ("",)


def apply(findings: Iterable[Finding], get: Callable[[str], Source | None], warn: Warn) -> list[Finding]:
    """The findings that no comment silences.

    get   path -> Source or None        warn   called with one line for a comment that cannot work
    """
    by_path: dict[str, list[Finding]] = {}
    for finding in findings:
        by_path.setdefault(finding.path, []).append(finding)
    kept: list[Finding] = []
    for path, group in by_path.items():
        comments = _comments_of(get(path), warn)
        kept += group if comments is None else [finding for finding in group if not comments.silence(finding)]
    return kept


def codes_in(text: str) -> Iterator[Match[str]]:
    """The codes that a `noqa` begins with, one behind the other."""
    position, found = 0, CODES.match(text)
    while found:
        yield found
        position = found.end()
        found = CODES.match(text, position)


class _Comments:
    """What the comments of one file say.

    rows   module row -> selectors silenced there ("" silences all)
    spans  first and last module row of each logical line, by every row in it
    """

    def __init__(self, source: Source) -> None:
        self.source, self.skip = source, False
        self.everywhere: list[str] = []
        self.rows: dict[int, list[str]] = {}
        self.spans: dict[int, tuple[int, int]] = {}

    def silence(self, finding: Finding) -> bool:
        """True when a comment silences the finding."""
        if self.skip:
            return True
        if finding.code == SYNTAX_ERROR:
            return False
        if _names(self.everywhere, finding):
            return True
        row = self.source.module_row(finding.cell, finding.start[0])
        last = self.source.module_row(finding.cell, finding.noqa_row or finding.start[0])
        candidates = {row, last, *self.spans.get(row, ()), *self.spans.get(last, ())}
        return any(_names(self.rows.get(candidate, ()), finding) for candidate in candidates)


def _names(selectors: Iterable[str], finding: Finding) -> bool:
    return any(finding.code.startswith(selector) or finding.name == selector.lower() for selector in selectors)


def _comments_of(source: Source | None, warn: Warn) -> _Comments | None:
    """The comments of a file, None when there can be none."""
    if source is None:
        return None
    raw = source.raw.lower()
    if b"noqa" not in raw and b"tflint-mem" not in raw:
        return None
    try:
        text = "\n".join(source.lines) + "\n"
    except SourceError:
        return None
    comments = _Comments(source)
    first: int | None = None
    waiting: list[str] = []
    try:
        for kind, string, start, end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
            if kind == tokenize.COMMENT:
                _read(comments, string, start[0], waiting if first is None else None, warn)
            elif kind in (tokenize.NEWLINE, tokenize.ENDMARKER):
                if first is not None:
                    for row in range(first, end[0] + 1):
                        comments.spans[row] = (first, end[0])
                    first = None
            elif kind not in (tokenize.NL, tokenize.INDENT, tokenize.DEDENT) and first is None:
                first = start[0]
                if waiting:
                    comments.rows.setdefault(first, []).extend(waiting)
                    waiting = []
    except (tokenize.TokenError, SyntaxError):  # broken code: what was read up to here counts
        pass
    return comments


def _read(comments: _Comments, comment: str, row: int, waiting: list[str] | None, warn: Warn) -> None:
    """Take in one comment.  `waiting` collects what a comment on its own row says for the statement below."""
    ours = _OURS.search(comment)
    if ours:
        verb, selectors = ours.group("verb").lower(), ours.group("codes")
        chosen: Sequence[str] = _EVERYTHING if selectors is None else _known(comments, row, selectors, warn)
        if verb == "skip-file":
            comments.skip = True
        elif verb == "ignore-file":
            comments.everywhere += chosen
        elif verb == "ignore":
            comments.rows.setdefault(row, []).extend(chosen)
            if waiting is not None:
                waiting += chosen
        else:
            _warn(
                comments,
                row,
                f"unknown comment `tflint-mem: {verb}`; known are ignore, ignore-file and skip-file",
                warn,
            )
    noqa = NOQA.search(comment)
    if noqa and not re.match(r"#\s*(?:flake8|ruff)\s*:", comment, re.IGNORECASE):
        codes = noqa.group("codes")
        if codes is None:
            comments.rows.setdefault(row, []).extend(_EVERYTHING)
        else:
            comments.rows.setdefault(row, []).extend(match.group(1).upper() for match in codes_in(codes))


def _known(comments: _Comments, row: int, text: str, warn: Warn) -> list[str]:
    """The selectors in brackets; one that names no rule is warned about and silences nothing."""
    from tflint_mem.ruleset.registry import RULES

    known: list[str] = []
    for word in filter(None, (word.strip() for word in text.split(","))):
        if any(rule.code.startswith(word.upper()) or rule.name == word.lower() for rule in RULES):
            known.append(word.upper() if word.upper().startswith("TFM") else word)
        else:
            from tflint_mem.settings.selection import unknown_rule

            _warn(comments, row, str(unknown_rule(word)), warn)
    return known


def _warn(comments: _Comments, row: int, message: str, warn: Warn) -> None:
    cell, row = comments.source.locate(row)
    warn(f"{comments.source.path}:{f'cell {cell}:' if cell else ''}{row}: {message}")
