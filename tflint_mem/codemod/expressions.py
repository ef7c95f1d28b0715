"""Rewrites inside a statement: other expressions, arguments and decorators."""

from __future__ import annotations

import libcst as cst

from . import NoFix
from .node_order import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.finding import Edit

    from .view import View

    Decorated = cst.FunctionDef | cst.ClassDef
    Space = cst.BaseParenthesizableWhitespace

# What `predict` may be given besides its data: it does not change what comes back.
_PREDICT_ONLY = frozenset(("verbose",))
# What binds its parts tighter than some expressions do.
_TIGHT = (
    cst.Attribute,
    cst.Call,
    cst.Subscript,
    cst.BinaryOperation,
    cst.UnaryOperation,
    cst.Comparison,
    cst.ComparisonTarget,
    cst.BooleanOperation,
    cst.Await,
    cst.IfExp,
)
# Expressions that need parentheses there.
_LOOSE = (
    cst.BinaryOperation,
    cst.UnaryOperation,
    cst.Comparison,
    cst.BooleanOperation,
    cst.IfExp,
    cst.Lambda,
    cst.Await,
    cst.Tuple,
    cst.NamedExpr,
    cst.Yield,
)


def replace_expression(view: View, node: cst.BaseExpression, code: str) -> list[Edit]:
    """Put the expression `code` where `node` stands."""
    return view.edits({node: _fitting(view, node, view.expression(code))})


def append_attribute(view: View, call: cst.BaseExpression, name: str) -> list[Edit]:
    """`call` becomes `call.name`."""
    around = view.parent(call)
    if isinstance(around, cst.Attribute) and around.attr.value == name:
        raise NoFix(f"it already ends in .{name}")
    if isinstance(around, cst.Await):
        raise NoFix("the call is awaited")
    return view.edits({call: cst.Attribute(call, cst.Name(name))})


def argument(call: cst.Call, which: int | str) -> cst.Arg:
    """The argument at a position (from 0) or with a keyword; NoFix when there is none or stars make it unclear."""
    for position, arg in enumerate(call.args):
        if arg.star == "*" and isinstance(which, int) and position <= which:
            raise NoFix("starred arguments")
        if isinstance(which, int) and position == which and arg.keyword is None and not arg.star:
            return arg
        if arg.keyword is not None and arg.keyword.value == which:
            return arg
    raise NoFix("the argument is not given there")


def keyword_names(call: cst.Call) -> set[str]:
    """Keywords the call is given."""
    return {arg.keyword.value for arg in call.args if arg.keyword is not None}


def wrap_argument(view: View, call: cst.Call, which: int | str, template: str) -> list[Edit]:
    """Replace one argument by `template` with `{}` standing for it: `wrap_argument(view, call, 0, "tf.constant({})")`.

    ValueError when the template does not have one `{}`.
    """
    arg = argument(call, which)
    new = view.expression(template.replace("{}", "__argument__"))
    holes = [node for node in walk(new) if isinstance(node, cst.Name) and node.value == "__argument__"]
    if len(holes) != 1:
        raise ValueError(f"{template!r} needs one {{}}")
    if isinstance(arg.value, cst.GeneratorExp) and not arg.value.lpar:
        raise NoFix("the argument is a bare generator expression")
    wrapped = new.deep_replace(holes[0], arg.value)
    if not isinstance(wrapped, cst.CSTNode):
        raise NoFix("the new code does not parse")
    return view.edits({arg.value: wrapped})


def add_keyword(view: View, call: cst.Call, keyword: str, code: str) -> list[Edit]:
    """Give the call one more keyword argument, in the layout of its other arguments."""
    return view.edits({call: _with_keyword(view, call, keyword, code)})


def _with_keyword(view: View, call: cst.Call, keyword: str, code: str) -> cst.Call:
    """The call node with `keyword=code` behind its other arguments."""
    if keyword in keyword_names(call):
        raise NoFix(f"{keyword} is already given")
    if any(arg.star == "**" for arg in call.args):
        raise NoFix("** arguments may already hold the keyword")
    if len(call.args) == 1 and isinstance(call.args[0].value, cst.GeneratorExp) and not call.args[0].value.lpar:
        raise NoFix("the argument is a bare generator expression")
    none = cst.SimpleWhitespace("")
    new = cst.Arg(
        view.expression(code),
        keyword=cst.Name(keyword),
        equal=cst.AssignEqual(whitespace_before=none, whitespace_after=none),
    )
    if not call.args:
        return call.with_changes(args=[new])
    *front, last = call.args
    if isinstance(last.comma, cst.Comma):
        # One argument per line, closed by a comma: the line break before the parenthesis moves behind the new one.
        between = (
            front[-1].comma.whitespace_after
            if front and isinstance(front[-1].comma, cst.Comma)
            else call.whitespace_before_args
        )
        tail = last.comma
        if not isinstance(between, cst.ParenthesizedWhitespace):
            between = cst.SimpleWhitespace(" ")
        last = last.with_changes(comma=tail.with_changes(whitespace_after=_joined(tail.whitespace_after, between)))
        new = new.with_changes(comma=cst.Comma(whitespace_after=_without_comment(tail.whitespace_after)))
        return call.with_changes(args=[*front, last, new])
    between = cst.SimpleWhitespace(" ")
    if (
        front
        and isinstance(front[-1].comma, cst.Comma)
        and isinstance(front[-1].comma.whitespace_after, cst.ParenthesizedWhitespace)
    ):
        between = _without_comment(front[-1].comma.whitespace_after)
    new = new.with_changes(whitespace_after_arg=last.whitespace_after_arg)
    last = last.with_changes(comma=cst.Comma(whitespace_after=between), whitespace_after_arg=none)
    if (
        isinstance(new.whitespace_after_arg, cst.ParenthesizedWhitespace)
        and new.whitespace_after_arg.first_line.comment
    ):
        comment = new.whitespace_after_arg.first_line
        if isinstance(between, cst.ParenthesizedWhitespace):
            last = last.with_changes(comma=cst.Comma(whitespace_after=between.with_changes(first_line=comment)))
            new = new.with_changes(whitespace_after_arg=_without_comment(new.whitespace_after_arg))
    return call.with_changes(args=[*front, last, new])


def _joined(own: Space, between: Space) -> Space:
    """Whitespace behind a comma that keeps the comment of `own` and breaks the line as `between` does."""
    if isinstance(own, cst.ParenthesizedWhitespace) and isinstance(between, cst.ParenthesizedWhitespace):
        return between.with_changes(first_line=own.first_line, empty_lines=())
    if isinstance(own, cst.ParenthesizedWhitespace) and own.first_line.comment:
        return own
    return _without_comment(between)


def _without_comment(space: Space) -> Space:
    """The same space without a comment in it; line breaks stay."""
    if not isinstance(space, cst.ParenthesizedWhitespace):
        return space
    first = space.first_line.with_changes(comment=None, whitespace=cst.SimpleWhitespace(""))
    return space.with_changes(first_line=first, empty_lines=())


def without_keyword(view: View, call: cst.Call, keyword: str) -> list[Edit]:
    """Drop one keyword argument."""
    arg = argument(call, keyword)
    index = next(i for i, own in enumerate(call.args) if own is arg)
    args = list(call.args)
    del args[index]
    if args and index == len(args):
        args[-1] = args[-1].with_changes(comma=arg.comma, whitespace_after_arg=arg.whitespace_after_arg)
    return view.edits({call: call.with_changes(args=args)})


def predict_to_call(view: View, call: cst.Call) -> list[Edit]:
    """`model.predict(x)` becomes `model(x, training=False).numpy()`.

    Only `x` and `verbose` may be given: what the others do (`batch_size`, `steps`, `callbacks`, `workers` …) a plain
    call cannot.
    """
    func, data = _prediction(call)
    equal = cst.AssignEqual(cst.SimpleWhitespace(""), cst.SimpleWhitespace(""))
    inner = call.with_changes(
        func=func.value,
        lpar=(),
        rpar=(),
        whitespace_before_args=cst.SimpleWhitespace(""),
        args=[
            cst.Arg(data, comma=cst.Comma(whitespace_after=cst.SimpleWhitespace(" "))),
            cst.Arg(cst.Name("False"), keyword=cst.Name("training"), equal=equal),
        ],
    )
    outer = cst.Call(cst.Attribute(inner, cst.Name("numpy")), lpar=call.lpar, rpar=call.rpar)
    return view.edits({call: outer})


def predict_to_on_batch(view: View, call: cst.Call) -> list[Edit]:
    """`model.predict(x)` becomes `model.predict_on_batch(x)`; the same arguments are refused."""
    func, data = _prediction(call)
    func = func.with_changes(attr=cst.Name("predict_on_batch"))
    return view.edits({call: call.with_changes(func=func, args=[cst.Arg(data)])})


def _prediction(call: cst.Call) -> tuple[cst.Attribute, cst.BaseExpression]:
    """`model.predict` and the data of a plain `predict`; NoFix for anything a direct call would not do."""
    if not isinstance(call.func, cst.Attribute) or call.func.attr.value != "predict":
        raise NoFix("it is no predict call")
    data: cst.BaseExpression | None = None
    for position, arg in enumerate(call.args):
        if arg.star:
            raise NoFix("starred arguments")
        if arg.keyword is None and position == 0 or arg.keyword is not None and arg.keyword.value == "x":
            data = arg.value
        elif arg.keyword is None or arg.keyword.value not in _PREDICT_ONLY:
            name = arg.keyword.value if arg.keyword is not None else "a second argument"
            raise NoFix(f"predict is given {name}")
    if data is None:
        raise NoFix("predict is given no data")
    if isinstance(data, cst.GeneratorExp):
        raise NoFix("predict is given a generator")
    if any(_has_comment(arg) for arg in call.args) or _has_comment_space(call.whitespace_before_args):
        raise NoFix("comments stand between the arguments")
    return call.func, data


def _has_comment(arg: cst.Arg) -> bool:
    """Does a comment stand behind an argument?"""
    spaces = [arg.whitespace_after_arg]
    if isinstance(arg.comma, cst.Comma):
        spaces += [arg.comma.whitespace_before, arg.comma.whitespace_after]
    return any(map(_has_comment_space, spaces))


def _has_comment_space(space: Space) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace) and (
        space.first_line.comment is not None or any(line.comment is not None for line in space.empty_lines)
    )


def _fitting(view: View, node: cst.BaseExpression, new: cst.BaseExpression) -> cst.BaseExpression:
    """`new` in the parentheses of `node`, or in parentheses of its own where the place binds tighter than it does."""
    if getattr(new, "lpar", ()):
        return new
    if getattr(node, "lpar", ()) and not isinstance(node, cst.GeneratorExp):
        return new.with_changes(lpar=node.lpar, rpar=node.rpar)
    if isinstance(new, _LOOSE) and isinstance(view.parent(node), _TIGHT):
        return new.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
    return new


# --- decorators ------------------------------------------------------------------------------------------------------


def add_decorator(view: View, function: Decorated, code: str) -> list[Edit]:
    """Put `@code` right above `def`, below the decorators that are there."""
    new = cst.Decorator(view.expression(code))
    decorators = [*function.decorators, new]
    return view.edits({function: function.with_changes(decorators=decorators)})


def decorator_keyword(view: View, decorator: cst.Decorator, keyword: str, code: str) -> list[Edit]:
    """`@tf.function` becomes `@tf.function(keyword=code)`; `@tf.function(...)` is given one argument more."""
    expression = decorator.decorator
    if isinstance(expression, cst.Call):
        return add_keyword(view, expression, keyword, code)
    return view.edits({expression: _with_keyword(view, cst.Call(expression), keyword, code)})


def decorator_on(view: View, row: int) -> cst.Decorator:
    """The decorator that starts on `row` of the module."""
    owner = view.statement_on(row, (cst.FunctionDef, cst.ClassDef))
    if isinstance(owner, (cst.FunctionDef, cst.ClassDef)):
        for node, there in zip(view.ast_of(owner).decorator_list, owner.decorators):
            if node.lineno + view.first_row - 1 == row:
                return there
    raise NoFix("no decorator stands there")
