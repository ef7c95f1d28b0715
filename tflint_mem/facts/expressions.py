"""Expressions: what a module's code computes, as records without a syntax node in them.

A call is a record of its own (`records.Call`) with a number in the module; inside an expression stands a `CallRef`.
"""

from __future__ import annotations

from .position import Pos
from .record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .records import Call


class Expression(Record):
    """Any expression; what `walk` finds none in has no children."""

    __slots__ = ()

    def children(self) -> tuple[Expression | None, ...]:
        """The expressions right inside this one, in order; None where one is left out, as in `x[1:]`."""
        return ()


class Reference(Expression):
    """A name or an attribute."""

    __slots__ = ()

    @property
    def tail(self) -> str:
        """The last identifier: `c` of `a.b.c`."""
        raise NotImplementedError


class Name(Reference, tag="n"):
    """`x`"""

    __slots__ = ()
    id: str

    @property
    def tail(self) -> str:
        return self.id


class Attribute(Reference, tag="a"):
    """`base.attr`"""

    __slots__ = ()
    base: Expression
    attr: str

    @property
    def tail(self) -> str:
        return self.attr

    def children(self) -> tuple[Expression | None, ...]:
        return (self.base,)


class CallRef(Expression, tag="c"):
    """`f(x)`: the call with that number in the module's `calls`"""

    __slots__ = ()
    number: int


class Constant(Expression, tag="k"):
    """`12`, `"text"` (its first 200 characters), `None`; 1, 1.0 and True are equal, as everywhere in Python"""

    __slots__ = ()
    value: str | float | bool | None


class Display(Expression):
    """A tuple, list or set that is written out; of a long one the first `MAX_ITEMS` items that count are kept."""

    __slots__ = ()
    items: tuple[Expression, ...]

    def children(self) -> tuple[Expression | None, ...]:
        return self.items


class SequenceDisplay(Display):
    """A tuple or list that is written out."""

    __slots__ = ()


class TupleDisplay(SequenceDisplay, tag="t"):
    """`(a, b)`"""

    __slots__ = ()


class ListDisplay(SequenceDisplay, tag="l"):
    """`[a, b]`"""

    __slots__ = ()


class SetDisplay(Display, tag="S"):
    """`{a, b}`"""

    __slots__ = ()


class DictDisplay(Expression, tag="d"):
    """`{"a": b, **c}`: a key for each value, None for `**`"""

    __slots__ = ()
    keys: tuple[Expression | None, ...]
    values: tuple[Expression, ...]

    def children(self) -> tuple[Expression | None, ...]:
        return (*self.keys, *self.values)


class Subscript(Expression, tag="x"):
    """`base[index]`"""

    __slots__ = ()
    base: Expression
    index: Expression
    pos: Pos

    def children(self) -> tuple[Expression | None, ...]:
        return (self.base, self.index)


class Slice(Expression, tag="sl"):
    """`low:high:step` as the index of a subscript"""

    __slots__ = ()
    low: Expression | None
    high: Expression | None
    step: Expression | None

    def children(self) -> tuple[Expression | None, ...]:
        return (self.low, self.high, self.step)


class BinaryOp(Expression, tag="b"):
    """`left + right`"""

    __slots__ = ()
    op: str
    left: Expression
    right: Expression
    pos: Pos

    def children(self) -> tuple[Expression | None, ...]:
        return (self.left, self.right)


class UnaryOp(Expression, tag="u"):
    """`-operand`, `not operand`"""

    __slots__ = ()
    op: str
    operand: Expression

    def children(self) -> tuple[Expression | None, ...]:
        return (self.operand,)


class BoolOp(Expression, tag="o"):
    """`a and b and c`: one `op` for all items"""

    __slots__ = ()
    op: str
    items: tuple[Expression, ...]

    def children(self) -> tuple[Expression | None, ...]:
        return self.items


class Comparison(Expression, tag="q"):
    """`left < a <= b`: an operator for each of `rights`"""

    __slots__ = ()
    left: Expression
    ops: tuple[str, ...]
    rights: tuple[Expression, ...]

    def children(self) -> tuple[Expression | None, ...]:
        return (self.left, *self.rights)


class Conditional(Expression, tag="i"):
    """`body if test else orelse`"""

    __slots__ = ()
    test: Expression
    body: Expression
    orelse: Expression

    def children(self) -> tuple[Expression | None, ...]:
        return (self.test, self.body, self.orelse)


class Lambda(Expression, tag="f"):
    """`lambda x: x + 1`: its parameters and its body are the scope with that number"""

    __slots__ = ()
    scope: int


class Comprehension(Expression, tag="g"):
    """`[item for x in y]`, `{key: value for x in y}`

    kind   "list", "set", "dict" or "generator"
    items  what is computed at each pass: one expression; key and value for a dictionary
    block  the number of the innermost block, whose clause is the last `for`
    """

    __slots__ = ()
    kind: str
    items: tuple[Expression, ...]
    block: int

    def children(self) -> tuple[Expression | None, ...]:
        return self.items


class Starred(Expression, tag="s"):
    """`*value`"""

    __slots__ = ()
    value: Expression

    def children(self) -> tuple[Expression | None, ...]:
        return (self.value,)


class Walrus(Expression, tag="w"):
    """`name := value`, which is an `Assign` among the statements, too"""

    __slots__ = ()
    name: str
    value: Expression

    def children(self) -> tuple[Expression | None, ...]:
        return (self.value,)


class Await(Expression, tag="v"):
    """`await value`"""

    __slots__ = ()
    value: Expression

    def children(self) -> tuple[Expression | None, ...]:
        return (self.value,)


class Yield(Expression, tag="y"):
    """`yield value`, `yield from value`"""

    __slots__ = ()
    value: Expression | None

    def children(self) -> tuple[Expression | None, ...]:
        return (self.value,)


class FString(Expression, tag="j"):
    """`f"{a} and {b}"`: its texts, too, are items"""

    __slots__ = ()
    items: tuple[Expression, ...]

    def children(self) -> tuple[Expression | None, ...]:
        return self.items


class Unknown(Expression, tag="?"):
    """`b"bytes"`, `...`: anything else, and the expressions in it"""

    __slots__ = ()
    items: tuple[Expression, ...]

    def children(self) -> tuple[Expression | None, ...]:
        return self.items


SELF = Name("self")
CLS = Name("cls")
NONE = Constant(None)
TRUE = Constant(True)
FALSE = Constant(False)


def tail_of(expression: Expression) -> str | None:
    """The last identifier of a name or attribute, else None."""
    if type(expression) is Name:
        return expression.id
    if type(expression) is Attribute:
        return expression.attr
    return None


def dotted(expression: Expression) -> tuple[str, ...] | None:
    """`("a", "b", "c")` for a.b.c, else None."""
    parts = []
    while type(expression) is Attribute:
        parts.append(expression.attr)
        expression = expression.base
    if type(expression) is not Name:
        return None
    parts.append(expression.id)
    parts.reverse()
    return tuple(parts)


def walk(expression: Expression | None, calls: Sequence[Call] | None = None) -> Iterator[Expression]:
    """Every sub-expression, itself included; goes into calls if the module's `calls` are given, never into lambdas."""
    stack = [expression]
    while stack:
        e = stack.pop()
        if e is None:
            continue
        yield e
        children = e.children()
        if children:
            stack.extend(reversed([c for c in children if c is not None]))
        elif calls is not None and type(e) is CallRef:
            call = calls[e.number]
            stack.extend(reversed([call.func, *call.args, *[k.value for k in call.keywords]]))
