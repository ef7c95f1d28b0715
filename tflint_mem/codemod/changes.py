"""Rebuild a LibCST module with some nodes replaced: copies only the path from the module to what changes."""

from __future__ import annotations

import libcst as cst

from tflint_mem.facts import Record

from . import NoFix
from .node_order import fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeVar

    N = TypeVar("N", bound=cst.CSTNode)


class Marker:
    """What stands in place of a node that goes away; there are two of them."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return self.name


REMOVE = Marker("REMOVE")
# Like REMOVE, for a statement that goes elsewhere with the comments right above it.
MOVED = Marker("MOVED")

if TYPE_CHECKING:
    # What stands in place of a node: several nodes only where it is the member of a sequence.
    Replacement = cst.CSTNode | Sequence[cst.CSTNode] | Marker


def split_leading(lines: Sequence[cst.EmptyLine]) -> tuple[list[cst.EmptyLine], list[cst.EmptyLine]]:
    """`leading_lines` as (what stands apart, the comment lines right above the statement)."""
    index = len(lines)
    while index and lines[index - 1].comment is not None:
        index -= 1
    return list(lines[:index]), list(lines[index:])


class Left(Record):
    """A line that led a removed statement and stays behind.

    line      a blank line or a comment
    attached  is it a comment right above the statement?
    """

    __slots__ = ()
    line: cst.EmptyLine
    attached: bool


class Changes:
    """One set of changes.

    parent         function from a node to the node around it
    replace        {node: node | [nodes] | REMOVE | MOVED}
    before, after  {statement: [statements]}
    leading        {statement: [EmptyLine]}

    It keeps them by the ids of their nodes, and also
    nodes          the nodes that change, each once
    touched        ids of these and of all nodes around them
    """

    __slots__ = ("replace", "before", "after", "leading", "nodes", "touched", "_left")

    def __init__(
        self,
        parent: Callable[[cst.CSTNode], cst.CSTNode | None],
        replace: Mapping[cst.CSTNode, Replacement],
        before: Mapping[cst.CSTNode, Sequence[cst.CSTNode]],
        after: Mapping[cst.CSTNode, Sequence[cst.CSTNode]],
        leading: Mapping[cst.CSTNode, Sequence[cst.EmptyLine]],
    ) -> None:
        self.replace = {id(node): value for node, value in replace.items()}
        self.before = {id(node): list(value) for node, value in before.items()}
        self.after = {id(node): list(value) for node, value in after.items()}
        self.leading = {id(node): value for node, value in leading.items()}
        self.nodes: list[cst.CSTNode] = list(
            {id(node): node for node in (*replace, *before, *after, *leading)}.values()
        )
        self.touched: set[int] = set()
        for node in self.nodes:
            around: cst.CSTNode | None = node
            while around is not None and id(around) not in self.touched:
                self.touched.add(id(around))
                around = parent(around)
        self._left: list[cst.EmptyLine] = []  # what the removed members of the sequence at work leave behind

    def rebuild(self, node: N) -> N:
        """`node` with the changes below it; NoFix when several nodes would stand where only one can."""
        changed: dict[str, object] = {}
        for name in fields(type(node)):
            value = getattr(node, name)
            if isinstance(value, cst.CSTNode):
                if id(value) in self.touched:
                    changed[name] = self._one(value)
            elif isinstance(value, (list, tuple)) and any(id(item) in self.touched for item in value):
                changed[name] = self._many(node, value)
                if isinstance(node, cst.IndentedBlock) and any(line.comment for line in self._left):
                    changed["footer"] = [*self._left, *node.footer]
        if id(node) in self.leading:
            changed["leading_lines"] = self.leading[id(node)]
        return node.with_changes(**changed)

    def _one(self, child: cst.CSTNode) -> cst.CSTNode | None:
        """What stands in place of a node that is no member of a sequence."""
        value = self.replace.get(id(child), child)
        if isinstance(value, Marker):
            return None
        if not isinstance(value, cst.CSTNode):
            raise NoFix("several nodes cannot stand there")
        return self.rebuild(child) if value is child else value

    def _many(self, owner: cst.CSTNode, items: Sequence[cst.CSTNode]) -> list[cst.CSTNode]:
        """The new members of a sequence.  What a removed statement leaves behind is kept in `self._left`."""
        result, left = self.part(items, started=False)
        self._left = [each.line for each in left if not each.attached]
        return self._finished(owner, items, result)

    def part(self, items: Sequence[cst.CSTNode], started: bool) -> tuple[list[cst.CSTNode], list[Left]]:
        """(new members, what removed ones leave behind) for some neighbours of a sequence.

        started  others stand before them
        """
        result: list[cst.CSTNode] = []
        left: list[Left] = []
        dropped_first = False
        for item in items:
            result.extend(self.before.get(id(item), ()))
            value = self.replace.get(id(item), item)
            if value is item and id(item) in self.touched:
                value = self._rebuilt(item)
            if isinstance(value, Marker):
                left += _left_over(item, value)
                dropped_first = dropped_first or not (result or started)
            else:
                values = [value] if isinstance(value, cst.CSTNode) else [*value]
                lead = getattr(values[0], "leading_lines", None) if values else None
                if lead is not None:
                    values[0] = _led(values[0], lead, left, dropped_first and not (result or started))
                    left, dropped_first = [], False
                result.extend(values)
            result.extend(self.after.get(id(item), ()))
        return result, left

    def _rebuilt(self, item: cst.CSTNode) -> cst.CSTNode | Marker:
        """A member with the changes below it; a marker when it is a line of which nothing is left."""
        if not isinstance(item, cst.SimpleStatementLine):
            return self.rebuild(item)
        line = self.rebuild(item)
        if line.body:
            return line
        return MOVED if any(self.replace.get(id(small)) is MOVED for small in item.body) else REMOVE

    @staticmethod
    def _finished(owner: cst.CSTNode, items: Sequence[cst.CSTNode], result: list[cst.CSTNode]) -> list[cst.CSTNode]:
        """The new members of `owner` as valid code: no semicolon at the end, and `pass` where nothing is left."""
        if isinstance(owner, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            last = result[-1] if result else None
            if last is not None and last is not items[-1] and _ends_in_semicolon(last):
                result[-1] = last.with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
            if not result and isinstance(owner, cst.SimpleStatementSuite):
                result = [cst.Pass()]
        elif isinstance(owner, cst.IndentedBlock) and not result:
            result = [cst.SimpleStatementLine([cst.Pass()])]
        return result


def _ends_in_semicolon(small: cst.CSTNode) -> bool:
    return isinstance(small, cst.BaseSmallStatement) and isinstance(small.semicolon, cst.Semicolon)


def _left_over(item: cst.CSTNode, marker: Marker) -> list[Left]:
    """The lines that lead a removed statement and do not go with it."""
    lead = getattr(item, "leading_lines", None)
    if lead is None:
        return []
    apart, attached = split_leading(lead)
    return [Left(line, False) for line in apart] + [Left(line, True) for line in attached if marker is REMOVE]


def _led(statement: cst.CSTNode, leading: Sequence[cst.EmptyLine], left: Sequence[Left], first: bool) -> cst.CSTNode:
    """`statement` behind removed ones: it inherits their blank lines, and comments that headed the whole paragraph.

    leading  its own leading lines
    first    the removed ones began the block, which shall not begin with blank lines now
    """
    own = list(leading)
    kept = [each.line for each in left if not each.attached or not own]
    if kept and own and kept[-1].comment is None and own[0].comment is None:
        kept.pop()
    lead = kept + own
    while first and lead and lead[0].comment is None:
        lead.pop(0)
    return statement if lead == own else statement.with_changes(leading_lines=lead)
