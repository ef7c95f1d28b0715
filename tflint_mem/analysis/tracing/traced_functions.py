"""The project's `tf.function`s: where is each made, with which options, and who calls it?

`decorated` and `wrapped` give those that a decorator and a call makes, `calls` everybody who calls one, as far as names
and
values lead there; a function that is handed on under names that nobody follows has no callers here.
"""

from __future__ import annotations

from tflint_mem.facts import (
    TRUE,
    Assign,
    Call,
    CallRef,
    Def,
    Expression,
    Name,
    Record,
    Return,
    Starred,
    TupleDisplay,
    tail_of,
)
from tflint_mem.knowledge import canonical
from tflint_mem.project.holds.values import CallOrigin, External, FunctionValue, MethodValue, PartialValue, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.project.holds.values import Values
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

_FUNCTION = frozenset(("tf.function",))


class Traced:
    """One `tf.function`.

    m, scope   the Python function that is traced (None, -1 when it is not the project's)
    made       the call `tf.function(…)`, None for a bare decorator
    options    names of the keywords it was made with
    """

    __slots__ = ("m", "scope", "made", "options")

    def __init__(self, m: Module | None, scope: int, made: Site | None, options: set[str]) -> None:
        self.m = m
        self.scope = scope
        self.made = made
        self.options = options


class Own(Traced):
    """One that is the project's own function, with the decorator at its definition."""

    __slots__ = ()
    m: Module


class TracedCall(Record):
    """Call `i` of module `m`, and the `tf.function` that it calls."""

    __slots__ = ()
    m: Module
    i: int
    traced: Traced


def switched_off(context: Context) -> bool:
    """Does the project run its functions eagerly for good, with `tf.config.run_functions_eagerly(True)` in a module's
    own
    code?
    """
    found: bool | None = context.memo.get("switched off")
    if found is None:
        found = context.memo["switched off"] = any(
            m.calls[i].scope == 0 and m.calls[i].block == -1 and m.calls[i].args == (TRUE,) and not context.in_tests(m)
            for m, i, _ in context.everywhere(
                ("run_functions_eagerly", "experimental_run_functions_eagerly"),
                frozenset(("tf.config.run_functions_eagerly",)),
            )
        )
    return found


def calls(context: Context) -> Iterator[TracedCall]:
    """Every call in the part of a `tf.function` that traces, each call once."""
    found: list[TracedCall] | None = context.memo.get("traced calls")
    if found is None:
        found = context.memo["traced calls"] = list(_calls(context))
    return context.each([each for each in found if context.has(each.m)])


def in_part(context: Context, found: Sequence[Site]) -> Iterator[Site]:
    """Those of the calls found that stand in the part."""
    return context.each([(m, i) for m, i in found if context.has(m)])


def _calls(context: Context) -> Iterator[TracedCall]:
    if switched_off(context):
        return
    seen: set[tuple[int, int]] = set()
    names: set[str] = set()
    for own in context.each(decorated(context)):
        for other, i, how in context.project.callers(own.m, own.scope):
            if how == "call" and (other.index, i) not in seen:
                seen.add((other.index, i))
                yield TracedCall(other, i, own)
        names |= _bound_to(context, own.m, own.scope)
    for m, i in wrapped(context):
        names |= _assigned(m, i) | _returned(context, m, i)
    index = context.project.index
    for number in context.shown(sorted({number for name in names for number in index.modules("called", name)})):
        m = context.project.module(number)
        by_tail = m.calls_by_tail()
        for i in sorted({i for name in names for i in by_tail.get(name, ())}):
            if (m.index, i) in seen:
                continue
            traced = _called(context, m, i)
            if traced is not None:
                seen.add((m.index, i))
                yield TracedCall(m, i, traced)


def decorated(context: Context) -> list[Own]:
    """Traced functions of the project that carry the decorator."""
    found: list[Own] | None = context.memo.get("decorated")
    if found is None:
        found = []
        for index in context.shown(context.project.mentioned(("function", "defun"))):
            m = context.project.module(index)
            for scope, record in enumerate(m.scopes):
                if (
                    record.decorators
                    and record.kind == "function"
                    and "tf.function" in context.infer.decorator_names(m, scope)
                ):
                    found.append(_by_decorator(context, m, scope))
        context.memo["decorated"] = found
    return found


def _by_decorator(context: Context, m: Module, scope: int) -> Own:
    record = m.scopes[scope]
    made: Site | None = None
    options: set[str] = set()
    for expression in record.decorators:
        if isinstance(expression, CallRef):
            options |= _options(m, expression.number)
            if "tf.function" in context.project.apis(m, expression.number):
                made = (m, expression.number)
        else:
            options |= _partial_options(m, record.parent, expression)
    return Own(m, scope, made, options)


def _options(m: Module, i: int) -> set[str]:
    """Names of the keywords that call `i` is given."""
    return {keyword.name for keyword in m.calls[i].keywords if keyword.name is not None}


def _partial_options(m: Module, scope: int, expression: Expression) -> set[str]:
    """Keywords of `compiled = functools.partial(tf.function, jit_compile=True)`."""
    while scope >= 0 and isinstance(expression, Name):
        for b in m.bindings(scope).get(expression.id, ()):
            if (
                b.kind == "assign"
                and isinstance(b.value, CallRef)
                and tail_of(m.calls[b.value.number].func) in ("partial", "function")
            ):
                return _options(m, b.value.number)
        scope = m.scopes[scope].parent
    return set()


def wrapped(context: Context) -> list[Site]:
    """Every `tf.function(f)`: a call that is given what it shall trace."""
    found: list[Site] | None = context.memo.get("wrapped")
    if found is None:
        found = []
        for m, i, _ in context.everywhere(("function", "defun"), _FUNCTION):
            if argument(m, i) is not None:
                found.append((m, i))
        for m, i, _ in context.everywhere(tuple(_partials(context)) or ("\0",)):
            if argument(m, i) is not None and any(
                isinstance(v, PartialValue) and _is_function(v.values) for v in context.infer.callee(m, i)
            ):
                found.append((m, i))
        context.memo["wrapped"] = found
    return found


def _partials(context: Context) -> set[str]:
    """Names of `functools.partial(tf.function, …)`."""
    names: set[str] | None = context.memo.get("partials")
    if names is None:
        names = set()
        given = {number for tail in ("function", "defun") for number in context.project.index.modules("given", tail)}
        for m, i, _ in context.everywhere(("partial",), within=given):
            call = m.calls[i]
            if call.args and _is_function(context.infer.values(m, call.scope, call.args[0], call.statement)):
                names |= _assigned(m, i)
        context.memo["partials"] = names
    return names


def _is_function(values: Values) -> bool:
    return any(isinstance(v, External) and canonical(v.name) == "tf.function" for v in values)


def argument(m: Module, i: int) -> Expression | None:
    """What `tf.function(…)` is given to trace, or None."""
    call = m.calls[i]
    if call.args:
        return call.args[0] if not isinstance(call.args[0], Starred) else None
    return next((keyword.value for keyword in call.keywords if keyword.name in ("func", "python_function")), None)


def _assigned(m: Module, i: int) -> set[str]:
    """Last names of what the statement of call `i` assigns."""
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, Assign) and statement.value is not None:
        return {t for t in map(tail_of, statement.targets) if t}
    return set()


def _returned(context: Context, m: Module, i: int) -> set[str]:
    """Names that callers give to the `tf.function` that call `i` makes and its function returns."""
    from tflint_mem.analysis.models.models import returned_from

    scope = m.calls[i].scope
    if scope <= 0 or not returned_from(m, i):
        return set()
    return _taken(context, m, scope)


def _bound_to(context: Context, m: Module, scope: int) -> set[str]:
    """Names that callers give to a decorated function which the function around it returns, and its aliases."""
    owner = m.scopes[scope].parent
    if owner <= 0 or m.scopes[owner].kind != "function":
        return set()
    name = Name(m.scopes[scope].name)
    for s in m.scope_statements(owner):
        statement = m.statements[s]
        if isinstance(statement, Return):
            value = statement.value
            if value == name or isinstance(value, TupleDisplay) and name in value.items:
                return _taken(context, m, owner)
    return set()


def _taken(context: Context, m: Module, scope: int) -> set[str]:
    """Last names of what callers assign the result of a function to."""
    names: set[str] = set()
    for other, j, how in context.project.callers(m, scope):
        if how == "call":
            statement = other.statements[other.calls[j].statement]
            if isinstance(statement, Assign):
                for target in statement.targets:
                    parts = target.items if isinstance(target, TupleDisplay) else (target,)
                    names.update(t for t in map(tail_of, parts) if t)
    return names


def _called(context: Context, m: Module, i: int) -> Traced | None:
    """The Traced that call `i` calls, or None."""
    for v in context.infer.callee(m, i):
        if isinstance(v, Thing) and v.kind == "tf.function" and isinstance(v.origin, CallOrigin):
            return of_call(context, context.project.module(v.origin.module), v.origin.call)
        if isinstance(v, (FunctionValue, MethodValue)):
            fm, scope = context.project.module(v.module), v.scope
            if "tf.function" in context.infer.decorator_names(fm, scope):
                return _by_decorator(context, fm, scope)
    return None


def of_call(context: Context, m: Module, i: int) -> Traced:
    """The Traced that `tf.function(f, …)`, call `i`, makes."""
    call = m.calls[i]
    options = _options(m, i) | _partial_options(m, call.scope, call.func)
    given = argument(m, i)
    for v in context.infer.values(m, call.scope, given, call.statement) if given is not None else ():
        if isinstance(v, (FunctionValue, MethodValue)):
            return Traced(context.project.module(v.module), v.scope, (m, i), options)
    return Traced(None, -1, (m, i), options)


# -- where a decorated function is made --------------------------------------------------------------------------------

if TYPE_CHECKING:

    class _Place(Module):
        """A module that has one call more: its decorator, which runs where the function is defined."""

        def __init__(self, m: Module, number: int, decorator: Call) -> None: ...

else:

    class _Place:
        """A module that has one call more: its decorator, which runs where the function is defined."""

        def __init__(self, m, number, decorator):
            self._module, self._number, self._decorator = m, number, decorator
            self.calls = self

        def __getattr__(self, name):
            return getattr(self._module, name)

        def __len__(self):
            return len(self._module.calls)

        def __getitem__(self, i):
            return self._decorator if i == self._number else self._module.calls[i]


def stands_for_definition(m: Module) -> bool:
    """Is it a module with a call that `definition` made up?"""
    return isinstance(m, _Place)


def definition(context: Context, traced: Traced) -> Site | None:
    """The call that stands for the definition of a decorated function inside another one; None for one made once."""
    m = traced.m
    if m is None:
        return None
    record = m.scopes[traced.scope]
    owner = record.parent
    statement = m.statements[record.statement]
    if m.scopes[owner].kind == "class" or owner == 0 and not m.loops(statement.block):
        return None
    if traced.made is not None:
        return traced.made
    for expression, pos in zip(record.decorators, statement.decorators if isinstance(statement, Def) else ()):
        names = context.infer.values(m, owner, expression, record.statement)
        if any(isinstance(v, (External, PartialValue, Thing)) for v in names):
            decorator = Call(expression, (), (), owner, statement.block, record.statement, pos)
            number = len(m.calls) + traced.scope  # its own: answers are kept by module and number
            return _Place(m, number, decorator), number
    return None
