"""Rebuild a LibCST module with some nodes replaced: copies only the path from the module to what changes."""

import libcst as cst

from . import NoFix
from .tree import fields


class _Marker:
    def __init__(self, name):
        self.name = name

    def __repr__(self):
        return self.name


REMOVE = _Marker("REMOVE")
# Like REMOVE, for a statement that goes elsewhere with the comments right above it.
MOVED = _Marker("MOVED")

BLANK = cst.EmptyLine(indent=False, whitespace=cst.SimpleWhitespace(""))


def split_leading(lines) -> tuple:
    """`leading_lines` as (what stands apart, the comment lines right above the statement)."""
    index = len(lines)
    while index and lines[index - 1].comment is not None:
        index -= 1
    return list(lines[:index]), list(lines[index:])


class Changes:
    """One set of changes.

    parent         function from a node to the node around it
    replace        {node: node | [nodes] | REMOVE | MOVED}
    before, after  {statement: [statements]}
    leading        {statement: [EmptyLine]}
    """

    def __init__(self, parent, replace, before, after, leading):
        self.replace = {id(node): value for node, value in replace.items()}
        self.before = {id(node): list(value) for node, value in before.items()}
        self.after = {id(node): list(value) for node, value in after.items()}
        self.leading = {id(node): value for node, value in leading.items()}
        self.nodes = list({id(node): node for node in (*replace, *before, *after, *leading)}.values())
        self.touched = set()
        for node in (*replace, *before, *after, *leading):
            while node is not None and id(node) not in self.touched:
                self.touched.add(id(node))
                node = parent(node)
        self.left = []

    def rebuild(self, node):
        """`node` with the changes below it."""
        changed = {}
        for name in fields(type(node)):
            value = getattr(node, name)
            if isinstance(value, cst.CSTNode):
                if id(value) in self.touched:
                    changed[name] = self._one(value)
            elif isinstance(value, (list, tuple)) and any(id(item) in self.touched for item in value):
                changed[name] = self._many(node, value)
                if isinstance(node, cst.IndentedBlock) and any(line.comment for line in self.left):
                    changed["footer"] = [*self.left, *node.footer]
        if id(node) in self.leading:
            changed["leading_lines"] = self.leading[id(node)]
        return node.with_changes(**changed)

    def _one(self, child):
        value = self.replace.get(id(child), child)
        if value is REMOVE or value is MOVED:
            return None
        if isinstance(value, list):
            raise NoFix("several nodes cannot stand there")
        return self.rebuild(child) if value is child else value

    def _many(self, owner, items):
        """The new members of a sequence.  What a removed statement leaves behind is kept in `self.left`."""
        result, left = self.part(items, started=False)
        self.left = [line for line, attached in left if not attached]
        return self._finished(owner, items, result)

    def part(self, items, started):
        """(new members, what removed ones left behind) for some neighbours of a sequence; `started`: others stand before them."""
        result, left = [], []
        dropped_first = False
        for item in items:
            result.extend(self.before.get(id(item), ()))
            value = self.replace.get(id(item), item)
            if value is item and id(item) in self.touched:
                value = self.rebuild(item)
                if isinstance(value, cst.SimpleStatementLine) and not value.body:
                    value = MOVED if any(self.replace.get(id(small)) is MOVED for small in item.body) else REMOVE
            if value is REMOVE or value is MOVED:
                left += _left_over(item, value)
                dropped_first = dropped_first or not (result or started)
            else:
                values = value if isinstance(value, list) else [value]
                if values and hasattr(values[0], "leading_lines"):
                    values = [_led(values[0], left, dropped_first and not (result or started))] + values[1:]
                    left, dropped_first = [], False
                result.extend(values)
            result.extend(self.after.get(id(item), ()))
        return result, left

    @staticmethod
    def _finished(owner, items, result):
        if isinstance(owner, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            if result and result[-1] is not items[-1] and isinstance(result[-1].semicolon, cst.Semicolon):
                result[-1] = result[-1].with_changes(semicolon=cst.MaybeSentinel.DEFAULT)
            if not result and isinstance(owner, cst.SimpleStatementSuite):
                result = [cst.Pass()]
        elif isinstance(owner, cst.IndentedBlock) and not result:
            result = [cst.SimpleStatementLine([cst.Pass()])]
        return result


def _left_over(item, marker):
    """(line, whether it is a comment right above) of the lines that lead a removed statement and do not go with it."""
    lead = getattr(item, "leading_lines", None)
    if lead is None:
        return []
    apart, attached = split_leading(lead)
    return [(line, False) for line in apart] + [(line, True) for line in attached if marker is REMOVE]


def _led(statement, left, first):
    """`statement` behind removed ones: it inherits their blank lines, and comments that headed the whole paragraph.

    first  the removed ones began the block, which shall not begin with blank lines now
    """
    own = list(statement.leading_lines)
    kept = [line for line, attached in left if not attached or not own]
    if kept and own and kept[-1].comment is None and own[0].comment is None:
        kept.pop()
    lead = kept + own
    while first and lead and lead[0].comment is None:
        lead.pop(0)
    return statement if lead == own else statement.with_changes(leading_lines=lead)
