"""The names that calls go by: one to find them again, and one for people."""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name, Subscript, dotted, tail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression

    from .body import ModuleBody

TABLE = "[]"  # marks the name of a table whose items are called
RESULT = "()"  # stands for the name of what a function has given: `make_step()(x)`
WRAPPING = frozenset(("delayed", "sync_to_async", "async_to_sync", "database_sync_to_async"))  # delayed(f)(x) runs f(x)


def called_name(m: ModuleBody, expression: Expression) -> str | None:
    """The name under which a call of that expression is indexed, or None.

    It is the last identifier, or the table that `TABLE[key]()` and `TABLE.get(key)()` call from.
    """
    if type(expression) is Name:
        return expression.id
    if type(expression) is Attribute:
        return expression.attr if expression.attr != "remote" else tail_of(expression.base)  # a Ray task
    tail = None
    if type(expression) is Subscript:
        tail = tail_of(expression.base)
    elif type(expression) is CallRef:
        maker = m.calls[expression.number]
        f = maker.func
        if maker.args and tail_of(f) in WRAPPING:
            return tail_of(maker.args[0])
        tail = tail_of(f.base) if type(f) is Attribute and f.attr in ("get", "pop") else None
        if tail is None and (tail_of(f) or "A")[0].islower():
            return RESULT
    return None if tail is None else TABLE + tail


def call_text(m: ModuleBody, i: int) -> str:
    """What call `i` calls, as short text for messages: `load_model(…)`, `BUILDERS[…](…)`, `make(…).fit(…)`."""
    return _spelled(m, m.calls[i].func, 2) + "(…)"


def _spelled(m: ModuleBody, expression: Expression, depth: int) -> str:
    parts = dotted(expression)
    if parts:
        return ".".join(parts)
    if depth:
        if isinstance(expression, Attribute):
            return f"{_spelled(m, expression.base, depth - 1)}.{expression.attr}"
        if isinstance(expression, Subscript):
            return f"{_spelled(m, expression.base, depth - 1)}[…]"
        if isinstance(expression, CallRef):
            return _spelled(m, m.calls[expression.number].func, depth - 1) + "(…)"
    tail = tail_of(expression)
    return f"….{tail}" if tail else "…"
