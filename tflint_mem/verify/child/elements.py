"""What the measured loop runs over: the user's own elements, again and again."""

from __future__ import annotations

import itertools
import operator
import sys
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    from .plan import Plan

_SMALL_BUFFER = 256  # elements of a one-shot iterator that are remembered, when they are small
_LONG_ENOUGH = 10  # own elements that are enough for both phases
_A_LITTLE = 1e-7  # of a number: another key, and the same training


class Elements:
    """Serves the elements of one measurement.

    allow_extension  may numbers that count up go on counting beyond the user's last?
    extended         elements beyond the user's own were served
    expected         number of elements in all, where each is served once and nothing is put behind them; else None
    pass_length      number of elements in one pass over what the loop runs over, None as long as nobody knows
    position         number of elements served in the pass that is under way
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.allow_extension, self.extended = True, False
        self.expected: int | None = None
        self.pass_length: int | None = None
        self.position = 0

    def serve(self, source: Any) -> Iterator[Any]:
        """The elements of an iterable, or of what a lambda makes anew for each pass.

        A plan that never serves the same ones twice is one from here on when keys come from numbers.
        """
        fresh = source if isinstance(source, types.LambdaType) and source.__name__ == "<lambda>" else None
        value = fresh() if fresh else source
        if self._plan.vary or self._plan.keyed and self._further(value) is not None:
            self._plan.vary = True
            yield from self._once_through(value)
            return
        if self._plan.rounds:
            yield from value
            return
        if fresh is None and iter(value) is value:
            yield from _remembered(value)
            return
        while True:
            length = _length(value)
            self.pass_length = self.pass_length if length is None else length
            self.position = 0
            for element in value:
                self.position += 1
                yield element
            if not self.position:
                return
            self.pass_length = self.position
            if fresh:
                value = fresh()

    def _once_through(self, value: Any) -> Iterator[Any]:
        """The user's own elements, each once; numbers go on, if nothing speaks against it."""
        length = _length(value)
        steps = self._further(value) if self.allow_extension and (length is None or length < _LONG_ENOUGH) else None
        if steps is None:
            self.expected = length
        for element in value:  # noqa: UP028  # an iterator of the user's is not to be closed with ours
            yield element
        if steps is not None:
            self.extended = True
            yield from steps

    def _further(self, value: Any) -> Iterator[Any] | None:
        """Numbers to go on with, none of them served before; None when there are none.  Keys need no more than to be
        others: what they stand for may stay as it is.
        """
        steps = _continuation(value)
        return _neighbours(value) if steps is None and self._plan.keyed else steps


def _length(value: Any) -> int | None:
    """Number of elements, also below `enumerate` and `zip`; None when nobody knows (a generator, a data set without
    end)."""
    if isinstance(value, (enumerate, zip)):
        try:
            reduced: Any = value.__reduce__()
            _, below, *_ = reduced
        except TypeError:
            return None
        lengths = [_length(part) for part in (below[:1] if isinstance(value, enumerate) else below)]
        known = [length for length in lengths if length is not None]
        return min(known) if known else None
    try:
        hint = operator.length_hint(value, -1)
    except Exception:
        return None  # a data set of unknown length, a tensor of a graph
    return hint if hint >= 0 else None


def _remembered(iterator: Iterable[Any]) -> Iterator[Any]:
    """A one-shot iterator, and then its elements again as long as they are few and small."""
    kept: list[Any] | None = []
    for element in iterator:
        if kept is not None:
            if len(kept) < _SMALL_BUFFER and _is_small(element):
                kept.append(element)
            else:
                kept = None
        yield element
    while kept:
        yield from kept


def _is_small(element: object) -> bool:
    if isinstance(element, (tuple, list)):
        return len(element) < 16 and all(_is_small(part) for part in element)
    return isinstance(element, (int, float, str, bytes, bool, type(None))) and sys.getsizeof(element) < 4096


def _continuation(value: Any) -> Iterator[Any] | None:
    """The numbers after the last of `value`, which counts up evenly; None when it does not."""
    if isinstance(value, range) and value.step > 0 and len(value):
        return itertools.count(value[-1] + value.step, value.step)
    if isinstance(value, (list, tuple)) and len(value) >= 2 and all(type(number) in (int, float) for number in value):
        step = value[-1] - value[-2]
        if step > 0 and all(later > earlier for earlier, later in zip(value, value[1:])):
            return itertools.count(value[-1] + step, step)
    return None


def _neighbours(value: Any) -> Iterator[float] | None:
    """The numbers of `value` again and again, each time a little larger; None when they are not different floats."""
    if not isinstance(value, (list, tuple)) or len(value) < 2:
        return None
    if any(type(number) is not float or not number for number in value) or len(set(value)) < len(value):
        return None
    return (number * (1 + turn * _A_LITTLE) for turn in itertools.count(1) for number in value)
