"""The words of a verdict: what the JSON contract, the reports and the documents call things."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    from tflint_mem.verify.snippet.snippet import Level

    VerdictWord = Literal["confirmed", "bounded", "not-confirmed", "measured-pattern", "not-runnable"]
    Kind = Literal["retained", "deferred"]
    MeterName = Literal["host", "allocator", "nvml"]  # whose numbers decide

# In the order in which reports show them.
VERDICTS: tuple[VerdictWord, ...] = ("confirmed", "bounded", "not-confirmed", "measured-pattern", "not-runnable")
CONFIRMED: VerdictWord = "confirmed"
BOUNDED: VerdictWord = "bounded"
NOT_CONFIRMED: VerdictWord = "not-confirmed"
MEASURED_PATTERN: VerdictWord = "measured-pattern"  # of the rule, not the user's code
NOT_RUNNABLE: VerdictWord = "not-runnable"

# How close to the user's code what was measured is, the closest first.
LEVELS: tuple[Level, ...] = ("as-written", "reduced", "mechanism")
AS_WRITTEN: Level = "as-written"  # its own region, with its slice
REDUCED: Level = "reduced"  # its own call in a loop of ours
MECHANISM: Level = "mechanism"  # the rule's own pair of programs
LEVEL_WORDS: dict[Level | None, str] = {AS_WRITTEN: "as written", REDUCED: "reduced", MECHANISM: "mechanism"}

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
