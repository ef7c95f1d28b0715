"""Where else a name is read: questions that decide whether its object may change or die earlier."""

import ast

from .names import bound, everything
from .outline import dotted


def used_outside(view, loop, name: str) -> bool:
    """Whether `name` is read behind `loop`, or before it in an outer loop, in the same function or in the module."""
    here = view.ast_of(loop)
    inside = {id(node) for node in everything(here.body)}
    function = view.function(loop)
    if function is not None:
        body, offset = view.ast_of(function).body, 0
    else:
        body, offset = view.outline.tree.body, view.first_row - 1
    first, last = here.body[0].lineno + offset, here.body[-1].end_lineno + offset
    again = [view.ast_of(outer).lineno + offset for outer in view.loops(loop)]
    for node, deferred in _with_functions(body, name):
        if not reads_name(node, name) or id(node) in inside or (function is None and first <= node.lineno <= last):
            continue
        if deferred or node.lineno >= last or any(row <= node.lineno for row in again):
            return True
    return False


def _with_functions(body, name):
    """(node, whether it runs later) of everything below `body` but functions with a `name` of their own."""
    stack = [(node, False) for node in body]
    while stack:
        node, deferred = stack.pop()
        yield node, deferred
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            root = name.split(".")[0]
            code = node.body if isinstance(node.body, list) else [node.body]
            own = {argument.arg for argument in ast.walk(node.args) if isinstance(argument, ast.arg)} | bound(code)
            shared = any(
                isinstance(inner, (ast.Global, ast.Nonlocal)) and root in inner.names for inner in everything(code))
            if root in own and not shared:
                continue
            deferred = True
        stack.extend((child, deferred) for child in ast.iter_child_nodes(node))


def reads_name(node, name: str) -> bool:
    """Whether the `ast` node reads the dotted `name`."""
    return isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Load) and dotted(node) == name
