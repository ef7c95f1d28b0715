"""Data sets without end.

The question: *does what this expression holds ever end, and which call makes it endless?*  The chain of calls is
followed back through what keeps a data set as long as it is, to `repeat()`, an endless source, or a generator that
never returns.  Where parameters decide on the steps, callers are asked which steps they switch on together.  A chain
that forks, or whose beginning is not seen, counts as one that ends.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    TRUE,
    Assign,
    Attribute,
    CallRef,
    Constant,
    Jump,
    Return,
    Starred,
    UnaryOp,
    While,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import CallOrigin, FunctionValue, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

MAX_LINKS = 24
MAX_WRAPPERS = 3  # callers of callers that pass switches on
_SAME = frozenset(
    (
        "map",
        "batch",
        "shuffle",
        "prefetch",
        "filter",
        "unbatch",
        "padded_batch",
        "skip",
        "with_options",
        "enumerate",
        "window",
        "interleave",
        "flat_map",
        "ragged_batch",
        "shard",
        "rebatch",
        "cache",
        "apply",
        "snapshot",
    )
)
_ENDLESS = frozenset(
    (
        "tf.data.Dataset.random",
        "tf.data.Dataset.counter",
        "tf.data.experimental.Counter",
        "tf.data.experimental.RandomDataset",
    )
)


def _origins(context: Context, m: Module, expression: Expression, call: Call) -> list[Site]:
    """The calls that made the data set an expression may hold."""
    return [
        (context.project.module(v.origin.module), v.origin.call)
        for v in context.infer.values(m, call.scope, expression, call.statement)
        if isinstance(v, Thing) and v.kind == "dataset" and isinstance(v.origin, CallOrigin)
    ]


def source(context: Context, m: Module, expression: Expression, call: Call) -> Site | None:
    """The call that makes a data set endless, when nothing behind it cuts it again; else None."""
    for _ in range(MAX_LINKS):
        origins = _origins(context, m, expression, call)
        if len(origins) != 1:
            return None
        m, i = origins[0]
        call = m.calls[i]
        names = context.project.apis(m, i)
        if names & _ENDLESS or "tf.data.Dataset.from_generator" in names and _never_returns(context, m, i):
            return m, i
        if "dataset.repeat" in names and _without_count(context, m, i):
            return m, i
        if not any(name.startswith("dataset.") and name[8:] in _SAME for name in names) or not isinstance(
            call.func, Attribute
        ):
            return None
        expression = call.func.base
    return None


def switched_on(context: Context, m: Module, i: int) -> tuple[Site | None, Sequence[Site]]:
    """(the call that makes a data set endless, the calls that lead there) where parameters decide on the steps of a
    pipeline and somebody asks both for the endless one and for the cache of call `i`; (None, ()) where nobody does.
    """
    if not m.scopes[m.calls[i].scope].parameters:
        return None, ()
    endless, ends = _ways_back(context, m, i)
    if endless is None:
        return None, ()
    feasible = context.project.repeats_of.feasible
    waiting: list[tuple[Site, ...]] = [
        ((caller, j),) for caller, j, how in context.project.callers(m, m.calls[i].scope) if how == "call"
    ]
    for by in waiting:  # grows while it is gone through
        caller, j = by[0]
        if context.in_tests(caller) or _takes(caller, j) or not feasible.way(by):
            continue
        if (
            feasible.sure((*by, (m, endless)))
            and feasible.sure((*by, (m, i)))
            and not any(feasible.way((*by, (m, end))) for end in ends)
        ):
            return (m, endless), by
        if len(by) < MAX_WRAPPERS and len(waiting) < MAX_LINKS:
            waiting += [
                ((other, k), *by)
                for other, k, how in context.project.callers(caller, caller.calls[j].scope)
                if how == "call"
            ]
    return None, ()


def _takes(m: Module, j: int) -> bool:
    """Does the function around call `j` take a part of what it gives, in a chain or by its name?"""
    scope, statement = m.calls[j].scope, m.statements[m.calls[j].statement]
    given = {CallRef(j), *(statement.targets if isinstance(statement, Assign) else ())}
    return any(
        m.calls[k].scope == scope and isinstance(taken, Attribute) and not given.isdisjoint(walk(taken.base, m.calls))
        for k in m.calls_by_tail().get("take", ())
        for taken in (m.calls[k].func,)
    )


def _ways_back(context: Context, m: Module, i: int) -> tuple[int | None, list[int]]:
    """(the `repeat()` behind which cache call `i` may stand, calls on other ways that give a data set an end), all in
    one function.
    """
    endless: int | None = None
    ends: list[int] = []
    seen: set[int] = set()
    waiting = [i]  # calls whose receiver is looked at
    while waiting and len(seen) < MAX_LINKS:
        call = m.calls[waiting.pop()]
        for om, j in _origins(context, m, call.func.base, call) if isinstance(call.func, Attribute) else ():
            if om is not m or j in seen or m.calls[j].scope != call.scope:
                continue
            seen.add(j)
            names = context.project.apis(m, j)
            if "dataset.repeat" in names and _without_count(context, m, j):
                endless = j
            elif any(name.startswith("dataset.") and name[8:] in _SAME for name in names) and isinstance(
                m.calls[j].func, Attribute
            ):
                waiting.append(j)
            elif any(name.startswith("dataset.") for name in names):
                ends.append(j)
    return endless, ends


def _without_count(context: Context, m: Module, i: int) -> bool:
    count = context.argument(m, i, 0, "count")
    return (
        count is None
        and not any(isinstance(a, Starred) for a in m.calls[i].args)
        or count == NONE
        or count == UnaryOp("-", Constant(1))
    )


def _never_returns(context: Context, m: Module, i: int) -> bool:
    """Is the generator a function of the project with a `while True` that nothing leaves?"""
    call = m.calls[i]
    given = context.argument(m, i, 0, "generator")
    for v in context.infer.values(m, call.scope, given, call.statement) if given is not None else ():
        if isinstance(v, FunctionValue) and "g" in context.project.module(v.module).scopes[v.scope].flags:
            return _runs_on(context.project.module(v.module), v.scope)
    return False


def _runs_on(m: Module, scope: int) -> bool:
    statements = [m.statements[s] for s in m.scope_statements(scope)]
    if any(isinstance(s, Return) or isinstance(s, Jump) and s.what in ("break", "raise") for s in statements):
        return False
    if any(tail_of(m.calls[i].func) == "next" for i in m.scope_calls(scope)):
        return False  # StopIteration may end it
    return any(isinstance(s, While) and s.test in (TRUE, Constant(1)) for s in statements)


def taken(context: Context, m: Module, expression: Expression, call: Call) -> bool:
    """Is the data set cut by `take`?"""
    return any("dataset.take" in context.project.apis(om, j) for om, j in _origins(context, m, expression, call))


def cut(context: Context, m: Module, i: int) -> bool:
    """Is the cached data set itself cut by `take`, in the same function?"""
    made = Thing("dataset", CallOrigin(m.index, i))
    for k in m.calls_by_tail().get("take", ()):
        taken = m.calls[k]
        if taken.scope == m.calls[i].scope and isinstance(taken.func, Attribute):
            if made in context.infer.values(m, taken.scope, taken.func.base, taken.statement):
                return True
    return False
