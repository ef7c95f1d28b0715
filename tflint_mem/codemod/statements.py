"""Removing, moving and closing: rewrites of whole statements."""

from __future__ import annotations

import ast

import libcst as cst

from tflint_mem.finding import Edit

from . import NoFix
from .hunks import whole_rows
from .loop_bodies import own_jumps
from .names import MUTATORS, bound, loaded
from .node_order import members
from .outline import beginning, blocks, ending, first_row, last_row, outline, statements
from .outside_uses import used_outside
from .view import LOOPS, REMOVE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tflint_mem.sources.source import Source

    from .outline import Outline
    from .view import Line, View

_JUMPS = (ast.Break, ast.Continue, ast.Return, ast.Raise, ast.Yield, ast.YieldFrom)


def remove_statement(view: View, node: cst.CSTNode) -> list[Edit]:
    """Take the statement at or around `node` out; a block left empty gets `pass`, neighbours keep their comments."""
    return view.edits({view.small(node): REMOVE})


def move_up(source: Source, row_ranges: Iterable[tuple[int, int]], to_row: int) -> list[Edit]:
    """Move the statements on `row_ranges` ([(first, last)]) right before the statement that starts on `to_row`.

    All stand in one block of the module.  NoFix when what they read is only bound in between, or when other statements
    share their rows.
    """
    file = outline(source)
    block = _block_with(file.tree, to_row)
    by_row = {first_row(statement): statement for statement in block}
    anchor = block.index(by_row[to_row])
    moved: list[ast.stmt] = []
    for first, last in row_ranges:
        statement = by_row.get(first)
        if statement is None or last_row(statement) != last:
            raise NoFix("it does not stand in the same block")
        moved.append(statement)
    head = block[anchor]
    if (
        isinstance(head, ast.ImportFrom)
        and head.module == "__future__"
        or head is file.tree.body[0]
        and isinstance(head, ast.Expr)
        and isinstance(head.value, ast.Constant)
    ):
        raise NoFix("nothing may stand above that")
    moved.sort(key=block.index)
    if not moved or block.index(moved[0]) <= anchor:
        raise NoFix("it already stands above")
    for statement in (*moved, block[anchor]):
        _alone_on_rows(file, statement)
    passed = [s for s in block[anchor : block.index(moved[-1])] if s not in moved]
    between = bound(passed)
    needs = sorted(loaded(moved) & between) or sorted(bound(moved) & (between | loaded(passed)))
    if needs:
        raise NoFix(f"{needs[0]} stands in the way")
    text = ""
    edits: list[Edit] = []
    for statement in moved:
        first, last = _with_comments(file, block, statement), last_row(statement)
        lines = file.lines[first - 1 : last]
        if lines[-1].rstrip("\r\n") == lines[-1]:
            lines[-1] += file.newline
        text += "".join(lines)
        start, end = whole_rows(source, file.lines, first, last)
        edits.append(Edit(start=start, end=end, content=""))
    place = (to_row, 1)
    return [Edit(start=place, end=place, content=text), *edits]


def _block_with(tree: ast.Module, row: int) -> list[ast.stmt]:
    """The statement list that has a statement starting on `row`."""
    for owner in [tree, *statements(tree.body)]:
        for block in blocks(owner):
            if any(first_row(statement) == row for statement in block):
                return block
    raise NoFix("no statement starts there")


def _alone_on_rows(file: Outline, statement: ast.stmt) -> None:
    """NoFix when other code shares the first or last row of the statement."""
    (first, start), (last, end) = beginning(statement), ending(statement)
    head = file.lines[first - 1].encode("utf-8", "surrogatepass")[:start]
    tail = file.lines[last - 1].encode("utf-8", "surrogatepass")[end:].strip()
    if head.strip() or tail and not tail.startswith(b"#"):
        raise NoFix("other code stands on the same line")


def _with_comments(file: Outline, block: Sequence[ast.stmt], statement: ast.stmt) -> int:
    """First row of the comment lines right above `statement` (its own first row when there are none)."""
    index = block.index(statement)
    floor = last_row(block[index - 1]) if index else statement.lineno
    first = first_row(statement)
    while first - 1 > floor and file.lines[first - 2].lstrip().startswith("#"):
        first -= 1
    return first


def with_rest(
    view: View, node: cst.CSTNode, value: cst.BaseExpression | None = None, *, whole: bool = False
) -> list[Edit]:
    """`x = call(...)` and the rest of its block become `with call(...) as x:` and the rest, indented.

    value  the expression to open in place of the call
    whole  all of the rest goes into the block, not only what reaches to the last use of `x`

    NoFix when `x` is used behind the block, or when nothing of the block follows.
    """
    opening = _Opening(view, node)
    line, name, rest, block = opening.line, opening.name, opening.rest, opening.block
    _not_used_behind(view, line, rest, name)
    item = cst.WithItem(opening.value if value is None else value, asname=cst.AsName(cst.Name(name)))
    used = len(rest) if whole else _through_last_use(view, rest, name)
    inner, after = rest[:used], rest[used:]
    if inner[0].leading_lines and not any(empty.comment for empty in inner[0].leading_lines):
        inner = [inner[0].with_changes(leading_lines=()), *inner[1:]]
    body = cst.IndentedBlock(inner, footer=() if after else block.footer)
    if line.trailing_whitespace.comment:
        body = body.with_changes(header=line.trailing_whitespace)
    new = cst.With([item], body, leading_lines=line.leading_lines)
    return view.edits({line: new, **{statement: [] for statement in rest[:used]}})


def stays_inside(view: View, node: cst.CSTNode) -> str:
    """The name that the statement of `node` assigns; NoFix when its object may live longer than the rest of its block.

    The block must be the body of a function or a loop, and the object may be asked and handed to functions there, but
    not be returned, kept, given to a constructor, or used by a function that is defined there.
    """
    opening = _Opening(view, node)
    name = opening.name
    owner = view.parent(opening.block)
    if not isinstance(owner, (cst.FunctionDef, *LOOPS)):
        raise NoFix("it does not stand in the body of a function or a loop")
    trees = [tree for statement in opening.rest for tree in _own_trees(view, statement)]
    parents = {
        id(child): parent for tree in trees for parent in ast.walk(tree) for child in ast.iter_child_nodes(parent)
    }
    for each in (each for tree in trees for each in ast.walk(tree)):
        if isinstance(each, (ast.Yield, ast.YieldFrom)):
            raise NoFix("the function is a generator")
        if not isinstance(each, ast.Name) or each.id != name:
            continue
        if isinstance(each.ctx, ast.Store):
            raise NoFix(f"{name} is bound again")
        if isinstance(each.ctx, ast.Del):
            continue
        around = parents.get(id(each))
        if isinstance(around, ast.keyword):
            around = parents.get(id(around))
        if isinstance(around, ast.Attribute) and around.value is each:
            pass
        elif not isinstance(around, ast.Call) or _keeps(around.func):
            raise NoFix(f"{name} goes elsewhere")
        while around is not None:
            if isinstance(around, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
                raise NoFix(f"a function that is defined there uses {name}")
            around = parents.get(id(around))
    return name


def _keeps(func: ast.expr) -> bool:
    """Does what is called keep what it is given, by its name: a constructor, a container, what sets it for all?"""
    last = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
    return last[:1].isupper() or last in MUTATORS or last.startswith(("set_", "add_", "register"))


def _own_trees(view: View, statement: Line) -> list[ast.stmt]:
    """The `ast` of the small statements of a line, or of a compound statement."""
    if isinstance(statement, cst.SimpleStatementLine):
        return [view.ast_of(small) for small in statement.body]
    return [view.ast_of(statement)]


def close_at_end(view: View, node: cst.CSTNode, loop: cst.CSTNode, method: str = "close") -> list[Edit]:
    """Add `x.close()` for `x = …` in the body of `loop` to the end of each repeat, or before the `del x` there.

    Where the repeat can end early (`continue`, `break`, `return`), the rest of the body goes into `try: … finally:`.
    """
    opening = _Opening(view, node)
    name = opening.name
    if not isinstance(loop, LOOPS) or opening.block is not loop.body:
        raise NoFix("it does not stand in the body of the loop")
    if used_outside(view, loop, name):
        raise NoFix(f"{name} is used outside the loop")
    rest = _while_bound(view, opening.rest, name)
    behind = [view.ast_of(statement) for statement in rest]
    if not own_jumps(behind, _JUMPS):
        return view.edits(insert_after={rest[-1]: view.new(f"{name}.{method}()\n")})
    closing = cst.Finally(cst.IndentedBlock(view.new(f"{name}.{method}()\n")))
    first = rest[0]
    block = cst.Try(
        cst.IndentedBlock([first.with_changes(leading_lines=()), *rest[1:]]),
        finalbody=closing,
        leading_lines=first.leading_lines,
    )
    return view.edits({first: block, **{statement: [] for statement in rest[1:]}})


def _while_bound(view: View, rest: Sequence[Line], name: str) -> Sequence[Line]:
    """The statements of `rest` before `del name`; NoFix when the name is bound again or deleted anywhere else."""
    for number, statement in enumerate(rest):
        trees = list(_own_ast(view, statement))
        if not any(
            isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load) for node in trees
        ):
            continue
        if number and isinstance(trees[0], ast.Delete) and _is_alone(statement):
            return rest[:number]
        raise NoFix(f"{name} is bound again")
    return rest


def _is_alone(statement: Line) -> bool:
    return isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1


class _Opening:
    """`name = value`, the only statement of its line, at or around a node.

    value  what is assigned
    line   its line
    block  the block that it stands in
    rest   what follows it in the block, at least one statement

    NoFix for anything else.
    """

    __slots__ = ("value", "name", "line", "block", "rest")

    def __init__(self, view: View, node: cst.CSTNode) -> None:
        small = view.small(node)
        target = small.targets[0].target if isinstance(small, cst.Assign) and len(small.targets) == 1 else None
        if not isinstance(small, cst.Assign) or not isinstance(target, cst.Name):
            raise NoFix("it is not assigned to one name")
        line = view.parent(small)
        block = view.parent(line)
        if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
            raise NoFix("other code stands on the same line")
        if not isinstance(block, (cst.IndentedBlock, cst.Module)):
            raise NoFix("there is no block to rewrite")
        index = next(i for i, own in enumerate(block.body) if own is line)
        rest = list(members(block)[index + 1 :])
        if not rest:
            raise NoFix("nothing follows it in its block")
        self.value, self.name = small.value, target.value
        self.line, self.block, self.rest = line, block, rest


def _through_last_use(view: View, rest: Sequence[Line], name: str) -> int:
    """How many statements of `rest` reach to the last use of `name`."""
    count = 0
    for number, statement in enumerate(rest, 1):
        if name in loaded(_own_trees(view, statement)):
            count = number
    if not count:
        raise NoFix(f"{name} is not used behind it")
    return count


def _not_used_behind(view: View, line: Line, rest: Sequence[Line], name: str) -> None:
    """NoFix when `name` is read outside of the block, so that it would be closed there."""
    inside = {id(node) for statement in [line, *rest] for node in _own_ast(view, statement)}
    function = view.function(line)
    scope = ast.walk(view.ast_of(function)) if function is not None else ast.walk(view.tree)
    if any(isinstance(node, ast.Name) and node.id == name and id(node) not in inside for node in scope):
        raise NoFix(f"{name} is used in other places")
    if function is None and name in loaded(
        [statement for group in view.outline.groups if group.first != view.first_row for statement in group.members]
    ):
        raise NoFix(f"{name} is used in other places")


def _own_ast(view: View, statement: Line) -> Iterator[ast.AST]:
    """All `ast` nodes of a line or a compound statement."""
    for tree in _own_trees(view, statement):
        yield from ast.walk(tree)
