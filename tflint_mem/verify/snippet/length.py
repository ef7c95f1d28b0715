"""How many repeats the code itself spells out."""

import ast

from .scope import base_name

_PARTS = frozenset("columns layers weights variables trainable_variables trainable_weights".split())
_FILLING = frozenset(
    "append extend insert add update appendleft extendleft setdefault pop popleft popitem remove discard clear".split()
)


def count(repeat):
    """How many elements the code spells out for the loop, None when that takes running it."""
    if repeat.kind == "loop" and isinstance(repeat.node, ast.For):
        return _length(repeat.node.iter, repeat.model)
    if repeat.kind == "comprehension":
        return _length(repeat.node.generators[0].iter, repeat.model)
    return None


def of_parts(repeat):
    """Does the loop run over the parts of one thing (columns of a table, layers of a model)?  They are as many as it has."""
    iterable = (
        repeat.node.iter
        if repeat.kind == "loop" and isinstance(repeat.node, ast.For)
        else repeat.node.generators[0].iter
        if repeat.kind == "comprehension"
        else None
    )
    while (
        isinstance(iterable, ast.Call)
        and base_name(iterable.func) in ("enumerate", "list", "tqdm", "reversed", "sorted")
        and iterable.args
    ):
        iterable = iterable.args[0]
    if isinstance(iterable, ast.Subscript):
        iterable = iterable.value
    return isinstance(iterable, ast.Attribute) and iterable.attr in _PARTS


def _length(node, model, depth=0):
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
                argument.value if isinstance(argument, ast.Constant) and isinstance(argument.value, int) else None
                for argument in node.args
            ]
            return len(range(*numbers)) if numbers and None not in numbers and 0 not in numbers[2:] else None
        if name in ("enumerate", "sorted", "reversed", "list", "tuple", "tqdm") and node.args:
            return _length(node.args[0], model, depth)
        if name == "zip" and node.args:
            lengths = [_length(argument, model, depth) for argument in node.args]
            known = [length for length in lengths if length is not None]
            return min(known) if known else None
    return None


def _is_filled(name, tree):
    """Does the program add to, or take from, the list that it spells out?"""
    for node in ast.walk(tree):
        changed = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FILLING:
            changed = node.func.value
        elif isinstance(node, ast.AugAssign):
            changed = node.target
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, (ast.Store, ast.Del)):
            changed = node.value
        if isinstance(changed, ast.Name) and changed.id == name:
            return True
    return False
