"""All meters of the measured process.  A reading is a number or `NA(reason)`; none raises, none is zero for "unknown".

Runs inside the child, in whatever interpreter TensorFlow lives in: Python 3.8 syntax, standard library only; TensorFlow
is looked up in `sys.modules` and never imported here, so that reading a meter cannot change what is measured.
"""

import gc
import os
import sys

from .gpu import Allocator, GpuMemory, allocator_name  # noqa: F401  (the meters of a GPU)
from .nvml import NA
from .runtime import context_started
from .runtime import module as context_module

# What is counted among live Python objects, in the order of reports.  The value says whether one more of them per repeat is
# a leak in itself ("holds": each holds graphs, weights or handles) or only when its bytes matter ("light").
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


class HostMemory:
    """Resident memory of this process, in bytes."""

    def __init__(self):
        try:
            import resource

            self._page = resource.getpagesize()
        except ImportError:
            self._page = None

    def resident(self):
        """Bytes resident now."""
        try:
            with open("/proc/self/statm", "rb") as statm:
                return int(statm.read().split()[1]) * self._page
        except (OSError, ValueError, IndexError, TypeError):
            return _resident_from_ps()

    def peak(self):
        """The highest number of resident bytes since the process began."""
        try:
            import resource

            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        except (ImportError, OSError) as error:
            return NA("no resource usage: %s" % error)
        return peak if sys.platform == "darwin" else peak * 1024


def _resident_from_ps():
    """Resident bytes where there is no /proc (macOS, BSD)."""
    import subprocess

    try:
        text = subprocess.check_output(["ps", "-o", "rss=", "-p", str(os.getpid())], stderr=subprocess.DEVNULL)
        return int(text) * 1024
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return NA("no resident size on this system: %s" % error)


class Heap:
    """Bytes that malloc has handed out and not got back: exact where resident memory is rounded, pooled and late.

    Python's own small-object allocator takes its regions from the system directly; the child runs with
    `PYTHONMALLOC=malloc` so that those objects are counted too.
    """

    def __init__(self):
        import ctypes

        class Info(ctypes.Structure):
            _fields_ = [
                (name, ctypes.c_size_t)
                for name in (
                    "arena",
                    "ordblks",
                    "smblks",
                    "hblks",
                    "hblkhd",
                    "usmblks",
                    "fsmblks",
                    "uordblks",
                    "fordblks",
                    "keepcost",
                )
            ]

        try:
            self._call = ctypes.CDLL(None).mallinfo2
            self._call.restype = Info
            self._missing = None if self._call().uordblks else NA("this allocator keeps no account")
        except Exception:
            self._missing = NA("no mallinfo2 in this C library")

    def in_use(self):
        """Bytes handed out, in arenas and in mapped blocks, or NA."""
        if self._missing is not None:
            return self._missing
        info = self._call()
        return info.uordblks + info.hblkhd


class Objects:
    """Counts live objects by kind.  Walks the collector's list: some hundred thousand objects, tens of milliseconds."""

    def __init__(self):
        self._kind_of = {}

    def count(self):
        """{kind: number}, {"tensor bytes": number} for what live eager tensors and variables hold, and {"python objects":
        number} of all containers that Python's collector knows, whatever their kind.

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
            kind = kinds.get(cls, 0)
            if kind == 0:
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


def kind_of(cls):
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


def _views(objects):
    """Arrays in collections that are views into the memory of a TFLite interpreter, which they keep alive."""
    numpy = sys.modules.get("numpy")
    held = gc.get_referents(*[item for item in objects if type(item) in (list, dict, tuple)])
    # a tuple or dictionary of nothing but numbers, texts and arrays is none of the collector's
    held += gc.get_referents(*[item for item in held if type(item) in (dict, tuple) and not gc.is_tracked(item)])
    return sum(type(item) is numpy.ndarray and "Interpreter" in type(item.base).__name__ for item in held)


_ITEM_BYTES = {}


def _nbytes(item):
    """Bytes of one tensor or variable; 0 when its shape or type has no fixed size (strings, handles)."""
    try:
        size = _ITEM_BYTES.get(item.dtype)
        if size is None:
            size = _ITEM_BYTES[item.dtype] = int(getattr(item.dtype, "size", 0) or 0)
        elements = item.shape.num_elements()
        return size * elements if elements else 0
    except Exception:
        return 0


def _operations(graph):
    try:
        return graph.version
    except Exception:
        try:
            return len(graph.get_operations())
        except Exception:
            return 0


def _gradient_registry():
    ops = sys.modules.get("tensorflow.python.framework.ops")
    for name in ("gradient_registry", "_gradient_registry"):
        registry = getattr(ops, name, None)
        entries = getattr(registry, "_registry", None)
        if entries is not None:
            return len(entries)
    return NA("no gradient registry in this TensorFlow")


def _context_functions():
    if not context_started():
        return NA("TensorFlow has not started its devices")
    try:
        return len(context_module().context().list_function_names())
    except Exception as error:
        return NA("no list of functions: %s" % error)


def _entries(folder):
    try:
        return len(os.listdir(folder))
    except OSError as error:
        return NA(str(error))


_libc = []


def settle():
    """Collects garbage, waits for the GPU and gives free heap pages back: what is left is what the program keeps."""
    gc.collect()
    gc.collect()
    tf = sys.modules.get("tensorflow")
    if tf is not None and context_started():
        try:
            tf.test.experimental.sync_devices()
        except Exception:
            pass  # older TensorFlow has no such call; its kernels end before the memory is read back anyway
    if not _libc:
        try:
            import ctypes

            _libc.append(ctypes.CDLL(None).malloc_trim)
        except Exception:
            _libc.append(None)  # no glibc: the allocator decides alone when to give pages back
    if _libc[0] is not None:
        _libc[0](0)
