"""How much of a GPU that others use too a child may reserve that reserves all it gets (TFM601 is about just that)."""

from __future__ import annotations

from typing import NamedTuple

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.verify.events import Environment

_IDLE = 1 << 30  # bytes that a card may hold without anybody's program: driver, firmware, a desktop
_SHARE = 2 << 30  # bytes that an experiment takes at most
_LEAST = 1 << 30  # bytes that it needs


class Leave(NamedTuple):
    """free: bytes that a child must leave to others; lacks: what is needed when there is no room for it, else None."""

    free: int
    lacks: str | None


def leave(environment: Environment) -> Leave:
    """What a child that reserves all of a GPU leaves to others; 0 bytes where nobody else uses it."""
    used, free = environment.get("in_use"), environment.get("free")
    if not environment.get("shared_with") and (used is None or used <= _IDLE):
        return Leave(0, None)
    if free is None:
        return Leave(0, "a GPU of its own: others use this one, and the driver does not say what is free")
    share = min(_SHARE, free // 4)
    if share < _LEAST:
        return Leave(
            0,
            f"a GPU with 4 GiB free: others use this one, {free / 2**30:.1f} GiB are left, "
            "and the flagged code takes what it gets",
        )
    if not _knows_limit(environment.get("tensorflow")):
        return Leave(0, "a GPU of its own: others use this one, and this TensorFlow takes all that is left")
    return Leave(free - share, None)


def _knows_limit(version: str | None) -> bool:
    """TF_DEVICE_MIN_SYS_MEMORY_IN_MB came with TensorFlow 2.5."""
    try:
        return tuple(int(part) for part in str(version).split(".")[:2]) >= (2, 6)
    except ValueError:
        return False
