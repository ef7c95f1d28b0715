"""Is what each repeat makes put into a container on purpose: an ensemble, a cache by name?

Then it shall live on, and is no leak.  The answer goes by the text: the call, or the name it is assigned to, is added
to a container, assigned under a key, or collected by a comprehension.  A container that nobody reads elsewhere in its
module does not count, as nobody wanted what it holds; by which other name it may be read is not followed.
"""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    CallRef,
    Comprehension,
    ExprStatement,
    For,
    Name,
    Record,
    Reference,
    SequenceDisplay,
    Subscript,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import Instance, Thing

from .results import flat
from .syntax import held, holds, walk_statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from tflint_mem.facts import Expression, Statement
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    Places = dict[Expression, list[int]]  # name, attribute or call -> numbers of calls or statements

# Methods that put what they are given into their object, which then keeps it.  Other lists of methods ask what changes:
# `effect_names.MUTATORS` for one.
ADDERS = frozenset(("append", "add", "extend", "insert", "setdefault", "appendleft", "put", "register"))
_KEPT = frozenset(("model", "saved_model", "layer", "table"))  # kinds of things that a repeat may keep
_WHOLE = -1  # the block that stands for a whole function
_COMPREHENSION = -1  # stands for a statement: the `for` of a comprehension


def kept(context: Context, repeat: Repeat) -> bool:
    """Is what each repeat makes put into a container on purpose (an ensemble, a cache by name)?"""
    if repeat.handed:
        return False
    m, i = repeat.hops[0]
    values = flat(context.infer.call_values(m, i))
    if not values and len(repeat.hops) > 1:  # a call that cannot be followed: what the function gives that it leads to
        inner, j = repeat.hops[1]
        values = flat(context.infer.returns(inner, inner.calls[j].scope))
    if any(isinstance(v, Instance) or isinstance(v, Thing) and v.kind in _KEPT for v in values):
        return stored(context, m, i, repeat.block)
    return _filled(context, repeat, m, i)


def _filled(context: Context, repeat: Repeat, m: Module, i: int) -> bool:
    """Does each object of a collection get a model of its own?

    `for net in nets: net.restore(…)`, or `net.restore(…); nets.append(net)`.
    """
    f = m.calls[i].func
    if (
        len(repeat.hops) < 2
        or repeat.block is None
        or not isinstance(f, Attribute)
        or not isinstance(f.base, Name)
        or not _kept_in_self(repeat)
    ):
        return False
    return f.base in _loop_names(m, repeat.block) or added_later(context, m, m.calls[i].scope, f.base, repeat.block)


def _kept_in_self(repeat: Repeat) -> bool:
    """Does a method on the way, the first one or a further one, assign what it gets to an attribute of `self`?"""
    for m, i in repeat.hops[1:]:
        statement = m.statements[m.calls[i].statement]
        if isinstance(statement, Assign) and any(
            isinstance(e, Attribute) and e.base == SELF
            for target in statement.targets
            for e in (target.items if isinstance(target, SequenceDisplay) else (target,))
        ):
            return True
        f = m.calls[i].func
        if (
            not isinstance(f, Attribute)
            or f.base != SELF
            and not (isinstance(f.base, CallRef) and m.calls[f.base.number].func == Name("super"))
        ):
            return False
    return False


def _loop_names(m: Module, loop: int) -> Sequence[Expression]:
    """The names that a loop binds in each pass."""
    block = m.blocks[loop]
    if block.kind == "comp":
        target = block.clause.target
    else:
        statement = m.statements[block.statement]
        if not isinstance(statement, For):
            return ()
        target = statement.target
    return target.items if isinstance(target, SequenceDisplay) else (target,)


def stored(context: Context, m: Module, i: int, loop: int | None = None) -> bool:
    """Does call `i`'s result go into a container or an attribute chosen by a key?

    loop   the block of the loop in which that counts, None or -1: the whole function
    """
    return context.once(("stored", m.index, i, loop), lambda: _stored(context, m, i, loop))


def _stored(context: Context, m: Module, i: int, loop: int | None) -> bool:
    call = m.calls[i]
    statement = m.statements[call.statement]
    here = CallRef(i)
    if isinstance(statement, ExprStatement):
        for j in _calls_in(statement.value):
            outer = m.calls[j]
            f = outer.func
            if isinstance(f, Attribute) and f.attr in ADDERS and any(holds(a, here) for a in outer.args):
                return read_elsewhere(context, m, tail_of(f.base), (call.statement,))
    given = context.once(("handed in", m.index, call.statement), lambda: _handed_in(m, statement))
    if isinstance(statement, Assign) and statement.value is not None:
        if (here in given.direct or here in given.wrapped) and any(
            isinstance(target, Subscript) for target in statement.targets
        ):
            return True
        if here in given.direct:
            for target in statement.targets:
                if isinstance(target, Reference) and added_later(context, m, call.scope, target, loop):
                    return True
    return here in given.collected


class _HandedIn(Record):
    """What a statement has hold of.

    direct     what the value that it assigns is or holds: see `syntax.holds`
    wrapped    what objects in that value are given, by the name of their class: `Block(model=net)`
    collected  what comprehensions in it collect
    """

    __slots__ = ()
    direct: AbstractSet[Expression]
    wrapped: AbstractSet[Expression]
    collected: AbstractSet[Expression]


def _handed_in(m: Module, statement: Statement) -> _HandedIn:
    direct: set[Expression] = set()
    wrapped: set[Expression] = set()
    collected: set[Expression] = set()
    if isinstance(statement, Assign) and statement.value is not None:
        direct.update(held(statement.value))
        wrapped.update(_wrapped_in(m, statement.value))
    for e in walk_statement(m, statement):
        if isinstance(e, Comprehension):
            for item in e.items:
                collected.update(held(item))
    return _HandedIn(direct, wrapped, collected)


def _wrapped_in(m: Module, expression: Expression) -> Iterator[Expression]:
    """What objects in an expression are given, by the name of their class: `Block(model=net)`."""
    for e in walk(expression, m.calls):
        if isinstance(e, CallRef) and (tail_of(m.calls[e.number].func) or "")[:1].isupper():
            for argument in m.arguments(e.number):
                yield from held(argument)


def read_elsewhere(context: Context, m: Module, name: str | None, adding: Collection[int]) -> bool:
    """Does the module use a container for anything but being made and, in the statements `adding`, being filled?

    name   the last name of the container, None when it has none: who knows what it is called elsewhere
    """
    if name is None:
        return True
    readings = context.once(("read", m.index), lambda: _readings(m))
    return any(s not in adding for s in readings.get(name, ()))


def _readings(m: Module) -> dict[str, dict[int, None]]:
    """last name -> statements (-1: a comprehension) that use what has that name, other than to assign it; in order."""
    found: dict[str, dict[int, None]] = {}
    for s, statement in enumerate(m.statements):
        made = statement.targets if isinstance(statement, Assign) and statement.value is not None else ()
        for e in walk_statement(m, statement):
            name = tail_of(e)
            if name is not None and e not in made:
                found.setdefault(name, {})[s] = None
    for block in m.blocks:
        if block.kind == "comp":
            for e in walk(block.clause.iterable, m.calls):
                name = tail_of(e)
                if name is not None:
                    found.setdefault(name, {})[_COMPREHENSION] = None
    return found


def _calls_in(expression: Expression) -> list[int]:
    """The call that an expression is, or that each pass of a comprehension is.

    As in `[models.append(make(n)) for n in sizes]`.
    """
    return [
        e.number
        for e in (expression.items if isinstance(expression, Comprehension) else (expression,))
        if isinstance(e, CallRef)
    ]


def added_later(context: Context, m: Module, scope: int, place: Expression, loop: int | None) -> bool:
    """Does the function put what stands at a name or attribute into a container or under a key?

    loop   the block of the loop in which that counts, None or -1: the whole function
    """
    adding, assigning = context.once(("handed into", m.index, scope), lambda: _handed_into(m, scope))
    within = _WHOLE if loop is None else loop
    for i in adding.get(place, ()):
        call = m.calls[i]
        if m.inside(call.block, within) and isinstance(call.func, Attribute):
            return read_elsewhere(context, m, tail_of(call.func.base), (call.statement,))
    for s in assigning.get(place, ()):
        statement = m.statements[s]
        if m.inside(statement.block, within) and isinstance(statement, Assign):
            if any(isinstance(t, Subscript) for t in statement.targets):
                return True
            if within != _WHOLE and any(
                isinstance(t, Attribute) and t.base in _loop_names(m, within) for t in statement.targets
            ):
                return True  # for member in members: … member.model = model
    return False


def _handed_into(m: Module, scope: int) -> tuple[Places, Places]:
    """(the calls that add it to a container, the assignments of it) for each place of a function.

    It is handed over by itself or in another object.
    """
    adding: Places = {}
    assigning: Places = {}
    for i in m.scope_calls(scope):
        call = m.calls[i]
        if isinstance(call.func, Attribute) and call.func.attr in ADDERS:
            for place in {place for a in call.args for place in _places_in(m, a)}:
                adding.setdefault(place, []).append(i)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if (
            isinstance(statement, Assign)
            and statement.value is not None
            and any(isinstance(t, (Subscript, Attribute)) for t in statement.targets)
        ):
            for place in set(_places_in(m, statement.value)):
                assigning.setdefault(place, []).append(s)
    return adding, assigning


def _places_in(m: Module, expression: Expression) -> Iterator[Expression]:
    """Names, attributes and calls that an expression is or holds (see `syntax`), or that objects in it are given."""
    yield from held(expression)
    yield from _wrapped_in(m, expression)
