"""Functions that only those call who use the library: nothing in the project does, so that how often they run is theirs to say."""

from tflint_mem import facts as F
from tflint_mem.project.repeats import Repeat

from . import _order

MAX_HOPS = 3
KIND = "call"  # of such a Repeat
_PUTS = frozenset(("append", "add", "insert", "extend", "setdefault", "update", "put", "set", "register"))
_STARTS = frozenset(("main", "run", "train", "fit", "build", "setup", "cli"))


def each_call(context, m, i):
    """The Repeat of a call that runs in each call of such a function, directly or through functions with one caller each; or None."""
    hops = ((m, i),)
    while len(hops) <= MAX_HOPS:
        m, i = hops[0]
        scope = m.calls[i][3]
        if scope == 0 or m.scopes[scope][F.S_KIND] != "function" or _now_and_then(context, m, i):
            return None
        callers = context.project.callers(m, scope)
        if not callers:
            return _repeat(context, hops) if is_public(context, m, scope) else None
        if len(callers) != 1 or callers[0][2] != "call" or callers[0][0].unit_test:
            return None
        hops = (callers[0][:2], *hops)
    return None


def is_public(context, m, scope):
    """Is it a function or method with a public name, in a module that is imported and no script, that nothing in the project calls or handles?"""
    record = m.scopes[scope]
    if m.unit_test or m.notebook or record[F.S_KIND] != "function" or record[F.S_NAME] in _STARTS or not m.is_method(scope) and record[F.S_PARENT] != 0:
        return False
    if m.is_method(scope) and m.scopes[record[F.S_PARENT]][F.S_PARENT] != 0:
        return False
    if any(name.startswith("_") for name in m.qualname(scope).split(".")) or _is_script(m):
        return False
    decorators = context.infer.decorator_names(m, scope)
    if any(name not in ("builtins.staticmethod", "builtins.classmethod") for name in decorators) or len(decorators) < len(record[F.S_DECORATORS]):
        return False
    repeats = context.project.repeats_of
    return not context.project.callers(m, scope) and not repeats.handlers.of_function(m, scope)[0] and not repeats.kindred.callers(m, scope)


def drops(m, i):
    """Does the function around call `i` use what the call gives and let go of it: is it neither returned nor put anywhere?"""
    statement = m.statements[m.calls[i][5]]
    if statement[0] == F.RETURN:
        return statement[5] != ("c", i)
    if statement[0] != F.ASSIGN or statement[6] != ("c", i):
        return statement[0] == F.EXPR and statement[5] != ("c", i)
    names = set(statement[5])
    if any(target[0] != "n" for target in names):
        return False
    for s in m.scope_statements(m.calls[i][3]):
        other = m.statements[s]
        value = other[5] if other and other[0] == F.RETURN else other[6] if other and other[0] == F.ASSIGN else None
        if value is not None and (value in names or value[0] in ("t", "l") and not names.isdisjoint(value[1]) or value[0] == "d" and not names.isdisjoint(value[2])):
            return False
    return not any(m.calls[j][0][0] == "a" and m.calls[j][0][2] in _PUTS and not names.isdisjoint(m.calls[j][1]) for j in m.scope_calls(m.calls[i][3]))


def _is_script(m):
    """Does running the module do something: is there a call at its top that is no part of an assignment, or `if __name__ == …`?"""
    for s in m.scope_statements(0):
        statement = m.statements[s]
        if statement and (statement[0] in (F.EXPR, F.FOR, F.WHILE, F.WITH) or statement[0] == F.IF and _order.is_main_test(statement[5])):
            return True
    return False


def _now_and_then(context, m, i):
    guards = context.project.repeats_of.guards
    return guards.once(m, i, -1) or guards.cached(m, m.calls[i][3])


def _repeat(context, hops):
    m, i = hops[0]
    scope = m.calls[i][3]
    return Repeat(KIND, hops, m, None, scope, None, f"each call of `{m.qualname(scope)}`", m.scopes[scope][F.S_LINE])
