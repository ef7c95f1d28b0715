"""Live objects of TensorFlow's, counted by kind.

TensorFlow is looked up in `sys.modules` and never imported, so that counting cannot change what is measured.
"""

from __future__ import annotations

import gc
import os
import sys

from .nvml import NA
from .runtime import context_module, context_started

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from tflint_mem.verify.events import Counts

# What is counted among live Python objects, in the order of reports.  The value says whether one more of them per
# repeat is a leak in itself ("holds": each holds graphs, weights or handles) or only when its bytes matter ("light").
KINDS = {
    "models": "holds",
    "functions": "holds",
    "graphs": "holds",
    "sessions": "holds",
    "graph operations": "light",
    "variables": "light",
    "tensors": "light",
    "layers": "light",
    "optimizers": "light",
    "datasets": "light",
    "iterators": "light",
    "tapes": "light",
    "interpreters": "holds",
    "interpreter views": "light",
    "gradient registry": "light",
    "context functions": "light",
    "open files": "light",
    "threads": "light",
}


class Objects:
    """Counts live objects by kind.  Walks the collector's list: some hundred thousand objects, tens of milliseconds."""

    def __init__(self) -> None:
        self._kind_of: dict[type, str | None] = {}

    def count(self) -> Counts:
        """{kind: number}, {"tensor bytes": number} for what live eager tensors and variables hold, and
        {"python objects": number} of all containers that Python's collector knows, whatever their kind.

        A kind that cannot be read is absent: absent is unknown, zero is none.
        """
        counts = {
            "models": 0,
            "functions": 0,
            "graphs": 0,
            "sessions": 0,
            "variables": 0,
            "tensors": 0,
            "layers": 0,
            "optimizers": 0,
            "datasets": 0,
            "iterators": 0,
            "tapes": 0,
            "interpreters": 0,
            "graph operations": 0,
        }
        held = 0
        kinds = self._kind_of
        objects = gc.get_objects()
        for item in objects:
            cls = type(item)
            try:
                kind = kinds[cls]
            except KeyError:
                kind = kinds[cls] = kind_of(cls)
            if kind is None:
                continue
            counts[kind] += 1
            if kind == "tensors" or kind == "variables":
                held += _nbytes(item)
            elif kind == "graphs" and "FuncGraph" not in cls.__name__:
                counts["graph operations"] += _operations(item)
        counts["python objects"] = len(objects)
        counts["interpreter views"] = _views(objects) if "interpreters" in kinds.values() else 0
        del objects
        counts["tensor bytes"] = held
        for name, reading in (
            ("gradient registry", _gradient_registry()),
            ("context functions", _context_functions()),
            ("open files", _entries("/proc/self/fd")),
            ("threads", _entries("/proc/self/task")),
        ):
            if not isinstance(reading, NA):
                counts[name] = reading
        return counts


_VARIABLES = ("ResourceVariable", "RefVariable", "UninitializedVariable", "UnliftedInitializerVariable")


def kind_of(cls: type) -> str | None:
    """The kind of a class, from the names of its bases; None for everything that is not counted."""
    try:
        bases = [(base.__name__, base.__module__ or "") for base in cls.__mro__]
    except Exception:
        return None
    ours = [
        name
        for name, module in bases
        if isinstance(module, str)
        and module.startswith(("tensorflow", "keras", "tf_keras", "ai_edge_litert", "tflite_runtime"))
    ]
    if not ours:
        return None
    name = cls.__name__
    if "Graph" in ours:
        return "graphs"
    if name == "EagerTensor":
        return "tensors"
    if any(base in _VARIABLES for base in ours):
        return "variables"
    if name in ("ConcreteFunction", "WrappedFunction", "RestoredFunction", "Function", "PolymorphicFunction"):
        return "functions"
    if "Model" in ours or name == "_UserObject":
        return "models"
    if "BaseOptimizer" in ours or "OptimizerV2" in ours or "Optimizer" in ours:
        return "optimizers"
    if "DatasetV2" in ours:
        return "datasets"
    if "OwnedIterator" in ours:
        return "iterators"
    if "BaseSession" in ours:
        return "sessions"
    if "GradientTape" in ours:
        return "tapes"
    if name == "Interpreter":
        return "interpreters"
    if "Layer" in ours:
        return "layers"
    return None


def _views(objects: Sequence[object]) -> int:
    """Arrays in collections that are views into the memory of a TFLite interpreter, which they keep alive."""
    numpy = sys.modules.get("numpy")
    if numpy is None:
        return 0
    held = gc.get_referents(*[item for item in objects if type(item) in (list, dict, tuple)])
    # a tuple or dictionary of nothing but numbers, texts and arrays is none of the collector's
    held += gc.get_referents(*[item for item in held if type(item) in (dict, tuple) and not gc.is_tracked(item)])
    return sum(type(item) is numpy.ndarray and "Interpreter" in type(item.base).__name__ for item in held)


_ITEM_BYTES: dict[object, int] = {}


def _nbytes(item: Any) -> int:
    """Bytes of one tensor or variable; 0 when its shape or type has no fixed size (strings, handles)."""
    try:
        size = _ITEM_BYTES.get(item.dtype)
        if size is None:
            size = _ITEM_BYTES[item.dtype] = int(getattr(item.dtype, "size", 0) or 0)
        elements: int | None = item.shape.num_elements()
        return size * elements if elements else 0
    except Exception:
        return 0


def _operations(graph: Any) -> int:
    """Number of operations in a graph; 0 when it does not say."""
    try:
        version: int = graph.version
        return version
    except Exception:
        try:
            return len(graph.get_operations())
        except Exception:
            return 0


def _gradient_registry() -> int | NA:
    ops = sys.modules.get("tensorflow.python.framework.ops")
    for name in ("gradient_registry", "_gradient_registry"):
        registry = getattr(ops, name, None)
        entries = getattr(registry, "_registry", None)
        if entries is not None:
            return len(entries)
    return NA("no gradient registry in this TensorFlow")


def _context_functions() -> int | NA:
    module = context_module()
    if module is None or not context_started():
        return NA("TensorFlow has not started its devices")
    try:
        return len(module.context().list_function_names())
    except Exception as error:
        return NA("no list of functions: %s" % error)


def _entries(folder: str) -> int | NA:
    try:
        return len(os.listdir(folder))
    except OSError as error:
        return NA(str(error))
