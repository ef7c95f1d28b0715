"""Syntax trees of whole files: which nodes lie around a place, and what kind they are."""

from __future__ import annotations

import ast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeGuard

    Function = ast.FunctionDef | ast.AsyncFunctionDef
    Definition = Function | ast.ClassDef
    Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    Chain = Sequence[ast.AST]  # nodes, each inside the one before; the first is the module

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
LOOPS = (ast.For, ast.AsyncFor, ast.While)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")


def block(node: ast.AST, name: str) -> list[ast.AST]:
    """The statements (handlers, cases) of one of the BLOCKS of a node; [] where it has no such block."""
    found = getattr(node, name, None)
    return found if isinstance(found, list) else []


def body_of(node: ast.stmt) -> list[ast.stmt]:
    """The first block of a compound statement; of a `match` the one of its first case."""
    cases: list[ast.AST] | None = getattr(node, "cases", None)
    found: list[ast.stmt] = getattr(cases[0] if cases else node, "body")  # noqa: B009
    return found


def has_place(node: ast.AST) -> TypeGuard[ast.expr]:
    """Has the node a place of its own?  Arguments, comprehensions, items of a `with` have none.

    For a type checker such a node is an expression: all that have a place have the same attributes for it.
    """
    return hasattr(node, "lineno")


def first_row(node: ast.stmt | ast.expr) -> int:
    """First row of a statement or an expression, decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno] + [decorator.lineno for decorator in decorators])


def last_row(node: ast.stmt | ast.expr) -> int:
    """The row in which a statement or an expression ends."""
    return node.end_lineno or node.lineno


def last_column(node: ast.stmt | ast.expr) -> int:
    """The column behind the last character, in UTF-8 bytes from 0."""
    return node.end_col_offset or 0


def has_row(node: ast.stmt | ast.expr, row: int) -> bool:
    """Does the statement or expression, without its decorators, reach over the row?"""
    return node.lineno <= row <= last_row(node)


def is_main_guard(node: ast.AST) -> bool:
    """`if __name__ == "__main__":`"""
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Compare)
        and any(
            isinstance(side, ast.Name) and side.id == "__name__" for side in [node.test.left] + node.test.comparators
        )
    )


def functions_in(chain: Chain) -> list[Function]:
    """The functions of a chain, outermost first."""
    return [node for node in chain if isinstance(node, FUNCTIONS)]


def classes_in(chain: Chain) -> list[ast.ClassDef]:
    """The classes of a chain, outermost first."""
    return [node for node in chain if isinstance(node, ast.ClassDef)]


def statements_of(chain: Chain) -> list[ast.stmt]:
    """Statements of a chain from its top-level one down; the main guard is left out."""
    found = [node for node in chain[1:] if isinstance(node, ast.stmt)]
    return found[1:] if found and is_main_guard(found[0]) and len(found) > 1 else found


def path_to(tree: ast.Module, row: int, column: int | None = None) -> list[ast.AST]:
    """The chain of nodes from the module to the innermost one that covers a place.

    row      from 1        column   in UTF-8 bytes from 0; None: anywhere in the row
    """
    chain: list[ast.AST] = [tree]
    node: ast.AST = tree
    while True:
        inner = None
        for child in ast.iter_child_nodes(node):
            if _covers(child, row, column):
                inner = child
                break
        if inner is None:
            return chain
        chain.append(inner)
        node = inner


def _covers(node: ast.AST, row: int, column: int | None) -> bool:
    if not has_place(node):
        return any(_covers(child, row, column) for child in ast.iter_child_nodes(node))
    first = first_row(node)
    if not first <= row <= last_row(node):
        return False
    if column is None:
        return True
    if row == node.lineno == first and column < node.col_offset:
        return False
    return not (row == last_row(node) and column >= last_column(node))
