"""One top-level statement as concrete syntax, addressed by module positions and rewritten into minimal line edits."""

from __future__ import annotations

import ast
from typing import overload  # LibCST has imported it

import libcst as cst

from . import NoFix
from .changed_rows import windows
from .changes import MOVED, REMOVE, Changes
from .hunks import hunks
from .node_order import walk
from .outline import Place, beginning, character, ending, first_row, outline, parse, split_lines
from .pairing import Pairing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from tflint_mem.finding import Edit
    from tflint_mem.sources.source import Source

    from .changes import Replacement
    from .pairing import Statement

    T = TypeVar("T")
    S = TypeVar("S", bound=cst.CSTNode)
    Loop = cst.For | cst.While
    Comprehension = cst.ListComp | cst.SetComp | cst.DictComp | cst.GeneratorExp
    Line = cst.SimpleStatementLine | cst.BaseCompoundStatement

__all__ = ["COMPREHENSIONS", "LOOPS", "MOVED", "REMOVE", "View", "view_at"]

# LibCST takes seconds for denser code than this and cannot be interrupted.
LARGEST_SLICE = 400_000
DEEPEST = 400

LOOPS = (cst.For, cst.While)
COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
_LINES = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


class View:
    """Concrete syntax of the rows `first_row` to `last_row` of a Source; they hold one top-level statement.

    source    the Source
    outline   its Outline
    lines     the rows with their line ends
    text      the rows as LibCST got them
    tree      their `ast`, with rows that count from 1 here
    module    their LibCST module
    calls     all calls in it, in the order of their closing parentheses

    What its methods call a node is a node of LibCST, unless they say otherwise.  Places are places of the module.

    Raises NoFix when LibCST cannot read the rows or would not give them back unchanged.
    """

    def __init__(self, source: Source, first_row: int, last_row: int) -> None:
        self.source = source
        self.outline = outline(source)
        self.first_row, self.last_row = first_row, last_row
        self.lines = self.outline.lines[first_row - 1 : last_row]
        self.text = "".join(self.lines)
        if not self.lines:
            raise NoFix("no statement stands there")
        if len(self.text) > LARGEST_SLICE:
            raise NoFix("the statement is too large to rewrite")
        self.tree = parse(self.text)
        if depth(self.tree) > DEEPEST:
            raise NoFix("too deeply nested")
        try:
            if self.text.endswith("\r"):
                self.text = self.text[:-1]  # LibCST drops a lone carriage return at the end
            self.module = self._styled(cst.parse_module(self.text))
            same = self.module.code == self.text
        except cst.ParserSyntaxError as error:
            raise NoFix("LibCST cannot read the code") from error
        except (RecursionError, MemoryError) as error:
            raise NoFix("too deeply nested") from error
        if not same:
            raise NoFix("LibCST would change untouched code here")
        self._memo: dict[Hashable, object] = {}
        self._pairing = Pairing(self.module, self.tree)
        self.calls = self._pairing.calls
        self.parent = self._pairing.parent  # the node around a node; None for the module, and for None
        self.ast_of = (
            self._pairing.ast_of
        )  # the `ast` node of a call or statement; its rows count from the first of the view
        self.cst_of = self._pairing.cst_of  # the node of an `ast` call or statement of this view
        self._ends = {self.position(*ending(self.ast_of(call))): call for call in self.calls}
        self._starts = {self.start(statement): statement for statement in self._pairing.statements}

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """`make()`, worked out once for each `key`: many fixes of one statement ask the same questions."""
        if key not in self._memo:
            self._memo[key] = make()
        known: T = self._memo[key]  # type: ignore[assignment]  # one key always stands for one question
        return known

    def _styled(self, module: cst.Module) -> cst.Module:
        """`module` with the file's indentation and line end where the slice itself shows none."""
        style: dict[str, str] = {}
        if "\n" not in self.text and "\r" not in self.text:
            style["default_newline"] = self.outline.newline
        if not any(isinstance(node, cst.IndentedBlock) for node in walk(module)):
            style["default_indent"] = self.outline.indent
        return module.with_changes(**style)

    def position(self, row: int, offset: int) -> Place:
        """Module position of an `ast` position (row of the slice from 1, UTF-8 bytes from 0)."""
        return row + self.first_row - 1, character(self.lines[row - 1], offset) + 1

    # --- finding nodes -------------------------------------------------------------------------------------------

    def call_at(self, end: Place) -> cst.Call:
        """The call whose closing parenthesis ends at `end` (row, exclusive column) of the module."""
        try:
            return self._ends[end]
        except KeyError:
            raise NoFix("no call ends there") from None

    def statement_at(self, start: Place) -> Statement:
        """The small or compound statement that starts at `start`: decorated ones at `def`, `async` or `class`."""
        try:
            return self._starts[start]
        except KeyError:
            raise NoFix("no statement starts there") from None

    @overload
    def statement_on(self, row: int) -> Statement: ...
    @overload
    def statement_on(self, row: int, kinds: type[S] | tuple[type[S], ...]) -> S: ...
    def statement_on(
        self, row: int, kinds: type[cst.CSTNode] | tuple[type[cst.CSTNode], ...] = cst.CSTNode
    ) -> cst.CSTNode:
        """The first statement (of the node classes `kinds`) that starts on `row`; decorators count as its start."""
        for node in self._starting_on(row):
            if isinstance(node, kinds):
                return node
        raise NoFix("no such statement starts there")

    def _starting_on(self, row: int) -> Sequence[Statement]:
        return self.once("statements by row", self._by_row).get(row - self.first_row + 1, ())

    def _by_row(self) -> dict[int, list[Statement]]:
        """{row of the slice: the statements that start there}."""
        found: dict[int, list[Statement]] = {}
        for node in self._pairing.statements:
            here = self.ast_of(node)
            for row in range(first_row(here), here.lineno + 1):
                found.setdefault(row, []).append(node)
        return found

    def loop_on(self, row: int) -> Loop:
        """The first `for` or `while` that starts on `row`."""
        for node in self._starting_on(row):
            if isinstance(node, LOOPS):
                return node
        raise NoFix("no such statement starts there")

    def function_on(self, row: int) -> cst.FunctionDef:
        """The first function whose decorators or `def` stand on `row`."""
        return self.statement_on(row, cst.FunctionDef)

    def start(self, node: cst.Call | Statement) -> Place:
        """Module position where a call or statement starts."""
        return self.position(*beginning(self.ast_of(node)))

    def ancestors(self, node: cst.CSTNode) -> Iterator[cst.CSTNode]:
        """The nodes around `node`, innermost first, up to the module."""
        around = self.parent(node)
        while around is not None:
            yield around
            around = self.parent(around)

    def statement(self, node: cst.CSTNode) -> Line | cst.BaseSmallStatement:
        """The smallest statement line or compound statement around (or at) `node`.

        In a body on the header's own line (`for x in y: f(x)`) that is the small statement itself.
        """
        at: cst.CSTNode | None = node
        while at is not None:
            if isinstance(at, _LINES):
                return at
            if isinstance(at, cst.BaseSmallStatement) and isinstance(self.parent(at), cst.SimpleStatementSuite):
                return at
            at = self.parent(at)
        raise NoFix("not inside a statement")

    def small(self, node: cst.CSTNode) -> cst.BaseSmallStatement:
        """The small statement (`Assign`, `Expr` …) around or at `node`; NoFix in the header of a compound statement."""
        if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
            return node.body[0]
        at: cst.CSTNode | None = node
        while at is not None and not isinstance(at, _LINES):
            if isinstance(at, cst.BaseSmallStatement):
                return at
            at = self.parent(at)
        raise NoFix("not inside a simple statement")

    def loops(self, node: cst.CSTNode) -> list[Loop | Comprehension]:
        """The loops and comprehensions that repeat `node`, innermost first, up to the function around it.

        What a loop evaluates only once does not count: its iterable, the first iterable of a comprehension, `else`.
        """
        found: list[Loop | Comprehension] = []
        below, once = node, False
        for around in self.ancestors(node):
            if isinstance(around, (cst.FunctionDef, cst.Lambda)) and below is around.body:
                break
            if isinstance(around, cst.For) and below is around.body:
                found.append(around)
            elif isinstance(around, cst.While) and (below is around.body or below is around.test):
                found.append(around)
            elif isinstance(around, cst.CompFor):
                once = below is around.iter and isinstance(self.parent(around), COMPREHENSIONS)
            elif isinstance(around, COMPREHENSIONS):
                if not once:
                    found.append(around)
                once = False
            below = around
        return found

    def function(self, node: cst.CSTNode) -> cst.FunctionDef | None:
        """The function definition around `node`; None at module or class level."""
        below = node
        for around in self.ancestors(node):
            if isinstance(around, cst.FunctionDef) and below is around.body:
                return around
            below = around
        return None

    # --- writing --------------------------------------------------------------------------------------------------

    def code(self, node: cst.CSTNode) -> str:
        """The source text of `node`."""
        return self.module.code_for_node(node)

    def new(self, code: str) -> list[Line]:
        """Statements parsed from `code` (four-space indents, line feeds); they take on the style of the file."""
        try:
            return list(cst.parse_module(code).body)
        except cst.ParserSyntaxError as error:
            raise NoFix("the new code does not parse") from error

    def expression(self, code: str) -> cst.BaseExpression:
        """An expression parsed from `code`."""
        try:
            return cst.parse_expression(code)
        except cst.ParserSyntaxError as error:
            raise NoFix("the new code does not parse") from error

    def edits(
        self,
        replace: Mapping[cst.CSTNode, Replacement] | None = None,
        insert_before: Mapping[cst.CSTNode, Sequence[cst.CSTNode]] | None = None,
        insert_after: Mapping[cst.CSTNode, Sequence[cst.CSTNode]] | None = None,
        leading: Mapping[cst.CSTNode, Sequence[cst.EmptyLine]] | None = None,
    ) -> list[Edit]:
        """The line edits that replace nodes and add statements; NoFix when the new code would not be valid.

        replace        {node: node | [nodes] | REMOVE}; lists and REMOVE only for members of a sequence
        insert_before  {statement: [statements]}, the statement being a member of a block; so is insert_after
        leading        {statement: [empty lines]}: new blank lines and comments in front of it
        """
        changes = Changes(self.parent, replace or {}, insert_before or {}, insert_after or {}, leading or {})
        try:
            found = windows(self, changes)
            if found is not None:
                return [
                    edit
                    for window in found
                    for edit in self._hunks(window.first, self.lines[window.first : window.behind], window.text)
                ]
            changed = changes.rebuild(self.module)
            code = changed.code if changed.body else ""
        except (RecursionError, MemoryError) as error:
            raise NoFix("too deeply nested") from error
        except cst.CSTValidationError as error:
            raise NoFix("the rewrite would not be valid code") from error
        parse(code)
        return self._hunks(0, self.lines, code)

    def _hunks(self, first: int, old: Sequence[str], code: str) -> list[Edit]:
        """The edits that make `code` of the rows `old`, which begin at the row `first` of the view, from 0."""
        return hunks(
            self.source, self.outline.lines, self.first_row + first, old, split_lines(code), self.outline.newline
        )


def view_at(source: Source, row: int) -> View:
    """The View of the top-level statement that covers `row`; statements sharing a row form one view."""
    file = outline(source)
    group = file.group_at(row)
    return file.once(("view", group.first), lambda: View(source, group.first, group.last))


def depth(tree: ast.AST) -> int:
    """Nesting depth of an `ast` as LibCST sees it: each operand of `and`/`or` is one level."""
    deepest = 0
    stack: list[tuple[ast.AST, int]] = [(tree, 0)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(node, ast.BoolOp):
            level += len(node.values)
        stack.extend((child, level + 1) for child in ast.iter_child_nodes(node))
    return deepest
