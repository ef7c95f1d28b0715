"""Another value in each pass: what is said about it, and what every part of the search for it asks.

The search is made of parts, each of which answers for one kind of expression: `varying_names`, `varying_results`; it is
put
together in `varying_values`.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, Constant, Expression, tail_of
from tflint_mem.project.holds.values import Thing, ThingMethod

from .steady import steady

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence
    from typing import Literal, TypeAlias

    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Function, Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    Kind: TypeAlias = Literal["number", "text", "object", "model", "wrapper"]
    Loop: TypeAlias = tuple[Module, int]  # the block of a loop

FEW = 8  # values: a handful of traces is what modes, flags and scales are for
MAX_DEPTH = 8  # expressions in each other, names included
MOST_STEPS = 2_000  # expressions that one search looks at
ARRAYS = frozenset(("tensor", "ndarray", "variable", "dataset", "iterator", "metric"))
_SETTINGS = frozenset(
    (
        "args",
        "FLAGS",
        "flags",
        "opt",
        "opts",
        "options",
        "config",
        "cfg",
        "conf",
        "hparams",
        "hp",
        "hps",
        "params",
        "settings",
    )
)
_NUMBERS = frozenset(("int", "float", "number"))


class Varying:
    """What varies and where.

    what   a phrase for messages
    kind   "number", "text", "object" or "model"; "wrapper" is a new model around another one
    loop   the loop that brings the values, None when it is not known or not one
    float  whether a number may be no integer
    """

    __slots__ = ("what", "kind", "loop", "float")

    def __init__(self, what: str, kind: Kind = "number", loop: Loop | None = None, floating: bool = False) -> None:
        self.what = what
        self.kind = kind
        self.loop = loop
        self.float = floating


class Questions:
    """Looks for what varies in one argument.

    `position` is the number of a hop, in whose function an expression stands.

    names   the names that are followed just now
    cuts    how often one of them led back to itself
    known   what was asked about a name -> the answer, of those that no such circle was cut in
    held    the bindings that questions were about: as long as they are there they keep their ids
    old     whether TensorFlow is older than 2.3: NumPy numbers are keys of the trace cache by value there
    budget  the steps it may take
    """

    def __init__(self, context: Context, repeat: Repeat) -> None:
        self.context, self.repeat = context, repeat
        self.infer = context.infer
        self.names: set[Hashable] = set()
        self.cuts = 0
        self.known: dict[Hashable, Varying | None] = {}
        self.held: list[Sequence[Binding]] = []
        m, i = repeat.hops[-1]
        self.old = context.project.versions.at_least(m, 2, 3) is False
        self.budget = context.project.searches.begin("what varies", m, i, MOST_STEPS)

    if TYPE_CHECKING:
        # varying_values: any expression
        def of(self, position: int, e: Expression | None, at: int, around: int, depth: int) -> Varying | None: ...

    def place(self, position: int) -> Function:
        """The function around the call of a hop."""
        m, i = self.repeat.hops[position]
        return m, m.calls[i].scope

    def repeated(self, position: int, around: int) -> bool:
        """Does code in block `around` of hop number `position` run in each repeat?"""
        m, i = self.repeat.hops[position]
        if position > 0 or self.repeat.block is None:
            return True
        return any(m.inside(around, loop) for loop in m.loops(m.calls[i].block))

    def any(
        self, position: int, items: Iterable[Expression | None], at: int, around: int, depth: int
    ) -> Varying | None:
        """What varies in the first of the items in which something does."""
        for item in items:
            found = self.of(position, item, at, around, depth)
            if found:
                return found
        return None

    def values(self, position: int, e: Expression, at: int) -> Values:
        m, scope = self.place(position)
        return self.infer.values(m, scope, e, at)

    def kinds(self, position: int, e: Expression, at: int) -> set[str]:
        """Kinds of things that the expression may hold."""
        return {v.kind for v in self.values(position, e, at) if isinstance(v, Thing)}

    def unsteady(self, position: int, e: Expression, at: int, around: int) -> Varying | None:
        """Something of which we only know that it is not the same in each repeat."""
        if not self.repeated(position, around) or isinstance(e, Constant):
            return None
        if steady(self.context, self.repeat, e, position):
            return None
        return Varying("a changing value")

    # -- numbers -------------------------------------------------------------------------------------------------------

    def floating(self, position: int, e: Expression, at: int) -> bool:
        """May the expression be a float?"""
        return any(is_float(v) for v in self.values(position, e, at))

    def plain(self, position: int, e: Expression, at: int) -> bool:
        """Is the expression a Python number for all we know about it?"""
        m, scope = self.place(position)
        if (
            isinstance(e, Attribute)
            and tail_of(e.base) in _SETTINGS
            and all(isinstance(v, ThingMethod) for v in self.values(position, e, at))
        ):
            return True  # args.lr
        return (
            self.is_number(m, scope, e, at)
            or self.of(position, e, at, m.statements[at].block, MAX_DEPTH - 3) is not None
        )

    def is_number(self, m: Module, scope: int, e: Expression, at: int, unknown: bool = False) -> bool:
        """Is the expression a Python number and nothing else?  Where nothing is known the answer is `unknown`."""
        values = self.infer.values(m, scope, e, at)
        return bool(values or unknown) and all(is_number(v) for v in values)


def is_number(v: Value) -> bool:
    """Is the value a Python number?"""
    return (
        isinstance(v, Thing)
        and v.kind in _NUMBERS
        or isinstance(v, Constant)
        and isinstance(v.value, (int, float))
        and not isinstance(v.value, bool)
    )


def is_float(v: Value) -> bool:
    """Is the value a Python float?"""
    return isinstance(v, Constant) and isinstance(v.value, float) or isinstance(v, Thing) and v.kind == "float"
