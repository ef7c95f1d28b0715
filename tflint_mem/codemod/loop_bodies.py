"""What is known of a loop from its own code: does it run at all, and which jumps leave it or end a repeat?"""

from __future__ import annotations

import ast

from .names import binds
from .outline import dotted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    Loop = ast.For | ast.AsyncFor | ast.While
    Kinds = type[ast.stmt] | tuple[type[ast.stmt | ast.expr], ...]

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)


def own_jumps(body: Sequence[ast.stmt], kinds: Kinds) -> list[ast.stmt | ast.expr]:
    """Statements of `kinds` (break, continue …) in `body` that belong to the loop whose body it is.

    `break` and `continue` inside an inner loop belong to that loop; its `else` clause belongs to this one.
    """
    found: list[ast.stmt | ast.expr] = []
    stack: list[tuple[ast.AST, bool]] = [(statement, False) for statement in reversed(body)]
    while stack:
        node, inner = stack.pop()
        if isinstance(node, _SCOPES):
            continue
        if isinstance(node, kinds) and not (inner and isinstance(node, (ast.Break, ast.Continue))):
            found.append(node)
        if isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
            stack.extend((child, inner) for child in node.orelse)
            stack.extend((child, True) for child in node.body)
        else:
            stack.extend((child, inner) for child in ast.iter_child_nodes(node))
    return found


def never_empty(loop: Loop, constants: Mapping[str, ast.expr]) -> bool:
    """True when a loop certainly runs its body: `while True`, a literal that is not empty, `range` of a positive one.

    constants  {name: expression} of names the file binds exactly once
    """
    if isinstance(loop, ast.While):
        return isinstance(loop.test, ast.Constant) and bool(loop.test.value)
    return _holds_something(loop.iter, constants)


def _holds_something(node: ast.expr, constants: Mapping[str, ast.expr], depth: int = 0) -> bool:
    """Is the value of an expression certainly a container with something in it?"""
    if depth > 4:
        return False
    node = _literal_of(node, constants)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return any(not isinstance(item, ast.Starred) for item in node.elts)
    if isinstance(node, ast.Dict):
        return any(key is not None for key in node.keys)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, (str, bytes)) and bool(node.value)
    if not isinstance(node, ast.Call) or node.keywords and dotted(node.func).rpartition(".")[2] == "range":
        return False
    name = dotted(node.func).rpartition(".")[2]
    if name == "range":
        literals = [_literal_of(argument, constants) for argument in node.args]
        numbers = [n.value for n in literals if isinstance(n, ast.Constant) and isinstance(n.value, int)]
        if len(numbers) != len(literals) or not 1 <= len(numbers) <= 3:
            return False
        try:
            return bool(range(*numbers))
        except ValueError:
            return False
    if name in ("enumerate", "tqdm", "trange", "sorted", "reversed", "list", "tuple") and node.args:
        return _holds_something(node.args[0], constants, depth + 1)
    if name == "zip" and node.args:
        return all(_holds_something(argument, constants, depth + 1) for argument in node.args)
    return False


def _literal_of(node: ast.expr, constants: Mapping[str, ast.expr]) -> ast.expr:
    """The expression that a constant of the module stands for, else `node` itself."""
    return constants[node.id] if isinstance(node, ast.Name) and node.id in constants else node


def constants(tree: ast.Module, nodes: Iterable[ast.AST]) -> dict[str, ast.expr]:
    """{name: expression} of the names that a module assigns once, at its top level, and binds nowhere else."""
    counts: dict[str, int] = {}
    for node in nodes:
        for name in binds(node):
            counts[name] = counts.get(name, 0) + 1
    return {
        statement.targets[0].id: statement.value
        for statement in tree.body
        if isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and isinstance(statement.targets[0], ast.Name)
        and counts[statement.targets[0].id] == 1
    }
