"""The comments of one file that are meant for this program: what each says, where it counts, and whether it is needed.

    # noqa                      # noqa: TFM101, TFM2        all, or these codes (a prefix names its family)
    # tflint-mem: ignore        # tflint-mem: ignore[load-model-in-loop, TFM110] why it is fine
    # tflint-mem: ignore-file[TFM101]                       these rules in the whole file
    # tflint-mem: skip-file                                 the whole file

The first two count on the first and last row of the flagged statement and on the flagged row itself; `ignore` alone on
a row counts for the statement below.  A file that cannot be read is silenced by `skip-file`, and by `noqa` and
`ignore-file` that name its rule.  Only comments count, never text in a string, so a file is tokenised; but only one
that contains such a word.
"""

from __future__ import annotations

import io
import re
import tokenize

from tflint_mem.finding import SYNTAX_ERROR
from tflint_mem.sources.text import SourceError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from re import Match

    from tflint_mem.finding import Finding
    from tflint_mem.sources.source import Source

NOQA = re.compile(r"#\s*noqa\b(?:\s*:(?P<codes>[^#]*))?", re.IGNORECASE)
CODES = re.compile(r"\s*([A-Za-z]+[0-9]+)(?:\s*,\s*|\s+|$)")
OURS = re.compile(r"#\s*tflint-mem\s*:\s*(?P<verb>[a-z-]+)\s*(?:\[(?P<codes>[^\]]*)\])?", re.IGNORECASE)
_OTHERS = re.compile(r"#\s*(?:flake8|ruff)\s*:", re.IGNORECASE)
_WORD = re.compile(r"[^\s,][^,]*")
NAMESPACE = "TFM"  # codes of `noqa` that do not begin with it are another tool's
VERBS = ("ignore", "ignore-file", "skip-file")


class Selector:
    """One word of a comment.

    word        as written; "" for a comment that names nothing and means everything
    start, end  its columns in the row of the module, from 0
    known       names a rule, or means everything
    used        a finding was silenced by it
    """

    __slots__ = ("word", "start", "end", "known", "used")

    def __init__(self, word: str, start: int, end: int) -> None:
        self.word, self.start, self.end = word, start, end
        self.known, self.used = not word or _names_a_rule(word), False

    def fits(self, finding: Finding) -> bool:
        """Does it silence the finding, where it counts?"""
        if not self.known:
            return False
        if finding.code == SYNTAX_ERROR:  # nobody means this one by the way
            return self.word.upper() == finding.code or self.word.lower() == finding.name
        return finding.code.startswith(self.word.upper()) or finding.name == self.word.lower()


class Directive:
    """What one comment, or a part of it, says.

    verb        "noqa", or one of `VERBS`
    row         of the module
    start, end  its columns, from 0; those of a reason behind the brackets are not among them
    selectors   one without a word for everything; empty for a list without any
    """

    __slots__ = ("verb", "row", "start", "end", "selectors")

    def __init__(self, verb: str, row: int, start: int, end: int, selectors: list[Selector]) -> None:
        self.verb, self.row, self.start, self.end, self.selectors = verb, row, start, end, selectors


class Comments:
    """What the comments of one file say.

    directives  in order
    wrong       (row, what is wrong) of comments whose verb we do not know
    everywhere  what counts in the whole file
    rows        module row -> what counts there
    spans       first and last module row of each logical line, by every row in it
    """

    def __init__(self, source: Source) -> None:
        self.source = source
        self.directives: list[Directive] = []
        self.wrong: list[tuple[int, str]] = []
        self.skips: list[Selector] = []
        self.everywhere: list[Selector] = []
        self.rows: dict[int, list[Selector]] = {}
        self.spans: dict[int, tuple[int, int]] = {}

    def silence(self, finding: Finding) -> bool:
        """True when a comment silences the finding; every one that does is marked as used."""
        for skip in self.skips:
            skip.used = True
        row = self.source.module_row(finding.cell, finding.start[0])
        last = self.source.module_row(finding.cell, finding.noqa_row or finding.start[0])
        rows = {row, last, *self.spans.get(row, ()), *self.spans.get(last, ())}
        candidates = [*self.everywhere, *(selector for row in rows for selector in self.rows.get(row, ()))]
        silencing = [selector for selector in candidates if selector.fits(finding)]
        for selector in silencing:
            selector.used = True
        return bool(silencing or self.skips)

    def complaints(self, names: bool) -> Iterator[str]:
        """One line for each comment that cannot work; `names`: also for names that are no rule."""
        wrong = list(self.wrong)
        if names:
            from tflint_mem.settings.selection import unknown_rule

            wrong += [
                (directive.row, str(unknown_rule(selector.word)))
                for directive in self.directives
                for selector in directive.selectors
                if not selector.known and directive.verb != "noqa"
            ]
        for row, message in sorted(wrong):
            cell, row = self.source.locate(row)
            yield f"{self.source.path}:{f'cell {cell}:' if cell else ''}{row}: {message}"


def codes_in(text: str) -> Iterator[Match[str]]:
    """The codes that a `noqa` begins with, one behind the other."""
    position, found = 0, CODES.match(text)
    while found:
        yield found
        position = found.end()
        found = CODES.match(text, position)


def read(source: Source | None) -> Comments | None:
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
    comments = Comments(source)
    first: int | None = None
    waiting: list[Selector] = []
    try:
        for kind, string, start, end, _ in tokenize.generate_tokens(io.StringIO(text).readline):
            if kind == tokenize.COMMENT:
                for directive in _directives(comments, string, start):
                    comments.directives.append(directive)
                    _place(comments, directive, waiting if first is None else None)
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


def _place(comments: Comments, directive: Directive, waiting: list[Selector] | None) -> None:
    """Where a directive counts.  `waiting` collects what a comment on its own row says for the statement below."""
    if directive.verb == "skip-file":
        comments.skips += directive.selectors
    elif directive.verb == "ignore-file":
        comments.everywhere += directive.selectors
    else:
        comments.rows.setdefault(directive.row, []).extend(directive.selectors)
        if directive.verb == "ignore" and waiting is not None:
            waiting += directive.selectors


def _directives(comments: Comments, comment: str, start: tuple[int, int]) -> Iterator[Directive]:
    """What one comment, which begins at `(row, column)`, says."""
    row, column = start
    ours = OURS.search(comment)
    if ours:
        verb = ours.group("verb").lower()
        if verb not in VERBS:
            known = "ignore, ignore-file and skip-file"
            comments.wrong.append((row, f"unknown comment `tflint-mem: {verb}`; known are {known}"))
        else:
            begin, end = column + ours.start(), column + ours.end()
            if ours.group("codes") is None or verb == "skip-file":
                selectors = [Selector("", begin, end)]
            else:
                words = _words(ours.group("codes"), column + ours.start("codes"))
                selectors = [Selector(*word) for word in words]
            yield Directive(verb, row, begin, end, selectors)
    noqa = NOQA.search(comment)
    if noqa and not _OTHERS.match(comment):
        codes = noqa.group("codes")
        begin, end = column + noqa.start(), column + noqa.start() + len(noqa.group().rstrip())
        if codes is None:
            yield Directive("noqa", row, begin, end, [Selector("", begin, end)])
        else:
            at = column + noqa.start("codes")
            selectors = [Selector(m.group(1), at + m.start(1), at + m.end(1)) for m in codes_in(codes)]
            yield Directive("noqa", row, begin, end, selectors)


def _words(text: str, column: int) -> Iterable[tuple[str, int, int]]:
    """The words between commas, with their columns."""
    for match in _WORD.finditer(text):
        word = match.group().rstrip()
        yield word, column + match.start(), column + match.start() + len(word)


def _names_a_rule(word: str) -> bool:
    from tflint_mem.ruleset.registry import LISTED

    return any(rule.code.startswith(word.upper()) or rule.name == word.lower() for rule in LISTED)
