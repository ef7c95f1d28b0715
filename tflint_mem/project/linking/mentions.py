"""Where a module mentions what: its calls by name, what it hands over, under which other names it calls things."""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    CallRef,
    DictDisplay,
    Import,
    Lambda,
    ListDisplay,
    Name,
    SequenceDisplay,
    Subscript,
    TupleDisplay,
    tail_of,
    walk,
)

from .bindings import ModuleBindings
from .call_names import TABLE, called_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from tflint_mem.facts import Call, Expression

    References = dict[str | int, list[tuple[int, int | str]]]
    Aliases = dict[str, set[str]]

_HANDED = frozenset(
    (Name, Attribute, Lambda, CallRef, TupleDisplay, ListDisplay, DictDisplay)
)  # may be, or hold, a function
_ALIASED = _HANDED - {Lambda}  # what a name may be another name for


class ModuleMentions(ModuleBindings):
    """A module, asked where it mentions something."""

    __slots__ = (
        "_calls_by_tail",
        "_refs_by_tail",
        "_defaults",
        "_aliases",
        "_named",
        "_made",
        "_foreign",
        "_fills",
        "_reads",
    )

    def forget(self) -> None:
        super().forget()
        self._calls_by_tail: dict[str, list[int]] | None = None
        self._refs_by_tail: References | None = None
        self._defaults: dict[str | int, list[tuple[int, int]]] | None = None
        self._aliases: Aliases | None = None
        self._named: frozenset[str] | None = None
        self._made: dict[str, set[str]] | None = None
        self._foreign: dict[str, list[tuple[int, Expression]]] | None = None
        self._fills: dict[int, dict[Expression, tuple[list[int], list[int]]]] = {}
        self._reads: dict[str, list[tuple[int, Expression]]] | None = None

    def forget_others(self) -> None:
        super().forget_others()
        self._named = None

    # -- calls --------------------------------------------------------------------------------------------------------

    def calls_by_tail(self) -> dict[str, list[int]]:
        """last name of the called expression -> call numbers; see `call_names.called_name`."""
        if self._calls_by_tail is None:
            index = self._calls_by_tail = {}
            for i, call in enumerate(self.calls):
                tail = called_name(self, call.func)
                if tail is not None:
                    index.setdefault(tail, []).append(i)
        return self._calls_by_tail

    def references(self) -> dict[str | int, list[tuple[int, int | str]]]:
        """name -> [(call, position or keyword)] where a function could be handed over as an argument.

        Lambdas stand under the number of their scope; the keyword of `**value` is "**".
        """
        if self._refs_by_tail is None:
            index = self._refs_by_tail = {}
            for i, call in enumerate(self.calls):
                for position, argument in enumerate(call.args):
                    if type(argument) in _HANDED:
                        _note_reference(index, argument, i, position, self.calls)
                for keyword in call.keywords:
                    if type(keyword.value) in _HANDED:
                        _note_reference(index, keyword.value, i, keyword.name or "**", self.calls)
        return self._refs_by_tail

    def defaults(self) -> dict[str | int, list[tuple[int, int]]]:
        """name -> [(function, parameter number)] of the parameters whose default has that name.

        Lambdas stand under the number of their scope.
        """
        if self._defaults is None:
            index = self._defaults = {}
            for scope, record in enumerate(self.scopes):
                for number, parameter in enumerate(record.parameters):
                    default = parameter.default
                    if type(default) is Lambda:
                        index.setdefault(default.scope, []).append((scope, number))
                    elif type(default) is Name or type(default) is Attribute:
                        index.setdefault(default.tail, []).append((scope, number))
        return self._defaults

    def read_in_calls(self) -> dict[str, list[tuple[int, Expression]]]:
        """attribute, or "__getitem__" -> [(call, what it is an attribute or item of)].

        Looked at is what calls are given, and what they are made on.
        """
        if self._reads is None:
            index = self._reads = {}
            for i, call in enumerate(self.calls):
                for expression in (call.func, *self.arguments(i)):
                    for e in walk(expression):
                        if type(e) is Attribute:
                            index.setdefault(e.attr, []).append((i, e.base))
                        elif type(e) is Subscript:
                            index.setdefault("__getitem__", []).append((i, e.base))
        return self._reads

    # -- what is put where --------------------------------------------------------------------------------------------

    def foreign_attributes(self) -> dict[str, list[tuple[int, Expression]]]:
        """attribute -> [(statement, what it is an attribute of)] where it is assigned on something else than `self`.

        As in `agent.model = …`.
        """
        if self._foreign is None:
            self._foreign = {}
            for s, statement in enumerate(self.statements):
                if type(statement) is Assign and statement.value is not None:
                    for target in statement.targets:
                        if type(target) is Attribute and target.base != SELF:
                            self._foreign.setdefault(target.attr, []).append((s, target.base))
        return self._foreign

    def fills(self, scope: int) -> dict[Expression, tuple[list[int], list[int]]]:
        """container -> (calls, statements) of the scope that may put something into it.

        As `x.append(v)`, `x[k].append(v)` and `x[k] = v` do.
        """
        found = self._fills.get(scope)
        if found is None:
            found = self._fills[scope] = {}
            for i in self.scope_calls(scope):
                call = self.calls[i]
                f = call.func
                if type(f) is Attribute and call.args:
                    for container in (f.base, self._container_of(f.base)):
                        if container is not None:
                            found.setdefault(container, ([], []))[0].append(i)
            for s in self.scope_statements(scope):
                statement = self.statements[s]
                if type(statement) is Assign and statement.value is not None:
                    for target in statement.targets:
                        if type(target) is Subscript:
                            _, statements = found.setdefault(target.base, ([], []))
                            if statements[-1:] != [s]:
                                statements.append(s)
        return found

    def _container_of(self, item: Expression) -> Expression | None:
        """What `x[k]`, `x.setdefault(k, [])` and `x.get(k)` are an item of, else None."""
        if type(item) is Subscript:
            return item.base
        f = self.calls[item.number].func if type(item) is CallRef else None
        return f.base if type(f) is Attribute and f.attr in ("setdefault", "get") else None

    def made(self) -> dict[str, set[str]]:
        """name of a called function or class -> names of what its result is assigned to.

        As in `step = make_step(…)`, `self.net = Net()`.
        """
        if self._made is None:
            index = self._made = {}
            for statement in self.statements:
                if type(statement) is Assign and type(statement.value) is CallRef:
                    maker = tail_of(self.calls[statement.value.number].func)
                    if maker is not None:
                        index.setdefault(maker, set()).update(filter(None, map(tail_of, statement.targets)))
        return self._made

    # -- other names --------------------------------------------------------------------------------------------------

    def aliases(self) -> dict[str, set[str]]:
        """name -> other names under which this module may call it.

        `from x import f as g`, `g = f`, `g = tf.function(f)`, `self.step = partial(f, …)`.
        """
        if self._aliases is None:
            index = self._aliases = {}
            for statement in self.statements:
                if type(statement) is Import:
                    for imported in statement.names:
                        if imported.attribute and imported.attribute != imported.name:
                            index.setdefault(imported.attribute, set()).add(imported.name)
                elif type(statement) is Assign:
                    value = statement.value
                    if value is not None and type(value) in _ALIASED:
                        for target in statement.targets:
                            _note_alias(index, target, value, self.calls)
        return self._aliases

    def aliases_of_defined(self, defined: Container[str]) -> frozenset[str]:
        """Other names that functions and classes of the project have in this module.

        defined   the names of all of them, the same whenever this is asked
        """
        if self._named is None:
            self._named = frozenset().union(*(names for name, names in self.aliases().items() if name in defined))
        return self._named


def _note_alias(index: Aliases, target: Expression, value: Expression, calls: Sequence[Call]) -> None:
    """Enter the names that an assignment gives to what has another."""
    name = tail_of(target)
    if name is not None and isinstance(value, (DictDisplay, SequenceDisplay)):  # a table of functions: TABLE[key]()
        for item in value.values if isinstance(value, DictDisplay) else value.items:
            tail = tail_of(item)
            if tail is not None:
                index.setdefault(tail, set()).add(TABLE + name)
        return
    if isinstance(target, TupleDisplay) and isinstance(value, TupleDisplay):
        for inner, given in zip(target.items, value.items):
            _note_alias(index, inner, given, calls)
        return
    called: Expression | None = value
    if isinstance(value, CallRef):
        arguments = calls[value.number].args
        called = arguments[0] if arguments else None
    tail = tail_of(called) if called is not None else None
    if tail is not None and name is not None and name != tail:
        index.setdefault(tail, set()).add(name)


def _note_reference(index: References, expression: Expression, i: int, where: int | str, calls: Sequence[Call]) -> None:
    """Enter what an argument may hand over: a name, a lambda, or those in a list or dictionary."""
    if isinstance(expression, Name):
        index.setdefault(expression.id, []).append((i, where))
    elif isinstance(expression, Attribute):
        index.setdefault(expression.attr, []).append((i, where))
    elif isinstance(expression, Lambda):
        index.setdefault(expression.scope, []).append((i, where))
    elif isinstance(expression, CallRef):  # an object or function that is made there: study.optimize(Objective(data))
        tail = tail_of(calls[expression.number].func)
        if tail is not None:
            index.setdefault(tail, []).append((i, where))
    elif isinstance(expression, SequenceDisplay):
        for item in expression.items:
            _note_reference(index, item, i, where, calls)
    elif isinstance(expression, DictDisplay):
        for item in expression.values:
            _note_reference(index, item, i, where, calls)
