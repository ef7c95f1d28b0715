"""Where else a name is read: questions that decide whether its object may change or die earlier."""

from __future__ import annotations

import ast

from .names import bound, everything, kept
from .outline import dotted, last_row
from .view import LOOPS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    import libcst as cst

    from .outline import Outline
    from .view import View

    _Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

    # {dotted name: [(a node that reads it, the functions around that, outermost first)]}
    _Reads = dict[str, list[tuple[ast.Name | ast.Attribute, tuple[_Function, ...]]]]


def used_outside(view: View, loop: cst.For | cst.While, name: str) -> bool:
    """Whether `name` is read behind `loop`, or before it in an outer loop, in the same function or in the module."""
    here = view.ast_of(loop)
    inside = kept(here, "inside", lambda: {id(node) for node in everything(here.body)})
    function = view.function(loop)
    file = view.outline
    if function is not None:
        around = view.ast_of(function)
        reads, offset = kept(around, "reads", lambda: _reads(around.body)), 0
    else:
        reads, offset = file.once("reads", lambda: _reads(file.tree.body)), view.first_row - 1
    first, last = here.body[0].lineno + offset, last_row(here.body[-1]) + offset
    again = [view.ast_of(outer).lineno + offset for outer in view.loops(loop) if isinstance(outer, LOOPS)]
    root = name.split(".")[0]
    for node, functions in reads.get(name, ()):
        if id(node) in inside or (function is None and first <= node.lineno <= last):
            continue
        if any(_is_own(file, inner, root) for inner in functions):
            continue
        if functions or node.lineno >= last or any(row <= node.lineno for row in again):
            return True
    return False


def _reads(body: Sequence[ast.stmt]) -> _Reads:
    """What the statements `body` read."""
    found: _Reads = {}
    stack: list[tuple[ast.AST, tuple[_Function, ...]]] = [(node, ()) for node in body]
    while stack:
        node, functions = stack.pop()
        if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load):
            name = dotted(node)
            if name:
                found.setdefault(name, []).append((node, functions))
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            functions = (*functions, node)
        stack.extend((child, functions) for child in ast.iter_child_nodes(node))
    return found


def _is_own(file: Outline, function: _Function, name: str) -> bool:
    """Whether `name` is a local of the function, not one that it shares with a scope around it."""

    def names() -> set[str]:
        code = function.body if isinstance(function.body, list) else [function.body]
        own = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)} | bound(code)
        shared = {
            name for inner in everything(code) if isinstance(inner, (ast.Global, ast.Nonlocal)) for name in inner.names
        }
        return own - shared

    return name in file.once(("own", function), names)
