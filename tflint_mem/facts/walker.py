"""The walk over a module's syntax tree: `collect`.

Functions, classes and lambdas are put into a queue when they are met and walked after the scope around them, so that
the statements and calls of one scope are numbered one after the other.
"""

from __future__ import annotations

import _ast as A
import sys

from .mentioned import Mentioned
from .records import NOTHING, Block, Facts, Scope, Span
from .statements import Return
from .walker_expressions import EXPR, position
from .walker_statements import reserve, walk_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .expressions import Attribute, Constant, Name
    from .records import Call, Clause
    from .statements import Statement


class Walk:
    """Where a walk is, and what it has found.

    names, attributes, constants  equal ones are one record: a body is a fifth smaller, and sooner unpacked
    queue                         scopes that are to be walked, and their bodies; None for those that are done
    scope, block, statement       the numbers of the current ones
    flags                         of the current scope
    """

    __slots__ = (
        "names",
        "attributes",
        "constants",
        "blocks",
        "statements",
        "calls",
        "idents",
        "scopes",
        "queue",
        "scope",
        "block",
        "statement",
        "flags",
    )

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.statements: list[Statement] = []
        self.calls: list[Call] = []
        self.idents: set[str] = set()
        self.scopes: list[Scope] = []
        self.queue: list[tuple[int, list[A.stmt] | A.expr] | None] = []
        self.names: dict[str, Name] = {}
        self.attributes: dict[tuple[str, str], Attribute] = {}
        self.constants: dict[tuple[type, object], Constant] = {}
        self.scope = self.statement = 0
        self.block = -1
        self.flags = ""

    def open(self, kind: str, statement: int, branch: bool | Clause | None = None) -> int:
        """A new block inside the current one; the caller sets and restores `block`."""
        self.blocks.append(Block(kind, self.block, statement, branch))
        return len(self.blocks) - 1


def collect(code: str | bytes, filename: str = "<module>") -> Facts:
    """The facts of a module.  Raises SyntaxError, ValueError (NUL), RecursionError, MemoryError."""
    tree = compile(
        code, filename, "exec", 0x400, dont_inherit=True
    )  # PyCF_ONLY_AST: top-level await parses, as notebooks need
    w = Walk()
    w.scopes.append(Scope("module", "<module>", -1, 1, 0, (), (), None, (), -1, NOTHING, NOTHING, ""))
    w.queue.append((0, tree.body))  # type: ignore[attr-defined]  # it is a module
    head = 0
    defs = []
    while head < len(w.queue):
        index, body = w.queue[head]  # type: ignore[misc]  # only what is done is None
        w.queue[head] = None
        head += 1
        w.scope, w.block, w.flags = index, -1, ""
        first_statement, first_call = len(w.statements), len(w.calls)
        if isinstance(body, list):
            walk_body(w, body)
        else:
            _lambda_body(w, body)
        record = w.scopes[index]
        record.statements = Span(first_statement, len(w.statements))
        record.calls = Span(first_call, len(w.calls))
        record.flags += w.flags
        if index and record.kind != "lambda":
            defs.append(record.name)
    found = Mentioned(w)
    w.idents.update(w.names)
    names = (
        w.idents,
        found.called,
        found.given,
        {base for _, base in found.bases},
        found.decorating,
        found.foreign,
        found.stored,
    )
    return Facts(
        (tuple(w.scopes), tuple(w.blocks), tuple(w.statements), tuple(w.calls)),
        [_interned(each) for each in names],
        _interned(defs),
        tuple(found.imports),
        tuple(found.bases),
    )


def _lambda_body(w: Walk, body: A.expr) -> None:
    """The body of a lambda is its return value."""
    i = reserve(w)
    value = EXPR[type(body)](w, body)
    w.statements[i] = Return(w.scope, -1, body.lineno, body.end_lineno or 0, value, position(body))


def _interned(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(map(sys.intern, names))
