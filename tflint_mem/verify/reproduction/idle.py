"""What a stand-in has put in place and nobody came by: functions that were never called, and what installs them."""

from __future__ import annotations

import ast
import re

from tflint_mem.verify.snippet.syntax import DEFINITIONS, FUNCTIONS, first_row, last_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from tflint_mem.verify.snippet.syntax import Definition, Function

    from .edited import Edited

_ACTS = re.compile(r"#.*\bacts$")  # ends the rows of a function that do what it is there for: the others pass on


def idle(edited: Edited, ran: Collection[int]) -> frozenset[ast.stmt]:
    """The top-level statements of a stand-in's source that can go.  ran: rows that ran; all of it was seen"""
    body = edited.tree.body
    dead = {node.name: node for node in body if isinstance(node, DEFINITIONS) and _is_dead(edited, node, ran)}
    found: set[ast.stmt] = set()
    for node in body:
        if not isinstance(node, DEFINITIONS) and _installs(node) and _names(node) & set(dead):
            found.add(node)
    named = set().union(*(_names(node) for node in body if node not in found and node not in dead.values()))
    found.update(node for name, node in dead.items() if name not in named)
    return frozenset(found)


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


def _names(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
