"""Which node of LibCST is which node of the standard library's `ast`.

Positions come from `ast` and are joined to LibCST's nodes by ordinal (the k-th call here is the k-th call there), which
costs a tenth of LibCST's position metadata.  A join that cannot be verified raises NoFix.
"""

from __future__ import annotations

import ast
from typing import overload  # LibCST has imported it

import libcst as cst

from . import NoFix
from .node_order import children
from .outline import ending, statements

TYPE_CHECKING = False
if TYPE_CHECKING:
    Statement = cst.BaseSmallStatement | cst.BaseCompoundStatement


class Pairing:
    """The nodes of some code in both syntaxes.

    calls       LibCST's calls in the order of their closing parentheses
    statements  LibCST's small and compound statements in the order in which they start

    Raises NoFix when the two do not agree.
    """

    __slots__ = ("calls", "statements", "_parent", "_ast", "_cst")

    def __init__(self, module: cst.Module, tree: ast.Module) -> None:
        self.calls: list[cst.Call] = []
        self.statements: list[Statement] = []
        self._parent: dict[int, cst.CSTNode] = {}
        self._ast: dict[int, ast.stmt | ast.Call] = {}
        self._cst: dict[int, Statement | cst.Call] = {}
        self._index(module)
        self._join(tree)

    def _index(self, module: cst.Module) -> None:
        """Parents, and calls and statements in source order."""
        stack: list[tuple[cst.CSTNode, bool]] = [(module, False)]
        while stack:
            node, leaving = stack.pop()
            if isinstance(node, cst.Call):
                if leaving:
                    self.calls.append(node)
                    continue
                stack.append((node, True))
            elif isinstance(node, (cst.BaseSmallStatement, cst.BaseCompoundStatement)):
                self.statements.append(node)
            below = children(node)
            for child in below:
                self._parent[id(child)] = node
            stack.extend((child, False) for child in reversed(below))

    def _join(self, tree: ast.Module) -> None:
        """Pair `ast` and LibCST: calls by the order of their closing parentheses, statements by their order."""
        calls = sorted((node for node in ast.walk(tree) if isinstance(node, ast.Call)), key=ending)
        found = statements(tree.body)
        if len(calls) != len(self.calls) or any(
            _shape(here) != _concrete_shape(there) for here, there in zip(calls, self.calls)
        ):
            raise NoFix("the calls cannot be told apart")
        if len(found) != len(self.statements) or any(
            not _same_kind(here, there) for here, there in zip(found, self.statements)
        ):
            raise NoFix("the statements cannot be told apart")
        for call, concrete in zip(calls, self.calls):
            self._ast[id(concrete)], self._cst[id(call)] = call, concrete
        for statement, there in zip(found, self.statements):
            self._ast[id(there)], self._cst[id(statement)] = statement, there

    def parent(self, node: cst.CSTNode | None) -> cst.CSTNode | None:
        """The node around `node`; None for the module, and for None."""
        return self._parent.get(id(node))

    @overload
    def ast_of(self, node: cst.Call) -> ast.Call: ...
    @overload
    def ast_of(self, node: cst.FunctionDef) -> ast.FunctionDef | ast.AsyncFunctionDef: ...
    @overload
    def ast_of(self, node: cst.ClassDef) -> ast.ClassDef: ...
    @overload
    def ast_of(self, node: cst.FunctionDef | cst.ClassDef) -> ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef: ...
    @overload
    def ast_of(self, node: cst.For) -> ast.For | ast.AsyncFor: ...
    @overload
    def ast_of(self, node: cst.While) -> ast.While: ...
    @overload
    def ast_of(self, node: cst.For | cst.While) -> ast.For | ast.AsyncFor | ast.While: ...
    @overload
    def ast_of(self, node: cst.With) -> ast.With | ast.AsyncWith: ...
    @overload
    def ast_of(self, node: Statement | cst.SimpleStatementLine | cst.SimpleStatementSuite) -> ast.stmt: ...
    def ast_of(self, node: cst.CSTNode) -> ast.stmt | ast.Call:
        """The `ast` node of a call or statement (of the first one on a line of several); KeyError for other nodes."""
        if isinstance(node, (cst.SimpleStatementLine, cst.SimpleStatementSuite)):
            node = node.body[0]
        return self._ast[id(node)]

    @overload
    def cst_of(self, node: ast.Call) -> cst.Call: ...
    @overload
    def cst_of(self, node: ast.stmt) -> Statement: ...
    def cst_of(self, node: ast.stmt | ast.Call) -> Statement | cst.Call:
        """The LibCST node of an `ast` call or statement; KeyError for nodes of other code."""
        return self._cst[id(node)]


def _shape(call: ast.Call) -> tuple[str | None, int]:
    """The last name of what is called, and how many arguments it is given."""
    name = call.func
    last = name.attr if isinstance(name, ast.Attribute) else name.id if isinstance(name, ast.Name) else None
    return last, len(call.args) + len(call.keywords)


def _concrete_shape(call: cst.Call) -> tuple[str | None, int]:
    name = call.func
    last = name.attr.value if isinstance(name, cst.Attribute) else name.value if isinstance(name, cst.Name) else None
    return last, len(call.args)


_KINDS = {"AsyncFor": "For", "AsyncWith": "With", "AsyncFunctionDef": "FunctionDef", "Delete": "Del"}


def _same_kind(here: ast.stmt, there: Statement) -> bool:
    return _KINDS.get(type(here).__name__, type(here).__name__) == type(there).__name__
