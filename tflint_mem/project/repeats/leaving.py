"""When a loop leaves: in the pass that makes a call, or after so many passes because something counts them.

`for path in paths: load(path); break` loads once, `for i, x in enumerate(xs): … if i >= 3: break` has four passes, and
`if step == 10:` holds in one of them.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    CallRef,
    Comparison,
    Constant,
    For,
    If,
    Name,
    SequenceDisplay,
    Try,
    TupleDisplay,
    While,
    tail_of,
)

from .conditions import conditions
from .headers import header, test_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module

    Jumps = Mapping[int, Sequence[tuple[int, str]]]  # block -> (statement, what) of what ends it: see `Module.jumps`

RETURNS = frozenset(("return", "raise"))
_LEAVES_ALL = RETURNS | {"exit"}
_LEAVES = _LEAVES_ALL | {"break"}
_BLOCKS = frozenset(("for", "while", "try"))
_LOOPS = frozenset(("for", "while"))
_NAMES_OF = frozenset(
    ("getnames", "namelist", "listdir", "keys")
)  # distinct names: of an archive, a folder, a dictionary
_NOTHING: dict[int, int] = {}
_AFTER = {"==": 1, ">=": 1, ">": 2}  # passes when the counter has started at zero and counts by one


class Leaving:
    """Answers about loops that end in the pass that makes a call."""

    def __init__(self) -> None:
        self._ending: dict[tuple[int, int], dict[int, int]] = {}

    def at_once(self, m: Module, i: int, loop: int) -> bool:
        """Does the code path of call `i` always leave the loop in the same pass?

        True when an unconditional `break`, `return` or exit stands in one of the blocks between the call and the loop.
        """
        if m.blocks[loop].kind == "comp":
            return False
        call = m.calls[i]
        at = call.statement
        jumps, ends, blocks = m.jumps(call.scope), self._ends(m, loop), m.blocks
        way: list[int] = []
        for block in m.outward(
            ("leaves", loop) if ends else "leaves",
            call.block,
            lambda b: blocks[b].kind in _BLOCKS or b in jumps or b in ends,
        ):
            way.append(block)
            if block == loop:
                break
        outward, inward = sum(blocks[b].kind in _LOOPS for b in way if b != loop), 0  # loops in between
        for block in way:
            kind = blocks[block].kind
            if block != loop and kind in _LOOPS:
                # a break in an inner loop leaves only that loop; a return leaves all
                outward, inward = outward - 1, inward + 1
                if _ends_with(jumps, block, at, RETURNS):
                    return True
            elif kind != "comp":
                kinds = _LEAVES_ALL if outward or inward and block != loop else _LEAVES
                if _ends_with(jumps, block, at, kinds) or not outward and ends.get(block, -1) >= at:
                    return True
                statement = m.statements[blocks[block].statement]
                if kind == "try" and type(statement) is Try:  # `try: load()` … `else: break`: leaves when it worked
                    if statement.orelse is not None and _ends_with(jumps, statement.orelse, at, kinds):
                        return True
        return False

    def _ends(self, m: Module, loop: int) -> dict[int, int]:
        """{block: the last statement in it that ends the loop}: `while not done:` with `done = True` in the block."""
        head = m.statements[m.blocks[loop].statement]
        if type(head) is not While:
            return _NOTHING
        found = self._ending.get((m.index, loop))
        if found is None:
            found = self._ending[m.index, loop] = {}
            flags = {
                condition: positive
                for condition, positive in conditions(head.test, True)
                if type(condition) is Name or type(condition) is Attribute
            }
            for s in m.scope_statements(head.scope) if flags else ():
                each = m.statements[s]
                if type(each) is Assign and type(each.value) is Constant:
                    holds = bool(each.value.value)
                    if any(target in flags and holds != flags[target] for target in each.targets):
                        found[each.block] = s
        return found


def _ends_with(jumps: Jumps, block: int, after: int, kinds: frozenset[str]) -> bool:
    """Is there an unconditional jump of these kinds in the block itself, at or after statement `after`?"""
    return any(what in kinds and s >= after for s, what in jumps.get(block, ()))


def passes(m: Module, loop: int) -> int | None:
    """The most passes that a `for` or `while` loop makes before its own counter ends it, or None."""
    best = None
    for block, jumps in m.jumps(m.statements[m.blocks[loop].statement].scope).items():
        inner = m.blocks[block] if block >= 0 else None
        if inner is None or inner.kind != "if" or not inner.branch or inner.parent != loop:
            continue
        if any(what in ("break", "return") for _, what in jumps):
            found = _limit(m, loop, inner.statement)
            if found is not None and (best is None or found < best):
                best = found
    return best


def _limit(m: Module, loop: int, head: int) -> int | None:
    """The passes until `counter == k`, `counter >= k` or `counter > k` of an `if` statement holds, or None."""
    statement = m.statements[head]
    test = statement.test if type(statement) is If else None
    if type(test) is not Comparison or len(test.ops) != 1 or test.ops[0] not in _AFTER or type(test.left) is not Name:
        return None
    limit = whole_number(test.rights[0])
    first = None if limit is None else _first(m, loop, test.left.id, head)
    if limit is None or first is None or limit < first:
        return None
    return limit - first + _AFTER[test.ops[0]]


def _first(m: Module, loop: int, name: str, head: int) -> int | None:
    """The counter's value at the test in the first pass, when it counts the passes by one; else None."""
    statement = m.statements[m.blocks[loop].statement]
    if type(statement) is For and _counts_from_zero(m, statement, name):
        return 0
    bindings = m.bindings(statement.scope).get(name, ())
    if len(bindings) != 2:
        return None
    added = [b for b in bindings if b.kind == "augment"]
    starts = [b for b in bindings if b.kind == "assign" and not m.inside(m.statements[b.statement].block, loop)]
    start = whole_number(starts[0].value) if len(starts) == 1 else None
    if len(added) != 1 or start is None:
        return None
    adding, outside = m.statements[added[0].statement], m.blocks[loop].parent
    if not adds_one(adding) or adding.block != loop or m.statements[starts[0].statement].block != outside:
        return None  # counted elsewhere, or begun once for several runs of this loop
    return start + (1 if added[0].statement < head else 0)


def _counts_from_zero(m: Module, loop: For, name: str) -> bool:
    """Does the name go through 0, 1, 2 …: `for name, x in enumerate(xs)`, `for name in range(n)`?"""
    if type(loop.iterable) is not CallRef:
        return False
    call, counter = m.calls[loop.iterable.number], Name(name)
    what, given = tail_of(call.func), len(call.args)
    if what == "enumerate":
        alone = given == 1 and not call.keywords
        return alone and type(loop.target) is TupleDisplay and loop.target.items[:1] == (counter,)
    return what == "range" and loop.target == counter and (given == 1 or given == 2 and call.args[0] == Constant(0))


def holds_once(m: Module, name: str, number: int, loop: int, block: int) -> bool:
    """Does `name == number` hold in one pass of a loop at most?

    It does for a counter from outside of all loops, raised by one in each pass or where it holds (in `block`).
    """
    raised, head = False, m.blocks[loop].statement
    for binding in m.bindings(m.statements[head].scope).get(name, ()):
        statement = m.statements[binding.statement]
        start = whole_number(binding.value) if binding.kind == "assign" and not binding.path else None
        if start is not None and start <= number:
            if m.loops(statement.block) or binding.statement > head:
                return False
        elif binding.kind == "augment" and adds_one(statement) and m.inside(statement.block, loop):
            raised = raised or statement.block in (loop, block)
        else:
            return False
    return raised


def one_of_them(m: Module, i: int, loop: int) -> bool:
    """`for part in parts: if part == "train": …`: only the pass of that name, over names that are held together."""
    head = header(m, loop) if m.blocks[loop].kind == "for" else None
    if head is None or type(head.target) is not Name:
        return False
    target, iterable = head.target, head.iterable
    if type(iterable) is CallRef:
        if tail_of(m.calls[iterable.number].func) not in _NAMES_OF:
            return False
    elif not isinstance(iterable, (Name, Attribute, SequenceDisplay)):
        return False

    def is_one(block: int) -> bool:
        if block <= loop:
            return True
        if m.blocks[block].kind != "if" or not m.blocks[block].branch:
            return False
        test = test_of(m, block)
        if type(test) is not Comparison or test.left != target or test.ops != ("==",):
            return False
        name = test.rights[0]
        return type(name) is Constant and isinstance(name.value, str)

    found: int = next(m.outward(("one of them", loop), m.calls[i].block, is_one), -1)
    return found > loop


def adds_one(statement: object) -> bool:
    """Is it `x += 1`?"""
    return type(statement) is Augment and statement.op == "+" and statement.value == Constant(1)


def whole_number(e: Expression | object) -> int | None:
    """The number when it is a whole one that is written out, else None; True is none."""
    return e.value if type(e) is Constant and type(e.value) is int else None
