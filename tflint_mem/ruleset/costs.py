"""What the fixtures of each rule cost under each version of TensorFlow, as bench/versions.py has measured it.

`costs.json` beside this module is written by docs/generate.py from docs/evidence/versions.json.
"""

from __future__ import annotations

import functools
import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypedDict

    class Numbers(TypedDict, total=False):
        """One program under one version: KiB per repeat that it grows by, and of them those that no collection
        returns; KiB that its first calls hold; milliseconds per repeat, good for ratios; or why there is nothing
        (`cannot`: what it raised, in short).
        """

        grows: float | None
        stays: float | None
        holds: float | None
        ms: float
        cannot: str

    class Cost(TypedDict):
        """Both programs under one version, None where one was not measured."""

        tensorflow: str
        flagged: Numbers | None
        fixed: Numbers | None


_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "costs.json")


def of_rule(code: str) -> list[Cost]:
    """By version, the oldest first; [] for a rule that was not measured."""
    found: list[Cost] = _all().get(code, [])
    return found


@functools.lru_cache(maxsize=1)
def _all() -> dict[str, list[Cost]]:
    with open(_FILE, encoding="utf-8") as handle:
        found: dict[str, list[Cost]] = json.load(handle)
    return found
