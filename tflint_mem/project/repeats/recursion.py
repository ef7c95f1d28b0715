"""Does a function that calls itself run a call of it again?  Not where each run makes only one of the two."""

from __future__ import annotations

from tflint_mem.facts import CallRef, Return

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module


def instead(m: Module, i: int, j: int) -> bool:
    """Does a run that makes call `i` not get to the recursive call `j` of the same function?"""
    branches = {m.blocks[b].statement: b for b in m.chain(m.calls[i].block) if m.blocks[b].kind == "if"}
    for b in m.chain(m.calls[j].block):
        block = m.blocks[b]
        if block.kind == "if" and branches.get(block.statement, b) != b:
            return True  # they stand in different branches of one `if`
    return _comes_back(m, i, j) or _tried_again(m, i, j)


def _tried_again(m: Module, i: int, j: int) -> bool:
    """`try: model.build()` … `except OSError: return self.load(other)`: what fails is tried again, as in a loop that
    is left behind the first success.
    """
    tries = {m.blocks[b].statement for b in m.chain(m.calls[i].block) if m.blocks[b].kind == "try"}
    blocks = [m.blocks[b] for b in m.chain(m.calls[j].block)]
    return not m.loops(m.calls[j].block) and any(b.kind == "except" and b.statement in tries for b in blocks)


def _comes_back(m: Module, i: int, j: int) -> bool:
    """`try: return load(…)` … `return load_again(…)`: the run that gives a result does not call itself.

    The one that calls itself gives the result of the other.
    """
    site, again = m.calls[i], m.calls[j]
    if m.loops(again.block):
        return False
    given = m.statements[again.statement]
    if type(m.statements[site.statement]) is Return and type(given) is Return and given.value == CallRef(j):
        return True
    # `if new: return load(…)` … `again()`: the run that comes back from the block has not got to the other call
    jumps = m.jumps(site.scope)
    return any(
        what == "return" and s >= site.statement
        for b in m.chain(site.block)
        if m.blocks[b].kind == "if" and not m.inside(again.block, b)
        for s, what in jumps.get(b, ())
    )
