"""The heads of compound statements: what a block's statement tests, or goes through, and the calls in it."""

from __future__ import annotations

from tflint_mem.facts import CallRef, Clause, For, If, While, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module


def test_of(m: Module, block: int) -> Expression:
    """The test of the `if` or `while` statement that a block is a part of.  Raises TypeError for any other block."""
    statement = m.statements[m.blocks[block].statement]
    if type(statement) is If or type(statement) is While:
        return statement.test
    raise TypeError(f"a block of kind {m.blocks[block].kind} has no test")


def header(m: Module, loop: int) -> For | Clause | None:
    """What says the `target` and the `iterable` of a loop's block, None for `while`."""
    block = m.blocks[loop]
    if type(block.branch) is Clause:
        return block.branch
    statement = m.statements[block.statement]
    return statement if type(statement) is For else None


def calls_in(m: Module, *expressions: Expression) -> frozenset[int]:
    """The numbers of the calls in expressions, those in other calls included."""
    return frozenset(e.number for each in expressions for e in walk(each, m.calls) if type(e) is CallRef)
