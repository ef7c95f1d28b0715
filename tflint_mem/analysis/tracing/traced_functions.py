"""The project's `tf.function`s: where each is made, with which options, and who calls it."""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import Assign, CallRef, Constant, Name, Return, Starred, TupleDisplay
from tflint_mem.knowledge import canonical
from tflint_mem.project.holds.values import Decorated, External, FunctionValue, MethodValue, PartialValue, Thing
from tflint_mem.project.linking.module import tail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

_FUNCTION = frozenset(("tf.function",))


class Traced:
    """One `tf.function`.

    m, scope   the Python function that is traced (None, -1 when it is not the project's)
    made       (module, call) of `tf.function(…)`, None for a bare decorator
    options    names of the keywords it was made with
    """

    __slots__ = ("m", "scope", "made", "options")

    def __init__(self, m: Module, scope: int, made, options):
        self.m, self.scope, self.made, self.options = m, scope, made, options


def switched_off(context: Context):
    """Does the project run its functions eagerly for good, with `tf.config.run_functions_eagerly(True)` in a module's
    own code?
    """
    if "switched off" not in context.memo:
        context.memo["switched off"] = any(
            m.calls[i].scope == 0
            and m.calls[i].block == -1
            and m.calls[i].args == (Constant(True),)
            and not context.in_tests(m)
            for m, i, _ in context.everywhere(
                ("run_functions_eagerly", "experimental_run_functions_eagerly"),
                frozenset(("tf.config.run_functions_eagerly",)),
            )
        )
    return context.memo["switched off"]


def calls(context: Context):
    """(module, call, Traced) of every call in the part of a `tf.function` that traces, each call once."""
    if "traced calls" not in context.memo:
        context.memo["traced calls"] = list(_calls(context))
    return in_part(context, context.memo["traced calls"])


def in_part(context: Context, found):
    """Those of the things found, tuples that begin with a module, that stand in the part."""
    return context.each([each for each in found if context.has(each[0])])


def _calls(context: Context):
    if switched_off(context):
        return
    seen = set()
    names = set()
    for traced in context.each(decorated(context)):
        m, scope = traced.m, traced.scope
        for other, i, how in context.project.callers(m, scope):
            if how == "call" and (other.index, i) not in seen:
                seen.add((other.index, i))
                yield other, i, traced
        names |= _bound_to(context, m, scope)
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
                yield m, i, traced


def decorated(context: Context):
    """Traced functions of the project that carry the decorator."""
    if "decorated" not in context.memo:
        found = []
        for index in context.shown(context.project.mentioned(("function", "defun"))):
            m = context.project.module(index)
            for scope, record in enumerate(m.scopes):
                if (
                    record[F.S_DECORATORS]
                    and record[F.S_KIND] == "function"
                    and "tf.function" in context.infer.decorator_names(m, scope)
                ):
                    found.append(_by_decorator(context, m, scope))
        context.memo["decorated"] = found
    return context.memo["decorated"]


def _by_decorator(context: Context, m: Module, scope: int):
    record = m.scopes[scope]
    made, options = None, set()
    for expression in record.decorators:
        if isinstance(expression, CallRef):
            options.update(k for k, _ in m.calls[expression.number].keywords)
            if "tf.function" in context.project.apis(m, expression.number):
                made = (m, expression.number)
        else:
            options |= _partial_options(context, m, record.parent, expression)
    return Traced(m, scope, made, options)


def _partial_options(context: Context, m: Module, scope: int, expression: Expression):
    """Keywords of `compiled = functools.partial(tf.function, jit_compile=True)`."""
    while scope >= 0 and isinstance(expression, Name):
        for kind, _, _, value, path in m.bindings(scope).get(expression.id, ()):
            if (
                kind == "assign"
                and isinstance(value, CallRef)
                and tail_of(m.calls[value.number].func) in ("partial", "function")
            ):
                return {k for k, _ in m.calls[value.number].keywords}
        scope = m.scopes[scope].parent
    return set()


def wrapped(context: Context):
    """(module, call) of every `tf.function(f)`: a call that is given what it shall trace."""
    if "wrapped" not in context.memo:
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
    return context.memo["wrapped"]


def _partials(context: Context):
    """Names of `functools.partial(tf.function, …)`."""
    if "partials" not in context.memo:
        names = set()
        given = {number for tail in ("function", "defun") for number in context.project.index.modules("given", tail)}
        for m, i, _ in context.everywhere(("partial",), within=given):
            call = m.calls[i]
            if call.args and _is_function(context.infer.values(m, call.scope, call.args[0], call.statement)):
                names |= _assigned(m, i)
        context.memo["partials"] = names
    return context.memo["partials"]


def _is_function(values):
    return any(isinstance(v, External) and canonical(v.name) == "tf.function" for v in values)


def argument(m: Module, i: int):
    """What `tf.function(…)` is given to trace, or None."""
    call = m.calls[i]
    if call.args:
        return call.args[0] if not isinstance(call.args[0], Starred) else None
    return next((e for k, e in call.keywords if k in ("func", "python_function")), None)


def _assigned(m: Module, i: int):
    """Last names of what the statement of call `i` assigns."""
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, Assign) and statement.value is not None:
        return {t for t in map(tail_of, statement.targets) if t}
    return set()


def _returned(context: Context, m: Module, i: int):
    """Names that callers give to the `tf.function` that call `i` makes and its function returns."""
    from tflint_mem.analysis.models.models import returned_from

    scope = m.calls[i].scope
    if scope <= 0 or not returned_from(m, i):
        return set()
    return _taken(context, m, scope)


def _bound_to(context: Context, m: Module, scope: int):
    """Names that callers give to a decorated function which the function around it returns, and its aliases."""
    owner = m.scopes[scope].parent
    if owner <= 0 or m.scopes[owner].kind != "function":
        return set()
    name = F.Name(m.scopes[scope].name)
    for s in m.scope_statements(owner):
        statement = m.statements[s]
        if (
            statement
            and isinstance(statement, Return)
            and statement.value is not None
            and (statement.value == name or isinstance(statement.value, TupleDisplay) and name in statement.value.items)
        ):
            return _taken(context, m, owner)
    return set()


def _taken(context: Context, m: Module, scope: int):
    names = set()
    for other, j, how in context.project.callers(m, scope):
        if how == "call":
            statement = other.statements[other.calls[j][5]]
            if isinstance(statement, Assign):
                for target in statement.targets:
                    names.update(
                        t for t in map(tail_of, target.items if isinstance(target, TupleDisplay) else (target,)) if t
                    )
    return names


def _called(context: Context, m: Module, i: int):
    """The Traced that call `i` calls, or None."""
    for v in context.infer.callee(m, i):
        if (
            isinstance(v, Thing)
            and v.kind == "tf.function"
            and v.origin is not None
            and not isinstance(v.origin, Decorated)
        ):
            made = context.project.module(v.origin[0]), v.origin[1]
            return of_call(context, *made)
        if isinstance(v, (FunctionValue, MethodValue)):
            fm, scope = context.project.module(v[-2]), v[-1]
            if "tf.function" in context.infer.decorator_names(fm, scope):
                return _by_decorator(context, fm, scope)
    return None


def of_call(context: Context, m: Module, i: int):
    """The Traced that `tf.function(f, …)`, call `i`, makes."""
    call = m.calls[i]
    options = {k for k, _ in call.keywords} | _partial_options(context, m, call.scope, call.func)
    for v in context.infer.values(m, call.scope, argument(m, i), call.statement) if argument(m, i) is not None else ():
        if isinstance(v, (FunctionValue, MethodValue)):
            return Traced(context.project.module(v[-2]), v[-1], (m, i), options)
    return Traced(None, -1, (m, i), options)


# -- where a decorated function is made -------------------------------------------------------------------------------


class _Place:
    """A module that has one call more: its decorator, which runs where the function is defined."""

    def __init__(self, m: Module, record):
        self._module, self._record = m, record
        self.calls = self

    def __getattr__(self, name: str):
        return getattr(self._module, name)

    def __len__(self):
        return len(self._module.calls)

    def __getitem__(self, i: int):
        return self._record if i == len(self._module.calls) else self._module.calls[i]


def stands_for_definition(m: Module):
    """Is it a module with a call that `definition` made up?"""
    return isinstance(m, _Place)


def definition(context: Context, traced):
    """(module, call) that stand for the definition of a decorated function inside another one; (None, -1) for one made
    once.
    """
    m = traced.m
    record = m.scopes[traced.scope]
    owner = record[F.S_PARENT]
    statement = m.statements[record[F.S_STMT]]
    if m.scopes[owner][F.S_KIND] == "class" or owner == 0 and not m.loops(statement[2]):
        return None, -1
    if traced.made is not None:
        return traced.made
    for expression, pos in zip(record[F.S_DECORATORS], statement[6]):
        names = context.infer.values(m, owner, expression, record[F.S_STMT])
        if any(isinstance(v, (External, PartialValue, Thing)) for v in names):
            return _Place(m, F.Call(expression, (), (), owner, statement[2], record[F.S_STMT], pos)), len(m.calls)
    return None, -1
