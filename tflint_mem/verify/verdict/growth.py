"""Growth per repeat: raw, as a user sees it, and retained, which no collection returns."""

from __future__ import annotations

from .words import RETAINED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    from .stats import Slope
    from .words import Kind

    class GrowthNumbers(TypedDict):
        """Growth in the JSON contract, per repeat; None where nothing was measured."""

        raw: float | None
        retained: float | None


class Growth:
    """Growth of one meter, in bytes per repeat; None where it was not measured.

    raw        slope of the curve of the first phase, garbage included
    retained   slope over the settled states of the second phase
    """

    __slots__ = ("raw", "retained")

    def __init__(self, raw: Slope | None = None, retained: Slope | None = None) -> None:
        self.raw, self.retained = raw, retained

    def deciding(self, kind: Kind | None = RETAINED) -> Slope | None:
        """The slope that a verdict of this kind rests on: what stays, else (deferred, or nothing settled) what is
        seen."""
        return self.retained if kind == RETAINED and self.retained is not None else self.raw

    def as_json(self, digits: int = 1) -> GrowthNumbers:
        """The numbers of the JSON contract, rounded."""
        return {"raw": _rounded(self.raw, digits), "retained": _rounded(self.retained, digits)}


class ObjectsGrowth:
    """Number of counted objects per repeat, of all kinds together; None when they were not counted."""

    __slots__ = ("raw", "retained")

    def __init__(self, raw: float | None, retained: float | None) -> None:
        self.raw, self.retained = raw, retained

    def as_json(self, digits: int = 2) -> GrowthNumbers:
        """The numbers of the JSON contract, rounded."""
        return {
            "raw": None if self.raw is None else round(self.raw, digits),
            "retained": None if self.retained is None else round(self.retained, digits),
        }


def _rounded(slope: Slope | None, digits: int) -> float | None:
    return None if slope is None else round(slope.value, digits)
