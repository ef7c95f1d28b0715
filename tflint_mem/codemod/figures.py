"""Closing a figure of pyplot behind its last use in the block that makes it."""

from __future__ import annotations

import ast

import libcst as cst

from . import NoFix
from .loop_bodies import own_jumps
from .names import MUTATORS
from .node_order import members

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tflint_mem.finding import Edit

    from .view import Line, View

_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom)
_MAKES = frozenset(("figure", "subplots"))
_PICTURES = frozenset(("Image",))  # wandb's, which copies the pixels


def close_figure(view: View, call: cst.Call) -> list[Edit]:
    """Add `plt.close(fig)` behind the last statement of the block that uses the figure, its axes or pyplot.

    call   `plt.figure(…)` or `plt.subplots(…)`, a statement by itself or what is assigned to names

    NoFix when the figure may be used elsewhere, or the block may be left before.
    """
    if not isinstance(call.func, cst.Attribute) or not isinstance(call.func.value, cst.Name):
        raise NoFix("pyplot has no name of its own here")
    pyplot = call.func.value.value
    small = view.small(call)
    line = view.parent(small)
    block = view.parent(line) if line is not None else None
    if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1 or not isinstance(block, cst.IndentedBlock):
        raise NoFix("other code stands on the same line")
    names = _assigned(small, call, call.func.attr.value == "subplots")
    body = list(members(block))
    rest = body[next(number for number, each in enumerate(body) if each is line) + 1 :]
    trees = [[node for tree in _trees(view, each) for node in ast.walk(tree)] for each in rest]
    last = max((n for n, nodes in enumerate(trees) if _mentions(nodes, {pyplot, *names})), default=None)
    if last is None:
        raise NoFix("nothing draws into it in its block")
    _stays(names, trees)
    _is_last(view, line, rest, names, pyplot, trees)
    used = [tree for each in rest[: last + 1] for tree in _trees(view, each)]
    if own_jumps(used, _JUMPS):
        raise NoFix("the block may be left before its end")
    closing = f"{pyplot}.close({names[0] if names else ''})\n"
    return view.edits(insert_after={rest[last]: view.new(closing)})


def _assigned(small: cst.BaseSmallStatement, call: cst.Call, several: bool) -> list[str]:
    """The names of the figure and its axes; none for a call that stands alone.

    several   is it `plt.subplots()`, which gives two things?
    """
    if isinstance(small, cst.Expr) and small.value is call and not several:
        return []
    if not isinstance(small, cst.Assign) or len(small.targets) != 1 or small.value is not call:
        raise NoFix("the figure has no name of its own")
    target = small.targets[0].target
    if not several and isinstance(target, cst.Name):
        return [target.value]
    if several and isinstance(target, (cst.Tuple, cst.List)) and target.elements:
        first = target.elements[0].value
        if isinstance(first, cst.Name) and first.value != "_":
            inner = (node.value for each in target.elements[1:] for node in _names_in(each.value))
            return [first.value, *inner]
    raise NoFix("the figure has no name of its own")


def _names_in(node: cst.CSTNode) -> Iterator[cst.Name]:
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, (cst.Tuple, cst.List)):
        for each in node.elements:
            yield from _names_in(each.value)


def _trees(view: View, statement: Line) -> list[ast.stmt]:
    if isinstance(statement, cst.SimpleStatementLine):
        return [view.ast_of(small) for small in statement.body]
    return [view.ast_of(statement)]


def _mentions(nodes: Sequence[ast.AST], names: set[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in nodes)


def _stays(names: Sequence[str], trees: Sequence[Sequence[ast.AST]]) -> None:
    """NoFix when the figure or its axes are given away: returned, kept, bound again, used by a function made there."""
    for node in (node for nodes in trees for node in nodes):
        if isinstance(node, ast.Name) and node.id in names and isinstance(node.ctx, ast.Store):
            raise NoFix(f"{node.id} is bound again")
        for each in _kept_by(node):
            if isinstance(each, ast.Name) and each.id in names:
                raise NoFix(f"{each.id} goes elsewhere")


def _kept_by(node: ast.AST) -> Iterable[ast.AST | None]:
    """What a node keeps or gives away as it is."""
    if isinstance(node, (ast.Return, ast.Yield, ast.Assign, ast.AnnAssign)):
        return (node.value,)
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        return node.elts
    if isinstance(node, ast.Dict):
        return node.values
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        keeps = called in MUTATORS or called[:1].isupper() and called not in _PICTURES
        return (*node.args, *(keyword.value for keyword in node.keywords)) if keeps else ()
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
        return ast.walk(node)
    return ()


def _is_last(
    view: View, line: Line, rest: Sequence[Line], names: Sequence[str], pyplot: str, trees: Sequence[Sequence[ast.AST]]
) -> None:
    """NoFix when another figure is made behind this one, or its names are read outside of the block."""
    for node in (node for nodes in trees for node in nodes):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _MAKES:
            if isinstance(node.func.value, ast.Name) and node.func.value.id == pyplot:
                raise NoFix("several figures are open here")
    inside = {id(node) for nodes in trees for node in nodes}
    inside.update(id(node) for tree in _trees(view, line) for node in ast.walk(tree))
    function = view.function(line)
    scope = ast.walk(view.ast_of(function)) if function is not None else ast.walk(view.tree)
    for node in scope:
        if isinstance(node, ast.Name) and node.id in names and id(node) not in inside:
            raise NoFix(f"{node.id} is used in other places")
