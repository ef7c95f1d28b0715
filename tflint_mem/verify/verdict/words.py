"""The words of a verdict: what the JSON contract, the reports and the documents call things."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    VerdictWord = Literal["confirmed", "bounded", "not-confirmed", "not-runnable"]
    Kind = Literal["retained", "deferred"]
    MeterName = Literal["host", "allocator", "nvml"]  # whose numbers decide

# In the order in which reports show them.
VERDICTS: tuple[VerdictWord, ...] = ("confirmed", "bounded", "not-confirmed", "not-runnable")
CONFIRMED: VerdictWord = "confirmed"
BOUNDED: VerdictWord = "bounded"
NOT_CONFIRMED: VerdictWord = "not-confirmed"
NOT_RUNNABLE: VerdictWord = "not-runnable"

RETAINED: Kind = "retained"  # memory that no collection returns
DEFERRED: Kind = "deferred"  # garbage that waits for a late collection

GPU_METERS: tuple[MeterName, ...] = ("allocator", "nvml")  # that can decide, the one that tells more first
HOST: MeterName = "host"
NVML: MeterName = "nvml"
ALLOCATOR: MeterName = "allocator"

# Mechanisms: what keeps the memory, or what else is wrong.
HANGS = "hangs"
TIME = "time"
NO_EFFECT = "no effect"
MEMORY_LIMIT = "memory limit"
OUT_OF_MEMORY = "out of memory"
ARRAY_IN_GRAPH = "array in the graph"
RESERVED_POOL = "reserved pool"
REFERENCE_CYCLES = "reference cycles"
OPEN_FILES = "open files"
GRADIENT_REGISTRY = "gradient registry"
GRAPH_GROWTH = "graph growth"
DATASET_FUNCTIONS = "dataset functions"
FUNCTION_CACHE = "function cache"
KERNEL_CACHE = "kernel cache"
PYTHON_OBJECTS = "Python objects"
NATIVE_MEMORY = "native memory"
GPU_MEMORY = "GPU memory"
OUTSIDE_OF_ALLOCATOR = "GPU memory outside of TensorFlow's allocator"


def raises(type_name: str) -> str:
    """The mechanism of code that raises an exception of this type."""
    return f"raises {type_name}"


def kept(things: str) -> str:
    """The mechanism of things ("models") that something still refers to."""
    return f"kept {things}"
