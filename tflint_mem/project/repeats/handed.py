"""Functions that are handed over: given to a call, a parameter's default, put into a table, kept on an object.

What a call does with a function is in `consumers`.  Where the call runs a function of the project, its body says more:
calls of the parameter, and calls of what that is put into.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    DictDisplay,
    Name,
    SequenceDisplay,
    Starred,
    Subscript,
    tail_of,
)
from tflint_mem.project.holds.values import ClassValue, FunctionValue, Instance, MethodValue, PartialValue
from tflint_mem.project.linking.call_names import TABLE, called_name

from .consumers import Consumers
from .reach import own_decorators, runs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import TypeAlias

    from tflint_mem.facts import Call, Expression, Statement
    from tflint_mem.project.holds.values import Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.project import Project

    from .consumers import Where
    from .repeat import Caller, Function

    Parameter: TypeAlias = tuple[int, int, int]  # the index of a module, a function in it, and the parameter's number

MAX_HANDS = 16  # parameters that get what is handed on; what more of them do with it is not known
MAX_USERS = 64  # modules that mention a table; the callers of what more of them mention are not known
_WRAPPERS = frozenset(("functools.partial", "ray.tune.with_parameters", "ray.tune.with_resources"))
_PUTTING = frozenset(("append", "add", "setdefault", "insert"))


class Handed:
    """Answers of one project, for its Callers."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.consumers = Consumers(project)

    def callers(self, other: Module, i: int, where: Where, m: Module, scope: int) -> Iterator[Caller]:
        """The callers that a function of `m` has by being given to call `i` of `other` at `where`."""
        while where == 0 and self.project.apis(other, i) & _WRAPPERS:  # study.optimize(partial(score, fold=1))
            outer = _outer(other, i)
            if outer is None:
                return
            i, where = outer
        around = other.calls[i].scope
        if where in ("default_factory", "factory") and other.scopes[around].kind == "class":  # runs for each new object
            for user, j in self.project.callers_of.constructions(other, around):
                yield user, j, "call"
            return
        how = self.consumers.how(other, i, where)
        if how == "forward":
            yield from self._forwarded(other, i, where, (m, scope), set())
        elif how is not None:
            yield other, i, how

    def by_default(self, other: Module, scope: int, number: int, function: Function) -> Iterator[Caller]:
        """The callers that a function has as the default of a parameter which some call of its function leaves out."""
        for m, i, how in self.project.callers(other, scope):
            call = m.calls[i]
            unknown = any(type(e) is Starred for e in call.args) or any(k.name is None for k in call.keywords)
            if how == "call" and not unknown and self.project.infer.argument(other, scope, number, m, i) is None:
                yield from self._of_parameter(other, scope, number, function, set())
                return

    def defaults_to(self, m: Module, scope: int, number: int) -> set[tuple[int, int]]:
        """{(module index, scope)} of the functions and classes that a parameter has by default."""
        record = m.scopes[scope]
        default = record.parameters[number].default
        if default is None:
            return set()
        return self._meant(self.project.infer.values(m, record.parent, default, record.statement))

    def registered(self, m: Module, scope: int) -> Iterator[Caller]:
        """A decorator of the project that puts the function into a table: the calls of what is in the table."""
        for dm, decorator in own_decorators(self.project, m, scope):
            tables: set[str] = set()
            for each in dm.with_inner(decorator):
                for parameter in dm.scopes[each].parameters:
                    tables |= _tables(dm, each, parameter.name)
            yield from self._from_tables(tables, (m, scope))

    def referred(self, other: Module, i: int, where: Where, tail: str) -> set[tuple[int, int]]:
        """{(module index, scope)} of the functions and classes that the argument at `where` names with `tail`."""
        call = other.calls[i]
        found: set[tuple[int, int]] = set()
        for e in _parts(_argument(call, where)):
            if tail_of(other.calls[e.number].func if type(e) is CallRef else e) != tail:
                continue
            found |= self._meant(self.project.infer.values(other, call.scope, e, call.statement))
        return found

    def _meant(self, values: Values) -> set[tuple[int, int]]:
        """{(module index, scope)} of the functions and classes among some values."""
        found: set[tuple[int, int]] = set()
        for v in values:
            if isinstance(v, ClassValue):
                found.add((v.module, v.scope))
            elif isinstance(v, (FunctionValue, MethodValue, PartialValue)):
                found.update((fm.index, s) for fm, s in self.project.functions_of(v))
            elif isinstance(v, Instance):  # an object that is called like a function
                method = self.project.infer.lookup(self.project.module(v.module), v.scope, "__call__")
                if method is not None:
                    mm, s = method
                    found.add((mm.index, s))
        return found

    def _forwarded(
        self, other: Module, i: int, where: Where, function: Function, seen: set[Parameter]
    ) -> Iterator[Caller]:
        """A project function that takes the function as a parameter: the calls of that parameter in its body."""
        for fm, s in self.project.functions_called(other, i):
            shift = 1 if fm.is_method(s) else 0
            for index, parameter in enumerate(fm.scopes[s].parameters):
                if parameter.kind == "*" and where == 0 and index <= shift:
                    # def compiled(*args): return tf.function(*args, …)
                    passed_on = (Starred(Name(parameter.name)),)
                    for j in fm.scope_calls(s):
                        if fm.calls[j].args[:1] == passed_on and "tf.function" in self.project.apis(fm, j):
                            yield fm, j, "compiled"
                if parameter.name == where or (
                    isinstance(where, int) and index == where + shift and parameter.kind == "p"
                ):
                    yield from self._of_parameter(fm, s, index, function, seen)

    def _of_parameter(
        self, fm: Module, s: int, number: int, function: Function, seen: set[Parameter]
    ) -> Iterator[Caller]:
        """The calls that run what a function of `fm` gets as a parameter, by itself or through those it hands it on to.

        seen   the parameters that were looked at on the way, which this one is added to
        """
        if (fm.index, s, number) in seen or len(seen) >= MAX_HANDS:
            return
        seen.add((fm.index, s, number))
        name = fm.scopes[s].parameters[number].name
        for j in fm.calls_by_tail().get(name, ()):
            if _nested_in(fm, fm.calls[j].scope, s):
                yield fm, j, "call"
        for j, place in fm.references().get(name, ()):
            if fm.calls[j].scope == s:
                how = self.consumers.how(fm, j, place)
                if how == "forward":  # def __init__(self, fitness): super().__init__(fitness)
                    yield from self._forwarded(fm, j, place, function, seen)
                elif how is not None:
                    yield fm, j, how
        tables = {tail for each in fm.with_inner(s) for tail in _tables(fm, each, name)}
        yield from self._from_tables(tables, function)
        # kept on the object: self.model_fn = model_fn, called as self.model_fn()
        for each in fm.scope_statements(s):
            for kept in _targets(fm.statements[each], Name(name)):
                if type(kept) is Attribute:
                    for user in self.project.mentioning(kept.attr, MAX_USERS):
                        for j in user.calls_by_tail().get(kept.attr, ()):
                            if type(user.calls[j].func) is Attribute and runs(self.project, user, j, function):
                                yield user, j, "call"

    def _from_tables(self, tables: Iterable[str], function: Function) -> Iterator[Caller]:
        """Calls of what was taken out of these containers: `TABLE[key](x)`, `for each in TABLE: each(x)`."""
        for tail in sorted(tables):
            for user in self.project.mentioning(tail, MAX_USERS):
                for j, call in enumerate(user.calls):
                    f = call.func
                    taken = type(f) is Name and any(
                        b.kind in ("iter", "assign") for b in user.bindings(call.scope).get(f.id, ())
                    )
                    if (taken or called_name(user, f) == TABLE + tail) and runs(self.project, user, j, function):
                        yield user, j, "call"


def _outer(m: Module, i: int) -> tuple[int, Where] | None:
    """(call, where) of the call in the same statement that is given the result of call `i`, or None."""
    here, statement = CallRef(i), m.calls[i].statement
    for j in range(i + 1, len(m.calls)):
        call = m.calls[j]
        if call.statement != statement:
            break
        if here in call.args:
            return j, call.args.index(here)
        for keyword in call.keywords:
            if keyword.value == here:
                return j, keyword.name or "**"
    return None


def _argument(call: Call, where: Where) -> Expression | None:
    """What a call is given at a place, or None."""
    if isinstance(where, int):
        return call.args[where]
    return next((keyword.value for keyword in call.keywords if (keyword.name or "**") == where), None)


def _parts(e: Expression | None) -> tuple[Expression, ...]:
    """An expression, and what is in it when it is a literal of several."""
    if e is None:
        return ()
    if isinstance(e, SequenceDisplay):
        return (e, *e.items)
    return (e, *e.values) if type(e) is DictDisplay else (e,)


def _tables(m: Module, scope: int, name: str) -> set[str]:
    """Last names of the containers that a function puts the value of `name` into.

    `T[k] = f`, `T.append(f)`, `T.setdefault(k, []).append(f)`.
    """
    here = Name(name)
    found: set[str | None] = set()
    for s in m.scope_statements(scope):
        targets = _targets(m.statements[s], here)
        found.update(tail_of(target.base) for target in targets if type(target) is Subscript)
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if type(call.func) is Attribute and call.func.attr in _PUTTING:
            if any(e == here or isinstance(e, SequenceDisplay) and here in e.items for e in call.args):
                found.add(tail_of(_container(m, call.func.base)))
    return {tail for tail in found if tail is not None}


def _targets(statement: Statement, value: Expression) -> tuple[Expression, ...]:
    """What a statement assigns the value to: `x = value`, and `x, y = value, other`."""
    if type(statement) is not Assign:
        return ()
    if statement.value == value:
        return tuple(statement.targets)
    if not isinstance(statement.value, SequenceDisplay):
        return ()
    given = statement.value.items
    return tuple(
        target.items[number]
        for target in statement.targets
        if isinstance(target, SequenceDisplay) and len(target.items) == len(given)
        for number, item in enumerate(given)
        if item == value
    )


def _container(m: Module, of: Expression) -> Expression:
    """The container that `T[k]` and `T.setdefault(k, [])` are an item of, else the expression itself."""
    if type(of) is Subscript:
        return of.base
    if type(of) is CallRef:
        f = m.calls[of.number].func
        return f.base if type(f) is Attribute else of
    return of


def _nested_in(m: Module, scope: int, outer: int) -> bool:
    """Is a function `outer`, or defined in it at any depth?"""
    while scope > 0:
        if scope == outer:
            return True
        scope = m.scopes[scope].parent
    return False
