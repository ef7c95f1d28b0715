"""What codemods need to know of the whole file: its lines, top-level statements, names and house style.

Built once per source from the standard library's `ast`; only the statement that a fix touches is given to LibCST.

There are two kinds of positions.  A `Place` is what edits and messages count: row and column, both in characters from
1.  An `Extent` is what `ast` gives: rows from 1, but offsets in UTF-8 bytes from 0.  Rows are rows of the module unless
they are said to be rows of a view.
"""

from __future__ import annotations

import ast
import re
from _thread import _local
from bisect import bisect_right

from tflint_mem.facts import Record
from tflint_mem.hardening.parsing import parsed

from . import NoFix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import TypeVar

    from tflint_mem.sources.source import Source

    T = TypeVar("T")
    Function = ast.FunctionDef | ast.AsyncFunctionDef

Place = tuple[int, int]  # (row, column)
Extent = tuple[int, int, int, int]  # (row, offset, last row, offset behind the end); equal to the `Pos` of the facts

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_INDENT = re.compile(r"[ \t]*")


def split_lines(text: str) -> list[str]:
    """The lines of `text` with their ends, split where Python's tokenizer splits (no form feeds, no U+2028)."""
    return _LINE.findall(text)


def strip_end(line: str) -> str:
    """`line` without its line end."""
    return line.rstrip("\r\n")


def parse(text: str | bytes) -> ast.Module:
    """The `ast` of `text`, without warnings about the user's escapes; NoFix when it does not parse."""
    try:
        return parsed(text)
    except (SyntaxError, ValueError) as error:
        raise NoFix("the code does not parse") from error
    except (RecursionError, MemoryError) as error:
        raise NoFix("too deeply nested") from error


def character(line: str, offset: int) -> int:
    """The character offset of the UTF-8 byte `offset` in `line` (both from 0)."""
    return offset if line.isascii() else len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))


def beginning(node: ast.stmt | ast.expr) -> tuple[int, int]:
    """Where an `ast` node starts: (row, offset), which also sorts nodes by their places."""
    return node.lineno, node.col_offset


def ending(node: ast.stmt | ast.expr) -> tuple[int, int]:
    """Where an `ast` node ends: (row, offset behind it).  What `ast.parse` made always knows that."""
    return node.end_lineno or node.lineno, node.end_col_offset or 0


def extent(node: ast.stmt | ast.expr) -> Extent:
    """From where to where an `ast` node goes."""
    return *beginning(node), *ending(node)


def dotted(node: ast.AST) -> str:
    """`a.b.c` of a chain of names and attributes, else ""."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


class Group(Record):
    """What stands at top level on the same rows: mostly one statement, several where they share a row.

    first, last   its rows, decorators included
    members       the statements in order
    """

    __slots__ = ()
    first: int
    last: int
    members: list[ast.stmt]


class Outline:
    """The `ast` view of one Source.  Rows count from 1.

    lines     its rows with their line ends
    newline   the line end that the file uses
    tree      its `ast`

    Making one raises NoFix when the source does not parse.
    """

    __slots__ = ("source", "lines", "newline", "tree", "_groups", "_indent", "_names", "_memo")

    def __init__(self, source: Source) -> None:
        self.source = source
        self.lines = split_lines(source.text)
        self.newline: str = source.newline or "\n"
        self.tree = parse(source.text)
        self._groups: list[Group] | None = None
        self._indent: str | None = None
        self._names: set[str] | None = None
        self._memo: dict[Hashable, object] = {}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """`make()`, worked out once for each `key`: many fixes of one file ask the same questions."""
        if key not in self._memo:
            self._memo[key] = make()
        known: T = self._memo[key]  # type: ignore[assignment]  # one key always stands for one question
        return known

    def behind(self, node: ast.stmt | ast.expr) -> Place:
        """The place right behind a node."""
        row, offset = ending(node)
        return row, character(self.lines[row - 1], offset) + 1

    def end_of_row(self, row: int) -> Place:
        """The place before the line end of a row."""
        return row, len(strip_end(self.lines[row - 1])) + 1

    @property
    def nodes(self) -> list[ast.AST]:
        """Every node of the file's `ast`."""
        return self.once("nodes", lambda: list(ast.walk(self.tree)))

    @property
    def functions(self) -> list[Function]:
        """Every function definition."""
        return self.once(
            "functions",
            lambda: [node for node in self.nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))],
        )

    @property
    def globals(self) -> set[str]:
        """Names that some function declares global."""
        return self.once(
            "globals", lambda: {name for node in self.nodes if isinstance(node, ast.Global) for name in node.names}
        )

    @property
    def shared(self) -> set[str]:
        """Names that some function declares global or nonlocal."""
        return self.once(
            "shared",
            lambda: {
                name for node in self.nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
            },
        )

    @property
    def groups(self) -> list[Group]:
        """What stands at top level, in order; statements that share a row are in one group."""
        if self._groups is None:
            groups: list[Group] = []
            for statement in self.tree.body:
                first, last = rows(statement)
                if groups and first <= groups[-1].last:
                    before = groups[-1]
                    groups[-1] = Group(before.first, max(last, before.last), [*before.members, statement])
                else:
                    groups.append(Group(first, last, [statement]))
            self._groups = groups
        return self._groups

    def group_at(self, row: int) -> Group:
        """The group whose rows contain `row`; NoFix when none does."""
        firsts = self.once("firsts", lambda: [group.first for group in self.groups])
        at = bisect_right(firsts, row) - 1
        if at < 0 or row > self.groups[at].last:
            raise NoFix("no statement stands there")
        return self.groups[at]

    @property
    def indent(self) -> str:
        """The indentation of the first indented block of the file; four spaces when there is none."""
        if self._indent is None:
            self._indent = self._first_indent() or "    "
        return self._indent

    def _first_indent(self) -> str:
        stack = list(reversed(self.tree.body))
        while stack:
            node = stack.pop()
            inner: list[ast.stmt] = []
            for block in blocks(node):
                if block[0].lineno == node.lineno:
                    continue
                outer = _indentation(self.lines[node.lineno - 1])
                found = _indentation(self.lines[first_row(block[0]) - 1])
                if found.startswith(outer) and found != outer:
                    return found[len(outer) :]
                inner.extend(block)
            stack.extend(reversed(inner))
        return ""

    @property
    def names(self) -> set[str]:
        """Every identifier the file binds, reads or imports (attributes too: a superset is what uniqueness wants)."""
        if self._names is None:
            found: set[str] = set()
            for node in self.nodes:
                for field in ("id", "attr", "arg", "name", "asname"):
                    value = getattr(node, field, None)
                    if isinstance(value, str):
                        found.update(value.split("."))
                if isinstance(node, (ast.Global, ast.Nonlocal)):
                    found.update(node.names)
            self._names = found
        return self._names


def _indentation(line: str) -> str:
    found = _INDENT.match(line)
    return found.group() if found else ""


def blocks(node: ast.AST) -> list[list[ast.stmt]]:
    """The non-empty statement lists of `node`, in source order; handlers and match cases are looked through."""
    found: list[list[ast.stmt]] = []
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list) and value:
            if isinstance(value[0], ast.stmt):
                found.append(value)
            elif isinstance(value[0], (ast.ExceptHandler, ast.match_case)):
                for part in value:
                    found.extend(blocks(part))
    return found


def statements(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Every statement below the list `body`, in source order, nested functions and classes included."""
    found: list[ast.stmt] = []
    stack = list(reversed(body))
    while stack:
        node = stack.pop()
        found.append(node)
        for block in reversed(blocks(node)):
            stack.extend(reversed(block))
    return found


def first_row(statement: ast.stmt) -> int:
    """The row where a statement starts; that of the first decorator, if it has any."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", None) or []
    return min([statement.lineno, *(decorator.lineno for decorator in decorators)]) if decorators else statement.lineno


def last_row(statement: ast.stmt) -> int:
    """The row where a statement ends."""
    return statement.end_lineno or statement.lineno


def rows(statement: ast.stmt) -> tuple[int, int]:
    """First row (of the first decorator, if any) and last row of a statement."""
    return first_row(statement), last_row(statement)


def cell_of(source: Source, row: int) -> int | None:
    """The number of the notebook cell that a row of the module is in; None in a Python file."""
    cell: int | None
    cell, _ = source.locate(row)
    return cell


class _Latest(_local):
    """The latest outline of each thread."""

    outline: Outline | None = None


_latest = _Latest()


def outline(source: Source) -> Outline:
    """The Outline of `source`; the latest one is kept, as the fixes of a file are built one after the other in one
    thread.

    Raises NoFix when the source does not parse.
    """
    found = _latest.outline
    if found is None or found.source is not source:
        found = _latest.outline = Outline(source)
    return found


class _Given:
    """The names that fixes were given in one scope.

    numbers  {base: the number with which the search for the next one starts}
    owners   {(base, id of the owner): its name}
    """

    __slots__ = ("numbers", "owners")

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        self.owners: dict[tuple[str, int], str] = {}


def unique_name(source: Source, base: str, owner: object = None, scope: object = None) -> str:
    """`base`, or `base_2`, `base_3` … when the file already uses it.

    owner  what the name is for: a name that was given to another owner in the same `scope` (a function, None for the
           module) is taken too, so that their fixes can be applied together
    """
    import builtins
    import keyword

    file = outline(source)
    given = file.once(("given", id(scope)), _Given)
    if owner is not None and (base, id(owner)) in given.owners:
        return given.owners[base, id(owner)]
    taken = file.names
    name, number = base, given.numbers.get(base, 1)
    if number > 1:
        name = f"{base}_{number}"
    while name in taken or keyword.iskeyword(name) or hasattr(builtins, name):
        number += 1
        name = f"{base}_{number}"
    if owner is not None:
        given.numbers[base], given.owners[base, id(owner)] = number + 1, name
    return name
