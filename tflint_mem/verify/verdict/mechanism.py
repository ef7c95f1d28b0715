"""What keeps the memory, from the counters."""

from __future__ import annotations

from .thresholds import ALWAYS_ONE, ONE_EACH
from .units import KIB
from .words import (
    ALLOCATOR,
    DATASET_FUNCTIONS,
    DEFERRED,
    FUNCTION_CACHE,
    GPU_MEMORY,
    GRADIENT_REGISTRY,
    GRAPH_GROWTH,
    HOST,
    KERNEL_CACHE,
    NATIVE_MEMORY,
    NVML,
    OPEN_FILES,
    OUTSIDE_OF_ALLOCATOR,
    PYTHON_OBJECTS,
    REFERENCE_CYCLES,
    kept,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .measured import Measured
    from .words import Kind, MeterName

_PYTHON_OBJECT = 512  # bytes that one Python container may stand for

# (kind of object, mechanism), the one that says most first.
_BY_KIND = (
    ("gradient registry", GRADIENT_REGISTRY),
    ("sessions", kept("sessions")),
    ("models", kept("models")),
    ("interpreters", kept("interpreters")),
    ("tapes", kept("tapes")),
    ("interpreter views", kept("views")),
)


def mechanism(measured: Measured, kind: Kind, meter: MeterName = HOST) -> str | None:
    """What the counters say keeps the memory that this meter sees grow; None when they say nothing."""
    rates = measured.objects_kept

    def one(things: str) -> bool:
        return rates.get(things, 0) >= ONE_EACH

    if kind == DEFERRED:
        return REFERENCE_CYCLES  # only what refers to itself waits for the collector
    for things, word in _BY_KIND:
        if one(things):
            return word
    if rates.get("graph operations", 0) >= ALWAYS_ONE and not one("graphs"):
        return GRAPH_GROWTH
    if one("functions") or one("graphs"):
        return DATASET_FUNCTIONS if one("datasets") else FUNCTION_CACHE
    if one("datasets"):
        return kept("datasets")
    bytes_kept = measured.growth(meter).retained
    if measured.tensor_bytes and bytes_kept is not None and measured.tensor_bytes > 0.4 * bytes_kept.value:
        return kept("variables") if rates.get("variables", 0) > 0.45 * rates.get("tensors", 0) else kept("tensors")
    if one("open files"):
        return OPEN_FILES
    if meter == NVML:
        return OUTSIDE_OF_ALLOCATOR if ALLOCATOR in measured.accounts else GPU_MEMORY
    if python_explains(measured):
        return PYTHON_OBJECTS
    if _is_cleared(measured):
        return KERNEL_CACHE
    if one("layers"):
        return kept("layers")
    if any(rate >= ONE_EACH for rate in rates.values()):
        return None
    return NATIVE_MEMORY if meter == HOST else GPU_MEMORY


def _is_cleared(measured: Measured) -> bool:
    """Does `clear_session()` give most of what stays back?"""
    account = measured.accounts[HOST]
    return bool(
        account.total
        and account.cleared is not None
        and account.total >= 512 * KIB
        and account.cleared >= 0.6 * account.total
    )


def python_explains(measured: Measured) -> bool:
    """Do enough Python objects stay to account for the bytes that stay?"""
    bytes_kept = measured.host.retained
    return bool(
        measured.python_objects
        and bytes_kept is not None
        and measured.python_objects * _PYTHON_OBJECT >= bytes_kept.value > 0
    )
