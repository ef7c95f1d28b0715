"""IPython's additions to Python, masked so that a notebook's cell parses and every row and column stays.

`%matplotlib inline`, `!pip install x`, `files = !ls`, `model?`, `%%time` and their relatives are not Python.  Each is
replaced by text of the same length; only `%run other.ipynb` becomes the star import that it amounts to, whatever that
needs: nothing stands behind it in its row.  A mask remembers where it lies, since no fix may write over it.
"""

from __future__ import annotations

import re
from keyword import iskeyword

from .notebook_name import notebook_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    Masked = dict[int, tuple[int, int]]  # row -> (first, behind) columns that were replaced

# Cell magics whose body is Python that runs as part of the notebook; the body of any other is not ours to read.
_PYTHON_BODY = frozenset(
    "capture debug ipytest memit prun pypy python python2 python3 scalene time timeit wandb".split()
)

# Line magics that run the Python statement behind them.
_RUNS_STATEMENT = re.compile(r"%(?:time|timeit|prun|memit)\s+(?:-\S+\s+(?:\d+\s+)?)*(?=\S)")
_COMPOUND = re.compile(r"(?:async|class|def|for|if|try|while|with|from)\b|[@%!?]")

_RUN = re.compile(
    r"""%run\s+(?:-[deint]+\s+)*(?:-m\s+([\w.]+)|"([^"${}]+)"|'([^'${}]+)'|([^\s"'${}-][^\s"'${}]*))(?=\s|$)"""
)
_AUTOMAGIC = re.compile(
    r"(?:pip3?|conda|mamba|apt|apt-get)\s+(?:install|uninstall|list|show|update|upgrade)\b"
    # What IPython knows without a percent sign; `ls = 3`, `cat + 1` and `cp in names` are Python.
    r"|(?:cat|cd|cp|env|less|ls|man|mkdir|more|mv|rm|rmdir)[ \t]+"
    r"(?:-[A-Za-z]|(?!(?:and|as|if|in|is|not|or)\b)[\w~./\"'$*])"
)
_ASSIGNED = re.compile(r"(?<![=!<>+\-*/%&|^@:])=\s*(?=[!%])")
_SUSPECT = re.compile(
    r"^[ \t]*(?:[%!?]|pip|conda|mamba|apt|cat|cd|cp|env|less|ls|man|mkdir|more|mv|rm)|=\s*[!%]|\?[ \t\r]*$",
    re.MULTILINE,
)
_LEXEME = re.compile(r"\"\"\"|'''|[\"'#()\[\]{}\\]")


def mask(text: str) -> tuple[str, Masked]:
    """`(text without magics, masked)`: `masked` maps a row to the `(first, behind)` columns that were replaced."""
    if not _SUSPECT.search(text):
        return text, {}
    rows = text.split("\n")
    masked: Masked = {}
    first = next((i for i, row in enumerate(rows) if row.strip() and not row.startswith("#")), 0)
    start = 0
    if rows[first].startswith("%%"):
        named = re.match(r"%%(\w*)", rows[first])
        name = named.group(1) if named else ""
        last = first + 1 if name in _PYTHON_BODY else len(rows)
        for i in range(first, last):
            _comment(rows, i, masked)
        start = last
    state = _State()
    i = start
    while i < len(rows):
        i = _row(rows, i, state, masked)
    return "\n".join(rows), masked


class _State:
    """Where the scan stands between two rows: open brackets, an open quote, a backslash at the end.

    `code_end` is the column offset behind the last code of the row just read (a comment is no code), `strings` the
    spans of its string literals.
    """

    __slots__ = ("depth", "quote", "joined", "code_end", "strings")

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """As at the start of a text."""
        self.depth, self.joined, self.code_end = 0, False, 0
        self.quote: str | None = None
        self.strings: list[tuple[int, int]] = []

    def scan(self, row: str) -> None:
        """Read one row."""
        position, start, self.joined, self.code_end, self.strings = 0, 0, False, len(row), []
        while True:
            if self.quote:
                position = _end_of_string(row, position, self.quote)
                self.strings.append((start, position if position >= 0 else len(row)))
                if position < 0:
                    if len(self.quote) == 1 and not row.endswith("\\"):
                        self.quote = None  # broken code: a one-line string goes on only behind a backslash
                    return
                self.quote = None
            found = _LEXEME.search(row, position)
            if not found:
                return
            lexeme, start, position = found.group(), found.start(), found.end()
            if lexeme == "#":
                self.code_end = start
                return
            if lexeme == "\\":
                self.joined = not row[position:].strip()
            elif lexeme in "([{":
                self.depth += 1
            elif lexeme in ")]}":
                self.depth = max(0, self.depth - 1)
            else:
                self.quote = lexeme

    @property
    def open(self) -> bool:
        """True when the next row continues a statement."""
        return bool(self.depth or self.quote or self.joined)

    def is_code(self, column: int) -> bool:
        """True when the offset `column` of the row just read lies outside comments and strings."""
        return column < self.code_end and not any(start < column < end for start, end in self.strings)


def _end_of_string(row: str, position: int, quote: str) -> int:
    while True:
        end = row.find(quote, position)
        slash = row.find("\\", position)
        if slash < 0 or end < 0 or end < slash:
            return end + len(quote) if end >= 0 else -1
        position = slash + 2


def _row(rows: list[str], i: int, state: _State, masked: Masked) -> int:
    """Mask what is magic in row `i`; returns the next row to look at."""
    row = rows[i].rstrip("\r")
    if state.open:
        state.scan(row)
        return i + 1
    body = row.lstrip(" \t")
    indent = len(row) - len(body)
    if body[:1] in ("%", "!", "?") or _AUTOMAGIC.match(body):
        runs = _RUNS_STATEMENT.match(body)
        if runs and runs.end() >= 6 and not _COMPOUND.match(body, runs.end()):
            _put(rows, i, indent, indent + runs.end(), "pass".ljust(runs.end() - 2) + "; ", masked)
            state.scan(rows[i].rstrip("\r"))
            return i + 1
        run = _star_import(body)
        if run and not row.endswith("\\"):
            rows[i] = row[:indent] + run + rows[i][len(row) :]
            masked[i + 1] = (indent + 1, max(len(row), len(rows[i])) + 1)
            return i + 1
        return _mask_command(rows, i, indent, masked)
    state.scan(row)
    assigned = _ASSIGNED.search(row)
    if assigned and state.is_code(assigned.end()):
        state.begin()
        return _mask_command(rows, i, assigned.end(), masked, "[]")
    if not state.open and row[: state.code_end].rstrip().endswith("?") and not body.startswith("#"):
        return _mask_command(rows, i, indent, masked)
    return i + 1


def _star_import(body: str) -> str:
    """`from helpers import *` for `%run helpers.py`, `%run -i ../helpers.ipynb` or `%run -m helpers`, when the file has
    a name for it; else "".
    """
    found = _RUN.match(body)
    if not found:
        return ""
    module, path = found.group(1), next((group for group in found.groups()[1:] if group), "")
    parts = (
        module.split(".")
        if module
        else [part for part in path.replace("\\", "/").split("/") if part not in ("", ".", "..")][-2:]
    )
    if not module and parts:
        stem = parts.pop()
        stem = notebook_name(stem[: -len(".ipynb")]) if stem.endswith(".ipynb") else stem.removesuffix(".py")
        parts = [*(part for part in parts if _is_name(part)), stem]
    return f"from {'.'.join(parts)} import *" if parts and all(map(_is_name, parts)) else ""


def _is_name(part: str) -> bool:
    return part.isidentifier() and not iskeyword(part)


def _mask_command(rows: list[str], i: int, start: int, masked: Masked, value: str | None = None) -> int:
    """Mask from column offset `start` of row `i` to its end, and the rows it continues on by backslashes."""
    goes_on = rows[i].rstrip("\r").endswith("\\")
    width = len(rows[i].rstrip("\r"))
    if value is not None:
        _put(rows, i, start, width, value.ljust(width - start), masked)
    elif start == 0:
        _comment(rows, i, masked)
    else:
        # The only statement of a block must stay a statement.
        _put(rows, i, start, width, ("pass" if width - start >= 4 else "0").ljust(width - start), masked)
    i += 1
    while goes_on and i < len(rows):
        goes_on = rows[i].rstrip("\r").endswith("\\")
        _comment(rows, i, masked)
        i += 1
    return i


def _comment(rows: list[str], i: int, masked: Masked) -> None:
    width = len(rows[i].rstrip("\r"))
    if width:
        _put(rows, i, 0, width, "#" + rows[i][1:width], masked)


def _put(rows: list[str], i: int, start: int, end: int, text: str, masked: Masked) -> None:
    row = rows[i]
    rows[i] = row[:start] + text[: end - start] + row[end:]
    masked[i + 1] = (start + 1, end + 1)
