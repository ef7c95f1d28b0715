"""Does an argument hold another Python value in each repeat?

Numbers, texts and objects count; tensors and NumPy values never do.

`argument` answers for one expression, `first` for a call: a `Varying`, None when nothing shows that anything varies.
Uncertain: of a value that is not known no more is said than that it is not steady, which counts in texts and
conversions only; a search that is given up says nothing.
"""

from __future__ import annotations

from itertools import islice

from tflint_mem.facts import (
    Attribute,
    BinaryOp,
    CallRef,
    Conditional,
    DictDisplay,
    Expression,
    FString,
    Lambda,
    ListDisplay,
    Name,
    Record,
    Starred,
    Subscript,
    TupleDisplay,
    UnaryOp,
    Walrus,
)

from . import hot
from .varying import FEW, MAX_DEPTH, Varying
from .varying_names import Names
from .varying_results import Results

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

__all__ = ["FEW", "Found", "MAX_REPEATS", "Search", "Varying", "argument", "first"]

MAX_REPEATS = 6


def argument(context: Context, repeat: Repeat, expression: Expression) -> Varying | None:
    """A Varying for an argument expression of the flagged call, or None when nothing shows that it varies."""
    m, i = repeat.hops[-1]
    search = Search(context, repeat)
    found = search.of(len(repeat.hops) - 1, expression, m.calls[i].statement, m.calls[i].block, 0)
    return found if search.looked_at_all() else None


class Found(Record):
    """An argument that varies: in which repeat, how, and its position or keyword."""

    __slots__ = ()
    repeat: Repeat
    varying: Varying
    which: int | str


def first(context: Context, m: Module, i: int) -> Found | None:
    """The first argument that varies in the first repeat that shows it, or None."""
    call = m.calls[i]
    given: dict[int | str, Expression] = {}
    for position, expression in enumerate(call.args):
        if isinstance(expression, Starred):
            break
        given[position] = expression
    given.update({keyword.name: keyword.value for keyword in call.keywords if keyword.name})
    if not given:
        return None
    best: Found | None = None
    for number, repeat in enumerate(hot.repeats(context, m, i, outer=True)):
        if number >= MAX_REPEATS or best is not None and best.varying.loop is None:
            break
        if repeat.count is not None and repeat.count <= FEW or not hot.eager(context, repeat):
            continue
        for which in given if best is None else (best.which,):
            varying = argument(context, repeat, given[which])
            if varying is None:
                continue
            if varying.loop is None or varying.loop == (repeat.module, repeat.block):
                return Found(repeat, varying, which)  # the loop that brings the new values
            best = best or Found(repeat, varying, which)
            break
    return best


def ways(context: Context, m: Module, i: int, which: int | str) -> Iterator[Repeat]:
    """The repeats that bring new values of one argument of call `i`: a position, or the name of a keyword."""
    call = m.calls[i]
    named = {keyword.name: keyword.value for keyword in call.keywords}
    given = call.args[which] if isinstance(which, int) else named[which]
    for repeat in islice(hot.repeats(context, m, i, outer=True), MAX_REPEATS):
        if repeat.count is not None and repeat.count <= FEW or not hot.eager(context, repeat):
            continue
        varying = argument(context, repeat, given)
        if varying is not None and (varying.loop is None or varying.loop == (repeat.module, repeat.block)):
            yield repeat


class Search(Names, Results):
    """The search for what varies in one argument."""

    def looked_at_all(self) -> bool:
        """Was the budget enough?  Enters that the answer is unknown when it was not."""
        if self.budget.spent:
            self.budget.give_up()
            return False
        return True

    def of(self, position: int, e: Expression | None, at: int, around: int, depth: int) -> Varying | None:
        """What varies in an expression, or None.

        position  of the hop in whose function it stands
        at        the statement at which it is asked
        around    the block around it
        depth     how many expressions were followed to get to it
        """
        if depth > MAX_DEPTH or e is None or not self.budget.step():
            return None
        handler = _HANDLERS.get(type(e))
        return handler(self, position, e, at, around, depth + 1) if handler is not None else None


# The class of an expression -> what answers for it, which takes expressions of that class; others never vary.
_HANDLERS: dict[type[Expression], Callable[[Search, int, Any, int, int, int], Varying | None]] = {
    Name: Search.name,
    Attribute: Search.attribute,
    BinaryOp: Search.binary,
    UnaryOp: Search.unary,
    Conditional: Search.conditional,
    Walrus: Search.walrus,
    TupleDisplay: Search.sequence,
    ListDisplay: Search.sequence,
    FString: Search.text,
    Subscript: Search.subscript,
    Lambda: Search.function,
    CallRef: Search.call,
    DictDisplay: Search.dictionary,
}
