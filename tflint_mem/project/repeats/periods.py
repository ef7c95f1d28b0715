"""Does a place run in each pass of a repeat, or in every hundredth: is an `if step % 100 == 0:` on the way?

The number is the one that is written there, or that is usual for its name; where nothing tells it, there is no period.
"""

from __future__ import annotations

from tflint_mem.facts import BinaryOp, Comparison, Expression, Name

from .conditions import conditions
from .headers import test_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module

    from .repeat import Repeat
    from .usual import Usual


def of_repeat(usual: Usual, repeat: Repeat) -> int:
    """Of how many passes of a repeat one comes to its place, as far as periods tell; 1 for each of them."""
    longest = 1
    for position, (m, i) in enumerate(repeat.hops):
        longest = max(longest, around(usual, m, i, repeat.region_at(position)))
    return longest


def around(usual: Usual, m: Module, i: int, outer: int = -1) -> int:
    """The longest period of the conditions around call `i`, up to block `outer`; 1 when there is none."""
    longest = 1
    for b in m.chain(m.calls[i].block):
        if b == outer:
            break
        if m.blocks[b].kind == "if" and m.blocks[b].branch:
            for number in _periods(usual, m, m.calls[i].scope, test_of(m, b), m.blocks[b].statement):
                longest = max(longest, number)
    return longest


def _periods(usual: Usual, m: Module, scope: int, test: Expression, at: int) -> Iterator[int]:
    for condition, positive in conditions(test, True):
        if isinstance(condition, Name) and positive:  # log = step % 100 == 0
            for binding in m.bindings(scope).get(condition.id, ()):
                if binding.kind == "assign" and isinstance(binding.value, (BinaryOp, Comparison)):
                    yield from _periods(usual, m, scope, binding.value, binding.statement)
            continue
        divided = condition if isinstance(condition, BinaryOp) and not positive else None  # not step % 100
        if isinstance(condition, Comparison) and condition.ops == ("==",) and positive:
            divided = condition.left if isinstance(condition.left, BinaryOp) else None
        if divided is not None and divided.op == "%":
            number = usual.number(m, scope, divided.right, at)
            if number is not None and number > 1:
                yield number


def ordinal(number: int) -> str:
    """ "1000th", "52nd"."""
    teens = number % 100 in (11, 12, 13)
    return f"{number}{'th' if teens else {1: 'st', 2: 'nd', 3: 'rd'}.get(number % 10, 'th')}"
