"""Functions that only those call who use the library: nothing in the project does, so how often they run is theirs to say."""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.facts import Assign, Attribute, CallRef, DictDisplay, ExprStatement, If, Name, Return, SequenceDisplay
from tflint_mem.project.repeats.repeats import Repeat

from . import execution_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_HOPS = 3
KIND = "call"  # of such a Repeat
_PUTS = frozenset(("append", "add", "insert", "extend", "setdefault", "update", "put", "set", "register"))
_PLAIN = frozenset(("builtins.staticmethod", "builtins.classmethod"))  # decorators
_ACTS = frozenset((F.EXPR, F.FOR, F.WHILE, F.WITH))
_STARTS = frozenset(("main", "run", "train", "fit", "build", "setup", "cli"))


def each_call(context: Context, m: Module, i: int):
    """The Repeat of a call that each call of such a function runs, directly or through functions with one caller; or None."""
    hops = ((m, i),)
    while len(hops) <= MAX_HOPS:
        m, i = hops[0]
        scope = m.calls[i].scope
        if scope == 0 or m.scopes[scope].kind != "function" or _now_and_then(context, m, i):
            return None
        callers = context.project.callers(m, scope)
        if not callers:
            return _repeat(context, hops) if is_public(context, m, scope) else None
        if len(callers) != 1 or callers[0][2] != "call" or callers[0][0].unit_test:
            return None
        hops = (callers[0][:2], *hops)
    return None


def is_public(context: Context, m: Module, scope: int):
    """Has it a public name, in a module that is imported and no script, and does nothing in the project call or handle it?"""
    record = m.scopes[scope]
    if m.unit_test or m.notebook or record.kind != "function" or record.name in _STARTS:
        return False
    if not m.is_method(scope) and record.parent != 0:
        return False
    if m.is_method(scope) and m.scopes[record.parent].parent != 0:
        return False
    if any(name.startswith("_") for name in m.qualname(scope).split(".")) or _is_script(m):
        return False
    decorators = context.infer.decorator_names(m, scope)
    if len(decorators) < len(record.decorators) or not _PLAIN.issuperset(decorators):
        return False
    repeats = context.project.repeats_of
    handled = repeats.handlers.of_function(m, scope).kind
    return not handled and not context.project.callers(m, scope) and not repeats.kindred.callers(m, scope)


def drops(m: Module, i: int):
    """Does the function around call `i` use what it gives and let go of it: is that neither returned nor put anywhere?"""
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, Return):
        return statement.value != CallRef(i)
    if not isinstance(statement, Assign) or statement.value != CallRef(i):
        return isinstance(statement, ExprStatement) and statement.value != CallRef(i)
    names = set(statement.targets)
    if any(not isinstance(target, Name) for target in names):
        return False
    for s in m.scope_statements(m.calls[i].scope):
        other = m.statements[s]
        value = (
            other.value
            if other and isinstance(other, Return)
            else other.value
            if other and isinstance(other, Assign)
            else None
        )
        if value is None:
            continue
        items = (
            value[1] if isinstance(value, SequenceDisplay) else value.values if isinstance(value, DictDisplay) else ()
        )
        if value in names or not names.isdisjoint(items):
            return False
    others = (m.calls[j] for j in m.scope_calls(m.calls[i].scope))
    return not any(
        isinstance(call.func, Attribute) and call.func.attr in _PUTS and not names.isdisjoint(call.args)
        for call in others
    )


def _is_script(m: Module):
    """Does running the module do something: is there a call at its top that assigns nothing, or `if __name__ == …`?"""
    for s in m.scope_statements(0):
        statement = m.statements[s]
        if statement and (
            statement.kind in _ACTS or isinstance(statement, If) and execution_order.is_main_test(statement.test)
        ):
            return True
    return False


def _now_and_then(context: Context, m: Module, i: int):
    guards = context.project.repeats_of.guards
    return guards.once(m, i, -1) or guards.cached(m, m.calls[i].scope)


def _repeat(context: Context, hops):
    m, i = hops[0]
    scope = m.calls[i][3]
    return Repeat(KIND, hops, m, None, scope, None, f"each call of `{m.qualname(scope)}`", m.scopes[scope][F.S_LINE])
