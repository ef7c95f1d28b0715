"""How much of a GPU that others use too a child may reserve that reserves all it gets (TFM601 is about just that)."""

from __future__ import annotations

_IDLE = 1 << 30  # bytes that a card may hold without anybody's program: driver, firmware, a desktop
_SHARE = 2 << 30
_LEAST = 1 << 30


def leave(environment: dict) -> tuple:
    """(bytes to leave free, None), or (0, what is needed) when there is no room for an experiment.

    environment: environment.describe().  0 bytes where nobody else uses the GPU.
    """
    used, free = environment.get("in_use"), environment.get("free")
    if not environment.get("shared_with") and (used is None or used <= _IDLE):
        return 0, None
    if free is None:
        return 0, "a GPU of its own: others use this one, and the driver does not say what is free"
    share = min(_SHARE, free // 4)
    if share < _LEAST:
        return 0, (
            f"a GPU with 4 GiB free: others use this one, {free / 2**30:.1f} GiB are left, "
            "and the flagged code takes what it gets"
        )
    if not _knows_limit(environment.get("tensorflow")):
        return 0, "a GPU of its own: others use this one, and this TensorFlow takes all that is left"
    return free - share, None


def _knows_limit(version: str | None) -> bool:
    """TF_DEVICE_MIN_SYS_MEMORY_IN_MB came with TensorFlow 2.5."""
    try:
        return tuple(int(part) for part in str(version).split(".")[:2]) >= (2, 6)
    except ValueError:
        return False
