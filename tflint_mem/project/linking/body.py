"""The body of a module: its scopes, blocks, statements and calls, in memory or packed, and what stands in what."""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Augment,
    Def,
    Delete,
    ExprStatement,
    For,
    If,
    Jump,
    Other,
    Return,
    While,
    With,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterator, Sequence

    from tflint_mem.facts import Expression, Statement
    from tflint_mem.facts.records import Body

_PARTS = ("scopes", "blocks", "statements", "calls")


class ModuleBody:
    """The body of a module, which may be packed: it comes back when one of its parts is asked for.

    index    position in the project
    loaded   whether the body is in memory, unpacked
    decoded  the project's record of modules whose body is in memory, oldest first
    scopes, blocks, statements, calls   by number: see `facts.Facts`
    """

    __slots__ = (
        "index",
        "loaded",
        "decoded",
        "scopes",
        "blocks",
        "statements",
        "calls",
        "_blob",
        "_classes",
        "_members",
        "_ifs",
        "_returns",
        "_of_statement",
    )

    def __init__(
        self, index: int, body: Body | None, decoded: deque[int], packed: bytes | memoryview | None = None
    ) -> None:
        """A body, or what `facts.pack` made of it, or both."""
        self.index, self.decoded = index, decoded
        self._blob = packed
        self.loaded = False
        if body is not None:
            self._keep(body)
        self.forget()

    # -- in memory or packed ------------------------------------------------------------------------------------------

    def _keep(self, body: Body) -> None:
        self.scopes, self.blocks, self.statements, self.calls = body
        self.loaded = True

    if not TYPE_CHECKING:  # it would stand for any name that is not there

        def __getattr__(self, name):
            """A body that was let go of comes back when one of its parts is asked for."""
            if name not in _PARTS or self._blob is None:
                raise AttributeError(name)
            from tflint_mem.facts.pack import unpack

            self._keep(unpack(self._blob))
            self.decoded.append(self.index)
            return getattr(self, name)

    def release(self) -> None:
        """Forget the decoded body and everything derived from it; it comes back when asked for.

        What is kept is a thirtieth of the decoded body: packing costs a third of making the facts, unpacking a quarter.
        """
        if self.loaded:
            if self._blob is None:
                from tflint_mem.facts.pack import pack

                self._blob = pack((self.scopes, self.blocks, self.statements, self.calls))
            for name in _PARTS:
                delattr(self, name)
            self.loaded = False
        self.forget()

    def replace(self, body: Body) -> None:
        """From now on this is the body."""
        self._blob = None
        if not self.loaded:
            self.decoded.append(self.index)
        self._keep(body)
        self.forget()

    def forget(self) -> None:
        """Forget all that was derived from the body; each layer of a module does it for its own answers."""
        self._classes: list[int] | None = None
        self._members: dict[int, dict[str, int]] = {}
        self._ifs: dict[int, list[int]] = {}
        self._returns: dict[int, list[Return]] = {}
        self._of_statement: dict[int, list[int]] | None = None

    # -- scopes -------------------------------------------------------------------------------------------------------

    def scope_statements(self, scope: int) -> range:
        """Numbers of the statements right in a scope."""
        span = self.scopes[scope].statements
        return range(span.first, span.behind)

    def scope_calls(self, scope: int) -> range:
        """Numbers of the calls right in a scope."""
        span = self.scopes[scope].calls
        return range(span.first, span.behind)

    def qualname(self, scope: int) -> str:
        """`Class.method` or `outer.inner`; "" for the module."""
        parts = []
        while scope > 0:
            record = self.scopes[scope]
            parts.append(record.name)
            scope = record.parent
        return ".".join(reversed(parts))

    def is_method(self, scope: int) -> bool:
        """Is it a function right in a class?"""
        record = self.scopes[scope]
        return record.kind == "function" and self.scopes[record.parent].kind == "class" and record.parent > 0

    def method_around(self, scope: int) -> int:
        """The method that a function is, or in which it is defined, however deep; `scope` itself when there is none."""
        inner = scope
        while inner > 0 and not self.is_method(inner):
            inner = self.scopes[inner].parent
        return inner if inner > 0 else scope

    def within(self, scope: int, outer: int) -> bool:
        """Is the scope `outer` itself or nested in it?"""
        while scope > outer:  # an inner scope is numbered after the one around it
            scope = self.scopes[scope].parent
        return scope == outer

    def class_around(self, scope: int) -> int:
        """The class that a scope is, or in which it stands, however deep; 0 or less when there is none."""
        while scope > 0 and self.scopes[scope].kind != "class":
            scope = self.scopes[scope].parent
        return scope

    def classes(self) -> list[int]:
        """Scopes of all classes in the module."""
        if self._classes is None:
            self._classes = [i for i, record in enumerate(self.scopes) if record.kind == "class"]
        return self._classes

    def members(self, scope: int) -> dict[str, int]:
        """name -> scope of the functions defined directly in a class or function body (the last definition wins)."""
        found = self._members.get(scope)
        if found is not None:
            return found
        found = self._members[scope] = {}
        for s in self.scope_statements(scope):
            statement = self.statements[s]
            if type(statement) is Def:
                found[self.scopes[statement.defines].name] = statement.defines
        return found

    def with_inner(self, scope: int) -> list[int]:
        """A function and the functions defined in it, at any depth."""
        found = [scope]
        for s in range(scope + 1, len(self.scopes)):  # an inner scope is numbered after the one around it
            if self.scopes[s].parent in found:
                found.append(s)
        return found

    # -- statements and calls -----------------------------------------------------------------------------------------

    def ifs(self, scope: int) -> list[int]:
        """The `if` statements of a scope, in order."""
        found = self._ifs.get(scope)
        if found is None:
            statements = self.statements
            found = self._ifs[scope] = [s for s in self.scope_statements(scope) if type(statements[s]) is If]
        return found

    def returns(self, scope: int) -> list[Return]:
        """The `return` statements of a scope that give something, in order."""
        found = self._returns.get(scope)
        if found is None:
            statements = map(self.statements.__getitem__, self.scope_statements(scope))
            found = self._returns[scope] = [s for s in statements if type(s) is Return and s.value is not None]
        return found

    def behind(self, statement: int) -> Iterator[int]:
        """The numbers of the statements inside a compound statement of the same scope, in order."""
        whole = self.statements[statement]
        for s in range(statement + 1, self.scopes[whole.scope].statements.behind):
            if self.statements[s].line > whole.end_line:
                return
            yield s

    def calls_of(self, statement: int) -> Sequence[int]:
        """The calls that stand in a statement itself, in order."""
        if self._of_statement is None:
            index = self._of_statement = {}
            for i, call in enumerate(self.calls):
                index.setdefault(call.statement, []).append(i)
        return self._of_statement.get(statement, ())

    def arguments(self, i: int) -> list[Expression]:
        """The expressions that call `i` is given, by position and by keyword."""
        call = self.calls[i]
        return [*call.args, *[keyword.value for keyword in call.keywords]]


def statement_expressions(statement: Statement) -> list[Expression]:
    """The expressions that a statement itself evaluates (its blocks excluded)."""
    if isinstance(statement, Assign):
        return [*statement.targets] if statement.value is None else [*statement.targets, statement.value]
    if isinstance(statement, Augment):
        return [statement.target, statement.value]
    if isinstance(statement, (Return, ExprStatement, Jump)):
        return [] if statement.value is None else [statement.value]
    if isinstance(statement, Delete):
        return [*statement.targets]
    if isinstance(statement, Other):
        return [*statement.items]
    if isinstance(statement, With):
        return [e for item in statement.items for e in (item.context, item.target) if e is not None]
    if isinstance(statement, For):
        return [statement.target, statement.iterable]
    if isinstance(statement, (While, If)):
        return [statement.test]
    return []
