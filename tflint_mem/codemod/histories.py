"""Keep the numbers of a training, `.history`, and not the History object: where it is kept, and where that is read.

Only the standard library's `ast` is needed.  Rows are rows of the module.
"""

from __future__ import annotations

import ast

from tflint_mem.facts import Record
from tflint_mem.finding import Edit

from . import NoFix
from .outline import dotted, extent, last_row, outline

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint_mem.facts import Pos
    from tflint_mem.sources.source import Source

    from .outline import Outline

# What hands on the items of the container it is given, or that it is asked of.
_PASSES = ("items", "values", "enumerate", "list", "reversed", "tqdm")


class NumbersKept(Record):
    """The change that keeps the numbers only.

    edits  in places of the module
    read   does something that reads the container change as well?
    """

    __slots__ = ()
    edits: list[Edit]
    read: bool


def keep_numbers(source: Source, row: int, last: int, place: Pos, container: str) -> NumbersKept:
    """Put `.history` behind what is kept, and take it away where the container is read.

    row, last  rows of the statement that keeps
    place      where the kept expression stands
    container  dotted name of the list or dictionary

    NoFix where the container is read in another way than through `.history`.
    """
    file = outline(source)
    parents = file.once(
        "parents", lambda: {id(child): node for node in file.nodes for child in ast.iter_child_nodes(node)}
    )
    wanted: object = place  # it equals the extent of the same node
    kept = next(
        (node for node in file.nodes if isinstance(node, (ast.Call, ast.Name)) and extent(node) == wanted), None
    )
    if kept is None:
        raise NoFix("what is kept is no plain value")
    around = parents[id(kept)]
    position = around.elts.index(kept) if isinstance(around, ast.Tuple) else None
    end = file.behind(kept)
    edits = [Edit(start=end, end=end, content=".history")]
    readers: set[ast.Attribute] = set()
    attribute = container.rpartition(".")[2] if "." in container else None
    for node in file.nodes:
        if not isinstance(node, (ast.Name, ast.Attribute)):
            continue
        same = dotted(node) == container or isinstance(node, ast.Attribute) and node.attr == attribute
        if same and not row <= node.lineno <= last:
            readers |= set(_readers(file, parents, node, position))
    for reader in sorted(readers, key=extent):
        edits.append(Edit(start=file.behind(reader.value), end=file.behind(reader), content=""))
    return NumbersKept(edits, bool(readers))


def _readers(
    file: Outline, parents: Mapping[int, ast.AST], node: ast.Name | ast.Attribute, position: int | None
) -> Iterator[ast.Attribute]:
    """The `….history` of a use of the container; NoFix for any other use that reads what it holds.

    parents   {id of a node: the node around it}
    position  which part of the tuples in the container is the History; None when it holds no tuples
    """
    around = parents[id(node)]
    if isinstance(node.ctx, (ast.Store, ast.Del)):
        return
    if isinstance(around, ast.Call) and dotted(around.func) == "len":
        return
    if isinstance(around, ast.Subscript) and around.value is node and position is None:
        yield _history_of(parents, around)
        return
    value: ast.AST = node
    while (
        isinstance(around, (ast.Call, ast.Attribute))
        and dotted(getattr(around, "func", around)).split(".")[-1] in _PASSES
    ):
        value, around = around, parents[id(around)]
    if not isinstance(around, (ast.For, ast.comprehension)) or around.iter is not value:
        raise NoFix("the container is read elsewhere")
    name = _held_by(around.target, position)
    inside: list[ast.stmt] | list[ast.AST] = around.body if isinstance(around, ast.For) else [parents[id(around)]]
    uses = [each for tree in inside for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == name]
    yield from (_history_of(parents, use) for use in uses if isinstance(use.ctx, ast.Load))
    if isinstance(around, ast.For):
        if any(isinstance(use.ctx, ast.Store) for use in uses):
            raise NoFix(f"{name} is bound again")
        _not_read_behind(file, around, name)


def _not_read_behind(file: Outline, loop: ast.For, name: str) -> None:
    """NoFix when the target of a loop is read behind it, before it is bound again."""
    end = last_row(loop)
    behind = [each for each in file.nodes if isinstance(each, ast.Name) and each.id == name and each.lineno > end]
    until = min((each.lineno for each in behind if isinstance(each.ctx, ast.Store)), default=len(file.lines) + 1)
    if any(isinstance(each.ctx, ast.Load) and each.lineno < until for each in behind):
        raise NoFix(f"{name} is read behind the loop")


def _held_by(target: ast.expr, position: int | None) -> str:
    """The name of a loop over the container that holds the History.

    That is the target itself, its part at `position`, or the last one of `key, value`.
    """
    if isinstance(target, (ast.Tuple, ast.List)):
        if position is not None and isinstance(target.elts[-1], (ast.Tuple, ast.List)):
            target = target.elts[-1]
        target = target.elts[position] if position is not None and position < len(target.elts) else target.elts[-1]
    elif position is not None:
        raise NoFix("the container is read elsewhere")
    if not isinstance(target, ast.Name):
        raise NoFix("the container is read elsewhere")
    return target.id


def _history_of(parents: Mapping[int, ast.AST], node: ast.AST) -> ast.Attribute:
    """The attribute `.history` of a node; NoFix when it is used in another way."""
    around = parents[id(node)]
    if not isinstance(around, ast.Attribute) or around.attr != "history" or not isinstance(around.ctx, ast.Load):
        raise NoFix("the History itself is read")
    return around
