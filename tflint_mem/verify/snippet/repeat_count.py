"""How many repeats the code itself spells out."""

from __future__ import annotations

import ast

from .scope import base_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .first_party import FileModel
    from .region import Repeat

_PARTS = frozenset("columns layers weights variables trainable_variables trainable_weights".split())
_FILLING = frozenset(
    "append extend insert add update appendleft extendleft setdefault pop popleft popitem remove discard clear".split()
)


def repeat_count(repeat: Repeat) -> int | None:
    """How many elements the code spells out for the loop, None when that takes running it."""
    iterable = _iterable(repeat)
    return _length(iterable, repeat.model) if iterable is not None else None


def _iterable(repeat: Repeat) -> ast.expr | None:
    """What a `for` loop or a comprehension runs over; None for other repeats."""
    loop, comprehension = repeat.for_loop(), repeat.comprehension()
    if loop is not None:
        return loop.iter
    return comprehension.generators[0].iter if comprehension is not None else None


def is_over_parts(repeat: Repeat) -> bool:
    """Does the loop run over the parts of one thing (columns of a table, layers of a model)?  They are as many as it
    has."""
    iterable = _iterable(repeat)
    while (
        isinstance(iterable, ast.Call)
        and base_name(iterable.func) in ("enumerate", "list", "tqdm", "reversed", "sorted")
        and iterable.args
    ):
        iterable = iterable.args[0]
    if isinstance(iterable, ast.Subscript):
        iterable = iterable.value
    return isinstance(iterable, ast.Attribute) and iterable.attr in _PARTS


def _length(node: ast.expr, model: FileModel, depth: int = 0) -> int | None:
    """Number of elements that an expression spells out, None when it does not.  depth: names that were looked up."""
    if isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        return None if any(isinstance(element, ast.Starred) for element in node.elts) else len(node.elts)
    if isinstance(node, ast.Dict):
        return None if None in node.keys else len(node.keys)
    if isinstance(node, ast.Name) and depth < 3:
        values = [
            statement.value
            for statement in model.tree.body
            if isinstance(statement, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == node.id for target in statement.targets)
        ]
        return (
            _length(values[0], model, depth + 1) if len(values) == 1 and not _is_filled(node.id, model.tree) else None
        )
    if isinstance(node, ast.Call):
        name = base_name(node.func)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "keys", "values") and not node.args:
            return _length(node.func.value, model, depth)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "take" and len(node.args) == 1:
            return (
                node.args[0].value
                if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, int)
                else None
            )
        if name == "range" and isinstance(node.func, ast.Name):
            numbers = [
                argument.value
                for argument in node.args
                if isinstance(argument, ast.Constant) and isinstance(argument.value, int)
            ]
            whole = len(numbers) == len(node.args) and bool(numbers) and 0 not in numbers[2:]
            return len(range(*numbers)) if whole else None
        if name in ("enumerate", "sorted", "reversed", "list", "tuple", "tqdm") and node.args:
            return _length(node.args[0], model, depth)
        if name == "zip" and node.args:
            lengths = [_length(argument, model, depth) for argument in node.args]
            known = [length for length in lengths if length is not None]
            return min(known) if known else None
    return None


def _is_filled(name: str, tree: ast.Module) -> bool:
    """Does the program add to, or take from, the list that it spells out?"""
    for node in ast.walk(tree):
        changed: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING:
            changed = node.func.value
        elif isinstance(node, ast.AugAssign):
            changed = node.target
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            changed = node.value
        if isinstance(changed, ast.Name) and changed.id == name:
            return True
    return False
