"""Which names a piece of code reads, binds and changes: questions that decide whether code may move.

Everything here reads the standard library's `ast` and answers for the scope that the given nodes stand in; what a
nested function binds for itself does not count, what it binds by `global` or `nonlocal` does.
"""

from __future__ import annotations

import ast

from .outline import dotted, outline, unique_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
    from typing import Any, TypeVar

    from tflint_mem.sources.source import Source

    T = TypeVar("T")

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)

# Methods that change the object they are called on, or take something out of it that is gone then (`next`, `read`): an
# expression that reads such an object may not be evaluated once in place of many times.  So the list is a wide one: of
# two meanings of a name the one that changes counts, as a fix that is not offered does less harm than a wrong one.  The
# lists of the analyses answer other questions (what does a load's loop change, does a value vary, does a traced
# function fill a container) and are not this one.
MUTATORS = frozenset(
    (
        "add append appendleft clear discard extend extendleft insert move_to_end next pop popitem popleft push put "
        "read readline remove reverse rotate setdefault shuffle sort update write writelines"
    ).split()
)


def kept(node: ast.AST, key: Hashable, make: Callable[[], T]) -> T:
    """`make()`, worked out once for each `key` of an `ast` node, which keeps it for as long as it lives."""
    memo: dict[Hashable, Any] = node.__dict__.setdefault("_kept", {})
    if key not in memo:
        memo[key] = make()
    known: T = memo[key]
    return known


def everything(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """All `ast` nodes at and below `nodes`."""
    for node in nodes:
        yield from ast.walk(node)


def same_scope(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes at and below `nodes` that run in the same scope; of nested functions only decorators and defaults."""
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _FUNCTIONS):
            arguments = node.args
            stack.extend(arguments.defaults)
            stack.extend(default for default in arguments.kw_defaults if default is not None)
            stack.extend(getattr(node, "decorator_list", ()))
        elif isinstance(node, ast.ClassDef):
            stack.extend([*node.decorator_list, *node.bases, *node.keywords])
        else:
            stack.extend(ast.iter_child_nodes(node))


def bound(nodes: Sequence[ast.AST]) -> set[str]:
    """Names that `nodes` bind or delete in their scope, comprehension variables included."""
    if len(nodes) == 1:
        return kept(nodes[0], "bound", lambda: _bound(nodes))
    return _bound(nodes)


def _bound(nodes: Sequence[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in same_scope(nodes):
        found |= binds(node)
    for node in everything(nodes):
        if isinstance(node, _FUNCTIONS + (ast.ClassDef,)):
            declared = {
                name
                for inner in ast.walk(node)
                if isinstance(inner, (ast.Global, ast.Nonlocal))
                for name in inner.names
            }
            if declared:
                found |= declared & {name for inner in ast.walk(node) for name in binds(inner)}
    return found


def binds(node: ast.AST) -> set[str]:
    """Names that this one node binds or deletes, those of the nodes below it not included."""
    if isinstance(node, ast.Name):
        return set() if isinstance(node.ctx, ast.Load) else {node.id}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.split(".")[0] for alias in node.names}
    if isinstance(node, ast.ExceptHandler) and node.name:
        return {node.name}
    if isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name:
        return {node.name}
    if isinstance(node, ast.MatchMapping) and node.rest:
        return {node.rest}
    return set()


def loaded(nodes: Iterable[ast.AST]) -> set[str]:
    """Names read anywhere in `nodes`, also inside nested functions."""
    return {node.id for node in everything(nodes) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)}


def free(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names a function definition (decorators and defaults included) takes from around it."""
    inner: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.arg):
            inner.add(node.arg)
    inner |= bound(function.body)
    declared = {
        name for node in ast.walk(function) if isinstance(node, (ast.Global, ast.Nonlocal)) for name in node.names
    }
    arguments = function.args
    outside = loaded(
        [*function.decorator_list, *arguments.defaults, *(d for d in arguments.kw_defaults if d is not None)]
    )
    annotations = loaded(
        [a.annotation for a in ast.walk(arguments) if isinstance(a, ast.arg) and a.annotation is not None]
        + ([function.returns] if function.returns else [])
    )
    return (loaded(function.body) - inner) | declared | outside | annotations


def chains(nodes: Iterable[ast.AST]) -> set[str]:
    """The longest dotted reads in `nodes`: `self.path`, `tf.keras.models.load_model`, `name`."""
    found: set[str] = set()
    stack: list[ast.AST] = list(nodes)
    while stack:
        node = stack.pop()
        chain = dotted(node)
        if chain:
            found.add(chain)
        else:
            stack.extend(ast.iter_child_nodes(node))
    return found


def changed(nodes: Sequence[ast.AST]) -> set[str]:
    """Dotted objects that `nodes` change in place: targets of attribute and item assignment, receivers of mutators."""
    if len(nodes) == 1:
        return kept(nodes[0], "changed", lambda: _changed(nodes))
    return _changed(nodes)


def _changed(nodes: Sequence[ast.AST]) -> set[str]:
    found: set[str] = set()
    for node in everything(nodes):
        if isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load):
            found.add(dotted(node))
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            found.add(dotted(node.value))
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in MUTATORS:
            found.add(dotted(node.func.value))
    found.discard("")
    return found


def free_name(source: Source, base: str, function: ast.AST | None) -> str:
    """`base` where a function may bind it: neither it nor the module has that name; else as `unique_name`.

    function   None for a place in no function, where the names of the whole file count
    """
    if function is None or base in bound(outline(source).tree.body) or base in _mentioned(function):
        return unique_name(source, base)
    return base


def _mentioned(function: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            found.update(node.names)
    return found
