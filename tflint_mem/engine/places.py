"""Of several findings for one place, the one that stays."""

from __future__ import annotations

from tflint_mem.ruleset.registry import BY_CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Protocol, TypeVar

    class Placed(Protocol):
        """A draft, or what another process tells of one."""

        @property
        def code(self) -> str: ...

        @property
        def place(self) -> tuple[int, int, int]: ...

    D = TypeVar("D", bound=Placed)


def most_specific(drafts: Iterable[D]) -> list[D]:
    """One finding for one place: of several drafts the one whose rule is the most specific."""
    best: dict[tuple[int, int, int, bool], D] = {}
    for draft in drafts:
        key = (*draft.place, BY_CODE[draft.code].group == "config")
        other = best.get(key)
        if other is None or BY_CODE[draft.code].rank > BY_CODE[other.code].rank:
            best[key] = draft
    return list(best.values())
