"""Is a place hot: does it run often enough, and eagerly, so that what it costs matters?

`repeats` gives the ways in which a call repeats, those around short loops included; `busy` the first that is worth a
finding about speed.  What rules ask of the answer stands beside it: `steady`, `compiled`, `training` and `axes`, all of
which can be had from here.  Uncertain: how many passes a loop has, where the code does not say it; it counts as many.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    BinaryOp,
    CallRef,
    Expression,
    For,
    Name,
    SequenceDisplay,
    TupleDisplay,
    tail_of,
    walk,
)
from tflint_mem.project.repeats import periods
from tflint_mem.project.repeats.headers import header, test_of
from tflint_mem.project.repeats.repeat import Repeat

from .axes import single
from .compiled import compiled_somewhere, eager
from .steady import bound_inside, made_in_pass, steady
from .training import (
    TRAINS,
    WHOLE_ROUND,
    around_training,
    in_tape,
    outshone,
    over_gradients,
    trains,
    within_tape,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

__all__ = [
    "ONE_OFF",
    "TRAINS",
    "WHOLE_ROUND",
    "around_training",
    "bound_inside",
    "busy",
    "busy_ways",
    "compiled_somewhere",
    "eager",
    "folds",
    "in_tape",
    "made_in_pass",
    "now_and_then",
    "outshone",
    "over_gradients",
    "per_epoch",
    "repeats",
    "single",
    "steady",
    "trains",
    "waits",
    "within_tape",
]

ONE_OFF = frozenset(("handler", "script", "objective"))  # each run of these is worth what one call costs
_LONG = 1000  # passes
_SHORT = 20  # passes of a loop that the loops of its callers have to make worth while


def repeats(context: Context, m: Module, i: int, outer: bool = False) -> Iterator[Repeat]:
    """Every way in which call `i` repeats outside of tests, nearest first.

    Where all loops around it are short, or with `outer`, the loops of its function's callers come after its own.
    """
    return (repeat for repeat in _repeats(context, m, i, outer) if not context.in_tests(repeat.module))


def _repeats(context: Context, m: Module, i: int, outer: bool) -> Iterator[Repeat]:
    project, inner = context.project, None
    for repeat in context.repeats(m, i, time=True):
        yield repeat
        short = repeat.count is not None and (
            repeat.local or repeat.block is not None and not repeat.handed and repeat.count <= _SHORT
        )
        if (short or outer and repeat.local) and (inner is None or repeat.local):
            inner = repeat
    if inner is None:
        return
    first, j = inner.hops[0]
    if project.repeats_of.guards.once(first, j, -1, time=True):
        return
    scope, times = first.calls[j].scope, inner.count
    for other, k, how in project.callers(first, scope):
        if how == "call" and (other is not first or other.calls[k].scope != scope):
            for repeat in context.repeats(other, k, time=True):
                yield Repeat(
                    repeat.kind,
                    (*repeat.hops, *inner.hops),
                    repeat.module,
                    repeat.block,
                    repeat.scope,
                    None if repeat.count is None else repeat.count * (times or 1),
                    repeat.what,
                    repeat.line,
                    repeat.handed,
                )


def busy(
    context: Context, m: Module, i: int, few: int, accept: Callable[[Repeat], object] | None = None
) -> Repeat | None:
    """The way in which call `i` runs eagerly in a loop of more than `few` passes and that `accept` takes: the nearest
    one that is long as far as anybody knows, else the nearest; None when there is none.
    """
    first: Repeat | None = None
    for repeat in busy_ways(context, m, i, few, accept):
        if _is_long(context, repeat):
            return repeat
        first = first or repeat
    return first


def busy_ways(
    context: Context, m: Module, i: int, few: int, accept: Callable[[Repeat], object] | None = None
) -> Iterator[Repeat]:
    """Every way in which call `i` runs eagerly in a loop of more than `few` passes and that `accept` takes, nearest
    first.
    """
    for repeat in repeats(context, m, i):
        if (
            repeat.kind in ONE_OFF
            or repeat.kind == "recursion"
            or per_epoch(repeat)
            or waits(context, repeat)
            or _through_layers(repeat)
        ):
            continue
        if repeat.count is not None and repeat.count <= few:
            continue
        if eager(context, repeat) and (accept is None or accept(repeat)):
            yield repeat


def _is_long(context: Context, repeat: Repeat) -> bool:
    """Does nothing tell that the repeat is short, or that the place comes in few of its passes?"""
    usual = context.project.repeats_of.usual
    times = usual.times(repeat)
    return times is None or times >= _LONG * periods.of_repeat(usual, repeat)


def per_epoch(repeat: Repeat) -> bool:
    """Is the repeat a Keras callback that runs once for an epoch or a training, not for a batch?"""
    if repeat.kind != "callback":
        return False
    if repeat.handed or repeat.scope is None:
        m, i = repeat.hops[0]
        return not any(keyword.name and "batch" in keyword.name for keyword in m.calls[i].keywords)
    name = repeat.module.scopes[repeat.scope].name
    return name.startswith(("on_epoch_", "on_train_begin", "on_train_end")) and "batch" not in name


def folds(repeat: Repeat) -> bool:
    """Is the repeat a loop over the parts of a cross-validation: `for train, test in kf.split(x)`,
    `for i in range(n_folds)`?
    """
    if repeat.block is None:
        return False
    m = repeat.module
    head = header(m, repeat.block)
    if head is None:
        return False
    for e in walk(head.iterable, m.calls):
        name = (tail_of(e) or "").lower()
        if "fold" in name or name == "n_splits":
            return True
        if isinstance(e, CallRef) and isinstance(head.target, TupleDisplay) and len(head.target.items) > 1:
            f = m.calls[e.number].func
            if isinstance(f, Attribute) and f.attr == "split":
                return True
    return False


def waits(context: Context, repeat: Repeat) -> bool:
    """Does each pass of the loop sleep for a second or more, wait for a checkpoint, or for what a person types?  Then
    nothing in it is worth speeding up.
    """
    if repeat.block is None:
        return False
    (first, i), *_ = repeat.hops
    m, scope = repeat.module, first.calls[i].scope
    key = ("waits", m.index, scope, repeat.block)
    found: bool | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = _waits(context, m, scope, repeat.block)
    return found


def _waits(context: Context, m: Module, scope: int, loop: int) -> bool:
    statement = m.statements[m.blocks[loop].statement]
    if m.blocks[loop].kind == "for" and isinstance(statement, For) and isinstance(statement.iterable, CallRef):
        if tail_of(m.calls[statement.iterable.number].func) == "checkpoints_iterator":
            return True
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if not m.inside(call.block, loop) or any(
            m.blocks[b].kind in ("if", "except") for b in m.chain(call.block) if b > loop
        ):
            continue
        if _asks(m, j) or any(
            _asks(fm, k, always=True) for fm, s in context.project.functions_called(m, j) for k in fm.scope_calls(s)
        ):
            return True
        if tail_of(call.func) == "sleep":
            seconds = context.project.repeats_of.number(m, scope, call.args[0], call.statement) if call.args else None
            if seconds is not None and seconds >= 1:
                return True
    return False


def _asks(m: Module, i: int, always: bool = False) -> bool:
    """Is call `i` Python's own `input()` (with `always`: one that each run of its function makes)?"""
    f = m.calls[i].func
    if always and any(m.blocks[b].kind in ("if", "except") for b in m.chain(m.calls[i].block)):
        return False
    return (
        isinstance(f, Name)
        and f.id in ("input", "raw_input")
        and not any(f.id in m.bindings(scope) for scope in (0, m.calls[i].scope))
    )


def now_and_then(repeat: Repeat) -> bool:
    """Does an `if step % n == 0` stand on the way from the repeat to the place?"""
    for position, (m, i) in enumerate(repeat.hops):
        outer = repeat.region_at(position)
        for b in m.chain(m.calls[i].block):
            if b == outer:
                break
            if (
                m.blocks[b].kind == "if"
                and m.blocks[b].branch
                and any(_modulo(m, m.calls[i].scope, e) for e in walk(test_of(m, b), m.calls))
            ):
                return True
    return False


def _modulo(m: Module, scope: int, e: Expression) -> bool:
    if isinstance(e, BinaryOp) and e.op == "%":
        return True
    if isinstance(e, Name):  # log = step % 100 == 0
        return any(
            b.kind == "assign"
            and isinstance(b.value, Expression)
            and any(isinstance(inner, BinaryOp) and inner.op == "%" for inner in walk(b.value))
            for b in m.bindings(scope).get(e.id, ())
        )
    return False


def _through_layers(repeat: Repeat) -> bool:
    """`for layer in layers: x = layer(x)`: the parts of one network, each called once."""
    m, i = repeat.hops[0]
    call = m.calls[i]
    if repeat.block is None or m.blocks[repeat.block].kind != "for":
        return False
    loop, statement = m.statements[m.blocks[repeat.block].statement], m.statements[call.statement]
    if not isinstance(loop, For) or not isinstance(statement, Assign):
        return False
    targets = loop.target.items if isinstance(loop.target, SequenceDisplay) else (loop.target,)
    return call.func in targets and any(place in call.args for place in statement.targets)
