"""Source of stand-ins that notes which of its statements have run: what never ran is no part of a reproduction.

Each statement of a code is known by three numbers: the code's sum, the number of the source inside it (0: the code
itself, 1: the first source that it carries as a literal), and the row in that source, from 1.
"""

from __future__ import annotations

import ast
import builtins
import re
from zlib import crc32

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Place = tuple[int, int, int]

LITERAL = re.compile(r"r'''\n(.*?)'''", re.DOTALL)
_NAME = "_tflint_mem_ran"  # of the function that is told, in every namespace
_BLOCKS = ("body", "orelse", "finalbody", "handlers")


def literal(text: str) -> str:
    """A literal that shows the text as it is."""
    return "r'''\n%s'''" % text if "'''" not in text and not text.endswith("\\") else repr(text)


def sum_of(code: str) -> int:
    """By which a code is known."""
    return crc32(code.encode("utf-8", "backslashreplace"))


def tell(ran: Callable[[Place], object]) -> None:
    """Whom noted code tells what has run; None of it runs before this was called."""
    setattr(builtins, _NAME, ran)


def noted(code: str) -> str:
    """The code, which tells what it runs."""
    inner, number = 0, sum_of(code)

    def inside(match: re.Match[str]) -> str:
        nonlocal inner
        inner += 1
        return literal(_noted(match.group(1), number, inner))

    return LITERAL.sub(inside, _noted(code, number, 0))


def _noted(source: str, code: int, inner: int) -> str:
    if "__future__" in source:
        return source  # nothing goes in front of that
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    rows = [row.encode("utf-8") for row in source.split("\n")]
    before = {}  # row -> what goes in front of it
    for statement in sorted(_statements(tree), key=lambda node: (node.lineno, node.col_offset), reverse=True):
        call = ("%s((%d, %d, %d))" % (_NAME, code, inner, statement.lineno)).encode("ascii")
        first = min([statement.lineno] + [node.lineno for node in getattr(statement, "decorator_list", ())])
        row = rows[first - 1]
        ahead = row[: statement.col_offset]
        if not ahead.strip() or first != statement.lineno:
            indent = row[: len(row) - len(row.lstrip())]
            before[first] = indent + call
        elif not hasattr(statement, "body"):
            rows[first - 1] = ahead + call + b"; " + row[statement.col_offset :]
    found = []
    for number, row in enumerate(rows, 1):
        if number in before:
            found.append(before[number])
        found.append(row)
    return b"\n".join(found).decode("utf-8")


def _statements(tree: ast.AST) -> Iterator[ast.stmt]:
    """All statements that something can go in front of: not the branch of an `elif`."""
    for node in ast.walk(tree):
        for name in _BLOCKS:
            block = getattr(node, name, None)
            for child in block if isinstance(block, list) else ():
                if isinstance(child, ast.stmt) and not (name == "orelse" and _is_elif(node, child)):
                    yield child


def _is_elif(node: ast.AST, child: ast.stmt) -> bool:
    return isinstance(node, ast.If) and isinstance(child, ast.If) and child.col_offset == node.col_offset
