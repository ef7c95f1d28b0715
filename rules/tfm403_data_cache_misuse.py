"""Finds caches of data sets that never end.

## What it does
Reports `cache()` behind an endless `repeat()` (or over a generator that never returns, `Dataset.random`,
`Dataset.counter`), in one chain or through names and functions, also where parameters switch the steps on and a caller
asks for both, and `itertools.cycle` over a data set. A data set that is cut with `take`, repeated a given number of
times, or cached before it repeats is fine, and so is a cache that is made anew for each epoch.

## Why is this bad?
A cache is used when one pass through it is complete. An endless data set never completes one: nothing is ever read from
the cache, and every element that comes by is added to it. `itertools.cycle` keeps each batch in a Python list in the
same way.

## What was measured
TensorFlow 2.21: 265 KiB per batch of 256 KiB, for ever; cached before `repeat`: one copy of the data.

## Example
```python
dataset = tf.data.TFRecordDataset(files).map(parse).repeat().cache()
```

Use instead:
```python
dataset = tf.data.TFRecordDataset(files).map(parse).cache().repeat()
```

## Fix safety
The fix changes the order where `cache` directly follows `repeat`, and gives `itertools.cycle(dataset)` the data set's
own `repeat`. It is unsafe because random steps between the two are then drawn once.
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
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import CallOrigin, FunctionValue, Thing
from tflint_mem.project.linking.module import call_text
from tflint_mem.ruleset.draft import TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM403"
MEASURED = "265 KiB per batch of 256 KiB stay for ever (TF 2.21); cached before `repeat`: one copy of the data"
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


def find(context: Context) -> Iterator[Draft]:
    """Caches and cycles of data sets without end."""
    for m, i, _ in context.calls(("cache",), frozenset(("dataset.cache",))):
        if m.calls[i].args or m.calls[i].keywords or context.in_tests(m) or _cut(context, m, i):
            continue
        cached = context.receiver(m, i)
        source = _endless(context, m, cached, m.calls[i]) if cached is not None else None
        by: Sequence[Site] = ()
        if source is None:
            source, by = _switched_on(context, m, i)
        if source is not None:
            yield _draft(
                context,
                m,
                i,
                source,
                "the cache is never complete and keeps every element that comes by",
                _swapped(context, m, i, source),
                by,
            )
    for m, i, _ in context.calls(("cycle",), frozenset(("itertools.cycle",))):
        call = m.calls[i]
        if (
            call.args
            and not context.in_tests(m)
            and "dataset" in context.kinds(m, i, call.args[0])
            and not _taken(context, m, call.args[0], call)
        ):
            yield _draft(context, m, i, None, "it keeps every batch of the data set in a Python list", _repeated(m, i))


def _draft(
    context: Context, m: Module, i: int, source: Site | None, why: str, fix: Repair | None, by: Sequence[Site] = ()
) -> Draft:
    trace = []
    if source is not None:
        sm, made = source
        trace = [
            TraceStep.at(
                cm, cm.calls[j].pos, f"`{call_text(cm, j)}` {'hands that on' if position else 'asks for both'}"
            )
            for position, (cm, j) in enumerate(by)
        ]
        trace += [
            TraceStep.at(sm, sm.calls[made].pos, f"`{call_text(sm, made)}` gives a data set without end"),
            TraceStep.at(m, m.calls[i].pos, "caches it"),
        ]
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` over a data set that {'never ends' if source else 'is read again and again'}: {why}",
        measured=MEASURED,
        help="cache first, then repeat" if source else "use the data set's own repeat()",
        trace=tuple(trace),
        fix=fix,
    )


def _origins(context: Context, m: Module, expression: Expression, call: Call) -> list[Site]:
    """The calls that made the data set an expression may hold."""
    return [
        (context.project.module(v.origin.module), v.origin.call)
        for v in context.infer.values(m, call.scope, expression, call.statement)
        if isinstance(v, Thing) and v.kind == "dataset" and isinstance(v.origin, CallOrigin)
    ]


def _endless(context: Context, m: Module, expression: Expression, call: Call) -> Site | None:
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


def _switched_on(context: Context, m: Module, i: int) -> tuple[Site | None, Sequence[Site]]:
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


def _taken(context: Context, m: Module, expression: Expression, call: Call) -> bool:
    """Is the data set cut by `take`?"""
    return any("dataset.take" in context.project.apis(om, j) for om, j in _origins(context, m, expression, call))


def _cut(context: Context, m: Module, i: int) -> bool:
    """Is the cached data set itself cut by `take`, in the same function?"""
    made = Thing("dataset", CallOrigin(m.index, i))
    for k in m.calls_by_tail().get("take", ()):
        taken = m.calls[k]
        if taken.scope == m.calls[i].scope and isinstance(taken.func, Attribute):
            if made in context.infer.values(m, taken.scope, taken.func.base, taken.statement):
                return True
    return False


def _swapped(context: Context, m: Module, i: int, source: Site) -> Repair | None:
    """`x.repeat().cache()` becomes `x.cache().repeat()`."""
    sm, repeated = source
    if context.receiver(m, i) != CallRef(repeated) or sm is not m:
        return None

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, outer = fx.at(m, i)
        _, inner = fx.at(m, repeated)
        if "\n" in view.code(outer) or not isinstance(inner.func, cst.Attribute):
            raise NoFix("the chain stands on several lines")
        before, count = view.code(inner.func.value), ", ".join(view.code(arg.value) for arg in inner.args)
        edits = do.replace_expression(view, outer, f"{before}.cache().repeat({count})")
        return Proposal(UNSAFE, "Cache first, then repeat", edits)

    return fix


def _repeated(m: Module, i: int) -> Repair:
    """`itertools.cycle(x)` becomes `iter(x.repeat())`."""

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        code = view.code(call.args[0].value)
        if "\n" in code:
            raise NoFix("the data set stands on several lines")
        edits = do.replace_expression(view, call, f"iter({code}.repeat())")
        return Proposal(UNSAFE, "Let the data set repeat itself", edits)

    return fix
