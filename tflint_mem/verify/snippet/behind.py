"""What stands behind a loop and uses what the loop kept: a second, short run shows what becomes of it there.

A loop may keep on purpose: an ensemble that is averaged afterwards, files that a later loop closes.  The statements that do
so are put behind the repeat, into `for _ in behind(kept):`, which the probe enters once the repeats are over.
"""

import ast

from .cutter import Synthetic
from .scope import binds, changes, dotted, exposed, reads
from .snippet import Line, dedented, indented

_FILLING = frozenset("append add appendleft insert extend setdefault put".split())
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_BLOCKS = ("body", "orelse", "finalbody")


class Behind:
    """The statements behind a loop that use the collections it fills.

    lines     a Synthetic to stand behind the loop: the statements inside `for _ in behind(...):`
    row       of the first of them                  returned   row of a `return` of a whole collection, or None
    """

    __slots__ = ("lines", "row", "returned")

    def __init__(self, lines, row, returned):
        self.lines, self.row, self.returned = lines, row, returned


def behind(repeat, text, row):
    """The Behind of a Repeat whose flagged statement is in `row` (None: another file); None when nothing uses what it fills."""
    if repeat.kind != "loop" or not isinstance(repeat.node, ast.For):
        return None
    containers = filled(repeat.node, row)
    after = _after(repeat.chain)
    users = [statement for statement in after if _mentions(statement, containers)]
    if not users:
        return None
    needed, kept = set(), []
    for statement in reversed(after[: after.index(users[-1]) + 1]):
        if statement in users or (binds(statement) | changes(statement)) & needed:
            needed |= exposed(statement)
            kept.insert(0, statement)
    margin = text.indent(repeat.node) or ""
    lines = [Line(f"{margin}for _ in behind({', '.join(sorted(containers))}):  # entered once the repeats are over")]
    for statement in kept:
        lines += indented(dedented(text.statement(statement)), len(margin) + 4)
    names = needed | {container.split(".")[0] for container in containers}
    return Behind(Synthetic(lines, names), users[0].lineno, _returned(users, containers))


def filled(loop, row):
    """Names ("kept", "self.kept") of the collections into which the loop puts what the statement in `row` makes."""
    made, found = None, set()
    for statement in loop.body:
        inside = row is not None and statement.lineno <= row <= statement.end_lineno
        if inside:
            made = binds(statement)
        elif made is not None and reads(statement) & made:
            made |= binds(statement)
    own = set().union(
        *(binds(statement) for statement in loop.body if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.With)))
    )
    for node in ast.walk(loop):
        container, values = _filling(node)
        name = dotted(container) if container is not None else None
        if name is None or name in own and not isinstance(container, ast.Subscript):
            continue
        at_row = made is None or node.lineno <= row <= node.end_lineno
        if at_row or any(_holds(value, made) for value in values):
            found.add(name)
    return found


def _holds(value, names):
    """Is the value one of the names itself, alone or beside others?  What is computed from it (`model.name`) is not kept for it."""
    if isinstance(value, ast.Name):
        return value.id in names
    if isinstance(value, ast.Dict):
        return any(_holds(part, names) for part in value.values)
    if isinstance(value, (ast.Tuple, ast.List, ast.Set)):
        return any(_holds(part, names) for part in value.elts)
    made = dotted(value.func) if isinstance(value, ast.Call) else None
    return (
        made is not None
        and made.split(".")[-1][0].isupper()
        and any(_holds(argument, names) for argument in value.args)
    )


def keyed(repeat, row):
    """Does the loop keep things under keys that come from its elements?  What comes again then takes the place of what was kept."""
    if repeat.kind != "loop" or not isinstance(repeat.node, ast.For):
        return False
    names, targets = filled(repeat.node, row), binds(ast.Assign([repeat.node.target], ast.Constant(None)))
    for statement in repeat.node.body:
        targets |= binds(statement) if reads(statement) & targets and isinstance(statement, ast.Assign) else set()
    return any(
        isinstance(node, ast.Subscript)
        and isinstance(node.ctx, ast.Store)
        and dotted(node.value) in names
        and reads(node.slice) & targets
        for node in ast.walk(repeat.node)
    )


def _filling(node):
    """(collection, [what is put into it]) of an expression or statement that fills one; (None, []) for any other."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING and node.args:
        return node.func.value, node.args
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Subscript):
        return node.targets[0].value, [node.value]
    if isinstance(node, ast.AugAssign) and isinstance(node.value, (ast.List, ast.Tuple)):
        return node.target, [node.value]
    return None, []


def _after(chain):
    """Statements behind the last node of the chain, in its block and in those around it, up to the function."""
    found = []
    for parent, child in zip(reversed(chain[:-1]), reversed(chain[1:])):
        block = next((getattr(parent, name) for name in _BLOCKS if child in (getattr(parent, name, None) or ())), [])
        if child in block:
            found += block[block.index(child) + 1 :]
        if isinstance(parent, _FUNCTIONS + (ast.ClassDef,)):
            break
    return found


def _mentions(node, containers):
    return any(
        isinstance(child, (ast.Name, ast.Attribute)) and isinstance(child.ctx, ast.Load) and dotted(child) in containers
        for child in ast.walk(node)
    )


def _returned(users, containers):
    """Row of the first `return` that hands a collection on as a whole."""
    for statement in users:
        for node in ast.walk(statement):
            value = node.value if isinstance(node, ast.Return) else None
            parts = value.elts if isinstance(value, ast.Tuple) else [value]
            if any(part is not None and dotted(part) in containers for part in parts):
                return node.lineno
    return None
