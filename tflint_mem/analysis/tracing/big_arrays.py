"""Arrays of NumPy that are known to be big.

The question: *has an expression many elements, or is it read from a file or a data set?*  Big is only what is seen to
be so: a loading function, a literal shape of at least `BIG` elements, or something made from such an array.  What is
computed in other ways, or has a shape that only the run knows, counts as small.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Attribute,
    BinaryOp,
    CallRef,
    Constant,
    Name,
    SequenceDisplay,
    Slice,
    Subscript,
    TupleDisplay,
    tail_of,
)
from tflint_mem.project.holds.values import CallOrigin, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

BIG = 100_000  # elements
MAX_DEPTH = 8
_LOADS = frozenset(("load", "loadtxt", "genfromtxt", "fromfile", "memmap", "fromstring", "frombuffer"))
_FILLED = frozenset(
    (
        "zeros",
        "ones",
        "empty",
        "full",
        "normal",
        "uniform",
        "random",
        "standard_normal",
        "integers",
        "randint",
        "rand",
        "randn",
        "random_sample",
    )
)
_SAME = frozenset(
    (
        "array",
        "asarray",
        "ascontiguousarray",
        "concatenate",
        "stack",
        "vstack",
        "hstack",
        "copy",
        "abs",
        "sqrt",
        "log",
        "exp",
        "square",
        "transpose",
        "reshape",
        "expand_dims",
        "squeeze",
        "float32",
        "float64",
        "int32",
        "int64",
        "nan_to_num",
        "clip",
        "to_categorical",
        "pad_sequences",
        "repeat",
        "tile",
        "flip",
        "sort",
        "where",
        "pad",
    )
)
_METHODS = frozenset(("astype", "reshape", "copy", "transpose", "clip", "repeat", "swapaxes", "byteswap", "round"))


def big_binding(context: Context, m: Module, scope: int, binding: Binding, depth: int = 0) -> bool:
    """Does the binding, in `scope`, give the name a big array?"""
    value, path = binding.value, binding.path
    if binding.kind != "assign":
        return False
    if path and isinstance(value, CallRef):
        return _data_set(context, m, value.number)
    if path and isinstance(value, SequenceDisplay) and len(path) == 1:
        place = path[0]
        if isinstance(place, int) and place < len(value.items):
            value, path = value.items[place], ()
    return not path and big(context, m, scope, value, binding.statement, depth)


def _data_set(context: Context, m: Module, i: int) -> bool:
    return any(
        name.startswith("keras.datasets.") and name.endswith(".load_data") for name in context.project.apis(m, i)
    )


def big(context: Context, m: Module, scope: int, e: object, at: int, depth: int = 0) -> bool:
    """Is the expression a big array, as seen from statement `at`?"""
    if depth > MAX_DEPTH:
        return False
    if isinstance(e, Name):
        return _big_name(context, m, scope, e.id, depth)
    if isinstance(e, BinaryOp):
        return big(context, m, scope, e.left, at, depth + 1) or big(context, m, scope, e.right, at, depth + 1)
    if isinstance(e, Subscript):
        return _sliced(e.index) and big(context, m, scope, e.base, at, depth + 1)
    if isinstance(e, SequenceDisplay):
        return any(big(context, m, scope, item, at, depth + 1) for item in e.items)
    if isinstance(e, Attribute):
        return e.attr in ("T", "values") and (
            big(context, m, scope, e.base, at, depth + 1) or _frame(context, m, scope, e.base, at)
        )
    return isinstance(e, CallRef) and _big_call(context, m, scope, e.number, at, depth)


def _big_name(context: Context, m: Module, scope: int, name: str, depth: int) -> bool:
    """Is the name bound once, to a big array?"""
    owner = scope
    while owner >= 0 and name not in m.bindings(owner):
        owner = m.scopes[owner].parent
    bindings = m.bindings(owner)[name] if owner >= 0 else []
    if len(bindings) != 1 or bindings[0].kind != "assign":
        return False
    (binding,) = bindings
    return context.once(
        ("big", m.index, owner, name, depth), lambda: big_binding(context, m, owner, binding, depth + 1)
    )


def _big_call(context: Context, m: Module, scope: int, i: int, at: int, depth: int) -> bool:
    call = m.calls[i]
    names, f, tail = context.project.apis(m, i), call.func, tail_of(call.func)
    if any(name.startswith("numpy.") for name in names) or any(
        name.startswith(("keras.utils.", "keras.preprocessing.")) for name in names
    ):
        if tail in _LOADS or "numpy.lib.format.open_memmap" in names:
            return True
        if tail in _FILLED:
            return _elements(context, m, i) >= BIG
        return tail in _SAME and bool(call.args) and big(context, m, scope, call.args[0], at, depth + 1)
    if not isinstance(f, Attribute):
        return False
    if tail in _METHODS:
        return big(context, m, scope, f.base, at, depth + 1)
    if tail in _FILLED and _generator(context, m, call, f.base):
        return _elements(context, m, i) >= BIG
    return tail == "to_numpy" and _frame(context, m, scope, f.base, at)


def _generator(context: Context, m: Module, call: Call, receiver: Expression) -> bool:
    """Is the receiver a NumPy random generator?"""
    if isinstance(receiver, CallRef):
        return any(name.startswith("numpy.random.") for name in context.project.apis(m, receiver.number))
    for v in context.infer.values(m, call.scope, receiver, call.statement):
        if isinstance(v, Thing) and isinstance(v.origin, CallOrigin):
            made = context.project.module(v.origin.module).calls[v.origin.call]
            if tail_of(made.func) in ("default_rng", "RandomState"):
                return True
    return False


def _frame(context: Context, m: Module, scope: int, e: Expression, at: int) -> bool:
    """Is it a pandas table that was read from a file?"""
    return any(
        isinstance(v, Thing) and v.kind.startswith("ext:pandas.read_") for v in context.infer.values(m, scope, e, at)
    )


def _elements(context: Context, m: Module, i: int) -> int:
    """The number of elements that the call's literal shape gives, 0 when it is not literal."""
    call = m.calls[i]
    tail, named = tail_of(call.func), {keyword.name: keyword.value for keyword in call.keywords}
    shape = named.get("size") or named.get("shape")
    if shape is None and call.args:
        shape = (
            TupleDisplay(call.args)
            if tail in ("rand", "randn")
            else call.args[-1]
            if tail in ("normal", "uniform", "randint", "integers") and len(call.args) > 2
            else call.args[0]
        )
    if shape is None:
        return 0
    total = 1
    for item in shape.items if isinstance(shape, SequenceDisplay) else (shape,):
        number = context.project.repeats_of.number(m, call.scope, item, call.statement)
        if number is None:
            return 0
        total *= number
    return total


def _sliced(index: Expression) -> bool:
    """Does the index give more than one item?"""
    items = index.items if isinstance(index, TupleDisplay) else (index,)
    return any(isinstance(item, Slice) for item in items) or not all(isinstance(item, Constant) for item in items)
