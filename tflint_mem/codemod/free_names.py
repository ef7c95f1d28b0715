"""A name that one function may bind, though others of its file use it."""

from __future__ import annotations

import ast

from .names import bound
from .outline import outline, unique_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.sources.source import Source


def free_name(source: Source, base: str, function: ast.AST | None) -> str:
    """`base` where a function may bind it: neither it nor the module has that name; else as `unique_name`.

    function   None for a place in no function, where the names of the whole file count
    """
    if function is None or base in bound(outline(source).tree.body) or base in _mentioned(function):
        return unique_name(source, base)
    return base


def _mentioned(function: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
    return found
