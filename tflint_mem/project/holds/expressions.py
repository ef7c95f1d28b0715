"""What each kind of expression gives: functions `(infer, m, scope, expression, at)` by the tag of the expression."""

from tflint_mem.facts import Constant
from tflint_mem.knowledge.api import ELEMENTS
from tflint_mem.project.holds.values import External, FunctionValue, MapValue, SequenceValue, TupleValue

from .answers import EMPTY
from .values import few, obj, one

_TENSORS = frozenset(("tensor", "variable"))
_IDENTITY = frozenset(("is", "is not", "in", "not in"))


def _h_attribute(infer, m, scope, e, at):
    inner, infer.inner = infer.inner, None
    if inner is not e:
        outside = infer.outside(m, scope, e)
        if outside is not None:
            return one(External(outside))
    infer.inner = e[1]  # begins with the same name
    return infer.attribute(m, scope, infer.values(m, scope, e[1], at), e[2])


def _h_call(infer, m, scope, e, at):
    return infer.call_values(m, e[1])


def _h_constant(infer, m, scope, e, at):
    return one(Constant(e.value))  # a value is a plain tuple: sorted by how it is written


def _h_tuple(infer, m, scope, e, at):
    if any(item[0] == "s" for item in e[1]):
        return _h_list(infer, m, scope, e, at)
    return one(TupleValue(tuple(infer.values(m, scope, item, at) for item in e[1][:16])))


def _h_list(infer, m, scope, e, at):
    found = set()
    for item in e[1][:24]:
        if item[0] == "s":
            found |= infer.elements(infer.values(m, scope, item[1], at))
        else:
            found |= infer.values(m, scope, item, at)
    return one(SequenceValue(few(found)))


def _h_dict(infer, m, scope, e, at):
    items, everything = [], set()
    for key, value in list(zip(e[1], e[2]))[:24]:
        values = infer.values(m, scope, value, at)
        if key is None:
            for v in values:
                if v[0] == "map":
                    items.extend(v[1])
                    everything |= v[2]
            continue
        if key[0] == "k":
            items.append((key[1], values))
        everything |= values
    return one(MapValue(tuple(items), few(everything)))


def _h_subscript(infer, m, scope, e, at):
    found = set()
    index = e[2]
    for v in infer.values(m, scope, e[1], at):
        tag = v[0]
        if tag == "map":
            found |= infer._item(v, index)
        elif tag == "tup":
            if (
                index is not None
                and index[0] == "k"
                and isinstance(index[1], int)
                and -len(v[1]) <= index[1] < len(v[1])
            ):
                found |= v[1][index[1]]
            elif index is not None and index[0] == "sl":
                found.add(SequenceValue(frozenset().union(*v[1]) if v[1] else EMPTY))
            else:
                for item in v[1]:
                    found |= item
        elif tag == "seq":
            found |= one(v) if index is not None and index[0] == "sl" else v[1]
        elif tag == "obj":
            if v[1] in ("tensor", "ndarray"):
                found.add(obj(v[1]))
            elif index is not None and index[0] == "sl":
                found.add(obj(v[1]))
            elif v[1] in ELEMENTS:
                found.add(obj(ELEMENTS[v[1]]))
            elif v[1].startswith("ext:"):
                found.add(obj(v[1] + "[]"))
    return frozenset(found)


def _h_binop(infer, m, scope, e, at):
    left, right = infer.values(m, scope, e[2], at), infer.values(m, scope, e[3], at)
    arrays = _arrays(left, right)
    if arrays:
        return arrays
    kinds = {v[1] for v in left | right if v[0] == "obj"}
    if left and right and all(_is_number(v) for v in left | right):
        floating = e[1] == "/" or any(
            v[1] == "float" if v[0] == "obj" else isinstance(v[1], float) for v in left | right
        )
        return one(obj("float" if floating else "int"))
    if kinds & {"str"} or any(v[0] == "k" and isinstance(v[1], str) for v in left):
        return one(obj("str"))
    if any(v[0] == "seq" for v in left) and e[1] in ("+", "*"):
        return frozenset(v for v in left | right if v[0] == "seq")
    return EMPTY


def _arrays(left, right):
    """What an operator makes of arrays: a tensor where one operand is surely one, both where an operand may be either."""
    kinds = {v[1] for v in left | right if v[0] == "obj"}
    if kinds.isdisjoint(_TENSORS):
        return one(obj("ndarray")) if "ndarray" in kinds else EMPTY
    certain = any(side and all(v[0] == "obj" and v[1] in _TENSORS for v in side) for side in (left, right))
    return one(obj("tensor")) if certain or "ndarray" not in kinds else frozenset((obj("tensor"), obj("ndarray")))


def _is_number(v):
    return (
        v[0] == "obj"
        and v[1] in ("int", "float", "number")
        or v[0] == "k"
        and isinstance(v[1], (int, float))
        and not isinstance(v[1], bool)
    )


def _h_unary(infer, m, scope, e, at):
    if e[1] == "not":
        return one(obj("bool"))
    return frozenset(
        v
        for v in infer.values(m, scope, e[2], at)
        if v[0] == "obj" and v[1] in ("tensor", "ndarray", "variable", "int", "float", "number") or v[0] == "k"
    )


def _h_boolean(infer, m, scope, e, at):
    found = set()
    for item in e[2]:
        found |= infer.values(m, scope, item, at)
    found.discard(Constant(None))
    return frozenset(found)


def _h_compare(infer, m, scope, e, at):
    found = infer.values(m, scope, e[1], at)
    for operator, other in zip(e[2], e[3]):
        if operator in _IDENTITY:
            return one(obj("bool"))
        found = _arrays(found, infer.values(m, scope, other, at)) or one(obj("bool"))
    return found


def _h_conditional(infer, m, scope, e, at):
    return frozenset(
        v for v in infer.values(m, scope, e[2], at) | infer.values(m, scope, e[3], at) if v != Constant(None)
    )


def _h_lambda(infer, m, scope, e, at):
    return one(FunctionValue(m.index, e[1]))


def _h_comprehension(infer, m, scope, e, at):
    if e[1] == "dict":
        return one(MapValue((), infer.values(m, scope, e[2][1], at)))
    return one(SequenceValue(infer.values(m, scope, e[2][0], at)))


def _h_inner(infer, m, scope, e, at):
    return infer.values(m, scope, e[1], at)


def _h_walrus(infer, m, scope, e, at):
    return infer.values(m, scope, e[2], at)


def _h_string(infer, m, scope, e, at):
    return one(obj("str"))


HANDLERS = {
    "a": _h_attribute,
    "c": _h_call,
    "k": _h_constant,
    "t": _h_tuple,
    "l": _h_list,
    "S": _h_list,
    "d": _h_dict,
    "x": _h_subscript,
    "b": _h_binop,
    "u": _h_unary,
    "o": _h_boolean,
    "q": _h_compare,
    "i": _h_conditional,
    "f": _h_lambda,
    "g": _h_comprehension,
    "v": _h_inner,
    "s": _h_inner,
    "w": _h_walrus,
    "j": _h_string,
}
