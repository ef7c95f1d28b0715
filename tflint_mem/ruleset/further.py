"""Where else does a place repeat?  A helper that leaks is called from many loops, and each of their files has its part.

A finding tells the nearest way in full.  Those beside it count as well: who checks one file, or the rows that somebody
changed, asks for the loop in there, not for the first one of the project.
"""

from __future__ import annotations

from itertools import islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.project.repeats.repeat import Repeat, Site

MOST = 50  # of one place: about as many as the search for repeats looks at


def of(repeat: Repeat, ways: Iterable[Repeat]) -> Iterator[Repeat]:
    """The repeats among `ways` that lead to the place by other calls than `repeat` does, and than each other."""
    return islice(_others(repeat, ways), MOST)


def _others(repeat: Repeat, ways: Iterable[Repeat]) -> Iterator[Repeat]:
    # A loop around the loop, or a handler around both, has the same calls: it says nothing new.
    seen: set[tuple[Site, ...]] = {repeat.hops}
    for way in ways:
        if way.hops not in seen:
            seen.add(way.hops)
            yield way
