"""The values of the inference.

A value is a record of one of the classes below; an expression has a frozenset of them (empty: unknown).  What a constant
is known to be is a `facts.Constant`.

Values hold sets of values, and those others.  How deep and how many is bounded (see `Bounds`): what lies further in is unknown.
"""

from __future__ import annotations

from tflint_mem.facts import Constant
from tflint_mem.facts.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

MAX_VALUES = 16
MAX_DEPTH = 100  # of expressions in each other
SURE_DEPTH = 60  # answers that were found further down are not kept when a search was cut off there
MAX_CALLERS = 32
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
    origin: CallOrigin | Decorated | Instance | None


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
    items: tuple[tuple[object, Values], ...]
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
        | FunctionValue
        | ClassValue
        | Instance
        | SelfValue
        | MethodValue
        | Thing
        | ThingMethod
        | SequenceValue
        | TupleValue
        | MapValue
        | PartialValue
        | Constant
    )
    Values: TypeAlias = frozenset[Value]


class Ordered(frozenset):
    """Several values, gone through in the same order in every run: strings hash differently each time, and a cycle is cut where it is met first."""

    __slots__ = ("_order",)

    def __iter__(self):
        try:
            return iter(self._order)
        except AttributeError:
            self._order = sorted(frozenset.__iter__(self), key=order)
            return iter(self._order)


class Bounds:
    """How deep values nest and how much they hold, each set measured once."""

    def __init__(self):
        self._measures = {}  # of sets that hold containers

    def within(self, found):
        """The set itself, or one in which containers that nest too deep or hold too much have unknown contents.

        A chain `b = (a, a)`, `c = (b, b)` … would double with each step; each answer that is kept goes through here, so
        that no set is measured deeper than one step beyond the bounds.
        """
        if all(v[0] not in _HOLDING for v in found):
            return found
        kept = []
        for v in found:
            depth, size = self._of_value(v)
            kept.append(v if depth <= MAX_NESTING and size <= MAX_SIZE else _emptied(v))
        return frozenset(kept)

    def _of_value(self, v):
        """(depth, size) of a value: (0, 1) when it holds no others."""
        if v[0] not in _HOLDING:
            return 0, 1
        depth, size = 0, 1
        for inner in _held(v):
            measure = self._of_set(inner)
            depth, size = max(depth, measure[0]), size + measure[1]
        return depth + 1, size

    def _of_set(self, found):
        if all(v[0] not in _HOLDING for v in found):
            return 0, len(found)
        measure = self._measures.get(found)
        if measure is None:
            measures = [self._of_value(v) for v in found]
            measure = self._measures[found] = (max(depth for depth, _ in measures), sum(size for _, size in measures))
        return measure


_HOLDING = frozenset(("seq", "tup", "map", "part", "bm"))  # tags of values that may hold others


def _held(v):
    """The sets of values that a value holds."""
    tag = v[0]
    if tag == "bm":
        return _held(v[1]) if v[1][0] in _HOLDING else ()
    if tag == "tup":
        return v[1]
    return (*[values for _, values in v[1]], v[2]) if tag == "map" else (v[1],)


def _emptied(v):
    """The value with unknown contents."""
    tag = v[0]
    if tag == "bm":
        return ThingMethod(_emptied(v[1]), v[2])
    if tag == "tup":
        return TupleValue((frozenset(),) * len(v[1]))
    if tag == "map":
        return MapValue((), frozenset())
    return SequenceValue(frozenset()) if tag == "seq" else PartialValue(frozenset(), v[2])


def order(v):
    """A key to sort values by that is the same in every run."""
    tag = v[0]
    if tag not in _HOLDING:
        return tuple.__repr__(v)
    if tag == "bm":
        return f"(bm {order(v[1])} {v[2]!r})"
    if tag == "tup":
        return f"(tup {' '.join(map(_spelled, v[1]))})"
    if tag == "map":
        return f"(map {' '.join([f'{key!r}: {_spelled(values)}' for key, values in v[1]])} {_spelled(v[2])})"
    return f"({tag} {_spelled(v[1])} {v[2:]!r})"


def _spelled(values):
    """The text of a set of values, which is the same for equal sets."""
    return f"{{{', '.join(sorted(map(order, values)))}}}" if values else "{}"


def obj(kind, origin=None):
    return Thing(kind, origin)


def one(value):
    return frozenset((value,))


def few(values):
    return frozenset(values if len(values) <= MAX_VALUES else sorted(values, key=order)[:MAX_VALUES])


def has_content(values):
    for v in values:
        if (
            v[0] == "seq"
            and v[1]
            or v[0] == "map"
            and v[2]
            or v[0] == "tup"
            and v[1]
            or v[0] == "obj"
            or v[0] == "inst"
        ):
            return True
        if v[0] in ("ext", "fn", "cls", "k"):
            return True
    return not any(v[0] in ("seq", "map") for v in values)
