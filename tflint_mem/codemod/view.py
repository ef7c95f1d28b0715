"""One top-level statement as concrete syntax, addressed by module positions and rewritten into minimal line edits.

Positions come from the standard library's `ast` and are joined to LibCST's nodes by ordinal (the k-th call here is the
k-th call there), which costs a tenth of LibCST's position metadata.  A join that cannot be verified raises NoFix.
"""

import ast

import libcst as cst

from . import NoFix
from .hunks import hunks
from .outline import character, outline, parse, rows, split_lines, statements
from .rewrite import MOVED, REMOVE, Changes
from .tree import children, walk
from .windows import windows

__all__ = ["COMPREHENSIONS", "LOOPS", "MOVED", "REMOVE", "View", "join", "view_at"]

# LibCST takes seconds for denser code than this and cannot be interrupted.
LARGEST_SLICE = 400_000
DEEPEST = 400

LOOPS = (cst.For, cst.While)
COMPREHENSIONS = (cst.ListComp, cst.SetComp, cst.DictComp, cst.GeneratorExp)
_LINES = (cst.SimpleStatementLine, cst.BaseCompoundStatement)


class View:
    """Concrete syntax of the rows `first_row` to `last_row` of a Source; they hold one top-level statement.

    Raises NoFix when LibCST cannot read the rows or would not give them back unchanged.
    """

    def __init__(self, source, first_row: int, last_row: int):
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
        self._memo = {}
        self._index()
        self._join()

    def once(self, key, make):
        """`make()`, worked out once for each `key`: many fixes of one statement ask the same questions."""
        if key not in self._memo:
            self._memo[key] = make()
        return self._memo[key]

    def _styled(self, module):
        """`module` with the file's indentation and line end where the slice itself shows none."""
        style = {}
        if "\n" not in self.text and "\r" not in self.text:
            style["default_newline"] = self.outline.newline
        if not any(isinstance(node, cst.IndentedBlock) for node in walk(module)):
            style["default_indent"] = self.outline.indent
        return module.with_changes(**style)

    def _index(self):
        """Parents, and calls and statements in source order."""
        self._parent = {}
        self._calls = []
        self._statements = []
        stack = [(self.module, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                self._calls.append(node)
                continue
            if isinstance(node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
                self._statements.append(node)
            elif isinstance(node, cst.Call):
                stack.append((node, True))
            below = children(node)
            for child in below:
                self._parent[id(child)] = node
            stack.extend((child, False) for child in reversed(below))

    def _join(self):
        """Pair `ast` and LibCST: calls by the order of their closing parentheses, statements by their order."""
        calls = sorted(
            (node for node in ast.walk(self.tree) if isinstance(node, ast.Call)),
            key=lambda node: (node.end_lineno, node.end_col_offset),
        )
        found = statements(self.tree.body)
        if len(calls) != len(self._calls) or any(
            _shape(here) != _concrete_shape(there) for here, there in zip(calls, self._calls)
        ):
            raise NoFix("the calls cannot be told apart")
        if len(found) != len(self._statements) or any(
            not _same_kind(here, there) for here, there in zip(found, self._statements)
        ):
            raise NoFix("the statements cannot be told apart")
        self._ast = {}
        self._cst = {}
        self._ends = {}
        self._starts = {}
        for here, there in zip(calls, self._calls):
            self._pair(here, there)
            self._ends[self.position(here.end_lineno, here.end_col_offset)] = there
        for here, there in zip(found, self._statements):
            self._pair(here, there)
            self._starts[self.position(here.lineno, here.col_offset)] = there

    def _pair(self, here, there):
        self._ast[id(there)] = here
        self._cst[id(here)] = there

    def position(self, row: int, offset: int) -> tuple:
        """Module position of an `ast` position (row of the slice from 1, UTF-8 bytes from 0)."""
        return row + self.first_row - 1, character(self.lines[row - 1], offset) + 1

    # --- finding nodes -------------------------------------------------------------------------------------------

    def call_at(self, end: tuple):
        """The call whose closing parenthesis ends at `end` (row, exclusive column) of the module."""
        try:
            return self._ends[tuple(end)]
        except KeyError:
            raise NoFix("no call ends there") from None

    def statement_at(self, start: tuple):
        """The small or compound statement that starts at `start`; for decorated ones that is `def`, `async` or `class`."""
        try:
            return self._starts[tuple(start)]
        except KeyError:
            raise NoFix("no statement starts there") from None

    def statement_on(self, row: int, kinds=None):
        """The first statement (of the node classes `kinds`) that starts on `row`; decorators count as its start."""
        for node in self.once("statements by row", self._by_row).get(row - self.first_row + 1, ()):
            if kinds is None or isinstance(node, kinds):
                return node
        raise NoFix("no such statement starts there")

    def _by_row(self) -> dict:
        """{row of the slice: the statements that start there}."""
        found = {}
        for node in self._statements:
            here = self._ast[id(node)]
            for row in range(rows(here)[0], here.lineno + 1):
                found.setdefault(row, []).append(node)
        return found

    def loop_on(self, row: int):
        """The first `for` or `while` that starts on `row`."""
        return self.statement_on(row, LOOPS)

    def function_on(self, row: int):
        """The first function whose decorators or `def` stand on `row`."""
        return self.statement_on(row, cst.FunctionDef)

    def class_on(self, row: int):
        """The first class whose decorators or `class` stand on `row`."""
        return self.statement_on(row, cst.ClassDef)

    def ast_of(self, node):
        """The `ast` node of a call or statement; its rows count from the first row of the view."""
        if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            node = node.body[0]
        return self._ast[id(node)]

    def cst_of(self, node):
        """The LibCST node of an `ast` call or statement of this view."""
        return self._cst[id(node)]

    def start(self, node) -> tuple:
        """Module position where a call or statement starts."""
        here = self.ast_of(node)
        return self.position(here.lineno, here.col_offset)

    def parent(self, node):
        """The node around `node`; None for the module."""
        return self._parent.get(id(node))

    def ancestors(self, node):
        """The nodes around `node`, innermost first, up to the module."""
        node = self.parent(node)
        while node is not None:
            yield node
            node = self.parent(node)

    def statement(self, node):
        """The smallest statement line or compound statement around (or at) `node`.

        In a body on the header's own line (`for x in y: f(x)`) that is the small statement itself.
        """
        while node is not None:
            if isinstance(node, _LINES):
                return node
            if isinstance(node, cst.BaseSmallStatement) and isinstance(self.parent(node), cst.SimpleStatementSuite):
                return node
            node = self.parent(node)
        raise NoFix("not inside a statement")

    def small(self, node):
        """The small statement (`Assign`, `Expr` …) around or at `node`; NoFix in the header of a compound statement."""
        if isinstance(node, cst.SimpleStatementLine) and len(node.body) == 1:
            return node.body[0]
        while node is not None and not isinstance(node, _LINES):
            if isinstance(node, cst.BaseSmallStatement):
                return node
            node = self.parent(node)
        raise NoFix("not inside a simple statement")

    def loops(self, node) -> list:
        """The loops and comprehensions that repeat `node`, innermost first, up to the function around it.

        What a loop evaluates only once does not count: its iterable, the first iterable of a comprehension, `else`.
        """
        found = []
        below, once = node, False
        for node in self.ancestors(node):
            if isinstance(node, (cst.FunctionDef, cst.Lambda)) and below is node.body:
                break
            if isinstance(node, cst.For) and below is node.body:
                found.append(node)
            elif isinstance(node, cst.While) and (below is node.body or below is node.test):
                found.append(node)
            elif isinstance(node, cst.CompFor):
                once = below is node.iter and isinstance(self.parent(node), COMPREHENSIONS)
            elif isinstance(node, COMPREHENSIONS):
                if not once:
                    found.append(node)
                once = False
            below = node
        return found

    def function(self, node):
        """The function definition around `node`; None at module or class level."""
        below = node
        for node in self.ancestors(node):
            if isinstance(node, cst.FunctionDef) and below is node.body:
                return node
            below = node
        return None

    # --- writing --------------------------------------------------------------------------------------------------

    def code(self, node) -> str:
        """The source text of `node`."""
        return self.module.code_for_node(node)

    def new(self, code: str) -> list:
        """Statements parsed from `code` (four-space indents, line feeds); they take on the style of the file."""
        try:
            return list(cst.parse_module(code).body)
        except cst.ParserSyntaxError as error:
            raise NoFix("the new code does not parse") from error

    def expression(self, code: str):
        """An expression parsed from `code`."""
        try:
            return cst.parse_expression(code)
        except cst.ParserSyntaxError as error:
            raise NoFix("the new code does not parse") from error

    def edits(self, replace=None, insert_before=None, insert_after=None, leading=None) -> list:
        """The line edits that replace nodes and add statements.

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
                    for first, behind, text in found
                    for edit in hunks(
                        self.source,
                        self.outline.lines,
                        self.first_row + first,
                        self.lines[first:behind],
                        split_lines(text),
                        self.outline.newline,
                    )
                ]
            changed = changes.rebuild(self.module)
            code = changed.code if changed.body else ""
        except (RecursionError, MemoryError) as error:
            raise NoFix("too deeply nested") from error
        except cst.CSTValidationError as error:
            raise NoFix("the rewrite would not be valid code") from error
        parse(code)
        return hunks(
            self.source, self.outline.lines, self.first_row, self.lines, split_lines(code), self.outline.newline
        )


def view_at(source, row: int) -> View:
    """The View of the top-level statement that covers `row`; statements sharing a row form one view."""
    file = outline(source)
    first, last, _ = file.group_at(row)
    if first not in file.views:
        file.views[first] = View(source, first, last)
    return file.views[first]


def join(*lists) -> list:
    """The edits of several rewrites as one sorted list; NoFix when they overlap.

    Insertions at one place are merged in the order given, identical edits are kept once.
    """
    merged = []
    for edit in sorted((edit for edits in lists for edit in edits), key=lambda edit: (edit.start, edit.end)):
        last = merged[-1] if merged else None
        if last is None or last.end < edit.start or (last.end == edit.start and last.end != last.start):
            merged.append(edit)
        elif last == edit:
            continue
        elif last.start == last.end == edit.start == edit.end:
            merged[-1] = last.replace(content=last.content + edit.content)
        elif last.start == last.end == edit.start:
            merged[-1] = edit.replace(content=last.content + edit.content)
        else:
            raise NoFix("two changes overlap")
    return merged


def depth(tree) -> int:
    """Nesting depth of an `ast` as LibCST sees it: each operand of `and`/`or` is one level."""
    deepest = 0
    stack = [(tree, 0)]
    while stack:
        node, level = stack.pop()
        deepest = max(deepest, level)
        if isinstance(node, ast.BoolOp):
            level += len(node.values)
        stack.extend((child, level + 1) for child in ast.iter_child_nodes(node))
    return deepest


def _shape(call):
    name = call.func
    last = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else None
    return last, len(call.args) + len(call.keywords)


def _concrete_shape(call):
    name = call.func
    last = name.attr.value if isinstance(name, cst.Attribute) else name.value if isinstance(name, cst.Name) else None
    return last, len(call.args)


_KINDS = {"AsyncFor": "For", "AsyncWith": "With", "AsyncFunctionDef": "FunctionDef", "Delete": "Del"}


def _same_kind(here, there):
    return _KINDS.get(type(here).__name__, type(here).__name__) == type(there).__name__
