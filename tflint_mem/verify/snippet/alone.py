"""What of a program the flagged statement needs to run alone in a loop: what makes its object, what uses and releases
it, and nothing of the data that the program loads."""

from __future__ import annotations

import ast

from .call_sites import last_name
from .data_loading import from_data, loads, takes
from .scope import base_name, binds, exposed, reads
from .syntax import BLOCKS, DEFINITIONS, FUNCTIONS, LOOPS, block, classes_in, functions_in, path_to

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .first_party import FileModel
    from .syntax import Function

    With = ast.With | ast.AsyncWith

_RELEASES = frozenset(("collect", "clear_session", "reset_default_graph", "reset_uids"))
_PUTS = frozenset(("append", "add", "appendleft", "extend", "insert"))
_SETTINGS = ("disable_", "enable_", "set_")  # of the framework, for all that follows


class Alone:
    """The parts of a program of our own.

    function, owner   around the flagged statement, None at the top level; the class of a method
    before            statements that run once; inside: those that repeat, the flagged one among them
    around, within    `with` blocks around the loop, and inside it, outermost first
    loop              the user's loop, where what repeats needs its elements
    flagged           the flagged statement
    data              names that hold loaded data
    complete          nothing in the loop that touches the object was left out: what does not grow acquits it
    """

    def __init__(self, flagged: ast.stmt, function: Function | None, owner: ast.ClassDef | None) -> None:
        self.flagged, self.function, self.owner = flagged, function, owner
        self.before: list[ast.stmt] = []
        self.inside: list[ast.stmt] = []
        self.around: list[With] = []
        self.within: list[With] = []
        self.loop: ast.For | None = None
        self.data: set[str] = set()
        self.complete = True


class _Frame:
    """A block on the way to the flagged statement: what stands in it before the way goes on, and after."""

    def __init__(self, node: ast.AST, before: Sequence[ast.stmt], after: Sequence[ast.stmt]) -> None:
        self.node, self.before, self.after = node, list(before), list(after)


def alone(model: FileModel, row: int, column: int, repeat_row: int | None, used: bool = True) -> Alone | None:
    """The parts for a flagged place; None where no statement of its own can be repeated.

    repeat_row   where the loop of the finding begins, None where it is in another file, or unknown
    used         with what uses the object; without, only what makes and releases it is kept
    """
    chain = path_to(model.tree, row, column)
    statements = [node for node in chain if isinstance(node, ast.stmt)]
    if not statements or isinstance(statements[-1], (ast.If, ast.While, ast.Try, ast.ClassDef)):
        return None
    flagged = statements[-1]
    way = chain[: chain.index(flagged)]
    functions = functions_in(way)
    first = way.index(functions[0]) if functions else 0
    owners = [node for node in way[:first][-1:] if isinstance(node, ast.ClassDef)]
    found = Alone(flagged, functions[-1] if functions else None, owners[0] if owners else None)
    if classes_in(way[first:]) or owners and len(functions) > 1:
        return None
    frames = [_frame(node, inner) for node, inner in zip(way[first:], chain[first + 1 :]) if block_of(node, inner)]
    start = max((number for number, frame in enumerate(frames) if isinstance(frame.node, FUNCTIONS)), default=0)
    loops = [number for number, frame in enumerate(frames) if number >= start and isinstance(frame.node, LOOPS)]
    at = next((number for number in loops if getattr(frames[number].node, "lineno", 0) == repeat_row), None)
    if loops:
        start = at if at is not None else loops[-1]
    outer, inner_frames = frames[:start], frames[start:]
    imported = _imported(model.tree.body)
    once = [statement for frame in outer for statement in (*_first_element(frame.node), *frame.before)]
    again = [statement for frame in inner_frames for statement in frame.before]
    found.data = from_data([*([] if not functions else model.tree.body), *once, *again])
    found.around = [frame.node for frame in outer if isinstance(frame.node, (ast.With, ast.AsyncWith))]
    found.within = [frame.node for frame in inner_frames if isinstance(frame.node, (ast.With, ast.AsyncWith))]
    objects = _objects(flagged, {name for each in again for name in binds(each)})
    uses: list[ast.stmt] = []
    for frame in reversed(inner_frames):
        uses += [
            each
            for each in _uses(frame.after, objects, found, imported)
            if used or isinstance(each, ast.Delete) or _releases(each)
        ]
    found.complete = found.complete and used
    opened = reads(*(item.context_expr for each in (*found.around, *found.within) for item in each.items))
    head = _needed_before(again, reads(flagged, *uses) | opened, objects, found, imported, True)
    found.inside = [*head, flagged, *uses]
    needed = exposed(*found.inside) | opened
    loop = inner_frames[0].node if inner_frames else None
    if isinstance(loop, ast.For) and _targets(loop) & needed and not (takes(loop.iter, found.data) or loads(loop.iter)):
        found.loop = loop
        needed |= reads(loop.iter)
    found.before = _needed_before(once, needed, objects, found, imported, False)
    dropped = [s for frame in inner_frames for s in (*frame.before, *frame.after) if s not in found.inside]
    if any(_releases(statement) for statement in dropped):
        return None  # what lets go of it is part of the mechanism
    return found


def block_of(node: ast.AST, inner: ast.AST) -> list[ast.AST]:
    """The block of a node in which another one stands; [] for none."""
    for name in BLOCKS:
        statements = block(node, name)
        if any(each is inner for each in statements):
            return statements
    return []


def _frame(node: ast.AST, inner: ast.AST) -> _Frame:
    statements = [each for each in block_of(node, inner) if isinstance(each, ast.stmt)]
    if not isinstance(inner, ast.stmt):
        return _Frame(node, [], [])  # the handler of a `try`, the case of a `match`
    at = next(number for number, each in enumerate(statements) if each is inner)
    return _Frame(node, statements[:at], statements[at + 1 :])


def _first_element(node: ast.AST) -> list[ast.stmt]:
    """What stands for a loop around the one that repeats: its first pass."""
    if not isinstance(node, ast.For):
        return []
    return ast.parse(f"{ast.unparse(node.target)} = next(iter({ast.unparse(node.iter)}))").body


def _imported(statements: Iterable[ast.stmt]) -> set[str]:
    return {
        name
        for statement in statements
        for node in ast.walk(statement)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in binds(node)
    }


def _targets(loop: ast.For) -> set[str]:
    return {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}


def _objects(flagged: ast.stmt, made: set[str]) -> set[str]:
    """Source of what the finding is about: what the flagged statement binds, else what it hands on and the loop has
    made."""
    found: set[str] = set()
    if isinstance(flagged, DEFINITIONS):
        return {flagged.name}
    if isinstance(flagged, (ast.With, ast.AsyncWith)):
        targets: list[ast.expr] = [item.optional_vars for item in flagged.items if item.optional_vars is not None]
    else:
        targets = (
            flagged.targets if isinstance(flagged, ast.Assign) else [getattr(flagged, "target", None) or ast.Name("")]
        )
    for target in targets:
        found |= {
            ast.unparse(node)
            for node in ([target] if not isinstance(target, (ast.Tuple, ast.List)) else target.elts)
            if isinstance(node, (ast.Name, ast.Attribute))
        } - {""}
    value = getattr(flagged, "value", None)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        # `model.compile(...)`, `models.append(model)`
        receiver = ast.unparse(value.func.value)
        if value.func.attr in _PUTS:
            found |= {name for argument in value.args for name in reads(argument)} & made
        elif isinstance(value.func.value, (ast.Name, ast.Attribute)) and isinstance(flagged, ast.Expr):
            found.add(receiver)
    return found


def _is_about(statement: ast.stmt, objects: set[str], imported: set[str]) -> bool:
    """Does a statement use, keep or release an object, and no more?"""
    if isinstance(statement, ast.Delete):
        return any(ast.unparse(target) in objects for target in statement.targets)
    if not isinstance(statement, (ast.Expr, ast.Assign, ast.AugAssign)):
        return False
    value = statement.value
    if isinstance(value, ast.Constant) and isinstance(statement, ast.Assign):
        return any(ast.unparse(target) in objects for target in statement.targets)
    if not isinstance(value, ast.Call):
        return isinstance(statement, ast.Assign) and ast.unparse(value) in objects
    called = value.func
    if last_name(called) in _RELEASES:
        return True
    if isinstance(called, ast.Name):
        return called.id in objects
    if not isinstance(called, ast.Attribute):
        return False
    receiver = ast.unparse(called.value)
    if receiver not in imported and any(receiver == name or receiver.startswith(name + ".") for name in objects):
        return True
    return called.attr in _PUTS and any(ast.unparse(argument) in objects for argument in value.args)


def _uses(statements: Sequence[ast.stmt], objects: set[str], found: Alone, imported: set[str]) -> list[ast.stmt]:
    """Those statements behind the flagged one that use an object, with what they need of the others."""
    kept: list[ast.stmt] = []
    needed: set[str] = set()
    for statement in reversed(statements):
        if _is_about(statement, objects, imported) or _changes(statement, objects):
            wanted = True
        else:
            wanted = bool(binds(statement) & needed) and not loads(statement) and not takes(statement, found.data)
            wanted = wanted and isinstance(statement, (ast.Assign, ast.AnnAssign, *DEFINITIONS))
            found.complete = found.complete and (wanted or not _mentions(statement, objects))
        if wanted:
            kept.insert(0, statement)
            needed |= reads(statement)
    return kept


def _mentions(statement: ast.stmt, objects: set[str]) -> bool:
    return any(
        isinstance(node, (ast.Name, ast.Attribute)) and ast.unparse(node) in objects for node in ast.walk(statement)
    )


def _needed_before(
    statements: Sequence[ast.stmt],
    needed: set[str],
    objects: set[str],
    found: Alone,
    imported: set[str],
    repeats: bool,
) -> list[ast.stmt]:
    """Those statements that give what is needed, in order; adds what these need to `needed`.

    repeats   they stand in the loop: releases are kept
    """
    kept: list[ast.stmt] = []
    for statement in reversed(statements):
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            wanted = bool(binds(statement) & needed)
        elif isinstance(statement, DEFINITIONS):
            wanted = statement.name in needed
        elif isinstance(statement, (ast.Return, ast.Raise, ast.Break, ast.Continue, ast.Global, ast.Nonlocal)):
            wanted = False
        elif isinstance(statement, ast.Expr):
            wanted = _has_effect(statement, needed - imported, objects, imported, repeats)
        else:
            wanted = bool(binds(statement) & needed) and not loads(statement)
            wanted = wanted and not takes(statement, found.data) and not _leaves(statement)
            wanted = wanted or repeats and _is_about(statement, {name for name in objects if "." in name}, imported)
            wanted = wanted or _changes(statement, needed - imported)
        if wanted:
            kept.insert(0, statement)
            needed |= reads(statement)
    return kept


def _has_effect(statement: ast.Expr, needed: set[str], objects: set[str], imported: set[str], repeats: bool) -> bool:
    """Does a call, made for its effect, change what is needed, or what the framework does?"""
    value = statement.value
    if not isinstance(value, ast.Call):
        return False
    name = last_name(value.func) or ""
    if name in _RELEASES:
        return repeats
    if name.startswith(_SETTINGS) and base_name(value.func) in imported:
        return True
    if repeats and _is_about(statement, objects, imported):
        return True
    return isinstance(value.func, ast.Attribute) and base_name(value.func) in needed and not loads(statement)


def _changes(statement: ast.stmt, needed: set[str]) -> bool:
    """Is it a block that calls what is needed for an effect: `for units in sizes: model.add(Dense(units))`?"""
    if not isinstance(statement, (ast.For, ast.If)) or loads(statement) or _leaves(statement):
        return False
    return any(
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and isinstance(node.value.func, ast.Attribute)
        and base_name(node.value.func) in needed
        for node in ast.walk(statement)
    )


def _leaves(statement: ast.stmt) -> bool:
    """Does a compound statement return, or wait for something?"""
    return any(
        isinstance(node, (ast.Return, ast.Yield, ast.YieldFrom, ast.Await))
        for node in ast.walk(statement)
        if not isinstance(node, FUNCTIONS)
    )


def _releases(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Call) and last_name(node.func) in _RELEASES for node in ast.walk(statement))
