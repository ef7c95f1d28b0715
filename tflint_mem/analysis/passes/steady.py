"""Is an argument surely the same thing in each pass of a repeat?

`steady` answers yes only where everything that the argument reads stays; what is unknown is not steady.  A name stays
when
the loop does not bind it, or binds it to what stays itself.  Uncertain: what a call of another package gives is taken
for
the same when its name is known to compute, and attributes are looked at through the names they begin with only.
"""

from __future__ import annotations

from tflint_mem.facts import Assign, Attribute, CallRef, Expression, Name, Record, Subscript, tail_of, walk
from tflint_mem.hardening.budget import settle
from tflint_mem.project.holds.values import CallOrigin, External, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.bindings import Binding
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_SAME = frozenset(
    (
        "reshape",
        "astype",
        "copy",
        "ravel",
        "flatten",
        "to_numpy",
        "transpose",
        "numpy",
        "squeeze",
        "values",
        "toarray",
        "drop",
        "len",
        "list",
        "int",
        "float",
        "range",
    )
)
# Methods after which a container holds something else than before: a name that one is called on is not steady.
_ADDS = frozenset(("append", "extend", "insert", "add", "update", "appendleft"))


class _Asked(Record):
    """What is asked to be steady: a name, by itself, or an expression.

    name        of a name, else ""
    position    of the hop in whose function it stands
    expression  None for a name
    at          the statement from which it is seen; -1 for a name of which all that the loop binds matters
    """

    __slots__ = ()
    name: str
    position: int
    expression: Expression | None
    at: int


def steady(context: Context, repeat: Repeat, expression: Expression, position: int | None = None) -> bool:
    """Is the expression (of the flagged call, or of hop number `position`) surely the same thing in each repeat?"""
    position = len(repeat.hops) - 1 if position is None else position
    m, i = repeat.hops[0]
    # what other calls in the same function asked about the same loop is known
    memo: dict[_Asked, int] = (
        context.memo.setdefault(("steady", m.index, m.calls[i].scope, repeat.block, repeat.module is m), {})
        if position == 0
        else {}
    )
    hm, hi = repeat.hops[position]
    return not settle(
        _Asked("", position, expression, hm.calls[hi].statement),
        lambda asked: _unsteady(context, repeat, asked),
        memo,
        cycle=1,
    )


def _unsteady(context: Context, repeat: Repeat, asked: _Asked) -> tuple[int, Sequence[_Asked]]:
    """For `settle`: (1 when an expression or name surely is not steady, the names or expressions that must be)."""
    position = asked.position
    m, _ = repeat.hops[position]
    context.project.searches.count("what stays the same")
    if asked.name:
        asks = _steady_name(context, repeat, asked.name, position, asked.at)
        return (1, ()) if asks is None else (0, asks)
    at = -1 if position == 0 and m is repeat.module and repeat.block is not None else asked.at
    names = []
    for e in walk(asked.expression, m.calls):
        if isinstance(e, CallRef) and not _pure(context, m, e.number):
            return 1, ()
        if isinstance(e, Name):
            names.append(_Asked(e.id, position, None, at))
    return 0, names


def _pure(context: Context, m: Module, i: int) -> bool:
    """Does call `i` give the same for the same arguments, as far as its name tells (arrays made from arrays, cached
    functions)?
    """
    if tail_of(m.calls[i].func) in _SAME:
        return True
    if any(context.project.repeats_of.guards.cached(fm, scope) for fm, scope in context.project.functions_called(m, i)):
        return True
    names = context.project.apis(m, i) | {v.name for v in context.infer.callee(m, i) if isinstance(v, External)}
    return any(name.startswith(("numpy.", "tf.", "keras.")) and ".random." not in name for name in names)


def _steady_name(context: Context, repeat: Repeat, name: str, position: int, at: int) -> Sequence[_Asked] | None:
    """What must stay the same, so that a name does; None when it does not."""
    m, i = repeat.hops[position]
    scope = m.calls[i].scope
    loop = repeat.block if position == 0 and m is repeat.module else None
    bindings: Sequence[Binding] = m.bindings(scope).get(name, ())
    if not bindings:
        return ()
    if loop is not None:
        bindings = [b for b in bindings if b.statement >= 0 and bound_inside(m, b, loop)]
    elif len(bindings) > 1:
        bindings = context.infer.reaching(m, bindings, at)
    asks = []
    for binding in bindings:
        value = binding.value
        if binding.kind == "param" and isinstance(value, int):
            if value == 0 and m.is_method(scope):
                continue
            if position == 0:
                return None
            other, j = repeat.hops[position - 1]
            given = context.infer.argument(m, scope, value, other, j)
            if given is not None:
                asks.append(_Asked("", position - 1, given, other.calls[j].statement))
            elif repeat.handed and position == 1 or m.scopes[scope].parameters[value].default is None:
                return None
        elif binding.kind == "assign" and isinstance(value, Expression):
            if value == Name(name) or name in _growing(context, m, scope):
                return None
            asks.append(_Asked("", position, value, m.calls[i].statement))
        elif binding.kind not in ("import", "def", "class"):
            return None
    return asks


def _growing(context: Context, m: Module, scope: int) -> set[str]:
    """Names of the containers that something is put into: `rows.append(row)`, `rows[k] = row`."""
    key = ("growing", m.index, scope)
    found: set[str] | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = set()
        for j in m.scope_calls(scope):
            f = m.calls[j].func
            if isinstance(f, Attribute) and isinstance(f.base, Name) and f.attr in _ADDS:
                found.add(f.base.id)
        for s in m.scope_statements(scope):
            statement = m.statements[s]
            if isinstance(statement, Assign):
                found.update(
                    t.base.id for t in statement.targets if isinstance(t, Subscript) and isinstance(t.base, Name)
                )
    return found


def bound_inside(m: Module, binding: Binding, loop: int) -> bool:
    """Is the name bound by the loop itself or in its body?"""
    block = m.blocks[loop]
    if block.kind == "comp":
        return (
            binding.statement == block.statement and binding.kind == "iter" and binding.value == block.clause.iterable
        )
    return (
        binding.statement == block.statement
        or binding.statement >= 0
        and m.inside(m.statements[binding.statement].block, loop)
    )


def bound_by(m: Module, binding: Binding, loop: int) -> bool:
    """Is a binding of kind "iter" that of the loop itself?"""
    block = m.blocks[loop]
    if block.kind == "comp":
        return block.clause.iterable == binding.value
    return block.statement == binding.statement and block.kind == "for"


def made_in_pass(repeat: Repeat, values: Iterable[Value]) -> bool:
    """Was one of the values made in a pass of the repeat itself, in a function on its way?"""
    for v in values:
        if isinstance(v, Thing) and isinstance(v.origin, CallOrigin):
            for position, (m, i) in enumerate(repeat.hops):
                if m.index != v.origin.module:
                    continue
                scope, loop, made = m.calls[i].scope, repeat.region_at(position), m.calls[v.origin.call]
                if made.scope == scope and (loop != -1 or scope) and m.inside(made.block, loop):
                    return True
    return False
