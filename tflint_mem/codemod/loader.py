"""A module-level cached loader for what a request handler would load each time."""

from __future__ import annotations

import ast
from functools import partial

import libcst as cst

from tflint_mem.finding import Edit
from tflint_mem.hardening.parsing import parsed

from . import NoFix
from .hunks import join
from .imports import Spelling, ensure, visible
from .names import bound, kept, loaded
from .outline import cell_of, dotted, parse, unique_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tflint_mem.sources.source import Source

    from .outline import Function
    from .view import View

# A loader with parameters keeps this many results: a cache that grows with the requests would be the next leak.
_KEPT = 8
# Expressions whose values cannot be keys of a cache, or are others each time.
_NO_KEYS = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.GeneratorExp, ast.Lambda)


class _Signature:
    """How a call becomes the body of a function that is called in its place.

    parameters  names of the parameters of the function
    passed      what it is given for them, in order
    inner       the arguments of the call in the function
    """

    __slots__ = ("parameters", "passed", "inner")

    def __init__(self, parameters: list[str], passed: list[cst.Arg], inner: list[cst.Arg]) -> None:
        self.parameters = parameters
        self.passed = passed
        self.inner = inner


def cached_loader(
    source: Source,
    view: View,
    call: cst.Call,
    base: str = "_load_model",
    decorator: str | None = None,
    above: View | None = None,
    by_name: bool = False,
) -> list[Edit]:
    """Load once: `call` inside a handler becomes `_load_model(…)`, a new cached function above the handler.

    `decorator` is what caches, as the file spells it; without one it is `functools.lru_cache`.
    `above` is the view of the statement above which the function goes, where that is not the handler: the first of
    several handlers that share it.  A cached function that does the same already is used as it is.
    With `by_name` the local names that the arguments read are the parameters, and the arguments stay as they are.

    Arguments that read what the handler binds (parameters, locals) become parameters of the loader, the others move
    into it.  NoFix when the loading function itself is bound in the handler, or an argument cannot be a cache key.
    """
    function = view.function(call)
    if function is None:
        raise NoFix("it does not stand in a function")
    local = _locals_around(view, call)
    here = view.ast_of(call)
    if any(isinstance(node, (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)) for node in ast.walk(here)):
        raise NoFix("it waits for something")
    if isinstance(view.parent(call), cst.Await):
        raise NoFix("it is awaited")
    if loaded([here.func]) & local:
        raise NoFix("the loading function is bound in the handler")
    signature = _by_names(here, call, local) if by_name else _by_arguments(view, here, call, local)
    parameters, passed = signature.parameters, _with_commas(signature.passed)
    edits: list[Edit] = []
    if decorator is None:
        lru_cache = _lru_cache(source, view.first_row - 1)
        edits = lru_cache.edits
        decorator = f"{lru_cache.expression}(maxsize={_KEPT if parameters else None})"
    new_call = call.with_changes(args=signature.inner)
    cache, _, _ = decorator.partition("(")
    there = _there_already(view, new_call, parameters, cache)
    if there:
        return view.edits({call: cst.Call(cst.Name(there), passed, lpar=call.lpar, rpar=call.rpar)})
    name = unique_name(source, base, call)
    head = f"@{decorator}\ndef {name}({', '.join(parameters)}):\n    return None\n"
    text = _definition(view, head, new_call)
    row = _first_row_above(above or view)
    newline = view.outline.newline
    text = newline * _missing_blank_lines(view, row) + text
    place = (row, 1)
    text += newline * 2
    new_call = cst.Call(cst.Name(name), passed, lpar=call.lpar, rpar=call.rpar)
    return join(edits, [Edit(start=place, end=place, content=text)], view.edits({call: new_call}))


def _by_names(here: ast.Call, call: cst.Call, local: Collection[str]) -> _Signature:
    """The local names that the call reads are the parameters, and its arguments stay as they are."""
    parameters = sorted(
        loaded([here]) & set(local), key=[node.id for node in ast.walk(here) if isinstance(node, ast.Name)].index
    )
    if {"self", "cls"} & set(parameters):
        raise NoFix("it reads its own object")
    return _Signature(parameters, [cst.Arg(cst.Name(name)) for name in parameters], list(call.args))


def _by_arguments(view: View, here: ast.Call, call: cst.Call, local: Collection[str]) -> _Signature:
    """The arguments that read local names become parameters, the others move into the function."""
    found = _Signature([], [], [])
    for arg in call.args:
        if arg.star:
            raise NoFix("starred arguments")
        value = _ast_expression(view, arg.value)
        if not loaded([value]) & set(local):
            found.inner.append(arg)
            continue
        if any(isinstance(node, _NO_KEYS) for node in ast.walk(value)):
            raise NoFix("an argument cannot be a cache key")
        name = _parameter_name(arg, value, [*found.parameters, *loaded([here]) - set(local)])
        if name not in found.parameters:
            found.parameters.append(name)
            found.passed.append(cst.Arg(arg.value))
        found.inner.append(arg.with_changes(value=cst.Name(name)))
    return found


def _definition(view: View, head: str, call: cst.Call) -> str:
    """The text of the function `head`, which returns `call`, in the style of the file."""
    function = view.new(head)[0]
    for value in (call, call.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])):
        body = cst.IndentedBlock([cst.SimpleStatementLine([cst.Return(value)])])
        text: str = view.module.with_changes(
            body=[function.with_changes(body=body)], header=(), footer=(), has_trailing_newline=True
        ).code
        try:
            parse(text)
        except NoFix:
            continue  # a chain of calls over several lines needs parentheses
        return text
    raise NoFix("the call cannot stand alone")


def _missing_blank_lines(view: View, row: int) -> int:
    """How many blank lines two definitions need between them and `row` does not have above it, in its own cell."""
    above = row - 1
    while (
        above > 0
        and row - above <= 2
        and not view.outline.lines[above - 1].strip()
        and cell_of(view.source, above) == cell_of(view.source, row)
    ):
        above -= 1
    if above == 0 or not cell_of(view.source, above) == cell_of(view.source, row):
        return 0
    return 2 - (row - 1 - above)


def _there_already(view: View, call: cst.Call, parameters: Sequence[str], decorator: str) -> str:
    """Name of a function above the handler that is cached and returns the same call with the same parameters.

    "" when there is none.
    """
    wanted = ast.dump(_ast_expression(view, call.with_changes(lpar=(), rpar=())))
    for node in view.outline.tree.body:
        if not isinstance(node, ast.FunctionDef) or node.lineno >= view.first_row or len(node.body) != 1:
            continue
        cached = any(
            dotted(each.func if isinstance(each, ast.Call) else each) == decorator for each in node.decorator_list
        )
        if (
            cached
            and isinstance(node.body[0], ast.Return)
            and node.body[0].value is not None
            and [argument.arg for argument in node.args.args] == parameters
            and ast.dump(node.body[0].value) == wanted
        ):
            return node.name
    return ""


def _with_commas(args: Sequence[cst.Arg]) -> list[cst.Arg]:
    """Arguments in a row, separated by a comma and a space."""
    comma = cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))
    return [*(arg.with_changes(comma=comma) for arg in args[:-1]), *args[-1:]]


def _lru_cache(source: Source, row: int) -> Spelling:
    """How to spell `functools.lru_cache` here, and the import it needs."""
    for local, target in visible(source, row).items():
        if target == "functools.lru_cache":
            return Spelling(local, [])
    functools = ensure(source, "functools", row=row)
    return Spelling(f"{functools.expression}.lru_cache", functools.edits)


def _locals_around(view: View, call: cst.Call) -> set[str]:
    """Names bound in the functions around `call`, parameters included."""
    local: set[str] = set()
    below: cst.CSTNode = call
    for node in view.ancestors(call):
        if isinstance(node, cst.Lambda):
            raise NoFix("it stands in a lambda")
        inside, below = below is getattr(node, "body", None), node
        if isinstance(node, cst.FunctionDef) and inside:
            here = view.ast_of(node)
            local |= kept(here, "locals", partial(_locals_of, here))
    return local


def _locals_of(function: Function) -> set[str]:
    """Names that a function binds, parameters included."""
    declared = {name for inner in ast.walk(function) if isinstance(inner, ast.Global) for name in inner.names}
    return (bound(function.body) - declared) | {
        argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)
    }


def _ast_expression(view: View, node: cst.BaseExpression) -> ast.expr:
    [statement] = parsed("(" + view.code(node).replace("\r\n", "\n") + "\n)").body
    if not isinstance(statement, ast.Expr):
        raise NoFix("the code does not parse")
    return statement.value


def _parameter_name(arg: cst.Arg, value: ast.expr, taken: Collection[str]) -> str:
    """A plain name keeps itself; other expressions are named after their keyword, or `path`."""
    if isinstance(value, ast.Name):
        return value.id
    name = arg.keyword.value if arg.keyword is not None else "path"
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def _first_row_above(view: View) -> int:
    """The row where a new definition goes: above the statement and the comment lines that belong to it."""
    lines = view.outline.lines
    floor = max((group.last for group in view.outline.groups if group.last < view.first_row), default=2)
    row = view.first_row
    while (
        row - 1 > floor
        and cell_of(view.source, row - 1) == cell_of(view.source, row)
        and lines[row - 2].startswith("#")
        and not lines[row - 2].startswith(("# %%", "#%%"))
    ):
        row -= 1
    return row
