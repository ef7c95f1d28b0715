"""A file that does not parse, made readable: Python 2, a broken statement, a merge that was left half done.

Its syntax error is reported, and nothing else in it is.  But it may be what calls the rest of the program in a loop,
and for that its other statements are as good as ever.  Rows stay where they are, and columns mostly.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from re import Match, Pattern
    from typing import TypeVar

    T = TypeVar("T")

MAX_BYTES = 200_000
MAX_ROUNDS = 8  # statements that are left out before the file is given up

# What Python 2 writes differently, and something of the same width that parses; inside of strings that changes nothing
# that matters.
_PYTHON_2: tuple[tuple[Pattern[bytes], bytes | Callable[[Match[bytes]], bytes]], ...] = (
    (
        re.compile(
            rb"""(?m)(^[ \t]*|[:;][ \t]*)(print|exec)[ \t]"""
            rb"""(?=[ \t]*(?:["'`\w\[{~]|-[\w(]))(?![ \t]*(?:in|is|and|or|if)[ \t])"""
        ),
        rb"\1\2,",
    ),
    (re.compile(rb"""(?m)(^[ \t]*|[:;][ \t]*)print(?=["'])"""), rb"\1print,"),
    (re.compile(rb"(?m)^([ \t]*except[ \t]*(?:\([^()\n]*\)|[\w.]+))[ \t]*,[ \t]*(\w+)[ \t]*:"), rb"\1 as \2:"),
    (re.compile(rb"(?m)^([ \t]*except[ \t]*(?:\([^()\n]*\)|[\w.]+))[ \t]*,[^:\n]*:"), rb"\1:"),
    (re.compile(rb"(?m)^([ \t]*raise[ \t]+[\w.]+)[ \t]*,"), rb"\1;"),
    (re.compile(rb"<>"), b"!="),
    (re.compile(rb"`([^`\n]*)`"), rb"(\1)"),
    (re.compile(rb"(?<![\w.])(0[xX][\da-fA-F]+|\d+)[lL]\b"), rb"\1 "),
    (re.compile(rb"(?<![\w.+-])0+(?=[1-9]\d*\b(?![.eEjJ]))"), lambda found: b" " * len(found.group())),
    (re.compile(rb"""\b[uU][rR](?=["'])"""), b" r"),
)
_MERGE = re.compile(rb"(?m)^(?:<{7}|={7}|>{7}|\|{7})[^\n\r]*")  # both sides of one, one behind the other
_INDENT = re.compile(rb"[ \t\f]*")


def readable(code: bytes, parse: Callable[[bytes], T]) -> tuple[T, bool] | None:
    """(what `parse(code)` gives for the code when as little as possible is changed, is it Python 2 and nothing else);
    None when that is not enough.

    `parse` raises SyntaxError with the line; ValueError, RecursionError and MemoryError also end in None.
    """
    if len(code) > MAX_BYTES:
        return None
    rewritten = code
    for pattern, instead in _PYTHON_2:
        rewritten = pattern.sub(instead, rewritten)
    whole = _MERGE.sub(b"", rewritten)
    old, rows = code != rewritten == whole, whole.split(b"\n")
    left_out: set[int] = set()
    for _ in range(MAX_ROUNDS):
        try:
            return parse(b"\n".join(rows)), old and not left_out
        except TabError:
            rows = [_spaced(row) for row in rows]  # a tab was as good as eight spaces
        except SyntaxError as error:
            row = (error.lineno or 0) - 1
            if not 0 <= row < len(rows) or row in left_out:
                return None
            left_out.add(row)
            indent = _indent(rows[row])
            rows[row] = indent + (b"if 1:" if rows[row].rstrip().endswith(b":") else b"pass")
        except (ValueError, RecursionError, MemoryError):
            return None
    return None


def _indent(row: bytes) -> bytes:
    found = _INDENT.match(row)
    return found.group() if found else b""


def _spaced(row: bytes) -> bytes:
    indent = _indent(row)
    return indent.expandtabs(8) + row[len(indent) :]
