"""The walk over expressions: a handler for each kind of syntax node gives its record.

Records of expressions are made by `new` with their items in full, tag included: that takes a quarter of the time of the
constructor, and most of what a walk makes are expressions.
"""

from __future__ import annotations

import _ast as A

from .expressions import (
    Attribute,
    Await,
    BinaryOp,
    BoolOp,
    CallRef,
    Comparison,
    Comprehension,
    Conditional,
    Constant,
    DictDisplay,
    FString,
    Lambda,
    ListDisplay,
    Name,
    SetDisplay,
    Slice,
    Starred,
    Subscript,
    TupleDisplay,
    UnaryOp,
    Unknown,
    Walrus,
    Yield,
)
from .position import Pos
from .record import new
from .records import NOTHING, Call, Clause, Keyword, Parameter, Scope
from .statements import Assign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .expressions import Expression
    from .walker import Walk

    Handler = Callable[[Walk, Any], Expression]

MAX_ITEMS = 64  # items of a literal that are kept; the calls inside the rest are still walked

OPS: dict[type, str] = {
    A.Add: "+",
    A.Sub: "-",
    A.Mult: "*",
    A.Div: "/",
    A.FloorDiv: "//",
    A.Mod: "%",
    A.Pow: "**",
    A.MatMult: "@",
    A.LShift: "<<",
    A.RShift: ">>",
    A.BitOr: "|",
    A.BitXor: "^",
    A.BitAnd: "&",
    A.And: "and",
    A.Or: "or",
    A.Not: "not",
    A.UAdd: "+",
    A.USub: "-",
    A.Invert: "~",
    A.Eq: "==",
    A.NotEq: "!=",
    A.Lt: "<",
    A.LtE: "<=",
    A.Gt: ">",
    A.GtE: ">=",
    A.Is: "is",
    A.IsNot: "is not",
    A.In: "in",
    A.NotIn: "not in",
}


def maybe(w: Walk, node: A.expr | None) -> Expression | None:
    """The record of an expression that may be left out."""
    return None if node is None else EXPR[type(node)](w, node)


def position(node: A.expr | A.stmt) -> Pos:
    return new(Pos, (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset))


def parameters(w: Walk, args: A.arguments) -> tuple[Parameter, ...]:
    """The parameters of a function or lambda; their annotations and defaults are walked in the scope around it."""
    positional = args.posonlyargs + args.args
    defaults = [None] * (len(positional) - len(args.defaults)) + args.defaults
    params = [new(Parameter, (p.arg, maybe(w, p.annotation), maybe(w, d), "p")) for p, d in zip(positional, defaults)]
    if args.vararg:
        params.append(new(Parameter, (args.vararg.arg, maybe(w, args.vararg.annotation), None, "*")))
    params.extend(
        [
            new(Parameter, (p.arg, maybe(w, p.annotation), maybe(w, d), "k"))
            for p, d in zip(args.kwonlyargs, args.kw_defaults)
        ]
    )
    if args.kwarg:
        params.append(new(Parameter, (args.kwarg.arg, maybe(w, args.kwarg.annotation), None, "**")))
    return tuple(params)


def _name(w: Walk, node: A.Name) -> Name:
    name = node.id
    names = w.names
    if name in names:  # it is nearly always, and this is sooner asked than `get`
        return names[name]
    found = names[name] = new(Name, ("n", name))
    return found


def _attribute(w: Walk, node: A.Attribute) -> Attribute:
    attr = node.attr
    value = node.value
    if type(value) is A.Name:
        key = (value.id, attr)
        known = w.attributes
        if key in known:
            return known[key]
        found = known[key] = new(Attribute, ("a", _name(w, value), attr))
        w.idents.add(attr)
        return found
    w.idents.add(attr)
    return new(Attribute, ("a", EXPR[type(value)](w, value), attr))


_PLAIN = frozenset((int, float, bool, type(None)))


def _constant(w: Walk, node: A.Constant) -> Constant | Unknown:
    value = node.value
    if type(value) is str:
        if value.isupper() and value.isidentifier():
            w.idents.add(value)
        return new(Constant, ("k", value if len(value) <= 200 else value[:200]))
    if type(value) not in _PLAIN:
        return new(Unknown, ("?", ()))
    key = (type(value), value)  # 1, 1.0 and True are equal
    found = w.constants.get(key)
    if found is None:
        found = w.constants[key] = new(Constant, ("k", value))
    return found


def _call(w: Walk, node: A.Call) -> CallRef:
    func = node.func
    f = EXPR[type(func)](w, func)
    args = tuple([EXPR[type(a)](w, a) for a in node.args]) if node.args else ()
    keywords = (
        tuple([new(Keyword, (k.arg, EXPR[type(k.value)](w, k.value))) for k in node.keywords]) if node.keywords else ()
    )
    calls = w.calls
    calls.append(
        Call(
            f,
            args,
            keywords,
            w.scope,
            w.block,
            w.statement,
            new(Pos, (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset)),
        )
    )
    return new(CallRef, ("c", len(calls) - 1))


def _items(kind: type[TupleDisplay | ListDisplay | SetDisplay], tag: str) -> Handler:
    def handler(w: Walk, node: A.Tuple | A.List | A.Set) -> Expression:
        elements = node.elts
        if len(elements) > MAX_ITEMS:
            elements = elements[:MAX_ITEMS] + [e for e in elements[MAX_ITEMS:] if type(e) is not A.Constant]
        return new(kind, (tag, tuple([EXPR[type(e)](w, e) for e in elements][:MAX_ITEMS])))

    return handler


def _dict(w: Walk, node: A.Dict) -> DictDisplay:
    keys, values = node.keys, node.values
    if len(values) > MAX_ITEMS:
        kept = [i for i in range(len(values)) if i < MAX_ITEMS or type(values[i]) is not A.Constant]
        keys, values = [keys[i] for i in kept], [values[i] for i in kept]
    return new(
        DictDisplay,
        ("d", tuple([maybe(w, k) for k in keys])[:MAX_ITEMS], tuple([EXPR[type(v)](w, v) for v in values])[:MAX_ITEMS]),
    )


def _subscript(w: Walk, node: A.Subscript) -> Subscript:
    base, index = node.value, node.slice
    return new(Subscript, ("x", EXPR[type(base)](w, base), EXPR[type(index)](w, index), position(node)))


def _slice(w: Walk, node: A.Slice) -> Slice:
    return new(Slice, ("sl", maybe(w, node.lower), maybe(w, node.upper), maybe(w, node.step)))


def _binop(w: Walk, node: A.expr) -> Expression:
    spine = []
    while type(node) is A.BinOp:  # left-deep chains are walked without recursion
        spine.append(node)
        node = node.left
    result = EXPR[type(node)](w, node)
    for op in reversed(spine):
        result = new(BinaryOp, ("b", OPS[type(op.op)], result, EXPR[type(op.right)](w, op.right), position(op)))
    return result


def _unary(w: Walk, node: A.UnaryOp) -> UnaryOp:
    return new(UnaryOp, ("u", OPS[type(node.op)], maybe(w, node.operand)))


def _boolean(w: Walk, node: A.BoolOp) -> BoolOp:
    return new(BoolOp, ("o", OPS[type(node.op)], tuple([maybe(w, v) for v in node.values])))


def _compare(w: Walk, node: A.Compare) -> Comparison:
    return new(
        Comparison,
        (
            "q",
            maybe(w, node.left),
            tuple([OPS[type(o)] for o in node.ops]),
            tuple([maybe(w, c) for c in node.comparators]),
        ),
    )


def _conditional(w: Walk, node: A.IfExp) -> Conditional:
    return new(Conditional, ("i", maybe(w, node.test), maybe(w, node.body), maybe(w, node.orelse)))


def _lambda(w: Walk, node: A.Lambda) -> Lambda:
    params = parameters(w, node.args)
    scope = len(w.scopes)
    w.scopes.append(
        Scope(
            "lambda",
            "<lambda>",
            w.scope,
            node.lineno,
            node.end_lineno or 0,
            (),
            params,
            None,
            (),
            w.statement,
            NOTHING,
            NOTHING,
            "",
        )
    )
    w.queue.append((scope, node.body))
    return new(Lambda, ("f", scope))


def _comprehension(kind: str) -> Handler:
    def handler(w: Walk, node: A.ListComp | A.SetComp | A.GeneratorExp | A.DictComp) -> Comprehension:
        outer, statement = w.block, w.statement
        for generator in node.generators:
            iterable = maybe(w, generator.iter)
            target = maybe(w, generator.target)
            w.block = w.open("comp", statement, new(Clause, (target, iterable, node.lineno, kind)))
            for test in generator.ifs:
                maybe(w, test)
        inner = w.block
        items = (maybe(w, node.key), maybe(w, node.value)) if isinstance(node, A.DictComp) else (maybe(w, node.elt),)
        w.block = outer
        return new(Comprehension, ("g", kind, items, inner))

    return handler


def _starred(w: Walk, node: A.Starred) -> Starred:
    return new(Starred, ("s", maybe(w, node.value)))


def _walrus(w: Walk, node: A.NamedExpr) -> Walrus:
    target, value = _name(w, node.target), EXPR[type(node.value)](w, node.value)
    w.statements.append(Assign(w.scope, w.block, node.lineno, node.end_lineno or 0, (target,), value, None))
    return new(Walrus, ("w", target.id, value))


def _await(w: Walk, node: A.Await) -> Await:
    return new(Await, ("v", maybe(w, node.value)))


def _yield(w: Walk, node: A.Yield | A.YieldFrom) -> Yield:
    if "g" not in w.flags:
        w.flags += "g"
    return new(Yield, ("y", maybe(w, node.value)))


def _joined(w: Walk, node: A.JoinedStr) -> FString:
    return new(FString, ("j", tuple([maybe(w, v) for v in node.values])))


def _formatted(w: Walk, node: A.FormattedValue) -> Expression:
    return EXPR[type(node.value)](w, node.value)


def _unknown(w: Walk, node: A.expr) -> Unknown:
    found = []
    for field in node._fields:
        value = getattr(node, field, None)
        for item in value if type(value) is list else (value,):
            if isinstance(item, A.expr):
                found.append(EXPR[type(item)](w, item))
    return new(Unknown, ("?", tuple(found)))


# Every kind of expression has an entry: a plain dictionary is looked up twice as fast as one with a default.
EXPR: dict[type, Handler] = dict.fromkeys(A.expr.__subclasses__(), _unknown)
EXPR.update(
    {
        A.Name: _name,
        A.Attribute: _attribute,
        A.Constant: _constant,
        A.Call: _call,
        A.Tuple: _items(TupleDisplay, "t"),
        A.List: _items(ListDisplay, "l"),
        A.Set: _items(SetDisplay, "S"),
        A.Dict: _dict,
        A.Subscript: _subscript,
        A.Slice: _slice,
        A.BinOp: _binop,
        A.UnaryOp: _unary,
        A.BoolOp: _boolean,
        A.Compare: _compare,
        A.IfExp: _conditional,
        A.Lambda: _lambda,
        A.ListComp: _comprehension("list"),
        A.SetComp: _comprehension("set"),
        A.GeneratorExp: _comprehension("generator"),
        A.DictComp: _comprehension("dict"),
        A.Starred: _starred,
        A.NamedExpr: _walrus,
        A.Await: _await,
        A.Yield: _yield,
        A.YieldFrom: _yield,
        A.JoinedStr: _joined,
        A.FormattedValue: _formatted,
    }
)
