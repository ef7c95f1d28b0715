"""What a value holds, as plain data that can be sent and compared: a few numbers of an array, the rows of a list.

Nothing is called that could change something: no iterator is advanced, no function of the user's runs.  Values that say
nothing about results (modules, functions, files) are left out.
"""

from __future__ import annotations

import os
import sys
import types
from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    # a kind, and what there is to say of it: see `described`
    Described = list[Any]

_DEEP = 3
_MOST_ITEMS = 8  # of a list or a dictionary, from its beginning; and as many from the end of a list
_MOST_NUMBERS = 24  # of an array, spread over it
_MOST_SUMMED = 1 << 20
_MOST_TEXT = 400
_MOST_WEIGHTS = 40
_INSTALLED = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)  # a .pth file may name others' too
_SILENT = (types.ModuleType, types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)


def described(value: object, deep: int = 0) -> Described | None:
    """Plain data for a value; None for what says nothing.

    ["none"], ["bool", b], ["number", x], ["text", s]
    ["array", shape, dtype, numbers, sum]     arrays, tensors and variables alike
    ["list", length, first items, last items], ["dict", length, {key: value}]
    ["model", [sum of the absolute values of each weight], numbers of its optimizer]
    ["object", class, {attribute: value}]
    """
    if value is None:
        return ["none"]
    if isinstance(value, bool):
        return ["bool", value]
    if isinstance(value, (int, float)):
        return ["number", _plain(value)]
    if isinstance(value, str):
        return ["text", value[:_MOST_TEXT]]
    if isinstance(value, bytes):
        return ["text", value[:_MOST_TEXT].decode("latin-1")]
    if isinstance(value, _SILENT) or type(value).__module__ == "_anything":
        return None
    array = _array(value)
    if array is not None:
        return array
    if deep >= _DEEP:
        return ["object", type(value).__name__, {}]
    if type(value) in (list, tuple, set, frozenset) or isinstance(value, (list, tuple)):
        return _list(value, deep)
    if isinstance(value, dict):
        return _dict(value, deep)
    model = _model(value)
    if model is not None:
        return model
    return _object(value, deep)


def _plain(number: float) -> float | int | str:
    """A number as JSON has it."""
    if isinstance(number, int):
        return int(number) if abs(number) < 1 << 53 else str(number)
    number = float(number)
    return number if number - number == 0 else str(number)


def _array(value: object) -> Described | None:
    """An array of NumPy, or what TensorFlow can give as one at once."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return None
    found: Any = value
    if not isinstance(value, (numpy.ndarray, numpy.generic)):
        root = type(value).__module__.partition(".")[0]
        if root not in ("tensorflow", "keras", "tf_keras") or not callable(getattr(value, "numpy", None)):
            return None
        try:
            found = found.numpy()
        except Exception:  # symbolic: there is nothing in it yet
            return None
        if not isinstance(found, (numpy.ndarray, numpy.generic)):
            return ["text", str(found)[:_MOST_TEXT]]
    found = numpy.asarray(found)
    if found.dtype.kind not in "biufc":
        flat = found.reshape(-1)[:_MOST_ITEMS].tolist()
        return ["array", list(found.shape), found.dtype.kind, [str(item)[:_MOST_TEXT] for item in flat], 0]
    flat = found.reshape(-1)
    if flat.dtype.kind == "c":
        flat = abs(flat)
    step = max(1, flat.size // _MOST_NUMBERS)
    numbers = [_plain(number) for number in flat[::step][:_MOST_NUMBERS].tolist()]
    some = flat[:: flat.size // _MOST_SUMMED + 1]
    total = abs(some.astype("float64")).sum() if flat.dtype.kind in "fc" else some.astype("int64").sum()
    return ["array", list(found.shape), str(found.dtype), numbers, _plain(total.item())]


def _list(value: Any, deep: int) -> Described:
    """Of a list only what is told is taken out, by the list's own means: a subclass may have others."""
    count = len(value)
    if isinstance(value, (set, frozenset)):
        items = sorted(value, key=str) if count <= _MOST_ITEMS else []
        return ["list", count, [described(item, deep + 1) for item in items], []]
    kind: Any = list if isinstance(value, list) else tuple
    rows = [kind.__getitem__(value, slice(_MOST_ITEMS)), ()]
    if count > _MOST_ITEMS:
        rows[1] = kind.__getitem__(value, slice(max(_MOST_ITEMS, count - _MOST_ITEMS), None))
    first, last = ([described(item, deep + 1) for item in part] for part in rows)
    return ["list", count, first, last]


def _dict(value: Any, deep: int) -> Described:
    found = {}
    for key in islice(dict.__iter__(value), _MOST_ITEMS):
        if type(key) in (str, int, float, bool):
            found[str(key)[:80]] = described(dict.__getitem__(value, key), deep + 1)
    return ["dict", dict.__len__(value), found]


def _model(value: Any) -> Described | None:
    """A Keras model: what its weights and those of its optimizer add up to."""
    if type(value).__module__.partition(".")[0] not in ("keras", "tf_keras", "tensorflow") and not any(
        base.__module__.partition(".")[0] in ("keras", "tf_keras", "tensorflow") for base in type(value).__mro__
    ):
        return None
    weights = getattr(value, "weights", None)
    if not isinstance(weights, list) or not hasattr(value, "layers"):
        return None
    optimizer = getattr(value, "optimizer", None)
    slots = getattr(optimizer, "variables", None)
    slots = slots() if callable(slots) else slots
    return ["model", _sums(weights), _sums(slots if isinstance(slots, (list, tuple)) else ())]


def _sums(variables: Any) -> list[Any]:
    found = []
    for variable in list(variables)[:_MOST_WEIGHTS]:
        told = _array(variable)
        found.append(told[4] if told is not None else None)
    return found


def _is_the_program_s(module: str) -> bool:
    """What libraries keep in their objects is nobody's result.  module: name of one"""
    if module == "__main__":
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    if not isinstance(file, str) or any(folder in file for folder in _INSTALLED):
        return False
    return not file.startswith((sys.prefix + os.sep, sys.base_prefix + os.sep))


def _object(value: object, deep: int) -> Described | None:
    """An object of a class of the program's, by its attributes."""
    attributes = getattr(value, "__dict__", None)
    if not isinstance(attributes, dict) or not _is_the_program_s(type(value).__module__):
        return None
    found = {}
    for name in list(attributes)[:_MOST_ITEMS]:
        if name.startswith("__"):
            continue
        told = described(attributes[name], deep + 1)
        if told is not None:
            found[name] = told
    return ["object", type(value).__name__, found]
