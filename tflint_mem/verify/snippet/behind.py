"""What stands behind a loop and uses what the loop kept: a second, short run shows what becomes of it there.

A loop may keep on purpose: an ensemble that is averaged afterwards, files that a later loop closes.  The statements
that do so are put behind the repeat, into `for _ in behind(kept):`, which the probe enters once the repeats are over.
"""

from __future__ import annotations

import ast

from .lines import Line, dedented, indented
from .scope import Synthetic, binds, changes, dotted, exposed, reads
from .syntax import DEFINITIONS, block, has_row

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from .region import Repeat
    from .source_text import Text
    from .syntax import Chain

_FILLING = frozenset("append add appendleft insert extend setdefault put".split())
_BLOCKS = ("body", "orelse", "finalbody")


class Behind:
    """The statements behind a loop that use the collections it fills.

    lines     to stand behind the loop: the statements inside `for _ in behind(...):`
    row       of the first of them in its file      returned   row of a `return` of a whole collection, or None
    """

    __slots__ = ("lines", "row", "returned")

    def __init__(self, lines: Synthetic, row: int, returned: int | None) -> None:
        self.lines, self.row, self.returned = lines, row, returned


def behind(repeat: Repeat, text: Text, row: int | None) -> Behind | None:
    """What stands behind a `for` loop; None for other repeats, and when nothing uses what the loop fills.

    text   of the loop's file        row   of the flagged statement, None when it stands in another file
    """
    loop = repeat.for_loop()
    if loop is None:
        return None
    containers = _filled(loop, row)
    after = _after(repeat.chain)
    users = [statement for statement in after if _mentions(statement, containers)]
    if not users:
        return None
    needed: set[str] = set()
    kept: list[ast.stmt] = []
    for statement in reversed(after[: after.index(users[-1]) + 1]):
        if statement in users or (binds(statement) | changes(statement)) & needed:
            needed |= exposed(statement)
            kept.insert(0, statement)
    margin = text.indent(loop) or ""
    lines = [Line(f"{margin}for _ in behind({', '.join(sorted(containers))}):  # entered once the repeats are over")]
    for statement in kept:
        lines += indented(dedented(text.statement(statement)), len(margin) + 4)
    names = needed | {container.split(".")[0] for container in containers}
    return Behind(Synthetic(lines, names), users[0].lineno, _returned(users, containers))


def _filled(loop: ast.For, row: int | None) -> set[str]:
    """Names ("kept", "self.kept") of the collections into which the loop puts what the statement in `row` makes."""
    made: set[str] | None = None
    found: set[str] = set()
    for statement in loop.body:
        inside = row is not None and has_row(statement, row)
        if inside:
            made = binds(statement)
        elif made is not None and reads(statement) & made:
            made |= binds(statement)
    own: set[str] = set().union(
        *(binds(statement) for statement in loop.body if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.With)))
    )
    for node in ast.walk(loop):
        filling = _filling(node)
        name = dotted(filling.collection) if filling is not None else None
        if filling is None or name is None or name in own and not isinstance(filling.collection, ast.Subscript):
            continue
        at_row = made is None or row is None or has_row(filling.node, row)
        if at_row or any(_holds(value, made or ()) for value in filling.values):
            found.add(name)
    return found


def _holds(value: ast.expr, names: Collection[str]) -> bool:
    """Is the value one of the names itself, alone or beside others?  What is computed from it (`model.name`) is not
    kept for it."""
    if isinstance(value, ast.Name):
        return value.id in names
    if isinstance(value, ast.Dict):
        return any(_holds(part, names) for part in value.values)
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return any(_holds(part, names) for part in value.elts)
    if not isinstance(value, ast.Call):
        return False
    made = dotted(value.func)
    return (
        made is not None
        and made.split(".")[-1][0].isupper()
        and any(_holds(argument, names) for argument in value.args)
    )


def keyed(repeat: Repeat, row: int | None) -> bool:
    """Does the loop keep things under keys that come from its elements?  What comes again then takes the place of what
    was kept.

    row: of the flagged statement, None when it stands in another file
    """
    loop = repeat.for_loop()
    if loop is None:
        return False
    names, targets = _filled(loop, row), binds(ast.Assign([loop.target], ast.Constant(None)))
    for statement in loop.body:
        targets |= binds(statement) if reads(statement) & targets and isinstance(statement, ast.Assign) else set()
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and dotted(node.value) in names
        and bool(reads(node.slice) & targets)
        for node in ast.walk(loop)
    )


class _Filling:
    """node: what fills a collection; collection: the expression that names it; values: what is put into it."""

    __slots__ = ("node", "collection", "values")

    def __init__(self, node: ast.expr | ast.stmt, collection: ast.expr, values: list[ast.expr]) -> None:
        self.node, self.collection, self.values = node, collection, values


def _filling(node: ast.AST) -> _Filling | None:
    """An expression or statement as what fills a collection; None for any other."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING and node.args:
        return _Filling(node, node.func.value, node.args)
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return _Filling(node, node.targets[0].value, [node.value])
    if isinstance(node, ast.AugAssign) and isinstance(node.value, (ast.List, ast.Tuple)):
        return _Filling(node, node.target, [node.value])
    return None


def _after(chain: Chain) -> list[ast.stmt]:
    """Statements behind the last node of the chain, in its block and in those around it, up to the function."""
    found: list[ast.stmt] = []
    for parent, child in zip(reversed(chain[:-1]), reversed(chain[1:])):
        siblings = next((items for items in (block(parent, name) for name in _BLOCKS) if child in items), [])
        if child in siblings:
            found += [node for node in siblings[siblings.index(child) + 1 :] if isinstance(node, ast.stmt)]
        if isinstance(parent, DEFINITIONS):
            break
    return found


def _mentions(node: ast.AST, containers: Collection[str]) -> bool:
    return any(
        isinstance(child, (ast.Name, ast.Attribute)) and isinstance(child.ctx, ast.Load) and dotted(child) in containers
        for child in ast.walk(node)
    )


def _returned(users: Iterable[ast.stmt], containers: Collection[str]) -> int | None:
    """Row of the first `return` that hands a collection on as a whole."""
    for statement in users:
        for node in ast.walk(statement):
            if not isinstance(node, ast.Return) or node.value is None:
                continue
            parts = node.value.elts if isinstance(node.value, ast.Tuple) else [node.value]
            if any(dotted(part) in containers for part in parts):
                return node.lineno
    return None
