"""What is around what: the blocks around a place, the loops among them, and where a block ends for good."""

from __future__ import annotations

from tflint_mem.facts import LOOPS, CallRef, ExprStatement, Jump, Return, tail_of

from .body import ModuleBody

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tflint_mem.facts import Block, Statement

_NEAR = range(10)  # blocks that are gone through one by one; code is seldom nested deeper
_EXITS = frozenset(("exit", "_exit", "quit", "abort"))


class ModuleBlocks(ModuleBody):
    """A module, asked about its blocks.  -1 is the whole scope, wherever a block is asked for."""

    __slots__ = ("_links", "_loops", "_spans", "_jumps")

    def forget(self) -> None:
        super().forget()
        self._links: dict[object, dict[int, int]] = {}
        self._loops: dict[int, tuple[int, ...]] = {-1: ()}
        self._spans: list[tuple[int, int]] | None = None
        self._jumps: dict[int, dict[int, list[tuple[int, str]]]] = {}

    def forget_others(self) -> None:
        """Forget the answers in which other modules have a part: a question to `outward` may ask them."""
        self._links = {}

    def chain(self, block: int) -> Iterator[int]:
        """The blocks around a place inside its scope, innermost first."""
        blocks = self.blocks
        while block >= 0:
            yield block
            block = blocks[block].parent

    def inside(self, block: int, outer: int) -> bool:
        """Is `block` the block `outer` or nested in it?"""
        if outer == -1:
            return True
        blocks = self.blocks
        for _ in _NEAR:
            if block <= outer:  # a block is numbered after the one around it
                return block == outer
            block = blocks[block].parent
        if self._spans is None:
            self._spans = _spans(blocks)
        first, last = self._spans[outer]
        return block >= 0 and first <= self._spans[block][0] <= last

    def outward(self, question: object, block: int, matters: Callable[[int], object]) -> Iterator[int]:
        """The blocks around a place that matter, innermost first.

        question   names what makes a block matter; `matters(block)` is asked once for each of the module
        """
        memo = self._links.get(question)
        if memo is None:
            memo = self._links[question] = {-1: -1}
        while True:
            found = memo.get(block)
            if found is None:
                found = self._nearest(memo, block, matters)
            if found < 0:
                return
            yield found
            block = self.blocks[found].parent

    def _nearest(self, memo: dict[int, int], block: int, matters: Callable[[int], object]) -> int:
        """The nearest block that matters, `block` itself included; entered for all on the way."""
        passed = []
        while block not in memo:
            if matters(block):
                memo[block] = block
            else:
                passed.append(block)
                block = self.blocks[block].parent
        found = memo[block]
        memo.update(dict.fromkeys(passed, found))
        return found

    def loops(self, block: int) -> tuple[int, ...]:
        """The blocks around a place that are loops, innermost first."""
        known, passed = self._loops, []
        while block not in known:
            passed.append(block)
            block = self.blocks[block].parent
        found = known[block]
        for each in reversed(passed):
            if self.blocks[each].kind in LOOPS:
                found = (each, *found)
            known[each] = found
        return found

    def loop_line(self, block: int) -> int:
        """The row in which a loop starts; of a comprehension the row of its bracket."""
        loop = self.blocks[block]
        return loop.clause.line if loop.kind == "comp" else self.statements[loop.statement].line

    def jumps(self, scope: int) -> dict[int, list[tuple[int, str]]]:
        """block -> [(statement, what)] of what ends a block of the scope whatever happened in it.

        `what` is "return", "raise", "break", "continue" or "exit".
        """
        found = self._jumps.get(scope)
        if found is None:
            found = self._jumps[scope] = {}
            for s in self.scope_statements(scope):
                statement = self.statements[s]
                what = self._jump(statement)
                if what is not None:
                    found.setdefault(statement.block, []).append((s, what))
        return found

    def _jump(self, statement: Statement) -> str | None:
        if type(statement) is ExprStatement:
            value = statement.value
            return "exit" if type(value) is CallRef and tail_of(self.calls[value.number].func) in _EXITS else None
        if type(statement) is Return:
            return "return"
        return statement.what if type(statement) is Jump else None


def _spans(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    """[(its place, the last place in it)] of each block, in an order in which what is in a block stands behind it."""
    sizes = [1] * len(blocks)
    for b in range(len(blocks) - 1, -1, -1):
        around = blocks[b].parent
        if around >= 0:
            sizes[around] += sizes[b]
    places: list[tuple[int, int]] = []
    free: list[int] = []
    outermost = 0
    for b, block in enumerate(blocks):
        around = block.parent
        place = free[around] if around >= 0 else outermost
        if around >= 0:
            free[around] += sizes[b]
        else:
            outermost += sizes[b]
        places.append((place, place + sizes[b] - 1))
        free.append(place + 1)
    return places
