"""Answers to questions that depend on each other, each found once:
a memo with a guard against cycles and against depth.
"""

from __future__ import annotations

from types import FunctionType

from tflint_mem.facts.record import Record, new

from .values import EMPTY, Bounds, Ordered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Concatenate, ParamSpec, TypeAlias, TypeVar

    from typing_extensions import TypeVarTuple, Unpack

    from tflint_mem.project.linking.module import Module

    from .values import Values

    A = TypeVar("A")
    B = TypeVar("B")
    K = TypeVar("K")
    P = ParamSpec("P")
    S = TypeVar("S", bound="Answers")
    Ts = TypeVarTuple("Ts")
    Question: TypeAlias = tuple[object, ...]  # its kind, the index of a module, what it is about
    Holding: TypeAlias = Callable[Concatenate[S, Module, P], Values]
    Asking: TypeAlias = Callable[[S, Module, int], A]

LARGE_CYCLE = 60  # members of a cycle; to ask so many again, each from its own place, would cost their square
MOST_ANSWERS = 50_000  # in each of two generations, about 12 MB
MAX_DEPTH = 100  # of expressions in each other
MOST_DEPTH = 500  # ... of all questions that are asked apart, one in the middle of another: 7 or 8 calls each
SURE_DEPTH = 60  # answers that were found further down are not kept when a search was cut off there
_NO_CYCLE = 1 << 30  # is further out than any question


def remembered(kind: str) -> Callable[[Holding[S, P]], Holding[S, P]]:
    """Decorate a question `(self, m, what)` or `(self, m, what, which)` about a module `m`, whose answer is values:
    it is answered once.

    kind   tells its answers from those of other questions
    """

    def decorate(find: Holding[S, P]) -> Holding[S, P]:
        def ask(self: Answers, m: Module, what: object) -> Any:
            key = (kind, m.index, what)
            found = self.memo.get(key)
            if found is None:
                found = self.guarded(key, find, m, what)
            return found

        def ask_more(self: Answers, m: Module, what: object, which: object) -> Any:
            key = (kind, m.index, what, which)
            found = self.memo.get(key)
            if found is None:
                found = self.guarded(key, find, m, what, which)
            return found

        more = isinstance(find, FunctionType) and find.__code__.co_argcount == 4
        question: Callable[..., Values] = ask_more if more else ask
        return _named_as(find, question)

    return decorate


def remembered_or(kind: str, instead: Callable[[Module, int], B]) -> Callable[[Asking[S, A]], Asking[S, A | B]]:
    """Decorate a question `(self, m, what)` with any other answer: it is answered once.

    instead   gives the answer when the question depends on itself
    """

    def decorate(find: Asking[S, A]) -> Asking[S, A | B]:
        def ask(self: S, m: Module, what: int) -> A | B:
            key = (kind, m.index, what)
            found = self.memo.get(key)
            if found is None:
                found = self.guarded(key, find, m, what)
            return instead(m, what) if found is EMPTY else found

        return _named_as(find, ask)

    return decorate


def _named_as(find: Callable[..., object], question: Callable[P, A]) -> Callable[P, A]:
    for name in ("__name__", "__qualname__", "__doc__"):
        setattr(question, name, getattr(find, name))
    return question


class Provisional(Record):
    """The answer of a member of a cycle whose head is being computed.

    answer  what it is as far as it is known
    head    how deep the head stands
    """

    __slots__ = ()
    answer: object
    head: int


class Answers:
    """The memo of a class with `remembered` questions.

    memo, older  the answers of two generations; what an answer is, only its question knows
    pool         the one set that stands for all equal ones
    active       what is being computed, with its depth
    provisional, members   members of cycles whose head is being computed, and in which order they came
    low          the depth of the outermost open question that what is being computed rests on
    depth        how many expressions and names the search has gone in; `around`: those around it had, when it was asked
                 apart from them
    sure         how many questions were open when SURE_DEPTH was reached
    """

    def __init__(self) -> None:
        self.memo: dict[Question, Any] = {}
        self.older: dict[Question, Any] = {}
        self.pool: dict[Values, Values] = {}
        self._bounds = Bounds()
        self.active: dict[Question, int] = {}
        self.provisional: dict[Question, Provisional] = {}
        self.members: list[Question] = []
        self.low = _NO_CYCLE
        self.depth = self.around = 0
        self.sure = 0

    def forget(self) -> None:
        """Drop all answers."""
        self.memo, self.older, self.pool = {}, {}, {}
        self._bounds = Bounds()

    def guarded(self, key: Question, find: Callable[..., Any], *about: object) -> Any:
        """The answer `find(self, *about)` gives, remembered under `key`:
        one that depends on itself is what the other paths give.

        The members of a cycle see it cut at its head (they get EMPTY from there), so their values are provisional: they
        serve while the head is computed and are forgotten with it, unless the cycle is large.  The head's own value is
        complete.
        """
        if self.older:
            found = self.older.get(key)
            if found is not None:
                self.memo[key] = found
                return found
        if self.provisional:
            known = self.provisional.get(key)
            if known is not None:
                self.low = min(self.low, known.head)
                return known.answer
        depth = self.active.get(key)
        if depth is not None:
            self.low = min(self.low, depth)
            return EMPTY
        depth = self.active[key] = len(self.active)
        outer, self.low = self.low, _NO_CYCLE
        mark = len(self.members)
        try:
            found = find(self, *about)
        finally:
            del self.active[key]
            low, self.low = self.low, outer
        if found and type(found) is frozenset:
            found = self.pooled(found)
        if low >= depth:  # nothing it used waits for something further out
            self.memo[key] = found
            if len(self.members) > mark:
                self._settle(mark)
            if len(self.memo) > MOST_ANSWERS:  # a very large project: what nobody asks for again is forgotten
                self.memo, self.older, self.pool, self._bounds = {}, self.memo, {}, Bounds()
        else:
            self.provisional[key] = new(Provisional, (found, low))
            self.members.append(key)
            self.low = min(outer, low)
        return found

    def deeper(self, find: Callable[[Unpack[Ts]], Values], *about: Unpack[Ts]) -> Values:
        """What `find(*about)` gives, one expression or name further in; nothing at MAX_DEPTH.

        The answers on the way that stand close to where the search was cut off are forgotten with the one at
        SURE_DEPTH.
        """
        if self.depth >= MAX_DEPTH:
            self.low = min(self.low, self.sure - 1)
            return EMPTY
        self.depth += 1
        if self.depth == SURE_DEPTH:
            self.sure = len(self.active)
        try:
            return find(*about)
        finally:
            self.depth -= 1

    def pooled(self, found: Values) -> Values:
        """The one set that stands for all equal answers, within the bounds of values;
        there are a few thousand different ones.
        """
        known = self.pool.get(found)
        if known is None:
            known = self._bounds.within(found)
            known = known if len(known) < 2 else Ordered(known)
            self.pool[found] = self.pool[known] = known
        return known

    def lasting(self, find: Callable[[Unpack[Ts]], A], *about: Unpack[Ts]) -> tuple[A, bool]:
        """(what `find(*about)` gives, whether it stays true):
        it does not when it rests on an answer that is open still, or on a search that was cut off.
        """
        outer, self.low = self.low, _NO_CYCLE
        try:
            found = find(*about)
        finally:
            low, self.low = self.low, min(outer, self.low)
        return found, low == _NO_CYCLE

    def kept(self, memo: dict[K, A], key: K, find: Callable[[Unpack[Ts]], A], *about: Unpack[Ts]) -> A:
        """`memo[key]`, or what `find(*about)` gives, which the memo gets if it lasts."""
        if key in memo:
            return memo[key]
        outer, self.low = self.low, _NO_CYCLE  # as `lasting` does, without its call
        try:
            found = find(*about)
        finally:
            low, self.low = self.low, min(outer, self.low)
        if low == _NO_CYCLE:
            memo[key] = found
        return found

    def apart(self, find: Callable[[Unpack[Ts]], A], *about: Unpack[Ts]) -> A:
        """What `find(*about)` gives, asked as if no question were open."""
        state = self.active, self.provisional, self.members, self.low, self.depth, self.sure
        around = self.around
        self.around += self.depth
        self.active, self.provisional, self.members, self.low, self.depth, self.sure = {}, {}, [], _NO_CYCLE, 0, 0
        try:
            return find(*about)
        finally:
            self.active, self.provisional, self.members, self.low, self.depth, self.sure = state
            self.around = around

    def too_deep(self, apart: int) -> bool:
        """Must nothing more be asked apart from what is open?  apart: how many are asked so"""
        return self.around + self.depth + apart > MOST_DEPTH

    def cut(self) -> None:
        """What is being answered rests on something that is not known in full yet: it is not remembered."""
        self.low = -1

    def _settle(self, mark: int) -> None:
        """The head of a cycle is known: forget its members, or keep them when there are many."""
        keep = len(self.members) - mark > LARGE_CYCLE
        for member in self.members[mark:]:
            answer = self.provisional.pop(member).answer
            if keep:
                self.memo[member] = answer
        del self.members[mark:]
