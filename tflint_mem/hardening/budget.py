"""Bounded search: what keeps every search of the engine and of the rules from growing without end.

Two ways, and all searches use one of them:

- `settle` answers questions that ask each other (functions that call each other, names made from names): each is looked
  at once, members of a cycle included, so the cost is that of reading the program once.
- A `Search` spends from a budget that belongs to one question, so that no question asked before changes its answer.
  When it is spent the answer is "unknown": the rule is silent at that place and `--verbose` says so.

Both count their steps in the open, by kind: `Searches.steps`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterable, Iterator
    from typing import Any, TypeVar

    from tflint_mem.project.linking.module import Module

    Q = TypeVar("Q", bound=Hashable)


class Searches:
    """What the searches of one run have cost.

    steps     {kind: steps taken}
    given_up  {(kind, path, line): most steps} of the searches whose budget was spent, in order
    """

    def __init__(self) -> None:
        self.steps: dict[str, int] = {}
        self.given_up: dict[tuple[str, str, int], int] = {}

    def begin(self, kind: str, m: Module, i: int, most: int) -> Search:
        """A search of that kind for call `i` of module `m`, of at most so many steps."""
        return Search(self, kind, m, m.calls[i].pos.line, most)

    def count(self, kind: str, steps: int = 1) -> None:
        """Enter steps of a search that needs no limit."""
        self.steps[kind] = self.steps.get(kind, 0) + steps

    def lines(self) -> list[str]:
        """One line for each search that was given up: where, and which; in order of the places."""
        given_up = sorted((path, line, kind, most) for (kind, path, line), most in self.given_up.items())
        return [
            f"{path}:{line}: unknown: the search for {kind} was given up after {most} steps"
            for path, line, kind, most in given_up
        ]


class Search:
    """One search with a budget of its own.  `spent` tells that its answer is unknown."""

    __slots__ = ("_searches", "kind", "_m", "_line", "most", "left")

    def __init__(self, searches: Searches, kind: str, m: Module, line: int, most: int) -> None:
        self._searches, self.kind, self._m, self._line = searches, kind, m, line
        self.most = self.left = most

    def step(self, steps: int = 1) -> bool:
        """Take steps; False when there are none left: the searcher gives up, unless it has found enough."""
        self.left -= steps
        counted = self._searches.steps
        counted[self.kind] = counted.get(self.kind, 0) + steps
        return self.left >= 0

    def give_up(self) -> None:
        """Enter that the answer is unknown."""
        self._searches.given_up.setdefault((self.kind, self._m.path, self._line), self.most)

    @property
    def spent(self) -> bool:
        """Is the budget used up, and the answer unknown?"""
        return self.left < 0


class _Frame:
    """A question that waits for the answers to those it asks."""

    __slots__ = ("question", "answer", "asked", "low")

    def __init__(self, question: Any, answer: int, asked: Iterator[Any], low: int) -> None:
        self.question, self.answer, self.asked, self.low = question, answer, asked, low


def settle(
    root: Q,
    look: Callable[[Q], tuple[int, Iterable[Q]]],
    memo: dict[Q, int],
    top: int = 1,
    cycle: int = 0,
) -> int:
    """The answer to a question that is the largest of its own and those of the questions it asks, found once for all of
    them.

    root   the question, hashable         memo   {question: answer}, filled with all that were met
    look   `look(question)` gives (its own answer, an iterable of the questions it asks, taken as far as needed)
    top    the largest answer: who has it needs to ask nothing more
    cycle  the least answer of questions that ask themselves, directly or in a circle

    Without recursion, however long the chain.  The members of a cycle have one answer, whichever is asked first.
    """
    if root in memo:
        return memo[root]
    numbers: dict[Q, int] = {}  # in the order of discovery
    waiting: list[Q] = []  # those whose cycle is open still
    frames: list[_Frame] = []

    def enter(question: Q) -> None:
        own, asked = look(question)
        numbers[question] = len(numbers)
        waiting.append(question)
        frames.append(_Frame(question, own, iter(asked if own < top else ()), numbers[question]))

    enter(root)
    while frames:
        frame = frames[-1]
        for asked in frame.asked if frame.answer < top else ():
            known = memo.get(asked)
            if known is not None:
                frame.answer = max(frame.answer, known)
            elif asked in numbers:
                frame.answer, frame.low = max(frame.answer, cycle), min(frame.low, numbers[asked])
            else:
                enter(asked)
                break
            if frame.answer >= top:
                break
        else:
            done = frames.pop()
            if done.low == numbers[done.question]:  # its cycle is complete, or it is in none
                members = waiting[_position(waiting, done.question) :]
                del waiting[len(waiting) - len(members) :]
                for member in members:
                    memo[member] = done.answer
            if frames:
                outer = frames[-1]
                outer.answer, outer.low = max(outer.answer, done.answer), min(outer.low, done.low)
    return memo[root]


def _position(waiting: list[Q], question: Q) -> int:
    position = len(waiting) - 1
    while waiting[position] != question:
        position -= 1
    return position
