"""A text without the statements that were never seen to run."""

from __future__ import annotations

import ast

from tflint_mem.hardening.parsing import parsed
from tflint_mem.verify.snippet.syntax import FUNCTIONS, block, first_row, last_row

from .edited import Edited, drop_all
from .idle import idle

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection

    from tflint_mem.verify.snippet.syntax import Function

# they leave no trace of their own in every version of Python
_SILENT = (ast.Global, ast.Nonlocal, ast.Pass, ast.Break, ast.Continue)
_TRACED_METHODS = frozenset("call build train_step test_step predict_step compute_loss forward".split())


def without_unreached(text: str, ran: Collection[int], everything: bool, traced: Collection[str] = frozenset()) -> str:
    """What is left of a text; the text itself where it does not parse.

    ran          rows that ran
    everything   all that ran was seen; else functions that TensorFlow may have traced, which then run in a copy of
                 their text, may have run unseen
    traced       names of functions that are traced, as far as other files tell
    """
    try:
        edited = Edited(text)
    except (SyntaxError, ValueError, RecursionError):
        return text
    _Cut(edited, ran, everything, traced, frozenset() if not everything else idle(edited, ran)).run()
    left = edited.text()
    try:
        ast.parse(left)
    except SyntaxError:  # a form that is not thought of here
        return text
    return left


class _Cut:
    def __init__(
        self,
        edited: Edited,
        ran: Collection[int],
        everything: bool,
        traced: Collection[str],
        idle: Collection[ast.stmt],
    ) -> None:
        self._edited, self._ran, self._everything, self._idle = edited, ran, everything, idle
        self._traced = traced

    def run(self) -> None:
        """Goes through the whole text."""
        self._block(self._edited.tree.body, None)

    def _has_run(self, node: ast.AST) -> bool:
        first, last = first_row(node), last_row(node)  # type: ignore[arg-type]  # statements and handlers have rows
        return any(row in self._ran for row in range(first, last + 1))

    def _block_has_run(self, nodes: list[ast.stmt]) -> bool:
        return any(self._has_run(node) for node in nodes) or all(isinstance(node, _SILENT) for node in nodes)

    def _block(self, nodes: list[ast.stmt], owner: ast.ClassDef | None) -> None:
        dropped = [node for node in nodes if not self._stays(node) or owner is not None and self._is_idle(node, owner)]
        gone = {node.name for node in dropped if isinstance(node, FUNCTIONS)}
        if owner is not None and gone:  # other names of methods that are gone
            dropped += [
                node
                for node in nodes
                if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name) and node.value.id in gone
            ]
        drop_all(self._edited, nodes, dropped)
        for node in nodes:
            if node not in dropped:
                self._inside(node, owner)

    def _stays(self, node: ast.stmt) -> bool:
        if node in self._idle:
            return False
        if isinstance(node, (*_SILENT, *FUNCTIONS, ast.ClassDef, ast.Import, ast.ImportFrom)):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return False
        if isinstance(node, ast.AnnAssign) and node.value is None:
            return True
        if not self._has_run(node):
            return False
        if isinstance(node, ast.If):
            return self._block_has_run(node.body) or bool(node.orelse) and self._block_has_run(node.orelse)
        if isinstance(node, (ast.For, ast.AsyncFor)):
            return self._block_has_run(node.body)
        return True

    def _is_idle(self, node: ast.stmt, owner: ast.ClassDef) -> bool:
        """Is it a method that nobody called?"""
        if not isinstance(node, FUNCTIONS) or self._block_has_run(node.body):
            return False
        return self._everything or not self._may_be_traced(node, owner)

    def _inside(self, node: ast.stmt, owner: ast.ClassDef | None) -> None:
        if isinstance(node, FUNCTIONS):
            self._function(node, owner)
        elif isinstance(node, ast.ClassDef):
            self._block(node.body, node)
        elif isinstance(node, ast.If):
            self._branches(node)
        elif isinstance(node, ast.Try):
            self._try(node)
        else:
            for name in ("body", "orelse", "finalbody"):
                inner = [each for each in block(node, name) if isinstance(each, ast.stmt)]
                if inner:
                    self._block(inner, None)

    def _function(self, node: Function, owner: ast.ClassDef | None) -> None:
        if self._block_has_run([each for each in node.body if not _is_text(each)]):
            self._block(node.body, None)
        elif self._everything or not self._may_be_traced(node, owner):
            first = node.body[0]
            if self._edited.is_alone(first):
                self._edited.replace(
                    first_row(first), last_row(node), self._edited.indent(first) + "raise NotImplementedError"
                )

    def _may_be_traced(self, node: Function, owner: ast.ClassDef | None) -> bool:
        if _is_decorated(node) or node.name in self._traced:
            return True
        return owner is not None and bool(owner.bases) and node.name in _TRACED_METHODS

    def _branches(self, node: ast.If) -> None:
        taken = self._block_has_run(node.body)
        if taken:
            self._block(node.body, None)
        elif self._edited.is_alone(node.body[0]):
            first = node.body[0]
            if self._has_other_block(node) and self._edited.outdent(
                node.orelse, node.orelse[0].col_offset - node.col_offset
            ):
                self._edited.drop_rows(node.lineno, first_row(node.orelse[0]) - 1)
            else:
                self._edited.replace(first_row(first), last_row(node.body[-1]), self._edited.indent(first) + "pass")
        if not node.orelse:
            return
        if self._block_has_run(node.orelse):
            self._block(node.orelse, None)
        elif taken and self._edited.is_alone(node.body[-1]):
            self._edited.drop_rows(last_row(node.body[-1]) + 1, last_row(node))

    def _has_other_block(self, node: ast.If) -> bool:
        """Has it an `else`, which can stand in its place?"""
        if not node.orelse or self._edited.rows[node.lineno - 1].lstrip().startswith("elif"):
            return False
        first = node.orelse[0]
        return first.col_offset > node.col_offset and self._edited.is_alone(first)

    def _try(self, node: ast.Try) -> None:
        self._block(node.body, None)
        caught = [handler for handler in node.handlers if self._block_has_run(handler.body)]
        for handler in caught:
            self._block(handler.body, None)
        if node.orelse:
            self._block(node.orelse, None)
        if node.finalbody:
            self._block(node.finalbody, None)
        if not caught and not node.orelse and not node.finalbody and self._edited.is_alone(node.body[0]):
            by = node.body[0].col_offset - node.col_offset
            if self._edited.outdent(node.body, by):
                self._edited.drop_rows(node.lineno, first_row(node.body[0]) - 1)
                self._edited.drop_rows(last_row(node.body[-1]) + 1, last_row(node))


def _is_decorated(node: Function) -> bool:
    """Does a decorator perhaps make a graph of it?"""
    names = {ast.unparse(decorator) for decorator in node.decorator_list}
    return bool(names - {"staticmethod", "classmethod", "property"})


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def named_for_tracing(text: str) -> set[str]:
    """Names in functions that may be traced, and in what is handed on to be: what they call is traced with them."""
    found: set[str] = set()
    try:
        tree = parsed(text)
    except (SyntaxError, ValueError, RecursionError):
        return found
    for node in ast.walk(tree):
        traced = isinstance(node, FUNCTIONS) and (_is_decorated(node) or node.name in _TRACED_METHODS)
        handed = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
        if traced:
            found |= _names(node)
        elif handed:
            assert isinstance(node, ast.Call)
            for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
                if isinstance(argument, (ast.Name, ast.Attribute, ast.Lambda)):
                    found |= _names(argument)
    return found


def _names(node: ast.AST) -> set[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return names | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)}
