"""What a fix may use: the source of its file, and concrete syntax of the statement around a place."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import libcst as cst

    from tflint_mem.codemod.view import View
    from tflint_mem.project.linking.module import Module
    from tflint_mem.sources.source import Source


class FixContext:
    """Given to a rule's fix when it is built.

    source  the file in which the finding stands        m  its module
    """

    __slots__ = ("m", "source")

    def __init__(self, source: Source, m: Module) -> None:
        self.source = source
        self.m = m

    def at(self, m: Module, i: int) -> tuple[View, cst.Call]:
        """The view of the statement around call `i`, and the call in it.

        Raises NoFix when the call stands in another file than the finding.
        """
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod.view import view_at

        if m is not self.m:
            raise NoFix("the place is in another file")
        pos = m.calls[i].pos
        view = view_at(self.source, pos.end_line)
        return view, view.call_at(_in_characters(self.source, pos.end_line, pos.end_column))

    def loop(self, view: View, m: Module, block: int) -> cst.For | cst.While | cst.BaseComp:
        """The LibCST loop of a loop's block."""
        return view.loop_on(m.loop_line(block))

    def blocks(self, view: View, node: cst.CSTNode, m: Module, place: int) -> dict[int, int]:
        """{id of a LibCST loop or comprehension around `node`: block of the loop}, for the loops around block `place`.

        Raises NoFix when the two do not agree.
        """
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod.view import COMPREHENSIONS

        waiting, found = m.loops(place), {}
        for loop in view.loops(node):
            clauses = 1
            if isinstance(loop, COMPREHENSIONS):
                clause = loop.for_in
                while clause.inner_for_in is not None:
                    clause, clauses = clause.inner_for_in, clauses + 1
            if len(waiting) < clauses:
                raise NoFix("the loops around it are no plain loops")
            found[id(loop)] = waiting[clauses - 1]
            waiting = waiting[clauses:]
        return found


def _in_characters(source: Source, line: int, column: int) -> tuple[int, int]:
    """(row, column in characters from 1) of a row and a column in UTF-8 bytes from 0."""
    text = source.lines[line - 1]
    return line, (column if text.isascii() else len(text.encode("utf-8")[:column].decode("utf-8", "replace"))) + 1
