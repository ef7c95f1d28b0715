"""Keep the numbers of a training, `.history`, and not the History object: at the place that keeps it and at all that read it.

Only the standard library's `ast` is needed.  Rows are rows of the module.
"""

import ast

from tflint_mem.finding import Edit

from . import NoFix
from .outline import character, dotted, outline

_PASSES = ("items", "values", "enumerate", "list", "reversed", "tqdm")


def keep_numbers(source, row: int, last: int, place: tuple, container: str) -> tuple:
    """(edits, whether readers change) that put `.history` behind what is kept, and take it away where the container is read.

    row, last  rows of the statement that keeps
    place      (row, offset, end offset's row, end offset) of the kept expression, offsets in bytes as `ast` gives them
    container  dotted name of the list or dictionary

    NoFix where the container is read in another way than through `.history`.
    """
    file = outline(source)
    parents = file.once(
        "parents", lambda: {id(child): node for node in file.nodes for child in ast.iter_child_nodes(node)}
    )
    kept = next((node for node in file.nodes if isinstance(node, (ast.Call, ast.Name)) and _place(node) == place), None)
    if kept is None:
        raise NoFix("what is kept is no plain value")
    around = parents[id(kept)]
    position = around.elts.index(kept) if isinstance(around, ast.Tuple) else None
    end = (kept.end_lineno, character(file.lines[kept.end_lineno - 1], kept.end_col_offset) + 1)
    edits = [Edit(start=end, end=end, content=".history")]
    readers, attribute = set(), container.rpartition(".")[2] if "." in container else None
    for node in file.nodes:
        same = (
            isinstance(node, (ast.Name, ast.Attribute))
            and dotted(node) == container
            or isinstance(node, ast.Attribute)
            and node.attr == attribute
        )
        if same and not row <= node.lineno <= last:
            readers |= set(_readers(file, parents, node, position))
    for reader in sorted(readers, key=_place):
        start = (
            reader.value.end_lineno,
            character(file.lines[reader.value.end_lineno - 1], reader.value.end_col_offset) + 1,
        )
        stop = (reader.end_lineno, character(file.lines[reader.end_lineno - 1], reader.end_col_offset) + 1)
        edits.append(Edit(start=start, end=stop, content=""))
    return edits, bool(readers)


def _place(node):
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset


def _readers(file, parents, node, position):
    """The `….history` of a use of the container; NoFix for any other use that reads what it holds."""
    around = parents[id(node)]
    if isinstance(node.ctx, (ast.Store, ast.Del)):
        return
    if isinstance(around, ast.Call) and dotted(around.func) == "len":
        return
    if isinstance(around, ast.Subscript) and around.value is node and position is None:
        yield _history_of(parents, around)
        return
    value = node
    while (
        isinstance(around, (ast.Call, ast.Attribute))
        and dotted(getattr(around, "func", around)).split(".")[-1] in _PASSES
    ):
        value, around = around, parents[id(around)]
    if not isinstance(around, (ast.For, ast.comprehension)) or around.iter is not value:
        raise NoFix("the container is read elsewhere")
    name = _held_by(around.target, position)
    inside = around.body if isinstance(around, ast.For) else [parents[id(around)]]
    uses = [each for tree in inside for each in ast.walk(tree) if isinstance(each, ast.Name) and each.id == name]
    yield from (_history_of(parents, use) for use in uses if isinstance(use.ctx, ast.Load))
    if isinstance(around, ast.For):
        if any(isinstance(use.ctx, ast.Store) for use in uses):
            raise NoFix(f"{name} is bound again")
        bound_again = [
            each.lineno
            for each in file.nodes
            if isinstance(each, ast.Name)
            and each.id == name
            and isinstance(each.ctx, ast.Store)
            and each.lineno > around.end_lineno
        ]
        until = min(bound_again, default=len(file.lines) + 1)
        if any(
            isinstance(each, ast.Name)
            and each.id == name
            and isinstance(each.ctx, ast.Load)
            and around.end_lineno < each.lineno < until
            for each in file.nodes
        ):
            raise NoFix(f"{name} is read behind the loop")


def _held_by(target, position) -> str:
    """The name of a loop over the container that holds the History: of the tuple, of its part, or the last of `key, value`."""
    if isinstance(target, (ast.Tuple, ast.List)):
        if position is not None and isinstance(target.elts[-1], (ast.Tuple, ast.List)):
            target = target.elts[-1]
        target = target.elts[position] if position is not None and position < len(target.elts) else target.elts[-1]
    elif position is not None:
        raise NoFix("the container is read elsewhere")
    if not isinstance(target, ast.Name):
        raise NoFix("the container is read elsewhere")
    return target.id


def _history_of(parents, node):
    """The attribute `.history` of a node; NoFix when it is used in another way."""
    around = parents[id(node)]
    if not isinstance(around, ast.Attribute) or around.attr != "history" or not isinstance(around.ctx, ast.Load):
        raise NoFix("the History itself is read")
    return around
