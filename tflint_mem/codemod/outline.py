"""What codemods need to know of the whole file: its lines, top-level statements, names and house style.

Built once per source from the standard library's `ast`; only the statement that a fix touches is given to LibCST.
"""

import ast
import re
import warnings
from bisect import bisect_right

from . import NoFix

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+")
_INDENT = re.compile(r"[ \t]*")


def split_lines(text: str) -> list:
    """The lines of `text` with their ends, split where Python's tokenizer splits (no form feeds, no U+2028)."""
    return _LINE.findall(text)


def strip_end(line: str) -> str:
    """`line` without its line end."""
    return line.rstrip("\r\n")


def parse(text: "str | bytes") -> ast.Module:
    """The `ast` of `text`, without warnings about the user's escapes; NoFix when it does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError) as error:
        raise NoFix("the code does not parse") from error
    except (RecursionError, MemoryError) as error:
        raise NoFix("too deeply nested") from error


def character(line: str, offset: int) -> int:
    """The character offset of the UTF-8 byte `offset` in `line` (both from 0)."""
    return offset if line.isascii() else len(line.encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "ignore"))


def dotted(node) -> str:
    """`a.b.c` of a chain of names and attributes, else ""."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    parts.append(node.id)
    return ".".join(reversed(parts))


class Outline:
    """The `ast` view of one Source.  Rows count from 1."""

    __slots__ = ("source", "lines", "newline", "tree", "views", "_groups", "_indent", "_names", "_memo")

    def __init__(self, source):
        self.source = source
        self.lines = split_lines(source.text)
        self.newline = source.newline or "\n"
        self.tree = parse(source.text)
        self.views = {}
        self._groups = self._indent = self._names = None
        self._memo = {}

    def once(self, key, make):
        """`make()`, worked out once for each `key`: many fixes of one file ask the same questions."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    @property
    def nodes(self) -> list:
        """Every node of the file's `ast`."""
        return self.once("nodes", lambda: list(ast.walk(self.tree)))

    @property
    def functions(self) -> list:
        """Every function definition."""
        return self.once(
            "functions",
            lambda: [node for node in self.nodes if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))],
        )

    @property
    def globals(self) -> set:
        """Names that some function declares global."""
        return self.once(
            "globals", lambda: {name for node in self.nodes if isinstance(node, ast.Global) for name in node.names}
        )

    @property
    def shared(self) -> set:
        """Names that some function declares global or nonlocal."""
        return self.once(
            "shared",
            lambda: {
                name for node in self.nodes if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
            },
        )

    @property
    def groups(self) -> list:
        """`(first_row, last_row, [statements])` of what stands at top level, statements that share a row in one group."""
        if self._groups is None:
            groups = []
            for statement in self.tree.body:
                first, last = rows(statement)
                if groups and first <= groups[-1][1]:
                    start, _, members = groups[-1]
                    groups[-1] = (start, max(last, groups[-1][1]), members + [statement])
                else:
                    groups.append((first, last, [statement]))
            self._groups = groups
        return self._groups

    def group_at(self, row: int):
        """The group whose rows contain `row`; NoFix when none does."""
        firsts = self.once("firsts", lambda: [group[0] for group in self.groups])
        at = bisect_right(firsts, row) - 1
        if at < 0 or row > self.groups[at][1]:
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
            inner = []
            for block in blocks(node):
                if not isinstance(node, (ast.stmt,)) or block[0].lineno == node.lineno:
                    continue
                outer = _INDENT.match(self.lines[node.lineno - 1]).group()
                found = _INDENT.match(self.lines[rows(block[0])[0] - 1]).group()
                if found.startswith(outer) and found != outer:
                    return found[len(outer) :]
                inner.extend(block)
            stack.extend(reversed(inner))
        return ""

    @property
    def names(self) -> set:
        """Every identifier the file binds, reads or imports (attributes too: a superset is what uniqueness wants)."""
        if self._names is None:
            found = set()
            for node in self.nodes:
                for field in ("id", "attr", "arg", "name", "asname"):
                    value = getattr(node, field, None)
                    if isinstance(value, str):
                        found.update(value.split("."))
                if isinstance(node, (ast.Global, ast.Nonlocal)):
                    found.update(node.names)
            self._names = found
        return self._names


def blocks(node) -> list:
    """The non-empty statement lists of `node`, in source order; handlers and match cases are looked through."""
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        if isinstance(value, list) and value:
            if isinstance(value[0], ast.stmt):
                found.append(value)
            elif isinstance(value[0], (ast.ExceptHandler, ast.match_case)):
                for part in value:
                    found.extend(blocks(part))
    return found


def statements(body) -> list:
    """Every statement below the list `body`, in source order, nested functions and classes included."""
    found = []
    stack = list(reversed(body))
    while stack:
        node = stack.pop()
        found.append(node)
        for block in reversed(blocks(node)):
            stack.extend(reversed(block))
    return found


def rows(statement) -> tuple:
    """First row (of the first decorator, if any) and last row of a statement."""
    decorators = getattr(statement, "decorator_list", None)
    first = min([statement.lineno] + [d.lineno for d in decorators]) if decorators else statement.lineno
    return first, statement.end_lineno


_last = (None, None)


def outline(source) -> Outline:
    """The Outline of `source`; the latest one is kept, as the fixes of a file are built one after the other."""
    global _last
    if _last[0] is not source:
        _last = (source, Outline(source))
    return _last[1]


def unique_name(source, base: str, owner=None, scope=None) -> str:
    """`base`, or `base_2`, `base_3` … when the file already uses it.

    owner  what the name is for: a name that was given to another owner in the same `scope` (a function, None for the module) is
           taken too, so that their fixes can be applied together
    """
    import builtins
    import keyword

    file = outline(source)
    given = file.once(("given", id(scope)), dict)
    if owner is not None and (base, id(owner)) in given:
        return given[base, id(owner)]
    taken = file.names
    name, number = base, given.get(base, 1)
    if number > 1:
        name = f"{base}_{number}"
    while name in taken or keyword.iskeyword(name) or hasattr(builtins, name):
        number += 1
        name = f"{base}_{number}"
    if owner is not None:
        given[base], given[base, id(owner)] = number + 1, name
    return name
