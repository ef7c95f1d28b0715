"""Rates at which counted objects pile up, from the counts of a run's settled states."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.verify.events import Raw, Settled

    Rates = dict[str, float]  # objects per repeat, by kind

OBJECTS = (
    "models",
    "functions",
    "graphs",
    "sessions",
    "variables",
    "tensors",
    "layers",
    "optimizers",
    "datasets",
    "iterators",
    "tapes",
    "interpreters",
    "interpreter views",
    "graph operations",
    "gradient registry",
    "context functions",
    "open files",
)
TENSOR_BYTES, PYTHON_OBJECTS = "tensor bytes", "python objects"
_IN_ALL = (TENSOR_BYTES, PYTHON_OBJECTS)  # no kinds of their own: they hold what others count


class ObjectRates:
    """Objects per repeat.

    raw       before any collection: what exists
    kept      in every settled state: what stays, kinds that grow alone
    in_all    of TENSOR_BYTES and PYTHON_OBJECTS what stays; None for what was not measured over both phases
    counted   kinds that were counted in every settled state, whether they grew or not
    """

    __slots__ = ("raw", "kept", "in_all", "counted")

    def __init__(self, settled: Sequence[Settled], raw: Raw | None) -> None:
        """settled: without the cleared state; raw: the last reading before a collection."""
        self.raw: Rates = {}
        self.kept: Rates = {}
        self.in_all: dict[str, float | None] = {}
        counted = [frozenset(event["counts"]) for event in settled]
        self.counted: frozenset[str] = frozenset.intersection(*counted) if len(counted) >= 2 else frozenset()
        by_place = {event["at"]: event for event in settled}
        base, end = by_place.get("base"), by_place.get("loop")
        if base is None:
            return
        if raw is not None:
            self.raw = {
                kind: _rate(base, raw, kind, raw["n"])
                for kind in OBJECTS
                if kind in raw["counts"] and kind in base["counts"]
            }
        if end is not None:
            self._add_kept(base, end, [event for event in settled if event["at"] == "block"])

    def _add_kept(self, base: Settled, end: Settled, blocks: Sequence[Settled]) -> None:
        """Of both phases the one in which less stays."""
        for kind in OBJECTS + _IN_ALL:
            if kind not in end["counts"] or kind not in base["counts"]:
                continue
            smaller = first = _rate(base, end, kind, end["n"])
            if blocks:
                smaller = min(first, _rate(end, blocks[-1], kind, sum(block["n"] for block in blocks)))
            if kind in _IN_ALL:
                self.in_all[kind] = smaller if blocks else None
            elif smaller > 0:
                self.kept[kind] = smaller


def _rate(earlier: Settled | Raw, later: Settled | Raw, kind: str, count: int) -> float:
    return (later["counts"].get(kind, 0) - earlier["counts"].get(kind, 0)) / float(max(1, count))
