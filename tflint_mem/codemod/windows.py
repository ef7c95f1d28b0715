"""The rows that a change touches, each with its new text: what a rewrite costs depends on what it changes.

Writing out a whole top-level statement for each of its fixes is quadratic in their number.  Here only the calls, the statement
lines and the spaces between statements that change are written out; where that is not certain to be right (the old code
does not come back as it stands in the file, or something else than a call or a statement changes), the answer is None and
the whole statement has to be written.
"""

import libcst as cst

from .outline import parse, rows, split_lines
from .rewrite import MOVED, REMOVE

try:
    from libcst._nodes.internal import CodegenState
except ImportError:  # another LibCST than we know: everything is written out in full
    CodegenState = None

_BLOCKS = (cst.IndentedBlock, cst.Module)
_CLAUSES = (cst.Else, cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler, cst.If, cst.MatchCase)


def windows(view, changes):
    """[(first, behind, text)] in order: the rows first:behind of the view (from 0) become `text`; None where it is not certain."""
    if CodegenState is None:
        return None
    try:
        return _Windows(view, changes).found()
    except _Unsure:
        return None


class _Unsure(Exception):
    """The change has to be written out in full."""


class _Windows:
    def __init__(self, view, changes):
        self.view, self.changes = view, changes
        self.done = []

    def found(self) -> list:
        """See `windows`."""
        changes = self.changes
        blocks = {}  # id of a block -> (block, {id of a member that changes as such})
        expressions = {}
        for node in changes.nodes:
            if isinstance(node, (cst.BaseExpression, cst.Arg)):
                call = self.call_around(node)
                expressions[id(call)] = call
                continue
            member = node
            while not isinstance(self.view.parent(member), _BLOCKS):
                member = self.view.parent(member)
                if member is None:
                    raise _Unsure
            block = self.view.parent(member)
            blocks.setdefault(id(block), (block, {}))[1][id(member)] = member
        for call in expressions.values():
            if not any(
                id(around) in members
                for around in self.view.ancestors(call)
                for _, members in blocks.values()
                if not self.only_around(around)
            ):
                self.expression(call)
        for block, members in blocks.values():
            self.block(block, members)
        self.done.sort(key=lambda window: window[:2])
        for one, other in zip(self.done, self.done[1:]):
            if other[0] < one[1]:
                raise _Unsure
        return self.done

    def only_around(self, member) -> bool:
        """Whether the member itself stays, and only what stands right before or behind it changes."""
        changes = self.changes
        return id(member) not in changes.replace and isinstance(member, cst.BaseCompoundStatement)

    # --- calls

    def call_around(self, node):
        """The smallest call at or around `node` whose place in the text is known."""
        value = self.changes.replace.get(id(node))
        if not isinstance(value, cst.CSTNode):
            raise _Unsure
        while node is not None and not isinstance(node, cst.BaseCompoundStatement):
            if isinstance(node, cst.Call) and not node.lpar:
                return node
            node = self.view.parent(node)
        raise _Unsure

    def expression(self, call) -> None:
        """A window for the rows of a call."""
        view = self.view
        here = view.ast_of(call)
        first, behind = here.lineno - 1, here.end_lineno
        text = "".join(view.lines[first:behind])
        start = view.position(here.lineno, here.col_offset)[1] - 1
        end = sum(map(len, view.lines[first : behind - 1])) + view.position(here.end_lineno, here.end_col_offset)[1] - 1
        block = next((around for around in view.ancestors(call) if isinstance(around, _BLOCKS)), None)
        if self.code([call], block) != text[start:end]:
            raise _Unsure
        value = self.changes.replace.get(id(call))
        new = self.code([self.changes.rebuild(call) if value is None else value], block)
        parse(f"({new}\n)")
        self.done.append((first, behind, text[:start] + new + text[end:]))

    # --- statements

    def block(self, block, members) -> None:
        """Windows for the members of a block that change."""
        items = block.body
        order = self.order(block)
        wanted, gone = set(), 0
        for member in members.values():
            at = order[id(member)]
            if self.only_around(member):
                self.around(block, at)
                continue
            wanted.add(at)
            value = self.changes.replace.get(id(member), member)
            if self.gone(member, value):
                gone += 1
                if at + 1 < len(items):
                    wanted.add(at + 1)  # it inherits comments and blank lines
                elif any(line.comment for line in member.leading_lines):
                    raise _Unsure  # they would go to the end of the block
        if gone == len(items):
            raise _Unsure  # nothing is left of the block
        for first, last in _runs(sorted(wanted)):
            self.members(block, first, last)

    def order(self, block) -> dict:
        """{id of a member: its number} of a block."""
        return self.view.once(
            ("order", id(block)), lambda: {id(item): number for number, item in enumerate(block.body)}
        )

    def gone(self, member, value) -> bool:
        replace = self.changes.replace
        if isinstance(member, cst.SimpleStatementLine) and value is member:
            return all(replace.get(id(small)) in (REMOVE, MOVED) for small in member.body)
        return value is REMOVE or value is MOVED or value == []

    def members(self, block, first, last) -> None:
        """A window for some members in a row."""
        items = block.body[first : last + 1]
        for item in items:
            if (
                isinstance(item, cst.BaseCompoundStatement)
                and self.changes.replace.get(id(item)) is None
                and id(item) in self.changes.touched
            ):
                raise _Unsure  # it inherits lines, and something in it changes as well
        begin = self.row(items[0]) - len(items[0].leading_lines)
        text = self.code(items, block)
        count = len(split_lines(text))
        if begin < 0 or not self.stands(text, begin, count):
            raise _Unsure
        new, left = self.changes.part(items, started=first > 0)
        if any(line.comment for line, _ in left):
            raise _Unsure
        code = self.code(new, block)
        self.check(code, block)
        self.done.append((begin, begin + count, code))

    def around(self, block, at) -> None:
        """Windows for what is put before and behind a compound statement that stays, and for its leading lines."""
        member, changes = block.body[at], self.changes
        lead = changes.leading.get(id(member), member.leading_lines)
        row = self.row(member)
        if id(member) in changes.leading or id(member) in changes.before:
            begin = row - len(member.leading_lines)
            old = self.code(member.leading_lines, block)
            if begin < 0 or not self.stands(old, begin, row - begin):
                raise _Unsure
            new = self.code([*changes.before.get(id(member), ()), *lead], block)
            self.check(new, block)
            self.done.append((begin, row + 1, new + self.view.lines[row]))
        if id(member) in changes.after:
            if at + 1 >= len(block.body):
                raise _Unsure
            follower = block.body[at + 1]
            behind = self.row(follower) - len(follower.leading_lines)
            new = self.code(changes.after[id(member)], block)
            self.check(new, block)
            self.done.append((behind, behind + 1, new + self.view.lines[behind]))
        self.below(member)

    def below(self, node) -> None:
        """_Unsure when something changes in the statement elsewhere than in calls and in the members of its blocks."""
        from .tree import children

        for child in children(node):
            if id(child) not in self.changes.touched or isinstance(child, (cst.IndentedBlock, cst.BaseExpression)):
                continue
            if not isinstance(child, _CLAUSES):
                raise _Unsure
            self.below(child)

    # --- text

    def row(self, member) -> int:
        """The row of the view (from 0) where a member starts, decorators included."""
        small = member.body[0] if isinstance(member, cst.SimpleStatementLine) else member
        return rows(self.view.ast_of(small))[0] - 1

    def stands(self, text, begin, count) -> bool:
        """Whether these rows of the view hold `text`, but for the line end of the last one."""
        there = "".join(self.view.lines[begin : begin + count])
        return there == text or there.rstrip("\r\n") == text.rstrip("\r\n") and begin + count == len(self.view.lines)

    def code(self, nodes, block) -> str:
        """The text of nodes that stand in `block`."""
        module = self.view.module
        state = CodegenState(default_indent=module.default_indent, default_newline=module.default_newline)
        for indent in self.indents(block):
            state.increase_indent(indent)
        for node in nodes:
            node._codegen(state)
        return "".join(state.tokens)

    def indents(self, block) -> list:
        """The indentations of the blocks around the members of `block`, outermost first."""

        def make():
            found = (
                [
                    each.indent if each.indent is not None else self.view.module.default_indent
                    for each in (block, *self.view.ancestors(block))
                    if isinstance(each, cst.IndentedBlock)
                ]
                if block
                else []
            )
            return found[::-1]

        return self.view.once(("indents", id(block)), make)

    def check(self, code, block) -> None:
        """NoFix when the new statements do not parse."""
        indent = "".join(self.indents(block))
        parse(f"if 1:\n{code}\n{indent}pass\n" if indent else code)


def _runs(numbers):
    """(first, last) of each run of neighbours in sorted numbers."""
    found = []
    for number in numbers:
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found
