"""The walk over statements: a handler for each kind of syntax node enters its record.

A statement takes its number before what is in it is walked, so that the calls in it can name it: `_reserve`.
"""

from __future__ import annotations

import _ast as A

from .record import new
from .records import NOTHING, Scope
from .statements import (
    Assign,
    Augment,
    ClassDef,
    Def,
    Delete,
    ExprStatement,
    For,
    Global,
    Handler,
    If,
    Import,
    Imported,
    Jump,
    Other,
    Return,
    Try,
    While,
    With,
    WithItem,
)
from .walker_expressions import EXPR, OPS, maybe, parameters, position

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .expressions import Expression
    from .walker import Walk

_ENDS = frozenset((A.Return, A.Raise, A.Break, A.Continue))  # what stands behind in the same body never runs
_RESERVED = Other(-1, -1, 0, 0, ())  # stands for a statement until it is known


def walk_body(w: Walk, body: Sequence[A.stmt]) -> None:
    """Enter the statements of a body in the current block, but for those of a function that are never reached.

    Those of a module stay: the next cell of a notebook is run by hand.
    """
    for node in body:
        kind = type(node)
        (_STMT.get(kind) or _other)(w, node)
        if kind in _ENDS and w.scope and node is not body[-1] and not _yields(body[body.index(node) + 1 :]):
            return


def _yields(body: Sequence[A.stmt]) -> bool:
    """Does a function become a generator by what stands there, even if nothing reaches it?"""
    from ast import walk

    return any(isinstance(node, (A.Yield, A.YieldFrom)) for statement in body for node in walk(statement))


def reserve(w: Walk) -> int:
    """The number of the statement that is walked from now on."""
    w.statement = index = len(w.statements)
    w.statements.append(_RESERVED)
    return index


def _enter(w: Walk, kind: str, statement: int, body: Sequence[A.stmt]) -> int:
    """Walk a body in a block of its own, and give that block's number."""
    outer = w.block
    w.block = inner = w.open(kind, statement)
    walk_body(w, body)
    w.block = outer
    return inner


def _assign(w: Walk, node: A.Assign) -> None:
    statements = w.statements  # as `reserve` does: most statements are assignments
    w.statement = i = len(statements)
    statements.append(_RESERVED)
    value = EXPR[type(node.value)](w, node.value)
    if len(node.targets) == 1:
        (target,) = node.targets
        targets: tuple[Expression, ...] = (EXPR[type(target)](w, target),)
    else:
        targets = tuple([EXPR[type(t)](w, t) for t in node.targets])
    statements[i] = Assign(w.scope, w.block, node.lineno, node.end_lineno or 0, targets, value, None)


def _ann_assign(w: Walk, node: A.AnnAssign) -> None:
    i = reserve(w)
    value = maybe(w, node.value)
    target = EXPR[type(node.target)](w, node.target)
    w.statements[i] = Assign(
        w.scope, w.block, node.lineno, node.end_lineno or 0, (target,), value, maybe(w, node.annotation)
    )


def _aug_assign(w: Walk, node: A.AugAssign) -> None:
    i = reserve(w)
    value = EXPR[type(node.value)](w, node.value)
    target = EXPR[type(node.target)](w, node.target)
    w.statements[i] = Augment(
        w.scope, w.block, node.lineno, node.end_lineno or 0, target, OPS[type(node.op)], value, position(node)
    )


def _return(w: Walk, node: A.Return) -> None:
    i = reserve(w)
    w.statements[i] = Return(w.scope, w.block, node.lineno, node.end_lineno or 0, maybe(w, node.value), position(node))


def _expr_statement(w: Walk, node: A.Expr) -> None:
    value = node.value
    if type(value) is A.Constant:
        return  # a docstring
    i = reserve(w)
    w.statements[i] = ExprStatement(w.scope, w.block, node.lineno, node.end_lineno or 0, EXPR[type(value)](w, value))


def _delete(w: Walk, node: A.Delete) -> None:
    i = reserve(w)
    w.statements[i] = Delete(
        w.scope, w.block, node.lineno, node.end_lineno or 0, tuple([EXPR[type(t)](w, t) for t in node.targets])
    )


def _with(w: Walk, node: A.With | A.AsyncWith) -> None:
    i = reserve(w)
    items = tuple([new(WithItem, (maybe(w, item.context_expr), maybe(w, item.optional_vars))) for item in node.items])
    inner = w.open("with", i)
    w.statements[i] = With(w.scope, w.block, node.lineno, node.end_lineno or 0, items, inner)
    outer, w.block = w.block, inner
    walk_body(w, node.body)
    w.block = outer


def _for(w: Walk, node: A.For | A.AsyncFor) -> None:
    i = reserve(w)
    iterable = EXPR[type(node.iter)](w, node.iter)
    target = EXPR[type(node.target)](w, node.target)
    inner = w.open("for", i)
    w.statements[i] = For(w.scope, w.block, node.lineno, node.end_lineno or 0, target, iterable, inner)
    outer, w.block = w.block, inner
    walk_body(w, node.body)
    w.block = outer
    if node.orelse:
        _enter(w, "else", i, node.orelse)


def _while(w: Walk, node: A.While) -> None:
    i = reserve(w)
    inner = w.open("while", i)
    outer, w.block = w.block, inner
    test = EXPR[type(node.test)](w, node.test)  # the test runs at every pass: it belongs to the loop
    w.statements[i] = While(w.scope, outer, node.lineno, node.end_lineno or 0, test, inner)
    walk_body(w, node.body)
    w.block = outer
    if node.orelse:
        _enter(w, "else", i, node.orelse)


def _if(w: Walk, node: A.If) -> None:
    i = reserve(w)
    test = EXPR[type(node.test)](w, node.test)
    body = w.open("if", i, True)
    orelse = w.open("if", i, False) if node.orelse else None
    outer = w.block
    w.statements[i] = If(w.scope, outer, node.lineno, node.end_lineno or 0, test, body, orelse)
    w.block = body
    walk_body(w, node.body)
    if orelse is not None:
        w.block = orelse
        walk_body(w, node.orelse)
    w.block = outer


def _try(w: Walk, node: A.Try) -> None:
    i = reserve(w)
    outer = w.block
    body = _enter(w, "try", i, node.body)
    handlers = []
    for handler in node.handlers:
        kind = maybe(w, handler.type)
        handlers.append(new(Handler, (kind, handler.name, _enter(w, "except", i, handler.body))))
    orelse = _enter(w, "tryelse", i, node.orelse) if node.orelse else None
    final = _enter(w, "finally", i, node.finalbody) if node.finalbody else None
    w.statements[i] = Try(w.scope, outer, node.lineno, node.end_lineno or 0, body, tuple(handlers), orelse, final)


def _global(w: Walk, node: A.Global | A.Nonlocal) -> None:
    w.statements.append(Global(w.scope, w.block, node.lineno, node.end_lineno or 0, tuple(node.names)))


def _import(w: Walk, node: A.Import) -> None:
    names = []
    for alias in node.names:
        if alias.asname:
            names.append(new(Imported, (alias.asname, alias.name, None, 0)))
        else:
            names.append(
                new(Imported, (alias.name.partition(".")[0], alias.name, "", 0))
            )  # "": binds the top package only
        w.idents.update(alias.name.split("."))
    w.statements.append(Import(w.scope, w.block, node.lineno, node.end_lineno or 0, tuple(names), position(node)))


def _import_from(w: Walk, node: A.ImportFrom) -> None:
    module = node.module or ""
    w.idents.update(module.split("."))
    for alias in node.names:
        w.idents.add(alias.name)
    names = tuple([new(Imported, (a.asname or a.name, module, a.name, node.level)) for a in node.names])
    w.statements.append(Import(w.scope, w.block, node.lineno, node.end_lineno or 0, names, position(node)))


def _break(w: Walk, node: A.Break) -> None:
    w.statements.append(Jump(w.scope, w.block, node.lineno, node.end_lineno or 0, "break"))


def _continue(w: Walk, node: A.Continue) -> None:
    w.statements.append(Jump(w.scope, w.block, node.lineno, node.end_lineno or 0, "continue"))


def _raise(w: Walk, node: A.Raise) -> None:
    i = reserve(w)
    w.statements[i] = Jump(w.scope, w.block, node.lineno, node.end_lineno or 0, "raise", maybe(w, node.exc))


def _pass(w: Walk, node: A.Pass) -> None:
    """`pass` leaves no facts."""


def _function(w: Walk, node: A.FunctionDef | A.AsyncFunctionDef) -> None:
    i = reserve(w)
    decorators = tuple([EXPR[type(d)](w, d) for d in node.decorator_list])
    params = parameters(w, node.args)
    returns = maybe(w, node.returns)
    scope = len(w.scopes)
    line = node.decorator_list[0].lineno if node.decorator_list else node.lineno
    w.statements[i] = Def(
        w.scope, w.block, line, node.end_lineno or 0, scope, tuple([position(d) for d in node.decorator_list])
    )
    flags = "a" if type(node) is A.AsyncFunctionDef else ""
    w.scopes.append(
        Scope(
            "function",
            node.name,
            w.scope,
            node.lineno,
            node.end_lineno or 0,
            decorators,
            params,
            returns,
            (),
            i,
            NOTHING,
            NOTHING,
            flags,
        )
    )
    w.queue.append((scope, node.body))


def _class(w: Walk, node: A.ClassDef) -> None:
    i = reserve(w)
    decorators = tuple([EXPR[type(d)](w, d) for d in node.decorator_list])
    bases = tuple([EXPR[type(b)](w, b) for b in node.bases])
    metaclass = None
    for keyword in node.keywords:
        value = EXPR[type(keyword.value)](w, keyword.value)
        metaclass = value if keyword.arg == "metaclass" else metaclass
    scope = len(w.scopes)
    w.statements[i] = ClassDef(w.scope, w.block, node.lineno, node.end_lineno or 0, scope)
    w.scopes.append(
        Scope(
            "class",
            node.name,
            w.scope,
            node.lineno,
            node.end_lineno or 0,
            decorators,
            (),
            metaclass,
            bases,
            i,
            NOTHING,
            NOTHING,
            "",
        )
    )
    w.queue.append((scope, node.body))


def _match(w: Walk, node: A.Match) -> None:
    i = reserve(w)
    subject = EXPR[type(node.subject)](w, node.subject)
    w.statements[i] = Other(w.scope, w.block, node.lineno, node.end_lineno or 0, (subject,))
    for case in node.cases:
        maybe(w, case.guard)  # for the calls in it
        _enter(w, "match", i, case.body)


def _other(w: Walk, node: A.stmt) -> None:
    """Any other statement: its expressions are walked, nested statements too."""
    i = reserve(w)
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        for item in value if type(value) is list else (value,):
            if isinstance(item, A.expr):
                found.append(EXPR[type(item)](w, item))
            elif isinstance(item, A.stmt):
                walk_body(w, [item])
    w.statements[i] = Other(w.scope, w.block, node.lineno, node.end_lineno or 0, tuple(found))


_STMT: dict[type, Callable[[Walk, Any], None]] = {
    A.Assign: _assign,
    A.AnnAssign: _ann_assign,
    A.AugAssign: _aug_assign,
    A.Return: _return,
    A.Expr: _expr_statement,
    A.Delete: _delete,
    A.With: _with,
    A.AsyncWith: _with,
    A.For: _for,
    A.AsyncFor: _for,
    A.While: _while,
    A.If: _if,
    A.Try: _try,
    A.Global: _global,
    A.Nonlocal: _global,
    A.Import: _import,
    A.ImportFrom: _import_from,
    A.Break: _break,
    A.Continue: _continue,
    A.Raise: _raise,
    A.Pass: _pass,
    A.FunctionDef: _function,
    A.AsyncFunctionDef: _function,
    A.ClassDef: _class,
    A.Match: _match,
}
_TRY_STAR = getattr(A, "TryStar", None)  # `except*`, from Python 3.11
if _TRY_STAR is not None:
    _STMT[_TRY_STAR] = _try
