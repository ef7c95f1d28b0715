"""Which rows differ between two versions of a text."""

from __future__ import annotations

from bisect import bisect_left

from tflint_mem.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeVar

    Row = TypeVar("Row", str, bytes)

_MOST_ROWS = 3000  # that are compared each with each: difflib is quadratic at worst


class Change(Record):
    """The rows old[first:last] become the rows new[start:end]; all count from 0."""

    __slots__ = ()
    first: int
    last: int
    start: int
    end: int


def changes(old: Sequence[Row], new: Sequence[Row]) -> list[Change]:
    """What differs between the two lists of rows, in order.

    Long lists are divided at rows that stand once in each of them; what is still long between two of those is one
    change.
    """
    found: list[Change] = []
    first = start = 0
    anchors: list[tuple[int, int]] = _anchors(old, new) if len(old) + len(new) > _MOST_ROWS else []
    for row, other in (*anchors, (len(old), len(new))):
        found += _between(old, new, first, row, start, other)
        first, start = row, other
    return found


def _between(old: Sequence[Row], new: Sequence[Row], first: int, last: int, start: int, end: int) -> Iterator[Change]:
    """The changes from old[first:last] to new[start:end]."""
    while first < last and start < end and old[first] == new[start]:
        first, start = first + 1, start + 1
    while first < last and start < end and old[last - 1] == new[end - 1]:
        last, end = last - 1, end - 1
    rows = last - first + end - start
    if not rows:
        return
    if first == last or start == end or rows == 2 or rows > _MOST_ROWS:
        yield Change(first, last, start, end)
        return
    import difflib

    matcher = difflib.SequenceMatcher(None, old[first:last], new[start:end], autojunk=False)
    for tag, low, high, begin, stop in matcher.get_opcodes():
        if tag != "equal":
            yield Change(first + low, first + high, start + begin, start + stop)


def _anchors(old: Sequence[Row], new: Sequence[Row]) -> list[tuple[int, int]]:
    """Where rows stand that are unique in each list: the longest series that is in the same order in both."""
    places = _unique(new)
    pairs = [(row, places[text]) for text, row in _unique(old).items() if text in places]
    ends: list[int] = []  # of the best series of each length: the smallest last place in `new`
    best: list[int] = []  # the same as positions in `pairs`
    before: list[int] = []  # for each pair the one before it in its series, -1 for none
    for position, (_, other) in enumerate(pairs):
        length = bisect_left(ends, other)
        before.append(best[length - 1] if length else -1)
        ends[length : length + 1], best[length : length + 1] = [other], [position]
    series: list[tuple[int, int]] = []
    position = best[-1] if best else -1
    while position >= 0:
        series.append(pairs[position])
        position = before[position]
    return series[::-1]


def _unique(rows: Sequence[Row]) -> dict[Row, int]:
    """The rows that stand once, with their places, in order."""
    seen: dict[Row, int] = {}
    for place, row in enumerate(rows):
        seen[row] = -1 if row in seen else place
    return {row: place for row, place in seen.items() if place >= 0}
