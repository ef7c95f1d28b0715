"""Codemods: what a fix would change, as small text edits.

The question that this room answers: *which rows of this file change, and into what, so that the program does the same
without the leak?*  A fix is a function of concrete syntax.  It looks at the one top-level statement that matters, says
what shall stand where, and gets the smallest edits of whole rows back; everything that does not change keeps its
spaces, comments and line ends.  Where a rewrite would not be right it raises `NoFix` with a few words that the report
shows.  Nothing here writes files: `fixes/` does.

The modules in the order in which they use each other:

    without LibCST, on the standard library's `ast`
        outline         the whole file: its lines, top-level statements, names and house style
        names           which names a piece of code reads, binds and changes
        loop_bodies     does a loop run at all, which jumps are its own
        survey          what one loop does with names, looked up once for all fixes in it
        invariance      does an expression mean the same in each repeat
        import_place, imports    where imports go; what names they bind, which to add
        unused_imports           those whose last use a fix takes away
        hunks           from old and new rows to edits; several lists of edits as one
        cells           from rows of the module to rows of notebook cells
        predictions, histories, growth_stanza   fixes that need no more than this
    with LibCST, which takes longer to import than a small project takes to check
        node_order      the children of its nodes, in the order of the source
        pairing         which of its nodes is which node of `ast`
        changes         the tree with some nodes replaced
        changed_rows    the rows that a change touches, so that not all of a statement is written out
        view            one top-level statement: nodes by their places, and the edits that replace them
        outside_uses    is a name read outside of a loop
        objections, hoist            moving what does not change out of a loop
        expressions, statements, repeat, loader, constructor, figures, growth_loop   the other rewrites
    operations          all rewrites under one name: what the author of a fix imports, and where to read first

What may be touched: `operations` and what it lists, by everyone who writes a fix; `NoFix` and `Proposal`, which stand
here so that they can be named without paying for LibCST (this module imports no other of them, and what stands in the
first half of the list must stay free of LibCST and `typing`); `outline`, `histories`, `predictions` and `growth_stanza`
by the fixes of frequent findings, which must be cheap.  Nobody else looks into `pairing`, `changes` and `changed_rows`.
"""

from __future__ import annotations

from tflint_mem.facts import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.finding import Edit


class NoFix(Exception):
    """A rewrite that would not be right here; `reason` is a short phrase a person can read."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Proposal(Record):
    """What a fix function answers.

    applicability  `finding.SAFE` or `finding.UNSAFE`
    message        what the change does, as an order: "Compile once before the loop"
    edits          the changes, in places of the module (`cells.located` makes them places in cells); they do not
                   overlap and may come in any order.  None at all: nothing is proposed
    """

    __slots__ = ()
    applicability: str
    message: str
    edits: Sequence[Edit]
