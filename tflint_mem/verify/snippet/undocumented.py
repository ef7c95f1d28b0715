"""Lines of a snippet without documentation and remarks: a reproduction is what runs."""

from __future__ import annotations

import ast
import io
import tokenize

from .lines import Line
from .syntax import DEFINITIONS, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def undocumented(lines: Sequence[Line]) -> list[Line]:
    """The lines without docstrings, rows of comments and doubled empty rows; themselves where they do not parse."""
    text = "\n".join(line.text for line in lines) + "\n"
    try:
        tree = ast.parse(text)
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (SyntaxError, ValueError, tokenize.TokenError, RecursionError):
        return list(lines)
    if len(text.split("\n")) != len(lines) + 1:
        return list(lines)  # a line of more than one row
    rows = text.split("\n")
    gone = {
        token.start[0]
        for token in tokens
        if token.type == tokenize.COMMENT and rows[token.start[0] - 1].lstrip().startswith("#")
    }
    replaced: dict[int, str] = {}
    for node in ast.walk(tree):
        if not isinstance(node, (*DEFINITIONS, ast.Module)) or not node.body:
            continue
        first = node.body[0]
        if not (
            isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)
        ):
            continue
        whole = range(first.lineno, last_row(first) + 1)
        head, tail = (
            rows[first.lineno - 1][: first.col_offset],
            rows[last_row(first) - 1].encode()[first.end_col_offset or 0 :],
        )
        if head.strip() or tail.strip():
            continue  # something else stands in its rows
        gone.update(whole)
        if len(node.body) == 1 and not isinstance(node, ast.Module):
            gone.discard(first.lineno)
            replaced[first.lineno] = head + "pass"
    strings = _inside_strings(tokens)
    kept: list[Line] = []
    for number, line in enumerate(lines, 1):
        if number in gone:
            continue
        if (
            number not in strings
            and not line.text.strip()
            and (not kept or len(kept) > 1 and not (kept[-1].text + kept[-2].text).strip())
        ):
            continue
        kept.append(Line(replaced[number], line.origin) if number in replaced else line)
    return kept


def _inside_strings(tokens: Sequence[tokenize.TokenInfo]) -> set[int]:
    """Rows that are data: those of strings that span rows."""
    found: set[int] = set()
    for token in tokens:
        if token.end[0] > token.start[0]:
            found.update(range(token.start[0], token.end[0] + 1))
    return found
