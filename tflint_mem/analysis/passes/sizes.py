"""Does a size vary: a number that gives the length of a slice or of an array?

What is known of a size is a `Shape`, None when nothing shows that it varies.  The length of a slice is a difference of
sums, in which what stands on both sides drops out: `x[i : i + n]` has the length `n`.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Attribute,
    BinaryOp,
    CallRef,
    Constant,
    Expression,
    Name,
    SequenceDisplay,
    UnaryOp,
    tail_of,
    walk,
)

from .steady import bound_by
from .varying import FEW
from .varying_values import Search

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import TypeAlias

    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    from .varying import Loop

    Product: TypeAlias = tuple[Expression, ...]  # what is multiplied; nothing: one
    Sum: TypeAlias = dict[Product, float]  # product -> its factor

_MAX_SUM = 6  # expressions in each other that a sum is made of


class Shape:
    """A shape that varies: `what` is a phrase for messages, `loop` the loop that brings the sizes, or None.

    sure   does the code show it?  Else the data may have one size or several
    """

    __slots__ = ("what", "loop", "sure")

    def __init__(self, what: str, loop: Loop | None = None, sure: bool = True) -> None:
        self.what = what
        self.loop = loop
        self.sure = sure


class Sizes:
    """Questions about numbers that give sizes, in one argument.

    `position` is the number of a hop, in whose function an expression stands.

    numbers  the search for numbers that vary, whose budget is that of both
    step     takes a step of that budget; False when none is left
    names    the names that are followed just now
    cuts     how often one of them led back to itself
    known    what was asked about a name -> the answer, of those that no such circle was cut in
    held     the bindings that questions were about: as long as they are there they keep their ids
    """

    def __init__(self, context: Context, repeat: Repeat) -> None:
        self.context, self.repeat, self.infer = context, repeat, context.infer
        self.numbers = Search(context, repeat)
        self.step: Callable[[], bool] = self.numbers.budget.step
        self.names: set[Hashable] = set()
        self.cuts = 0
        self.known: dict[Hashable, Shape | None] = {}
        self.held: list[Sequence[Binding]] = []

    def slice(
        self, position: int, low: Expression | None, high: Expression | None, at: int, around: int
    ) -> Shape | None:
        """The length `high - low`: does it hold something that varies?"""
        length = _minus(self.sum(position, high, at, 0), self.sum(position, low, at, 0))
        if length is None or high is None and low is None:
            return None
        if low is None and isinstance(high, UnaryOp):
            return None if isinstance(high.operand, Constant) else self.size(position, high.operand, at, around)
        if high is None and isinstance(low, UnaryOp):
            return None
        for product in length:
            for part in product:
                found = self.size(position, part, at, around)
                if found:
                    named = found.what.startswith("the ")
                    what = f"a slice whose length is {found.what}" if named else "a slice whose length changes"
                    return Shape(what, found.loop)
        return None

    def sum(self, position: int, e: Expression | None, at: int, depth: int) -> Sum | None:
        """The expression as a sum; names that arithmetic was assigned to are taken apart.  None: too hard."""
        if e is None:
            return {}
        if depth > _MAX_SUM:
            return None
        if isinstance(e, Constant):
            return {(): e.value} if isinstance(e.value, (int, float)) and not isinstance(e.value, bool) else None
        if isinstance(e, UnaryOp) and e.op in ("-", "+"):
            inner = self.sum(position, e.operand, at, depth + 1)
            return inner if e.op == "+" else _minus({}, inner)
        if isinstance(e, BinaryOp) and e.op in ("+", "-", "*"):
            left, right = self.sum(position, e.left, at, depth + 1), self.sum(position, e.right, at, depth + 1)
            if left is None or right is None:
                return None
            if e.op == "*":
                return _times(left, right)
            return _minus(left, right if e.op == "-" else _minus({}, right))
        m, scope = self.numbers.place(position)
        if isinstance(e, CallRef) and _is_min(m, e) and m.calls[e.number].args:
            # min(start + n, end): only the last one is shorter
            return self.sum(position, m.calls[e.number].args[0], at, depth + 1)
        if isinstance(e, Name):
            bindings = m.bindings(scope).get(e.id)
            reaching = self.infer.reaching(m, bindings, at) if bindings else ()
            for b in reaching if len(reaching) == 1 else ():
                if (
                    b.kind == "assign"
                    and not b.path
                    and isinstance(b.value, Expression)
                    and (isinstance(b.value, (BinaryOp, Name)) or _is_min(m, b.value))
                ):
                    return self.sum(position, b.value, b.statement, depth + 1)
        return {(e,): 1}

    def size(self, position: int, e: Expression, at: int, around: int) -> Shape | None:
        """A Shape for a number that gives a size: a loop variable, a counter, something random."""
        m, scope = self.numbers.place(position)
        found = self.numbers.of(position, e, at, around, 0)
        if found and found.kind == "number":
            return Shape(found.what, found.loop)
        if not isinstance(e, Name):
            return _random(m, e)
        bindings = m.bindings(scope).get(e.id)
        for b in self.infer.reaching(m, bindings, at) if bindings else ():
            value, statement = b.value, b.statement
            if b.kind == "param" and isinstance(value, int) and position > 0:
                other, j = self.repeat.hops[position - 1]
                given = self.infer.argument(m, scope, value, other, j)
                if given is not None:
                    return self.size(position - 1, given, other.calls[j].statement, other.calls[j].block)
            elif not isinstance(value, Expression):
                continue
            elif b.kind == "iter":  # one of several numbers that a loop takes apart: (x, y, w, h) of a box
                loop = next((c for c in m.loops(around) if bound_by(m, b, c)), None)
                count = self.context.project.repeats_of.length(m, scope, value, statement)
                if (
                    loop is not None
                    and (count is None or count > FEW)
                    and not self._of_one_shape(position, value, statement)
                ):
                    return Shape(f"the loop variable `{e.id}`", (m, loop))
            elif b.kind == "assign" and self.numbers.repeated(position, m.statements[statement].block):
                random = _random(m, value)
                if random:
                    return random
        return None

    def _of_one_shape(self, position: int, iterable: Expression, at: int) -> bool:
        """Is it a dataset or another thing whose elements are tensors of one shape?"""
        return bool({"dataset", "tensor"} & self.numbers.kinds(position, iterable, at))

    def sizes(self, position: int, e: Expression, at: int, around: int) -> Shape | None:
        """A shape given as a number or as a tuple of numbers."""
        for item in e.items if isinstance(e, SequenceDisplay) else (e,):
            found = self.size(position, item, at, around)
            if found:
                named = found.what.startswith("the ")
                what = f"an array of a size that is {found.what}" if named else "an array of a changing size"
                return Shape(what, found.loop)
            if isinstance(item, BinaryOp) and any(
                self.size(position, inner, at, around) for inner in walk(item) if isinstance(inner, Name)
            ):
                return Shape("an array of a changing size")
        return None


def _random(m: Module, e: Expression) -> Shape | None:
    """A Shape for what is made of a random number."""
    for inner in walk(e, m.calls):
        if isinstance(inner, CallRef):
            f = m.calls[inner.number].func
            while isinstance(f, Attribute):
                if f.attr in ("random", "randint", "randrange", "integers"):
                    return Shape("a random number")
                f = f.base
            if isinstance(f, Name) and f.id in ("random", "randint", "randrange", "rng"):
                return Shape("a random number")
    return None


def _is_min(m: Module, e: Expression) -> bool:
    return isinstance(e, CallRef) and tail_of(m.calls[e.number].func) in ("min", "int")


def _minus(left: Sum | None, right: Sum | None) -> Sum | None:
    if left is None or right is None:
        return None
    found = dict(left)
    for product, factor in right.items():
        found[product] = found.get(product, 0) - factor
    return {product: factor for product, factor in found.items() if factor}


def _times(left: Sum, right: Sum) -> Sum:
    found: Sum = {}
    for a, x in left.items():
        for b, y in right.items():
            product = tuple(sorted((*a, *b), key=repr))
            found[product] = found.get(product, 0) + x * y
    return found
