"""The values of the inference.

A value is a record of one of the classes below; an expression has a frozenset of them (empty: unknown).  What a
constant is known to be is a `facts.Constant`.  They are told apart by class, `type(v) is Thing`, never by position.

Values hold sets of values, and those others.  How deep and how many is bounded (see `Bounds`): what lies further in is
unknown.  `module` is the index of a module in the project, `scope` the number of a scope in it.
"""

from __future__ import annotations

from tflint_mem.facts import Constant
from tflint_mem.facts.record import Record, new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from collections.abc import Set as AbstractSet
    from typing import TypeAlias

MAX_VALUES = 16  # of one expression
MAX_CALLERS = 32  # of a function whose arguments are looked at
MAX_NESTING = 6  # of containers in each other
MAX_SIZE = 600  # values in a container, with all that they hold
MODEL_BASES = frozenset(("keras.Model", "keras.Sequential", "keras.Functional"))


class External(Record, tag="ext"):
    """Something of another package, by the dotted name it was reached through."""

    __slots__ = ()
    name: str


class ModuleValue(Record, tag="mod"):
    """A module of the project."""

    __slots__ = ()
    module: int


class PackageValue(Record, tag="pkg"):
    """A package of the project that is a folder only: the module that imports it, and its dotted name."""

    __slots__ = ()
    module: int
    name: str


class FunctionValue(Record, tag="fn"):
    """A function or lambda of the project."""

    __slots__ = ()
    module: int
    scope: int


class ClassValue(Record, tag="cls"):
    """A class of the project."""

    __slots__ = ()
    module: int
    scope: int


class Instance(Record, tag="inst"):
    """An instance of a class of the project."""

    __slots__ = ()
    module: int
    scope: int


class SelfValue(Record, tag="self"):
    """The first parameter of a method: an instance of its class, or of one that derives from it."""

    __slots__ = ()
    module: int
    scope: int


class SuperValue(Record, tag="super"):
    """What `super()` gives in a method of a class."""

    __slots__ = ()
    module: int
    scope: int


class MethodValue(Record, tag="meth"):
    """A bound method of the project."""

    __slots__ = ()
    receiver: Value
    module: int
    scope: int


class CallOrigin(Record):
    """The call that makes a thing."""

    __slots__ = ()
    module: int
    call: int


class Decorated(Record, tag="deco"):
    """The call in a decorator that makes a thing of what it decorates."""

    __slots__ = ()
    module: int
    call: int


class Thing(Record, tag="obj"):
    """A thing that TensorFlow makes, of a kind that `knowledge` names, and what makes it, where that is known."""

    __slots__ = ()
    kind: str
    origin: Origin


class ThingMethod(Record, tag="bm"):
    """A method of something that is not the project's."""

    __slots__ = ()
    receiver: Value
    name: str


class SequenceValue(Record, tag="seq"):
    """A list, set or generator."""

    __slots__ = ()
    values: Values


class TupleValue(Record, tag="tup"):
    """A tuple."""

    __slots__ = ()
    items: tuple[Values, ...]


class MapValue(Record, tag="map"):
    """A dictionary: (key, its values) of those that are known, and all its values."""

    __slots__ = ()
    items: tuple[tuple[Key, Values], ...]
    values: Values


class PartialValue(Record, tag="part"):
    """`functools.partial` of a callable, with so many positional arguments given."""

    __slots__ = ()
    values: Values
    count: int


if TYPE_CHECKING:
    Value: TypeAlias = (
        External
        | ModuleValue
        | PackageValue
        | FunctionValue
        | ClassValue
        | Instance
        | SelfValue
        | SuperValue
        | MethodValue
        | Thing
        | ThingMethod
        | SequenceValue
        | TupleValue
        | MapValue
        | PartialValue
        | Constant
    )
    Values: TypeAlias = frozenset[Value]  # empty: unknown
    Found: TypeAlias = AbstractSet[Value]  # values that are being gathered
    Key: TypeAlias = str | float | bool | None  # of a dictionary: a constant
    Origin: TypeAlias = CallOrigin | Decorated | Instance | None
    Several = frozenset[Value]
else:
    Several = frozenset

EMPTY: Values = frozenset()


class Ordered(Several):
    """Several values, gone through in the same order in every run: strings hash differently each time,
    and a cycle is cut where it is met first.
    """

    __slots__ = ("_order",)
    _order: list[Value]

    def __iter__(self) -> Iterator[Value]:
        try:
            return iter(self._order)
        except AttributeError:
            self._order = sorted(frozenset.__iter__(self), key=order)
            return iter(self._order)


class Measure(Record):
    """How deep values hold others, and how many they are with all that they hold."""

    __slots__ = ()
    depth: int
    size: int


_ALONE = Measure(0, 1)  # of a value that holds no others


class Bounds:
    """How deep values nest and how much they hold, each set measured once."""

    def __init__(self) -> None:
        self._measures: dict[Values, Measure] = {}  # of sets that hold containers

    def within(self, found: Values) -> Values:
        """The set itself, or one in which containers that nest too deep or hold too much have unknown contents.

        A chain `b = (a, a)`, `c = (b, b)` … would double with each step; each answer that is kept goes through here, so
        that no set is measured deeper than one step beyond the bounds.
        """
        if _HOLDING.isdisjoint(map(type, found)):
            return found
        kept = []
        for v in found:
            measure = self._of_value(v)
            kept.append(v if measure.depth <= MAX_NESTING and measure.size <= MAX_SIZE else _emptied(v))
        return frozenset(kept)

    def _of_value(self, v: Value) -> Measure:
        if type(v) not in _HOLDING:
            return _ALONE
        depth, size = 0, 1
        for inner in _held(v):
            measure = self._of_set(inner)
            depth, size = max(depth, measure.depth), size + measure.size
        return Measure(depth + 1, size)

    def _of_set(self, found: Values) -> Measure:
        if _HOLDING.isdisjoint(map(type, found)):
            return Measure(0, len(found))
        measure = self._measures.get(found)
        if measure is None:
            measures = [self._of_value(v) for v in found]
            measure = Measure(max([each.depth for each in measures]), sum([each.size for each in measures]))
            self._measures[found] = measure
        return measure


_HOLDING: frozenset[type] = frozenset(
    (SequenceValue, TupleValue, MapValue, PartialValue, ThingMethod)
)  # what may hold others


def _held(v: Value) -> tuple[Values, ...]:
    """The sets of values that a value holds."""
    if type(v) is ThingMethod:
        return _held(v.receiver)
    if type(v) is TupleValue:
        return v.items
    if type(v) is MapValue:
        return (*[values for _, values in v.items], v.values)
    if type(v) is SequenceValue or type(v) is PartialValue:
        return (v.values,)
    return ()


def _emptied(v: Value) -> Value:
    """The value with unknown contents."""
    if type(v) is ThingMethod:
        return ThingMethod(_emptied(v.receiver), v.name)
    if type(v) is TupleValue:
        return TupleValue((EMPTY,) * len(v.items))
    if type(v) is MapValue:
        return MapValue((), EMPTY)
    if type(v) is SequenceValue:
        return SequenceValue(EMPTY)
    return PartialValue(EMPTY, v.count) if type(v) is PartialValue else v


def order(v: Value) -> str:
    """A key to sort values by that is the same in every run: the tag of the class, then the fields.

    Which values a set of too many keeps, and at which of several a cycle is cut, hangs on it; so it stays as it is.
    """
    if type(v) is Thing:
        return f"('obj', {v.kind!r}, {_origin(v.origin)})"
    if type(v) is External:
        return f"('ext', {v.name!r})"
    if type(v) is ThingMethod:
        return f"(bm {order(v.receiver)} {v.name!r})"
    if type(v) is Constant:
        return f"('k', {v.value!r})"
    if type(v) is Instance:
        return f"('inst', {v.module}, {v.scope})"
    if type(v) is FunctionValue:
        return f"('fn', {v.module}, {v.scope})"
    if type(v) is ClassValue:
        return f"('cls', {v.module}, {v.scope})"
    if type(v) is SelfValue:
        return f"('self', {v.module}, {v.scope})"
    if type(v) is MethodValue:
        return f"('meth', {order(v.receiver)}, {v.module}, {v.scope})"
    if type(v) is SequenceValue:
        return f"(seq {_spelled(v.values)} ())"
    if type(v) is TupleValue:
        return f"(tup {' '.join(map(_spelled, v.items))})"
    if type(v) is MapValue:
        return f"(map {' '.join([f'{key!r}: {_spelled(values)}' for key, values in v.items])} {_spelled(v.values)})"
    if type(v) is PartialValue:
        return f"(part {_spelled(v.values)} ({v.count},))"
    if type(v) is ModuleValue:
        return f"('mod', {v.module})"
    if type(v) is PackageValue:
        return f"('pkg', {v.module}, {v.name!r})"
    if type(v) is SuperValue:
        return f"('super', {v.module}, {v.scope})"
    raise TypeError(f"{type(v).__name__} is no value")


def _origin(made_by: Origin) -> str:
    if type(made_by) is CallOrigin:
        return f"({made_by.module}, {made_by.call})"
    if type(made_by) is Decorated:
        return f"('deco', {made_by.module}, {made_by.call})"
    return order(made_by) if type(made_by) is Instance else "None"


def _spelled(values: Values) -> str:
    """The text of a set of values, which is the same for equal sets."""
    return f"{{{', '.join(sorted(map(order, values)))}}}" if values else "{}"


def thing(kind: str, origin: Origin = None) -> Thing:
    """A thing of a kind."""
    return new(Thing, ("obj", kind, origin))


def one(value: Value) -> Values:
    """The set of one value."""
    return frozenset((value,))


def few(values: Collection[Value]) -> Values:
    """The set of these values, or of the first `MAX_VALUES` of too many."""
    return frozenset(values if len(values) <= MAX_VALUES else sorted(values, key=order)[:MAX_VALUES])


def has_content(values: Values) -> bool:
    """Is there anything but containers of which no item is known?  An empty set says nothing against it."""
    containers = False
    for v in values:
        if type(v) in _FULL:
            return True
        if type(v) is SequenceValue or type(v) is MapValue:
            if v.values:
                return True
            containers = True
        elif type(v) is TupleValue and v.items:
            return True
    return not containers


_FULL: frozenset[type] = frozenset((Thing, Instance, External, FunctionValue, ClassValue, Constant))
