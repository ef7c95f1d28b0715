"""The rows that a change touches, each with its new text: what a rewrite costs depends on what it changes.

Writing out a whole top-level statement for each of its fixes is quadratic in their number.  Here only the calls, the
statement lines and the spaces between statements that change are written out; where that is not certain to be right
(the old code does not come back as it stands in the file, or something else than a call or a statement changes), the
answer is None and the whole statement has to be written.
"""

from __future__ import annotations

import libcst as cst

from tflint_mem.facts import Record

from .changes import MOVED, REMOVE, Marker
from .node_order import children, members
from .outline import beginning, ending, first_row, parse, split_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .changes import Changes, Replacement
    from .node_order import Member
    from .view import View

    Block = cst.IndentedBlock | cst.Module

try:
    from libcst._nodes.internal import CodegenState
except ImportError:  # another LibCST than we know: everything is written out in full
    CodegenState = None  # type: ignore[assignment,misc]  # it is looked at before it is called

_BLOCKS = (cst.IndentedBlock, cst.Module)
_MEMBERS = (cst.SimpleStatementLine, cst.BaseCompoundStatement)
_CLAUSES = (cst.Else, cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler, cst.If, cst.MatchCase)


class Window(Record):
    """The rows first:behind of a view, which count from 0, become `text`."""

    __slots__ = ()
    first: int
    behind: int
    text: str


def windows(view: View, changes: Changes) -> list[Window] | None:
    """What becomes of the view, in order; None where it is not certain.  NoFix when the new code does not parse."""
    if CodegenState is None:
        return None
    try:
        return _Windows(view, changes).found()
    except _Unsure:
        return None


class _Unsure(Exception):
    """The change has to be written out in full."""


class _Touched:
    """A block in which something changes; members: {id of a member that changes as such: the member}."""

    __slots__ = ("block", "members")

    def __init__(self, block: Block) -> None:
        self.block = block
        self.members: dict[int, Member] = {}


class _Windows:
    """The windows of one set of changes; each method adds to them, or raises _Unsure."""

    def __init__(self, view: View, changes: Changes) -> None:
        self.view, self.changes = view, changes
        self.done: list[Window] = []

    def found(self) -> list[Window]:
        """See `windows`."""
        blocks: dict[int, _Touched] = {}
        expressions: dict[int, cst.Call] = {}
        for node in self.changes.nodes:
            if isinstance(node, (cst.BaseExpression, cst.Arg)):
                call = self.call_around(node)
                expressions[id(call)] = call
            else:
                self.note(node, blocks)
        for call in expressions.values():
            if not any(
                id(around) in touched.members
                for around in self.view.ancestors(call)
                for touched in blocks.values()
                if not self.only_around(around)
            ):
                self.expression(call)
        for touched in blocks.values():
            self.block(touched)
        self.done.sort(key=lambda window: (window.first, window.behind))
        for one, other in zip(self.done, self.done[1:]):
            if other.first < one.behind:
                raise _Unsure
        return self.done

    def note(self, node: cst.CSTNode, blocks: dict[int, _Touched]) -> None:
        """Note the member of a block at or around `node` that changes, under the id of the block."""
        member: cst.CSTNode | None = node
        while member is not None:
            block = self.view.parent(member)
            if isinstance(block, _BLOCKS) and isinstance(member, _MEMBERS):
                blocks.setdefault(id(block), _Touched(block)).members[id(member)] = member
                return
            member = block
        raise _Unsure

    def only_around(self, member: cst.CSTNode) -> bool:
        """Whether the member itself stays, and only what stands right before or behind it changes."""
        return id(member) not in self.changes.replace and isinstance(member, cst.BaseCompoundStatement)

    # --- calls

    def call_around(self, node: cst.CSTNode) -> cst.Call:
        """The smallest call at or around `node` whose place in the text is known."""
        if not isinstance(self.changes.replace.get(id(node)), cst.CSTNode):
            raise _Unsure
        around: cst.CSTNode | None = node
        while around is not None and not isinstance(around, cst.BaseCompoundStatement):
            if isinstance(around, cst.Call) and not around.lpar:
                return around
            around = self.view.parent(around)
        raise _Unsure

    def expression(self, call: cst.Call) -> None:
        """A window for the rows of a call."""
        view = self.view
        here = view.ast_of(call)
        begin_row, begin_offset = beginning(here)
        end_row, end_offset = ending(here)
        first, behind = begin_row - 1, end_row
        text = "".join(view.lines[first:behind])
        _, begin_column = view.position(begin_row, begin_offset)
        _, end_column = view.position(end_row, end_offset)
        start, end = begin_column - 1, sum(map(len, view.lines[first : behind - 1])) + end_column - 1
        block = next((around for around in view.ancestors(call) if isinstance(around, _BLOCKS)), None)
        if self.code([call], block) != text[start:end]:
            raise _Unsure
        value = self.changes.replace.get(id(call), call)
        if not isinstance(value, cst.CSTNode):
            raise _Unsure
        new = self.code([self.changes.rebuild(call) if value is call else value], block)
        parse(f"({new}\n)")
        self.done.append(Window(first, behind, text[:start] + new + text[end:]))

    # --- statements

    def block(self, touched: _Touched) -> None:
        """Windows for the members of a block that change."""
        block = touched.block
        items, order = members(block), self.order(block)
        wanted: set[int] = set()
        gone = 0
        for member in touched.members.values():
            at = order[id(member)]
            if self.only_around(member):
                self.around(block, at)
                continue
            wanted.add(at)
            if self.gone(member, self.changes.replace.get(id(member), member)):
                gone += 1
                if at + 1 < len(items):
                    wanted.add(at + 1)  # it inherits comments and blank lines
                elif any(line.comment for line in member.leading_lines):
                    raise _Unsure  # they would go to the end of the block
        if gone == len(items):
            raise _Unsure  # nothing is left of the block
        for run in _runs(sorted(wanted)):
            self.neighbours(block, run)

    def order(self, block: Block) -> dict[int, int]:
        """{id of a member: its number} of a block."""
        return self.view.once(
            ("order", id(block)), lambda: {id(item): number for number, item in enumerate(block.body)}
        )

    def gone(self, member: Member, value: Replacement) -> bool:
        """Does nothing stand in place of a member?"""
        replace = self.changes.replace
        if isinstance(member, cst.SimpleStatementLine) and value is member:
            return all(replace.get(id(small)) in (REMOVE, MOVED) for small in member.body)
        return isinstance(value, Marker) or value == []

    def neighbours(self, block: Block, run: range) -> None:
        """A window for some members in a row."""
        items = members(block)[run.start : run.stop]
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
        new, left = self.changes.part(items, started=run.start > 0)
        if any(each.line.comment for each in left):
            raise _Unsure
        code = self.code(new, block)
        self.check(code, block)
        self.done.append(Window(begin, begin + count, code))

    def around(self, block: Block, at: int) -> None:
        """Windows for what is put before and behind a compound statement that stays, and for its leading lines."""
        items, changes = members(block), self.changes
        member = items[at]
        lead = changes.leading.get(id(member), member.leading_lines)
        row = self.row(member)
        if id(member) in changes.leading or id(member) in changes.before:
            begin = row - len(member.leading_lines)
            old = self.code(member.leading_lines, block)
            if begin < 0 or not self.stands(old, begin, row - begin):
                raise _Unsure
            new = self.code([*changes.before.get(id(member), ()), *lead], block)
            self.check(new, block)
            self.done.append(Window(begin, row + 1, new + self.view.lines[row]))
        if id(member) in changes.after:
            if at + 1 >= len(items):
                raise _Unsure
            follower = items[at + 1]
            behind = self.row(follower) - len(follower.leading_lines)
            new = self.code(changes.after[id(member)], block)
            self.check(new, block)
            self.done.append(Window(behind, behind + 1, new + self.view.lines[behind]))
        self.below(member)

    def below(self, node: cst.CSTNode) -> None:
        """_Unsure when something changes in the statement elsewhere than in calls and in the members of its blocks."""
        for child in children(node):
            if id(child) not in self.changes.touched or isinstance(child, (cst.IndentedBlock, cst.BaseExpression)):
                continue
            if not isinstance(child, _CLAUSES):
                raise _Unsure
            self.below(child)

    # --- text

    def row(self, member: Member) -> int:
        """The row of the view (from 0) where a member starts, decorators included."""
        return first_row(self.view.ast_of(member)) - 1

    def stands(self, text: str, begin: int, count: int) -> bool:
        """Whether these rows of the view hold `text`, but for the line end of the last one."""
        there = "".join(self.view.lines[begin : begin + count])
        return there == text or there.rstrip("\r\n") == text.rstrip("\r\n") and begin + count == len(self.view.lines)

    def code(self, nodes: Iterable[cst.CSTNode], block: Block | None) -> str:
        """The text of nodes that stand in `block`."""
        module = self.view.module
        state = CodegenState(default_indent=module.default_indent, default_newline=module.default_newline)
        for indent in self.indents(block):
            state.increase_indent(indent)
        for node in nodes:
            node._codegen(state)
        return "".join(state.tokens)

    def indents(self, block: Block | None) -> list[str]:
        """The indentations of the blocks around the members of `block`, outermost first."""

        def make() -> list[str]:
            around = (block, *self.view.ancestors(block)) if block else ()
            default = self.view.module.default_indent
            found = [
                each.indent if each.indent is not None else default
                for each in around
                if isinstance(each, cst.IndentedBlock)
            ]
            return found[::-1]

        return self.view.once(("indents", id(block)), make)

    def check(self, code: str, block: Block) -> None:
        """NoFix when the new statements do not parse."""
        indent = "".join(self.indents(block))
        parse(f"if 1:\n{code}\n{indent}pass\n" if indent else code)


def _runs(numbers: Sequence[int]) -> list[range]:
    """The runs of neighbours in sorted numbers."""
    found: list[range] = []
    for number in numbers:
        if found and number == found[-1].stop:
            found[-1] = range(found[-1].start, number + 1)
        else:
            found.append(range(number, number + 1))
    return found
