"""What each kind of expression gives: a function for each class, found in `HANDLERS`."""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
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
    Display,
    FString,
    Lambda,
    ListDisplay,
    SetDisplay,
    Slice,
    Starred,
    Subscript,
    TupleDisplay,
    UnaryOp,
    Walrus,
    new,
)
from tflint_mem.knowledge import ELEMENTS

from .values import EMPTY, External, FunctionValue, MapValue, SequenceValue, Thing, TupleValue, few, one, thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias, TypeVar

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module

    from .questions import Questions
    from .values import Found, Key, Value, Values

    E = TypeVar("E", bound=Expression)
    Handler: TypeAlias = Callable[[Questions, Module, int, E, int], Values]  # (infer, m, scope, expression, at)

_TENSORS = frozenset(("tensor", "variable"))
_SIGNED = frozenset(("tensor", "ndarray", "variable", "int", "float", "number"))  # stay what they are behind `-`
_NUMBERS = frozenset(("int", "float", "number"))
_IDENTITY = frozenset(("is", "is not", "in", "not in"))
_MOST_PLACES = 16  # of a tuple that is written out are told apart
_MOST_ITEMS = 24  # of a list or dictionary that is written out are looked at

# The class of an expression -> its handler; each takes expressions of that class, as `_gives` sees to.
HANDLERS: dict[type[object], Handler[Any]] = {}


def _gives(*kinds: type[E]) -> Callable[[Handler[E]], Handler[E]]:
    """Decorate the handler of expressions of these classes."""

    def enter(handler: Handler[E]) -> Handler[E]:
        HANDLERS.update(dict.fromkeys(kinds, handler))
        return handler

    return enter


@_gives(Attribute)
def _attribute(infer: Questions, m: Module, scope: int, e: Attribute, at: int) -> Values:
    base = e.base
    inner, infer.inner = infer.inner, None
    if inner is not e:
        outside = infer.outside(m, scope, e)
        if outside is not None:
            return one(new(External, ("ext", outside)))
    infer.inner = base  # begins with the same name
    return infer.attribute(m, scope, infer.values(m, scope, base, at), e.attr)


@_gives(CallRef)
def _call(infer: Questions, m: Module, scope: int, e: CallRef, at: int) -> Values:
    return infer.call_values(m, e.number)


@_gives(Constant)
def _constant(infer: Questions, m: Module, scope: int, e: Constant, at: int) -> Values:
    return one(e)


@_gives(TupleDisplay)
def _tuple(infer: Questions, m: Module, scope: int, e: TupleDisplay, at: int) -> Values:
    if any(type(item) is Starred for item in e.items):
        return _list(infer, m, scope, e, at)
    return one(TupleValue(tuple([infer.values(m, scope, item, at) for item in e.items[:_MOST_PLACES]])))


@_gives(ListDisplay, SetDisplay)
def _list(infer: Questions, m: Module, scope: int, e: Display, at: int) -> Values:
    found: set[Value] = set()
    for item in e.items[:_MOST_ITEMS]:
        if type(item) is Starred:
            found |= infer.elements(infer.values(m, scope, item.value, at))
        else:
            found |= infer.values(m, scope, item, at)
    return one(SequenceValue(few(found)))


@_gives(DictDisplay)
def _dictionary(infer: Questions, m: Module, scope: int, e: DictDisplay, at: int) -> Values:
    items: list[tuple[Key, Values]] = []
    everything: set[Value] = set()
    for key, value in list(zip(e.keys, e.values))[:_MOST_ITEMS]:
        values = infer.values(m, scope, value, at)
        if key is None:
            for v in values:
                if type(v) is MapValue:
                    items.extend(v.items)
                    everything |= v.values
            continue
        if type(key) is Constant:
            items.append((key.value, values))
        everything |= values
    return one(MapValue(tuple(items), few(everything)))


@_gives(Subscript)
def _subscript(infer: Questions, m: Module, scope: int, e: Subscript, at: int) -> Values:
    found: set[Value] = set()
    index = e.index
    sliced = type(index) is Slice
    for v in infer.values(m, scope, e.base, at):
        if type(v) is MapValue:
            found |= infer.item(v, index)
        elif type(v) is TupleValue:
            place = index.value if type(index) is Constant else None
            if isinstance(place, int) and -len(v.items) <= place < len(v.items):
                found |= v.items[place]
            elif sliced:
                found.add(SequenceValue(EMPTY.union(*v.items)))
            else:
                for item in v.items:
                    found |= item
        elif type(v) is SequenceValue:
            found |= one(v) if sliced else v.values
        elif type(v) is Thing:
            if sliced or v.kind in ("tensor", "ndarray"):
                found.add(thing(v.kind))
            elif v.kind in ELEMENTS:
                found.add(thing(ELEMENTS[v.kind]))
            elif v.kind.startswith("ext:"):
                found.add(thing(v.kind + "[]"))
    return frozenset(found)


@_gives(BinaryOp)
def _binary(infer: Questions, m: Module, scope: int, e: BinaryOp, at: int) -> Values:
    left, right = infer.values(m, scope, e.left, at), infer.values(m, scope, e.right, at)
    arrays = _arrays(left, right)
    if arrays:
        return arrays
    both = left | right
    if left and right and all(map(_is_number, both)):
        floating = e.op == "/" or any(map(_is_float, both))
        return one(thing("float" if floating else "int"))
    if "str" in _kinds(both) or any(type(v) is Constant and isinstance(v.value, str) for v in left):
        return one(thing("str"))
    if e.op in ("+", "*") and any(type(v) is SequenceValue for v in left):
        return frozenset([v for v in both if type(v) is SequenceValue])
    return EMPTY


def _kinds(values: Found) -> set[str]:
    return {v.kind for v in values if type(v) is Thing}


def _arrays(left: Values, right: Values) -> Values:
    """What an operator makes of arrays: a tensor where one operand is surely one,
    both where an operand may be either.
    """
    kinds = _kinds(left | right)
    if kinds.isdisjoint(_TENSORS):
        return one(thing("ndarray")) if "ndarray" in kinds else EMPTY
    certain = any(side and all(type(v) is Thing and v.kind in _TENSORS for v in side) for side in (left, right))
    if certain or "ndarray" not in kinds:
        return one(thing("tensor"))
    return frozenset((thing("tensor"), thing("ndarray")))


def _is_number(v: Value) -> bool:
    if type(v) is Thing:
        return v.kind in _NUMBERS
    return type(v) is Constant and isinstance(v.value, (int, float)) and not isinstance(v.value, bool)


def _is_float(v: Value) -> bool:
    """Of a number."""
    return v.kind == "float" if type(v) is Thing else type(v) is Constant and isinstance(v.value, float)


@_gives(UnaryOp)
def _unary(infer: Questions, m: Module, scope: int, e: UnaryOp, at: int) -> Values:
    if e.op == "not":
        return one(thing("bool"))
    return frozenset(
        [
            v
            for v in infer.values(m, scope, e.operand, at)
            if (v.kind in _SIGNED if type(v) is Thing else type(v) is Constant)
        ]
    )


@_gives(BoolOp)
def _boolean(infer: Questions, m: Module, scope: int, e: BoolOp, at: int) -> Values:
    found: set[Value] = set()
    for item in e.items:
        found |= infer.values(m, scope, item, at)
    found.discard(NONE)
    return frozenset(found)


@_gives(Comparison)
def _comparison(infer: Questions, m: Module, scope: int, e: Comparison, at: int) -> Values:
    found = infer.values(m, scope, e.left, at)
    for operator, other in zip(e.ops, e.rights):
        if operator in _IDENTITY:
            return one(thing("bool"))
        found = _arrays(found, infer.values(m, scope, other, at)) or one(thing("bool"))
    return found


@_gives(Conditional)
def _conditional(infer: Questions, m: Module, scope: int, e: Conditional, at: int) -> Values:
    found = infer.values(m, scope, e.body, at) | infer.values(m, scope, e.orelse, at)
    return found - {NONE}


@_gives(Lambda)
def _lambda(infer: Questions, m: Module, scope: int, e: Lambda, at: int) -> Values:
    return one(FunctionValue(m.index, e.scope))


@_gives(Comprehension)
def _comprehension(infer: Questions, m: Module, scope: int, e: Comprehension, at: int) -> Values:
    if e.kind == "dict":
        _, value = e.items
        return one(MapValue((), infer.values(m, scope, value, at)))
    (item,) = e.items
    return one(SequenceValue(infer.values(m, scope, item, at)))


def _inner(infer: Questions, m: Module, scope: int, e: Await | Starred | Walrus, at: int) -> Values:
    return infer.values(m, scope, e.value, at)


_gives(Await)(_inner)
_gives(Starred)(_inner)
_gives(Walrus)(_inner)


@_gives(FString)
def _text(infer: Questions, m: Module, scope: int, e: FString, at: int) -> Values:
    return one(thing("str"))
