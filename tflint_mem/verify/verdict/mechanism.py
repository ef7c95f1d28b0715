"""What keeps the memory, from the counters."""

from .units import KIB

PYTHON_OBJECT = 512  # bytes that one Python container may stand for


def mechanism(measured: object, kind: str, meter: str = "host") -> object:
    """What the counters say keeps the memory that this meter sees grow; None when they say nothing."""
    kept = measured.objects_kept
    bytes_kept = measured.growth(meter).retained
    if kind == "deferred":
        return "reference cycles"  # only what refers to itself waits for the collector
    if kept.get("gradient registry", 0) >= 0.45:
        return "gradient registry"
    if kept.get("sessions", 0) >= 0.45:
        return "kept sessions"
    if kept.get("models", 0) >= 0.45:
        return "kept models"
    if kept.get("interpreters", 0) >= 0.45:
        return "kept interpreters"
    if kept.get("tapes", 0) >= 0.45:
        return "kept tapes"
    if kept.get("interpreter views", 0) >= 0.45:
        return "kept views"
    if kept.get("graph operations", 0) >= 0.9 and kept.get("graphs", 0) < 0.45:
        return "graph growth"
    if kept.get("functions", 0) >= 0.45 or kept.get("graphs", 0) >= 0.45:
        return "dataset functions" if kept.get("datasets", 0) >= 0.45 else "function cache"
    if kept.get("datasets", 0) >= 0.45:
        return "kept datasets"
    if measured.tensor_bytes and bytes_kept is not None and measured.tensor_bytes > 0.4 * bytes_kept.value:
        return "kept variables" if kept.get("variables", 0) > 0.45 * kept.get("tensors", 0) else "kept tensors"
    if kept.get("open files", 0) >= 0.45:
        return "open files"
    if meter == "nvml":
        read = "allocator" in measured.accounts
        return "GPU memory outside of TensorFlow's allocator" if read else "GPU memory"
    if python_explains(measured):
        return "Python objects"
    if (
        measured.total
        and measured.cleared is not None
        and measured.total >= 512 * KIB
        and measured.cleared >= 0.6 * measured.total
    ):
        return "kernel cache"
    if kept.get("layers", 0) >= 0.45:
        return "kept layers"
    if any(rate >= 0.45 for rate in kept.values()):
        return None
    return "native memory" if meter == "host" else "GPU memory"


def python_explains(measured: object) -> bool:
    """Do enough Python objects stay to account for the bytes that stay?"""
    kept = measured.host.retained
    return bool(
        measured.python_objects and kept is not None and measured.python_objects * PYTHON_OBJECT >= kept.value > 0
    )
