"""Is a function one that only those call who use the library?

Nothing in the project calls or handles it, so how often it runs is theirs to say; `each_call` gives the Repeat for a
finding that says as much.  Whether anybody ever does call it, nobody knows: a script's own functions, and names such as
`train` that people run once, are left out.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    DictDisplay,
    ExprStatement,
    For,
    If,
    Name,
    Return,
    SequenceDisplay,
    While,
    With,
)
from tflint_mem.project.repeats.repeat import Repeat

from . import execution_order

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Kind
    from tflint_mem.ruleset.context import Context

MAX_HOPS = 3
KIND: Kind = "call"  # of such a Repeat
_PUTS = frozenset(("append", "add", "insert", "extend", "setdefault", "update", "put", "set", "register"))
_PLAIN = frozenset(("builtins.staticmethod", "builtins.classmethod"))  # decorators
_ACTS = (ExprStatement, For, While, With)
_STARTS = frozenset(("main", "run", "train", "fit", "build", "setup", "cli"))


def each_call(context: Context, m: Module, i: int) -> Repeat | None:
    """The Repeat of a call that each call of such a function runs, or None.

    It may run it directly, or through functions with one caller.
    """
    hops: tuple[Site, ...] = ((m, i),)
    while len(hops) <= MAX_HOPS:
        m, i = hops[0]
        scope = m.calls[i].scope
        if scope == 0 or m.scopes[scope].kind != "function" or _now_and_then(context, m, i):
            return None
        callers = context.project.callers(m, scope)
        if not callers:
            return _repeat(hops) if is_public(context, m, scope) else None
        if len(callers) != 1:
            return None
        cm, j, how = callers[0]
        if how != "call" or cm.unit_test:
            return None
        hops = ((cm, j), *hops)
    return None


def is_public(context: Context, m: Module, scope: int) -> bool:
    """Has a function a public name, in a module that is imported and no script?

    And does nothing in the project call or handle it?
    """
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


def is_left_over(context: Context, m: Module, i: int) -> bool:
    """Does call `i` stand in a function of a script that nothing in the project calls, handles or names elsewhere?"""
    scope = m.calls[i].scope
    while scope > 0 and m.scopes[scope].parent > 0:
        scope = m.scopes[scope].parent
    record = m.scopes[scope]
    if m.unit_test or m.notebook or record.kind != "function" or record.decorators or record.name in _STARTS:
        return False
    if not _is_script(m) or context.project.callers(m, scope):
        return False
    if any(index != m.index for index in context.project.mentioned((record.name,))):
        return False
    return not context.project.repeats_of.handlers.of_function(m, scope).kind


def drops(m: Module, i: int) -> bool:
    """Does the function around call `i` use what it gives and let go of it?

    That is: it neither returns it nor puts it anywhere.
    """
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, Return):
        return statement.value != CallRef(i)
    if not isinstance(statement, Assign) or statement.value != CallRef(i):
        return isinstance(statement, ExprStatement) and statement.value != CallRef(i)
    names: set[Expression] = set(statement.targets)
    if any(not isinstance(target, Name) for target in names):
        return False
    for s in m.scope_statements(m.calls[i].scope):
        other = m.statements[s]
        value = other.value if isinstance(other, (Return, Assign)) else None
        if value is not None and (value in names or not names.isdisjoint(_items(value))):
            return False
    others = (m.calls[j] for j in m.scope_calls(m.calls[i].scope))
    return not any(
        isinstance(call.func, Attribute) and call.func.attr in _PUTS and not names.isdisjoint(call.args)
        for call in others
    )


def _items(display: Expression) -> Sequence[Expression]:
    """What a tuple, list or dictionary that is written out holds; nothing for anything else."""
    if isinstance(display, SequenceDisplay):
        return display.items
    return display.values if isinstance(display, DictDisplay) else ()


def _is_script(m: Module) -> bool:
    """Does running the module do something: is there a call at its top that assigns nothing, or `if __name__ == …`?"""
    for s in m.scope_statements(0):
        statement = m.statements[s]
        if isinstance(statement, _ACTS) or isinstance(statement, If) and execution_order.is_main_test(statement.test):
            return True
    return False


def _now_and_then(context: Context, m: Module, i: int) -> bool:
    """Does the call not run in each run of its function: behind "not loaded yet", or in a cached function?"""
    guards = context.project.repeats_of.guards
    return bool(guards.once(m, i, -1)) or guards.cached(m, m.calls[i].scope)


def _repeat(hops: Sequence[Site]) -> Repeat:
    m, i = hops[0]
    scope = m.calls[i].scope
    return Repeat(KIND, hops, m, None, scope, None, f"each call of `{m.qualname(scope)}`", m.scopes[scope].line)
