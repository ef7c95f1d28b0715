"""Places in files, written as reports have them."""

from __future__ import annotations

import os
import re

from tflint_mem.record import Record

_PLACE = re.compile(r"(?P<path>.+?)(?::cell (?P<cell>\d+))?:(?P<row>\d+)(?::\d+)?", re.DOTALL)


class Place(Record):
    """A file, or a row of it; in a notebook a row of a cell."""

    __slots__ = ()
    path: str
    row: int | None = None
    cell: int | None = None


def place_of(argument: str) -> Place:
    """The place that is written as reports have it: `train.py`, `train.py:12`, `train.py:12:5`,
    `nb.ipynb:cell 4:12:5`.
    """
    found = None if os.path.exists(argument) else _PLACE.fullmatch(argument)
    if found is None or not found["row"]:
        return Place(argument)
    return Place(found["path"], int(found["row"]), int(found["cell"]) if found["cell"] else None)
