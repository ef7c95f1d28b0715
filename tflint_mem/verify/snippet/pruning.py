"""Copies of statements that keep only what leads to a place inside them."""

from __future__ import annotations

import ast
import copy

from .needed import needed_before
from .scope import Synthetic, binds, certainly_binds, exposed, parameters, reads
from .syntax import BLOCKS, DEFINITIONS, FUNCTIONS, block, body_of, has_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import TypeVar

    from .syntax import Definition, Function

    S = TypeVar("S", bound=ast.stmt)


class Replacing(Synthetic):
    """Synthetic lines that stand in place of the target, not behind it."""


class Marks:
    """How a copy differs from the statement in the file.

    first_child   what the block of the original begins with: where its head ends
    forced        the block is always entered: its condition is dropped
    method        of a class: the pruned method, which stays whatever its name; None for none
    trimmed       of a class: methods that nothing reaches are gone
    """

    __slots__ = ("first_child", "forced", "method", "trimmed")

    def __init__(
        self, first_child: ast.stmt, forced: bool = False, method: ast.stmt | None = None, trimmed: bool = False
    ) -> None:
        self.first_child, self.forced, self.method, self.trimmed = first_child, forced, method, trimmed


_MARKS = "tflint_mem_marks"


def marks_of(node: ast.AST) -> Marks | None:
    """The Marks of a copy; None for a statement as it stands in its file."""
    return getattr(node, _MARKS, None)


def mark(node: ast.stmt, marks: Marks) -> None:
    """Notes how a copy differs from the statement in the file."""
    setattr(node, _MARKS, marks)


class Pruned:
    """statement: the copy; needed: the names that it needs from around it."""

    __slots__ = ("statement", "needed")

    def __init__(self, statement: ast.stmt, needed: set[str]) -> None:
        self.statement, self.needed = statement, needed


def prune(chain: Sequence[ast.stmt], rows: Collection[int] = (), after: Synthetic | None = None) -> Pruned:
    """A copy of chain[0] that keeps only what leads to chain[-1], and the names it needs from outside.

    chain  statements, each inside the one before; the last is the target and is kept whole
    rows   rows whose statements are kept in any case
    after  what is to stand behind the target (in its place: a Replacing)
    """
    statement = chain[0]
    if len(chain) == 1:
        return Pruned(statement, exposed(statement) | (after.names if after is not None else set()))
    child = chain[1]
    siblings = _block_with(statement, child)
    below = prune(chain[1:], rows, after if len(chain) > 2 else None)
    inner, needed = below.statement, below.needed
    tail = [inner]
    if len(chain) == 2 and after is not None:
        tail = [after] if isinstance(after, Replacing) else [inner, after]
        needed |= after.names
    close(needed, [node for node in siblings if isinstance(node, DEFINITIONS) and node is not child])
    kept = needed_before(siblings, child, needed)
    if rows:
        kept = _with_rows(siblings, child, kept, rows, needed)
    new = _with_a_body(statement)
    for name in BLOCKS:
        if hasattr(new, name):
            setattr(new, name, kept + tail if name == "body" else [])
    forced = isinstance(statement, (ast.If, ast.Try)) or type(statement).__name__ in ("TryStar", "Match")
    marks = Marks(body_of(statement)[0], forced)
    if isinstance(new, ast.ClassDef) and isinstance(statement, ast.ClassDef):
        # methods that the kept one calls are added by the class's own pruning: keep them all here
        new.body = [inner if node is child else node for node in statement.body]
        marks.method = inner
        needed = {statement.name}
    elif isinstance(new, FUNCTIONS) and isinstance(statement, FUNCTIONS):
        _bare(new)
        needed = _needed_by_function(statement, new.body, needed)
    else:
        _add_head(statement, needed)
    mark(new, marks)
    return Pruned(new, needed)


def _with_a_body(statement: ast.stmt) -> ast.stmt:
    """A copy of a compound statement.  Of a `match` one case is kept, and is entered: what its pattern would bind is
    needed from outside.
    """
    if hasattr(statement, "cases"):
        return ast.copy_location(ast.If(test=ast.Constant(value=True), body=[], orelse=[]), statement)
    return copy.copy(statement)


def _bare(function: Function) -> None:
    """What decorates a function on the way (a route, a command) would get between us and it."""
    function.decorator_list = [
        decorator
        for decorator in function.decorator_list
        if isinstance(decorator, ast.Name) and decorator.id in ("staticmethod", "classmethod", "property")
    ]


def _needed_by_function(function: Function, body: list[ast.stmt], needed: set[str]) -> set[str]:
    """What a function needs from outside, where its body needs `needed`."""
    local = parameters(function)
    for node in body:
        if not isinstance(node, Synthetic):
            local |= binds(node)
    shared = {name for node in body if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names}
    return (needed - (local - shared)) | reads(_signature(function))


def _add_head(statement: ast.stmt, needed: set[str]) -> None:
    """Adds what the head of a compound statement needs; takes away what it binds."""
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        needed -= {node.id for node in ast.walk(statement.target) if isinstance(node, ast.Name)}
        needed |= reads(statement.iter)
    elif isinstance(statement, (ast.With, ast.AsyncWith)):
        needed -= certainly_binds(statement)
        for item in statement.items:
            needed |= reads(item.context_expr)
    elif isinstance(statement, ast.While):
        needed |= reads(statement.test)


def _signature(function: Function) -> Function:
    bare = copy.copy(function)
    bare.body, bare.decorator_list = [ast.Pass()], []
    return bare


def _block_with(statement: ast.stmt, child: ast.stmt) -> list[ast.stmt]:
    """The block of a statement, or of one of its handlers and cases, in which the child stands."""
    for name in BLOCKS:
        for item in block(statement, name):
            if item is child:
                found: list[ast.stmt] = getattr(statement, name)
                return found
            if isinstance(item, (ast.ExceptHandler, ast.match_case)) and child in item.body:
                return item.body
    raise LookupError("the chain is broken")


def _with_rows(
    siblings: list[ast.stmt], child: ast.stmt, kept: list[ast.stmt], rows: Iterable[int], needed: set[str]
) -> list[ast.stmt]:
    """The kept statements before the child, and those that reach over one of the rows; adds what these read."""
    position = siblings.index(child)
    wanted = [node for node in siblings[:position] if any(has_row(node, row) for row in rows)]
    for node in wanted:
        if node not in kept:
            needed |= reads(node)
    before = needed_before(siblings, child, set(needed))
    return [node for node in siblings[:position] if node in kept or node in wanted or node in before]


def close(needed: set[str], definitions: Iterable[Definition]) -> None:
    """Adds what needed functions and classes read, and what those need in turn."""
    by_name: dict[str, list[Definition]] = {}
    for node in definitions:
        by_name.setdefault(node.name, []).append(node)
    done: set[str] = set()
    stack = list(needed)
    while stack:
        name = stack.pop()
        if name in done:
            continue
        done.add(name)
        for node in by_name.get(name, ()):
            fresh = reads(node) - needed
            needed |= fresh
            stack.extend(fresh)


def merged(first: ast.ClassDef, second: ast.ClassDef) -> ast.ClassDef:
    """Two cuts of one class: of each method the pruned one wins."""
    new = copy.copy(second)
    by_name = {_name_of(child): child for child in first.body if marks_of(child) is not None}
    new.body = [child if marks_of(child) is not None else by_name.get(_name_of(child), child) for child in second.body]
    return new


def _name_of(node: ast.stmt) -> str | None:
    name: str | None = getattr(node, "name", None)
    return name


def trimmed(node: ast.stmt, classes: Collection[str], attributes: Collection[str]) -> ast.stmt:
    """A class of which only the methods that the snippet can reach are left; whatever else as it is.

    classes     names of the file's own classes: one with foreign bases stays whole
    attributes  names of attributes that are used anywhere in the snippet
    """
    marks = marks_of(node)
    if not isinstance(node, ast.ClassDef) or (marks is not None and marks.trimmed):
        return node
    if (
        not all(isinstance(base, ast.Name) and (base.id in classes or base.id == "object") for base in node.bases)
        or node.decorator_list
    ):
        return node
    method = marks.method if marks is not None else None
    new = copy.copy(node)
    new.body = [
        child
        for child in node.body
        if not isinstance(child, FUNCTIONS)
        or child.name in attributes
        or (child.name.startswith("__") and child.name.endswith("__"))
        or child is method
    ]
    if len(new.body) == len(node.body):
        return node
    new.body = new.body or [node.body[0]]
    mark(new, Marks(marks.first_child if marks is not None else node.body[0], method=method, trimmed=True))
    return new
