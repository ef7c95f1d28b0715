"""Imports whose last use a fix takes away: they go with it.

An import goes when nothing else in the file says its name, in code, in a text (`__all__`, annotations) or in a comment
for type checkers, and when importing it does nothing but bind a name: of TensorFlow, Keras, NumPy or the standard
library, in no `try` or `if`, without a comment in its row.  A name that other files may take from this one stays.
"""

from __future__ import annotations

import ast
import os
import re
import sys

from tflint_mem.finding import Edit

from . import NoFix
from .hunks import join, whole_rows
from .import_place import FRAMEWORK, IMPORTS
from .outline import beginning, blocks, character, ending, first_row, last_row, outline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tflint_mem.sources.source import Source

    from .outline import Outline, Place

    Import = ast.Import | ast.ImportFrom
    Block = list[ast.stmt]

_ONLY_NAMES = FRAMEWORK | {"numpy"} | sys.stdlib_module_names - {"__future__", "this", "antigravity"}
_WORD = re.compile(r"\w+")
_TYPED = re.compile(r"#\s*type:(.*)")


def without_unused(source: Source, edits: Sequence[Edit], elsewhere: Callable[[str], bool]) -> list[Edit]:
    """The edits, and those that take out the imports which nothing uses behind them.

    edits      in places of the module
    elsewhere  may another file take this name from here?

    Notebooks keep theirs: a cell may be run by itself.
    """
    if source.kind != "python" or os.path.basename(source.path) == "__init__.py":
        return list(edits)
    cut = [(edit.start, edit.end) for edit in edits if edit.start != edit.end]
    words = {w for (first, _), (last, _) in cut for row in source.lines[first - 1 : last] for w in _WORD.findall(row)}
    try:
        file = outline(source)
        imported = file.once("plain imports", lambda: _plain_imports(file))
        candidates = words & imported.keys()
        if not candidates:
            return list(edits)
        new = {word for edit in edits for word in _WORD.findall(edit.content)}
        uses = file.once("places of names", lambda: _places_of_names(file))
        gone = {
            name
            for name in candidates - new
            if name in uses and all(_within(place, cut) for place in uses[name]) and not elsewhere(name)
        }
        return join(edits, *_removals(source, file, gone, imported, cut))
    except NoFix:
        return list(edits)


def _within(place: Place, cut: Sequence[tuple[Place, Place]]) -> bool:
    return any(start <= place < end for start, end in cut)


def _plain_imports(file: Outline) -> dict[str, tuple[Import, Block]]:
    """name -> (the import that binds it, the block around) of names that one plain import binds and nothing else."""
    found: dict[str, tuple[Import, Block]] = {}
    bound: set[str] = set()
    for block in _plain_blocks(file.tree):
        for statement in block:
            if isinstance(statement, IMPORTS) and _is_plain(file, statement):
                for alias in statement.names:
                    name = alias.asname or alias.name.split(".")[0]
                    if alias.asname != alias.name:  # `import x as x` says that others may take it from here
                        found[name] = (statement, block)
    for node in file.nodes:
        for name in _binds(node):
            if name in bound:
                found.pop(name, None)
            bound.add(name)
    return found


def _plain_blocks(tree: ast.Module) -> Iterator[Block]:
    """The bodies of the module and of functions: what stands in them is no choice between two imports."""
    yield tree.body
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield from blocks(node)[:1]


def _is_plain(file: Outline, statement: Import) -> bool:
    """Does importing it only bind names, alone on its rows and without any comment?"""
    modules = [statement.module or ""] if isinstance(statement, ast.ImportFrom) else [a.name for a in statement.names]
    if getattr(statement, "level", 0) or any(module.split(".")[0] not in _ONLY_NAMES for module in modules):
        return False
    rows = file.lines[first_row(statement) - 1 : last_row(statement)]
    return not any("#" in row or ";" in row or "\\" in row for row in rows)


def _binds(node: ast.AST) -> Iterator[str]:
    """The names that a node by itself binds."""
    if isinstance(node, IMPORTS):
        for alias in node.names:
            yield alias.asname or alias.name.split(".")[0]
    elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
        yield node.id
    elif isinstance(node, ast.arg):
        yield node.arg
    elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)) and node.name:
        yield node.name
    elif isinstance(node, (ast.Global, ast.Nonlocal)):
        yield from node.names


def _places_of_names(file: Outline) -> dict[str, list[Place]]:
    """name -> the places that say it: in code, in texts, and in comments for type checkers."""
    found: dict[str, list[Place]] = {}
    for node in file.nodes:
        if isinstance(node, ast.Name):
            found.setdefault(node.id, []).append(_place(file, *beginning(node)))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            row, offset = ending(node)
            ends = (_place(file, *beginning(node)), _place(file, row, offset - 1))
            for word in _WORD.findall(node.value):
                found.setdefault(word, []).extend(ends)
    for row, line in enumerate(file.lines, 1):
        typed = _TYPED.search(line)
        for word in _WORD.findall(typed.group(1)) if typed else ():
            found.setdefault(word, []).append((row, len(line)))
    return found


def _place(file: Outline, row: int, offset: int) -> Place:
    return row, character(file.lines[row - 1], offset) + 1


def _removals(
    source: Source,
    file: Outline,
    gone: set[str],
    imported: dict[str, tuple[Import, Block]],
    cut: Sequence[tuple[Place, Place]],
) -> Iterator[list[Edit]]:
    """The edits that take each of these names out of its import; a block of which nothing else stays keeps it."""
    done: set[int] = set()
    going = {id(imported[name][0]) for name in gone}
    for name in sorted(gone):
        statement, block = imported[name]
        if id(statement) in done:
            continue
        done.add(id(statement))
        left = [alias for alias in statement.names if (alias.asname or alias.name.split(".")[0]) not in gone]
        first, last = first_row(statement), last_row(statement)
        if left:
            yield _shortened(file, statement, left)
        elif any(
            id(other) not in going and not _within(_place(file, other.lineno, other.col_offset), cut) for other in block
        ):
            yield [_taken_out(source, file, first, last)]


def _taken_out(source: Source, file: Outline, first: int, last: int) -> Edit:
    """The edit that takes out whole rows, and the blank row behind them where they begin a paragraph or a block."""
    begins = first == 1 or not (before := file.lines[first - 2].strip()) or before.endswith(":")
    if begins and last < len(file.lines) - 1 and not file.lines[last].strip():
        last += 1
    start, end = whole_rows(source, file.lines, first, last)
    return Edit(start=start, end=end, content="")


def _shortened(file: Outline, statement: Import, left: Sequence[ast.alias]) -> list[Edit]:
    """The edits that leave these names in an import, which keeps its rows."""
    kept = {id(alias) for alias in left}
    rows = [alias.lineno for alias in statement.names]
    if len(set(rows)) == len(rows) and rows[0] > statement.lineno:  # a name a row, between brackets
        return [
            Edit(start=(alias.lineno, 1), end=(alias.lineno + 1, 1), content="")
            for alias in statement.names
            if id(alias) not in kept
        ]
    if first_row(statement) != last_row(statement):
        raise NoFix("the names of the import share rows")
    first, last = statement.names[0], statement.names[-1]
    names = ", ".join(f"{alias.name} as {alias.asname}" if alias.asname else alias.name for alias in left)
    start = _place(file, first.lineno, first.col_offset)
    end = _place(file, last.lineno, last.end_col_offset or 0)
    return [Edit(start=start, end=end, content=names)]
