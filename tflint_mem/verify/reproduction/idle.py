"""What a stand-in has put in place and nobody came by: functions that were never called, and what installs them."""

from __future__ import annotations

import ast
import re

from tflint_mem.verify.snippet.scope import binds
from tflint_mem.verify.snippet.syntax import DEFINITIONS, FUNCTIONS, first_row, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from tflint_mem.verify.snippet.syntax import Definition, Function

    from .edited import Edited

_ACTS = re.compile(r"#.*\bacts$")  # ends the rows of a function that do what it is there for: the others pass on


def idle(edited: Edited, ran: Collection[int]) -> frozenset[ast.stmt]:
    """The statements of a stand-in's source that can go: of the top level, and calls of functions that do not act.

    ran   rows that ran; all of it was seen
    """
    body = edited.tree.body
    dead = {node.name: node for node in body if isinstance(node, DEFINITIONS) and _is_dead(edited, node, ran)}
    found: set[ast.stmt] = {node for node in ast.walk(edited.tree) if isinstance(node, ast.Expr) and _calls(node, dead)}
    for node in body:
        if isinstance(node, DEFINITIONS) or not _installs(node):
            continue
        if _names(node) & set(dead) or isinstance(node, ast.For) and _makes_dead(edited, node, ran):
            found.add(node)
    for _ in range(len(found)):  # what a statement has made for another one that stays is not idle
        named = _words(node for node in body if node not in found)
        needed = {node for node in found if binds(node) & named and not isinstance(node, ast.For)}
        if not needed:
            break
        found -= needed
    within = [each for node in body if node not in found and node not in dead.values() for each in _around(node, found)]
    named = _words(within, within=True)
    found.update(node for name, node in dead.items() if name not in named)
    return frozenset(found)


def _calls(node: ast.Expr, dead: Collection[str]) -> bool:
    """Is it a call, for nothing else, of a function that did not act?"""
    call = node.value
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in dead


def _makes_dead(edited: Edited, node: ast.For, ran: Collection[int]) -> bool:
    """Does a loop install functions that nobody called?"""
    made = [each for each in node.body if isinstance(each, FUNCTIONS)]
    return bool(made) and all(_is_dead(edited, each, ran) for each in made)


def _around(node: ast.AST, found: Collection[ast.AST]) -> list[ast.AST]:
    """All below a node but for what is found."""
    children: list[ast.AST] = [node]
    for child in ast.iter_child_nodes(node):
        if child not in found:
            children += _around(child, found)
    return children


def _is_dead(edited: Edited, node: Definition, ran: Collection[int]) -> bool:
    if isinstance(node, ast.ClassDef):
        methods = [each for each in node.body if isinstance(each, FUNCTIONS)]
        return bool(methods) and all(_is_dead(edited, each, ran) for each in methods)
    acting = _acting(edited, node)
    if acting:
        return not acting & set(ran)
    if not any(row in ran for each in node.body for row in range(first_row(each), last_row(each) + 1)):
        return True
    # what makes a function that nobody has called
    made = {each.name: each for each in node.body if isinstance(each, FUNCTIONS)}
    last = node.body[-1]
    name = last.value.id if isinstance(last, ast.Return) and isinstance(last.value, ast.Name) else ""
    return name in made and _is_dead(edited, made[name], ran)


def _acting(edited: Edited, node: Function) -> set[int]:
    inner = [each for each in ast.walk(node) if isinstance(each, FUNCTIONS) and each is not node]
    hidden = {row for each in inner for row in range(first_row(each), last_row(each) + 1)}
    rows = range(node.lineno, last_row(node) + 1)
    return {row for row in rows if row not in hidden and _ACTS.search(edited.rows[row - 1])}


def _installs(node: ast.stmt) -> bool:
    """Does a statement no more than to put something somewhere else?"""
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Call)
    if isinstance(node, ast.Assign):
        return all(not isinstance(target, ast.Name) or target.id.startswith("_") for target in node.targets)
    if isinstance(node, (ast.If, ast.For)):
        return all(_installs(each) for each in (*node.body, *node.orelse))
    return isinstance(node, (*FUNCTIONS, ast.Pass))


def _words(nodes: Iterable[ast.AST], within: bool = False) -> set[str]:
    """Names in statements, and words of their strings: by these things are found as well.

    within   only the nodes themselves, not what is below them
    """
    found: set[str] = set()
    for top in nodes:
        for node in (top,) if within else ast.walk(top):
            if isinstance(node, ast.Name):
                found.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                found.update(re.findall(r"\w+", node.value))
    return found


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
