"""Finds sessions that pile up because nothing closes them.

## What it does
Reports an `InteractiveSession` that is opened at a place that repeats, and plain sessions of each repeat that are kept
in a container, or in objects that are, when no `close()` and no `with` block ends them. A plain session that is
rebound, local or dropped is closed by reference counting and not reported.

## Why is this bad?
A session owns the values of its variables. An interactive session puts itself on the stack of default sessions when it
is made, so nothing but `close()` ever lets go of it: not `del`, not a garbage collection.

## What was measured
KiB per repeat with 4 MiB of variables: 4251 stay for ever (TF 2.21 in graph mode; 12400 on 1.15). With `close()`: flat.
A rebound plain `Session`: flat on 1.15 and 2.21, with or without `close()`. An interactive session is no context
manager: `with` raises a `TypeError`.

## Example
```python
for seed in seeds:
    sess = tf.InteractiveSession()
    sess.run(init)
```

Use instead:
```python
for seed in seeds:
    with tf.Session() as sess:
        sess.run(init)
```

## Fix safety
The fix adds `close()` at the end of the repeat, or opens a plain session in a `with` block that holds the rest of the
function (an interactive one is no context manager). It is unsafe when something else still wants the session; where it
is kept, returned or handed on there is none.
"""

from __future__ import annotations

from tflint_mem.analysis.models import models
from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    DictDisplay,
    Name,
    Reference,
    SequenceDisplay,
    Subscript,
    With,
    walk,
)
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import CallOrigin, Instance, Thing
from tflint_mem.project.linking.module import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    import libcst as cst

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM502"
MEASURED = "4251 KiB per repeat with 4 MiB of variables stay for ever (TF 2.21 in graph mode; 12400 on 1.15)"
ENSEMBLE = 10  # so many sessions, counted in the code, are kept on purpose
_HELP_INTERACTIVE = (
    "call its close() at the end of the repeat; an InteractiveSession cannot be opened in a `with` block, "
    "a plain tf.Session can"
)
_HELP_KEPT = "call close() on each when it has done its work, or open it in a `with` block"
_NAMES = frozenset(("tf.Session", "tf.InteractiveSession"))
_CLOSERS = frozenset(("closing", "enter_context", "push", "set_session"))


def find(context: Context) -> Iterator[Draft]:
    """Interactive sessions that repeat, and sessions of each repeat that are kept."""
    for m, i, names in context.calls(("Session", "InteractiveSession"), _NAMES):
        if context.in_tests(m):
            continue
        interactive = "tf.InteractiveSession" in names
        for repeat in context.repeats(m, i):
            if repeat.count is not None and repeat.count <= 3:
                continue
            kept = _kept(context, repeat)
            if (
                not kept
                and not interactive
                or kept
                and not interactive
                and repeat.count is not None
                and repeat.count <= ENSEMBLE
            ):
                continue
            if _ended(context, m, i):
                break
            yield _draft(context, m, i, repeat, interactive)
            break


def _draft(context: Context, m: Module, i: int, repeat: Repeat, interactive: bool) -> Draft:
    text = f"`{models.text(m, i)}`"
    return context.at_call(
        CODE,
        m,
        i,
        f"{text} opens a session {context.when(repeat, m)}; "
        + (
            "only `close()` ends it, and nothing calls that"
            if interactive
            else "all of them are kept, and nothing closes them"
        ),
        measured=MEASURED,
        help=_HELP_INTERACTIVE if interactive else _HELP_KEPT,
        trace=context.trace(repeat, "opens a session that stays"),
        fix=_close(repeat, m, i, interactive),
    )


def _kept(context: Context, repeat: Repeat) -> bool:
    """Is the session, or an object that owns it, put into a container somewhere on the way of the repeat?"""
    m, i = repeat.hops[-1]
    if _contained(context, m, i, repeat.region):
        return True
    owner = _owner(m, i)
    if owner is None:
        return False
    for position, (hm, hi) in enumerate(repeat.hops[:-1]):
        if (position or not repeat.handed) and any(
            isinstance(v, Instance) and (v.module, v.scope) == owner for v in context.infer.call_values(hm, hi)
        ):
            return _contained(context, hm, hi, repeat.region_at(position))
    return False


def _contained(context: Context, m: Module, i: int, region: int) -> bool:
    """Does what call `i` makes go into a list, set or dictionary (in the part of the function inside `region`)?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    held: set[Expression] = {CallRef(i)}
    if isinstance(statement, Assign) and statement.value is not None and _holds(statement.value, held):
        if any(isinstance(target, Subscript) for target in statement.targets):
            return True
        held.update(target for target in statement.targets if isinstance(target, Reference))
    for expression in statement_expressions(statement):
        if any(isinstance(e, Comprehension) and _holds(e.items[-1], held) for e in walk(expression, m.calls)):
            return True
    key = ("into containers", m.index, call.scope)
    blocks: dict[Expression, list[int]] | None = context.memo.get(key)
    if blocks is None:
        blocks = context.memo[key] = _into_containers(m, call.scope)
    return any(m.inside(block, region) for each in held for block in blocks.get(each, ()))


def _into_containers(m: Module, scope: int) -> dict[Expression, list[int]]:
    """Name, attribute or call -> blocks in which a scope puts it into a container, alone or with others."""
    found: dict[Expression, list[int]] = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.attr in models.ADDERS:
            for each in {each for a in call.args for each in models.held(a)}:
                found.setdefault(each, []).append(call.block)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(target, Subscript) for target in statement.targets)
        ):
            for each in set(models.held(statement.value)):
                found.setdefault(each, []).append(statement.block)
    return found


def _holds(expression: Expression, held: set[Expression]) -> bool:
    """Is the expression one of those, or a tuple, list or dictionary with one?"""
    if expression in held:
        return True
    return (
        isinstance(expression, SequenceDisplay)
        and any(_holds(e, held) for e in expression.items)
        or isinstance(expression, DictDisplay)
        and any(_holds(e, held) for e in expression.values)
    )


def _owner(m: Module, i: int) -> tuple[int, int] | None:
    """(index of the module, scope of the class) of the object whose attribute the session becomes, or None."""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if (
        isinstance(statement, Assign)
        and m.is_method(call.scope)
        and any(isinstance(t, Attribute) and isinstance(t.base, Name) for t in statement.targets)
    ):
        return (m.index, m.scopes[call.scope].parent)
    return None


def _ended(context: Context, m: Module, i: int) -> bool:
    """Is the session closed, used as a context manager or handed to something that closes or owns it, anywhere?"""
    ours = Thing("session", CallOrigin(m.index, i))
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, With) and any(item.context == CallRef(i) for item in statement.items):
        return True
    closed: frozenset[Value] | None = context.memo.get("closed")
    if closed is None:
        closed = context.memo["closed"] = frozenset(_closed(context))
    return ours in closed or ours in _entered(context, m)


def _closed(context: Context) -> Iterator[Value]:
    """The values that are closed, handed to what closes or owns them, or entered, anywhere in the project."""
    for other, j, _ in context.everywhere(("close",), frozenset(("session.close",))):
        session = context.receiver(other, j)
        yield from context.infer.values(other, other.calls[j].scope, session, other.calls[j].statement)
    for other, j, _ in context.everywhere(tuple(_CLOSERS)):
        for argument in other.calls[j].args:
            yield from context.infer.values(other, other.calls[j].scope, argument, other.calls[j].statement)
    for index in context.project.mentioned(("close", "Session")):
        yield from _entered(context, context.project.module(index))


def _entered(context: Context, m: Module) -> frozenset[Value]:
    """The values of names and attributes that the module uses as context managers."""
    key = ("entered", m.index)
    known: frozenset[Value] | None = context.memo.get(key)
    if known is None:
        known = context.memo[key] = frozenset(
            v
            for s, statement in enumerate(m.statements)
            if isinstance(statement, With)
            for item in statement.items
            if isinstance(item.context, Reference)
            for v in context.infer.values(m, statement.scope, item.context, s)
        )
    return known


def _close(repeat: Repeat, m: Module, i: int, interactive: bool) -> Repair:
    """An interactive session is closed at the end of each pass where that can be; else it is opened in a `with` block."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        do.stays_inside(view, call)
        if repeat.local and interactive:
            try:
                edits = do.close_at_end(view, call, fx.loop(view, m, repeat.region))
                return Proposal(UNSAFE, "Close the session at the end of each repeat", edits)
            except NoFix:
                pass
        edits = do.with_rest(view, call, _plain(call), whole=True)
        return Proposal(UNSAFE, "Open the session in a with block", edits)

    return fix


def _plain(call: cst.Call) -> cst.Call:
    """The call with `Session` in place of `InteractiveSession`, which is no context manager."""
    import libcst as cst

    from tflint_mem.codemod import NoFix

    if isinstance(call.func, cst.Attribute):
        return call.with_changes(func=call.func.with_changes(attr=cst.Name("Session")))
    if isinstance(call.func, cst.Name) and call.func.value == "Session":
        return call
    raise NoFix("InteractiveSession is imported by its name")
