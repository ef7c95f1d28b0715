"""Which names a piece of syntax reads, binds and may change.  Works on the standard library's `ast`.

This module runs in the measured process too: Python 3.8 syntax, and nothing but the standard library.
"""

from __future__ import annotations

import ast
import builtins

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .lines import Line

    Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda

_BUILTINS = frozenset(dir(builtins)) | {"__file__", "__name__", "__doc__"}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_CAPTURES = tuple(getattr(ast, name) for name in ("MatchAs", "MatchStar") if hasattr(ast, name))  # from Python 3.10 on


class Synthetic(ast.stmt):
    """A statement that the cutter writes itself, standing among those of a file.

    lines    its text        names    what it reads
    """

    _fields = ()

    def __init__(self, lines: Iterable[Line], names: Iterable[str] = ()) -> None:
        super().__init__()
        self.lines, self.names = list(lines), set(names)


def reads(*nodes: ast.AST) -> set[str]:
    """Names that the nodes take from around them: loaded, and not bound inside an own scope (function, class,
    comprehension)."""
    found: set[str] = set()
    for node in nodes:
        _read(node, found)
    return found - _BUILTINS


def _read(node: ast.AST, found: set[str]) -> None:
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Store):
            found.add(node.id)
        return
    if isinstance(node, _FUNCTIONS):
        _read_function(node, found)
        return
    if isinstance(node, ast.ClassDef):
        _read_class(node, found)
        return
    if isinstance(node, _COMPREHENSIONS):
        inner: set[str] = set()
        for child in ast.iter_child_nodes(node):
            _read(child, inner)
        bound: set[str] = set()
        for generator in node.generators:
            bound |= _targets(generator.target)
        found |= inner - bound
        return
    if isinstance(node, Synthetic):
        found |= node.names
        return
    if isinstance(node, ast.AugAssign):
        found.update(name.id for name in ast.walk(node.target) if isinstance(name, ast.Name))
    for child in ast.iter_child_nodes(node):
        _read(child, found)


def _read_function(node: Function, found: set[str]) -> None:
    body: list[ast.AST]
    if isinstance(node, ast.Lambda):
        outside: list[ast.expr] = _argument_expressions(node.args)
        body = [node.body]
    else:
        returned = [node.returns] if node.returns is not None else []
        outside = node.decorator_list + _argument_expressions(node.args) + returned
        body = [*node.body]
    for outer in outside:
        _read(outer, found)
    inner: set[str] = set()
    for child in body:
        _read(child, inner)
    own = parameters(node) | _bound_in(body)
    for child in ast.walk(node):
        if isinstance(child, (ast.Global, ast.Nonlocal)):
            own -= set(child.names)
            inner |= set(child.names)
    found |= inner - own


def _read_class(node: ast.ClassDef, found: set[str]) -> None:
    for outer in node.decorator_list + node.bases + [keyword.value for keyword in node.keywords]:
        _read(outer, found)
    inner: set[str] = set()
    for child in node.body:
        _read(child, inner)
    found |= inner - _bound_in(node.body)
    # what a class body binds is not visible in its methods: they read the name outside
    for child in node.body:
        if isinstance(child, _FUNCTIONS):
            _read(child, found)


def exposed(*statements: ast.stmt) -> set[str]:
    """Names that the statements, run in order, read before they certainly bind them: what they need from before."""
    found: set[str] = set()
    bound: set[str] = set()
    for statement in statements:
        found |= _exposed_by(statement) - bound
        bound |= certainly_binds(statement)
    return found


def _exposed_by(statement: ast.stmt) -> set[str]:
    if isinstance(statement, (ast.For, ast.AsyncFor)):
        inner = exposed(*statement.body, *statement.orelse) - _targets(statement.target)
        return (
            inner
            | reads(statement.iter)
            | (reads(statement.target) if not isinstance(statement.target, ast.Name) else set())
        )
    if isinstance(statement, ast.While):
        return reads(statement.test) | exposed(*statement.body, *statement.orelse)
    if isinstance(statement, ast.If):
        return reads(statement.test) | exposed(*statement.body) | exposed(*statement.orelse)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        outer = reads(*[item.context_expr for item in statement.items])
        return outer | (exposed(*statement.body) - certainly_binds(statement))
    return reads(statement)


def _argument_expressions(arguments: ast.arguments) -> list[ast.expr]:
    annotations = [argument.annotation for argument in _all_arguments(arguments) if argument.annotation is not None]
    return arguments.defaults + [default for default in arguments.kw_defaults if default is not None] + annotations


def _all_arguments(arguments: ast.arguments) -> list[ast.arg]:
    every = arguments.posonlyargs + arguments.args + arguments.kwonlyargs
    return every + [argument for argument in (arguments.vararg, arguments.kwarg) if argument is not None]


def parameters(function: Function) -> set[str]:
    """Names of all parameters of a function or lambda."""
    return {argument.arg for argument in _all_arguments(function.args)}


def binds(statement: ast.AST) -> set[str]:
    """Names that a statement binds in its own scope (also inside its blocks)."""
    return _bound_in([statement])


def _bound_in(statements: Iterable[ast.AST]) -> set[str]:
    found: set[str] = set()
    stack: list[ast.AST] = list(statements)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
            continue
        if isinstance(node, ast.Lambda) or isinstance(node, _COMPREHENSIONS):
            found.update(walrus.target.id for walrus in ast.walk(node) if isinstance(walrus, ast.NamedExpr))
            continue
        if isinstance(node, ast.Name) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(node.id)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name.split(".")[0]) for alias in node.names if alias.name != "*")
        elif isinstance(node, ast.ExceptHandler) and node.name:
            found.add(node.name)
        elif isinstance(node, _CAPTURES) and node.name:
            found.add(node.name)
        stack.extend(ast.iter_child_nodes(node))
    return found


def _targets(node: ast.AST) -> set[str]:
    return {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}


def certainly_binds(statement: ast.AST) -> set[str]:
    """Names that the statement gives a new value on every path: what was there before does not matter any more."""
    if isinstance(statement, ast.Assign):
        return {name for target in statement.targets for name in _plain_targets(target)}
    if isinstance(statement, ast.AnnAssign) and statement.value is not None:
        return set(_plain_targets(statement.target))
    if isinstance(statement, (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return binds(statement)
    if isinstance(statement, (ast.With, ast.AsyncWith)):
        return {
            name
            for item in statement.items
            if item.optional_vars is not None
            for name in _plain_targets(item.optional_vars)
        }
    return set()


def _plain_targets(target: ast.expr) -> list[str]:
    if isinstance(target, ast.Name):
        return [target.id]
    if isinstance(target, (ast.Tuple, ast.List)):
        return [name for element in target.elts for name in _plain_targets(element)]
    if isinstance(target, ast.Starred):
        return _plain_targets(target.value)
    return []


def base_name(node: ast.AST) -> str | None:
    """The name at the root of `a`, `a.b[0].c`, `a.b().c`; None for anything else."""
    while True:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await)):
            node = node.value
        elif isinstance(node, ast.Call):
            node = node.func
        else:
            return None


def dotted(node: ast.AST | None) -> str | None:
    """ "a.b.c" for a chain of attributes on a name, None otherwise."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if isinstance(node, ast.Name):
        return ".".join([node.id] + parts[::-1])
    return None


def changes(statement: ast.AST) -> set[str]:
    """Names whose values the statement may change without binding them.

    Attribute and item stores, receivers and arguments of calls whose result is thrown away, anywhere inside the
    statement.
    """
    found: set[str | None] = set()
    for node in ast.walk(statement):
        if isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
            found.add(base_name(node))
        elif isinstance(node, ast.Expr):
            # `a.append(x), b.append(y)` and `[a.append(x) for x in xs]` change as much as a plain call does
            for call in ast.walk(node.value):
                if isinstance(call, ast.Call):
                    found.add(base_name(call.func))
                    for argument in call.args + [keyword.value for keyword in call.keywords]:
                        found |= reads(argument)
    return {name for name in found if name is not None}


def attributes_used(*nodes: ast.AST) -> set[str]:
    """Every attribute name that occurs in the nodes, however it is reached, and string arguments of getattr and
    friends."""
    found: set[str] = set()
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Attribute):
                found.add(child.attr)
            elif isinstance(child, ast.Call) and base_name(child.func) in ("getattr", "hasattr", "setattr"):
                found.update(
                    argument.value
                    for argument in child.args
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
                )
    return found


def attributes_of(name: str, *nodes: ast.AST) -> set[str] | None:
    """Attributes taken directly from `name` ("load" for `utils.load(x)`); None when `name` is also used otherwise."""
    found: set[str] = set()
    bare = 0
    for node in nodes:
        for child in ast.walk(node):
            if isinstance(child, ast.Name) and child.id == name and isinstance(child.ctx, ast.Load):
                bare += 1
            elif isinstance(child, ast.Attribute) and isinstance(child.value, ast.Name) and child.value.id == name:
                found.add(child.attr)
                bare -= 1
    return found if bare == 0 else None
