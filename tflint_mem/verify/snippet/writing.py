"""Kept statements as lines of a snippet."""

from __future__ import annotations

import ast
import copy

from .first_party import absolute_parts
from .lines import Line
from .pruning import marks_of
from .scope import Synthetic
from .syntax import DEFINITIONS, body_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .first_party import FileModel
    from .source_text import Text


def write(
    statements: Iterable[ast.stmt], text: Text, needed: Collection[str] | None, model: FileModel, main: bool = False
) -> list[Line]:
    """The statements as lines, with two empty ones around definitions.

    needed  names that are read: of imports only these stay; None: all stay
    main    the file becomes the snippet itself, so that its relative imports become absolute
    """
    lines: list[Line] = []
    previous = None
    for statement in statements:
        if previous is not None and (isinstance(statement, DEFINITIONS) or isinstance(previous, DEFINITIONS)):
            lines += [Line(""), Line("")]
        lines += _written(statement, text, needed, model, main)
        previous = statement
    return lines


def _written(
    statement: ast.stmt, text: Text, needed: Collection[str] | None, model: FileModel, main: bool
) -> list[Line]:
    if isinstance(statement, Synthetic):
        return list(statement.lines)
    if isinstance(statement, (ast.Import, ast.ImportFrom)) and needed is not None:
        return _import(statement, text, needed, model, main)
    marks = marks_of(statement)
    if marks is None:
        return text.statement(statement)
    indent = text.indent(statement)
    header = text.header(_with_body(statement, marks.first_child))
    if marks.forced:
        header = [Line((indent or "") + "if True:  # this branch is taken", (text.path, statement.lineno))]
    elif header is None:
        return text.printed(statement, indent or "")
    body: list[Line] = []
    for child in body_of(statement):
        if body and isinstance(statement, ast.ClassDef):
            body.append(Line(""))
        body += _written(child, text, None, model, main)
    return header + body


def _with_body(statement: ast.stmt, first_child: ast.stmt) -> ast.stmt:
    """The statement with a first child in its body that stands where the block began."""
    original = copy.copy(statement)
    original.body = [first_child]  # type: ignore[attr-defined]  # compound statements alone are pruned
    return original


def _import(
    statement: ast.Import | ast.ImportFrom, text: Text, needed: Collection[str], model: FileModel, main: bool
) -> list[Line]:
    names = [
        alias for alias in statement.names if alias.name == "*" or (alias.asname or alias.name.split(".")[0]) in needed
    ]
    relative = isinstance(statement, ast.ImportFrom) and statement.level and main
    if len(names) == len(statement.names) and not relative:
        return text.statement(statement)
    new = copy.copy(statement)
    new.names = names or statement.names
    if relative and isinstance(new, ast.ImportFrom):
        new.module, new.level = ".".join(absolute_parts(new, model)), 0
    indent = text.indent(statement)
    return text.printed(new, indent if indent is not None else " " * statement.col_offset)
