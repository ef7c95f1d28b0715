"""What becomes of a data set in a pass: is it read, used up, put together with others?

The question: *does anything in this part of a function run through the data set, or hand it over?*  Data sets are
followed by name: a name within its function, an attribute by its last name in every function on the way.  What takes
the place of the data set, as `ds = ds.map(f)` does, is no use of it.  Other names for the same data set are not known.
"""

from __future__ import annotations

from heapq import heappop, heappush

from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Expression,
    ExprStatement,
    For,
    Name,
    Record,
    Reference,
    Return,
    tail_of,
    walk,
)
from tflint_mem.knowledge import METHODS
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

TRANSFORMS = frozenset(name for (kind, name), result in METHODS.items() if kind == result == "dataset")


def reads(context: Context, m: Module, i: int, place: Reference, repeat: Repeat) -> bool:
    """Is the data set run through inside the repeat: iterated, or given to something?"""
    for position, (hm, hi) in enumerate(repeat.hops):
        scope, loop = hm.calls[hi].scope, repeat.region_at(position)
        if hm is m:
            if _consumed(context, hm, scope, loop, _key(place), place, skip=i):
                return True
        elif isinstance(place, Attribute) and _consumed(context, hm, scope, loop, _key(place)):
            return True  # an attribute of that name, whatever it is one of
    return False


def _key(place: Reference) -> Reference | str:
    """What a place is looked up by: a name, or the last name of an attribute."""
    return place.attr if isinstance(place, Attribute) else place


def _consumed(
    context: Context,
    m: Module,
    scope: int,
    loop: int,
    key: Reference | str,
    place: Reference | None = None,
    skip: int | None = None,
) -> bool:
    """Does the part of a scope in `loop` run through what has that key or hand it over, but for call `skip` and calls
    whose result takes its `place`?
    """
    question = ("consumers", m.index, scope)
    known: dict[Reference | str, list[_Consumer]] | None = context.memo.get(question)
    if known is None:
        known = context.memo[question] = _consumers(m, scope)
    return any(
        (each.call is None or each.call != skip)
        and (place is None or each.target != place)
        and m.inside(each.block, loop)
        for each in known.get(key, ())
    )


class _Consumer(Record):
    """A loop over something, or a call that it is handed to.

    block   the block around it
    call    None for a loop
    target  the only one that the call's statement assigns
    """

    __slots__ = ()
    block: int
    call: int | None
    target: Expression | None


def _consumers(m: Module, scope: int) -> dict[Reference | str, list[_Consumer]]:
    """Key of a place -> who consumes it in a scope: see `_key`."""
    found: dict[Reference | str, list[_Consumer]] = {}

    def enter(expression: Expression, consumer: _Consumer) -> None:
        for each in {_key(e) for e in walk(expression, m.calls) if isinstance(e, Reference)}:
            found.setdefault(each, []).append(consumer)

    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, For):
            enter(statement.iterable, _Consumer(statement.block, None, None))
    for k in m.scope_calls(scope):
        call = m.calls[k]
        statement = m.statements[call.statement]
        target = statement.targets[0] if isinstance(statement, Assign) and len(statement.targets) == 1 else None
        consumer = _Consumer(call.block, k, target)
        for argument in m.arguments(k):
            enter(argument, consumer)
        for block in m.outward("comp", call.block, lambda block: m.blocks[block].kind == "comp"):
            enter(m.blocks[block].clause.iterable, consumer)
    return found


def into_graph(context: Context, repeat: Repeat) -> bool:
    """Does the way take an iterator of TensorFlow 1 from the data set: an input of a graph that is being built?"""
    known: dict[tuple[int, int], bool] = context.memo.setdefault("graph iterators", {})
    for m, i in repeat.hops:
        key = (m.index, m.calls[i].scope)
        if key not in known:
            known[key] = any(
                tail_of(m.calls[j].func) in ("make_one_shot_iterator", "make_initializable_iterator")
                for j in m.scope_calls(key[1])
            )
        if known[key]:
            return True
    return False


def put_together(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """Does the loop make one pipeline of many parts: is all that comes of the data set in this pass joined to others
    and collected?
    """
    if not repeat.local or repeat.block is None:
        return False
    parts: set[Expression] = {CallRef(i)}
    collected, scope = False, m.calls[i].scope
    key = ("passing on", m.index, scope)
    passing: dict[Expression, list[int]] | None = context.memo.get(key)
    if passing is None:
        passing = context.memo[key] = _passing_on(m, scope)

    def has_part(e: Expression) -> bool:
        return any(each in parts for each in walk(e, m.calls))

    waiting, last = list(passing.get(CallRef(i), ())), m.calls[i].statement - 1
    while waiting:
        s = heappop(waiting)
        statement = m.statements[s]
        if s == last or s < m.calls[i].statement or not m.inside(statement.block, repeat.block):
            continue
        last = s
        if isinstance(statement, For) and has_part(statement.iterable):
            return False
        for j in m.calls_of(s):
            if any(map(has_part, m.arguments(j))):
                tail = tail_of(m.calls[j].func)
                collects = tail in ("append", "extend", "add")
                if (
                    not collects
                    and tail not in TRANSFORMS
                    and not any(name.startswith(("dataset.", "tf.data.")) for name in context.project.apis(m, j))
                ):
                    return False
                collected |= collects
        if isinstance(statement, Assign) and statement.value is not None and has_part(statement.value):
            for target in statement.targets:
                if isinstance(target, Name) and target not in parts:
                    parts.add(target)
                    for later in passing.get(target, ()):
                        if later > s:
                            heappush(waiting, later)
    return collected


def _passing_on(m: Module, scope: int) -> dict[Expression, list[int]]:
    """Name or call -> statements of a scope that go through it, hand it over or assign it, in order."""
    found: dict[Expression, list[int]] = {}
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        expressions = [argument for j in m.calls_of(s) for argument in m.arguments(j)]
        if isinstance(statement, For):
            expressions.append(statement.iterable)
        elif isinstance(statement, Assign) and statement.value is not None:
            expressions.append(statement.value)
        for each in {
            e for expression in expressions for e in walk(expression, m.calls) if isinstance(e, (Name, CallRef))
        }:
            found.setdefault(each, []).append(s)
    return found


def used_up(context: Context, m: Module, i: int) -> bool:
    """Is the data set run through in its own function and neither returned nor kept?"""
    scope = m.calls[i].scope
    statement = m.statements[m.calls[i].statement]
    if isinstance(statement, Return):
        return False
    if isinstance(statement, For) or isinstance(statement, ExprStatement):
        return True
    if not isinstance(statement, Assign) or len(statement.targets) != 1 or not isinstance(statement.targets[0], Name):
        return False
    name = statement.targets[0]
    key = ("in returns", m.index, scope)
    returned: frozenset[Name] | None = context.memo.get(key)
    if returned is None:
        returned = context.memo[key] = frozenset(
            e
            for s in m.scope_statements(scope)
            if isinstance(m.statements[s], Return)
            for expression in statement_expressions(m.statements[s])
            for e in walk(expression)
            if isinstance(e, Name)
        )
    return name not in returned and _consumed(context, m, scope, -1, name, name)
