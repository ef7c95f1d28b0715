"""The names that the scopes of a module bind, and where."""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    Augment,
    ClassDef,
    Def,
    ExprStatement,
    For,
    Global,
    If,
    Import,
    ListDisplay,
    Name,
    Record,
    Return,
    Starred,
    Try,
    TupleDisplay,
    With,
)
from tflint_mem.facts.record import new

from .blocks import ModuleBlocks

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from tflint_mem.facts import Expression, Imported, Statement

    Path = tuple[int | str, ...]
    Names = dict[str, list["Binding"]]


_BINDING_NONE = frozenset((ExprStatement, Return, If))


class Binding(Record):
    """A place where a scope binds a name: the name holds what `value` gives, taken apart by `path`.

    kind       assign, annotation, iter (an element of the value), with, import, def, class, param, except, augment
    statement  the number of the statement; -1 for a parameter
    value      an expression; of a parameter its position, of an import what it binds, of a def or class its scope
    path       positions for unpacking, "*" for a starred one
    """

    __slots__ = ()
    kind: str
    statement: int
    scope: int
    value: Expression | Imported | int | None
    path: Path


class ModuleBindings(ModuleBlocks):
    """A module, asked about names.

    bound            scope -> its bindings, those that were asked for: see `bindings`
    declared_global  scope -> names that it declares global or nonlocal, of the scopes in `bound`
    """

    __slots__ = ("bound", "declared_global", "_comps", "_declaring", "_ordered")

    def forget(self) -> None:
        super().forget()
        self.bound: dict[int, Names] = {}
        self.declared_global: dict[int, set[str]] = {}
        self._comps: dict[int, list[int]] | None = None
        self._declaring: dict[str, list[int]] | None = None
        self._ordered: dict[int, tuple[Sequence[Binding], bool]] = {}

    def bindings(self, scope: int) -> dict[str, list[Binding]]:
        """name -> its bindings in this scope, in order of the text; those of comprehensions come behind the others."""
        found = self.bound.get(scope)
        if found is None:
            found = self.bound[scope] = self._bind(scope)
        return found

    def in_order(self, bindings: Sequence[Binding]) -> bool:
        """Do these bindings of a name stand in the order of their statements?"""
        known, found = self._ordered.get(id(bindings), (None, False))
        if known is not bindings:  # a list that is kept keeps its id
            found = all(before.statement <= after.statement for before, after in zip(bindings, bindings[1:]))
            self._ordered[id(bindings)] = bindings, found
        return found

    def global_names(self, scope: int) -> Collection[str]:
        """The names that a scope declares global or nonlocal."""
        self.bindings(scope)
        return self.declared_global.get(scope, ())

    def declaring(self, name: str) -> Sequence[int]:
        """Functions that declare the name global or nonlocal, once for each time."""
        if self._declaring is None:
            self._declaring = {}
            for statement in self.statements:
                if type(statement) is Global:
                    for each in statement.names:
                        self._declaring.setdefault(each, []).append(statement.scope)
        return self._declaring.get(name, ())

    def comprehensions(self, scope: int) -> Sequence[int]:
        """The blocks of a scope's comprehensions, in order."""
        if self._comps is None:
            self._comps = {}
            for b, block in enumerate(self.blocks):
                if block.kind == "comp":
                    # a comprehension in a lambda's body belongs to the statement that stands for that body
                    self._comps.setdefault(self.statements[block.statement].scope, []).append(b)
        return self._comps.get(scope, ())

    def _bind(self, scope: int) -> Names:
        names: Names = {}
        for i, parameter in enumerate(self.scopes[scope].parameters):
            names.setdefault(parameter.name, []).append(new(Binding, ("param", -1, scope, i, ())))
        statements = self.statements
        for s in self.scope_statements(scope):
            self._bind_statement(names, scope, s, statements[s])
        for b in self.comprehensions(scope):
            block = self.blocks[b]
            clause = block.clause
            _bind_target(names, scope, clause.target, "iter", block.statement, clause.iterable)
        return names

    def _bind_statement(self, names: Names, scope: int, s: int, statement: Statement) -> None:
        """Enter the names that statement `s` binds itself."""
        if type(statement) is Assign:
            _bind_assigned(names, scope, s, statement)
        elif type(statement) in _BINDING_NONE:  # most of the others
            return
        elif type(statement) is Augment:
            _bind_target(names, scope, statement.target, "augment", s, statement.value)
        elif type(statement) is For:
            _bind_target(names, scope, statement.target, "iter", s, statement.iterable)
        elif type(statement) is With:
            for item in statement.items:
                if item.target is not None:
                    _bind_target(names, scope, item.target, "with", s, item.context)
        elif type(statement) is Import:
            for imported in statement.names:
                names.setdefault(imported.name, []).append(new(Binding, ("import", s, scope, imported, ())))
        elif type(statement) is Def or type(statement) is ClassDef:
            name = self.scopes[statement.defines].name
            what = "def" if type(statement) is Def else "class"
            names.setdefault(name, []).append(new(Binding, (what, s, scope, statement.defines, ())))
        elif type(statement) is Try:
            for handler in statement.handlers:
                if handler.name:
                    names.setdefault(handler.name, []).append(new(Binding, ("except", s, scope, None, ())))
        elif type(statement) is Global:
            self.declared_global.setdefault(scope, set()).update(statement.names)


def _bind_assigned(names: Names, scope: int, s: int, statement: Assign) -> None:
    """Enter the names that an assignment binds."""
    value, kind = statement.value, "assign"
    if value is None:
        value, kind = statement.annotation, "annotation"
    if value is not None:
        for target in statement.targets:
            if type(target) is not Attribute:  # what is put on an object binds no name
                _bind_target(names, scope, target, kind, s, value)


def _bind_target(
    names: Names, scope: int, target: Expression, kind: str, statement: int, value: Expression, path: Path = ()
) -> None:
    """Enter the names that an assignment target binds; tuples are taken apart."""
    if type(target) is Name:
        names.setdefault(target.id, []).append(new(Binding, (kind, statement, scope, value, path)))
    elif isinstance(target, (TupleDisplay, ListDisplay)):
        for i, item in enumerate(target.items):
            _bind_target(names, scope, item, kind, statement, value, path + (i,))
    elif type(target) is Starred:
        _bind_target(names, scope, target.value, kind, statement, value, path + ("*",))
