"""What would a trace freeze: state that a function reads or makes each time it runs, and that a `tf.function` sees
once?

`reason` answers for a function that a fix would decorate, `reads` for one that a fix would move; both follow the
project's
own functions that it calls, four levels down.  An answer is a few words for a person, "" when nothing was found.
Uncertain: attributes are followed by name, on whatever object unless it is `self`, through 64 modules at most.
"""

from __future__ import annotations

from tflint_mem.facts import (
    SELF,
    Assign,
    Attribute,
    Augment,
    For,
    Name,
    Record,
    SequenceDisplay,
    Subscript,
    With,
)
from tflint_mem.knowledge import result_of
from tflint_mem.project.holds.values import ModuleValue

from . import given
from .given import expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import ItemsView, Iterable, Iterator, KeysView

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Function, Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4  # calls that are followed
MAX_MODULES = 64  # that are looked at for who sets an attribute
_MADE = frozenset(
    (
        "optimizer",
        "variable",
        "model",
        "layer",
        "metric",
        "table",
        "saved_model",
        "new:model",
        "new:layer",
        "new:metric",
        "new:optimizer",
    )
)
# Methods that put something into a container or take it out: what a trace keeps of it is what was in there first.
_FILLS = frozenset(
    (
        "append",
        "extend",
        "insert",
        "pop",
        "popleft",
        "update",
        "clear",
        "remove",
        "setdefault",
        "add",
        "sort",
        "reverse",
    )
)


def reason(context: Context, m: Module, scope: int) -> str:
    """Why tracing the function once would change what it computes, or would not work."""
    return state(context, m, scope) or given.new_objects(context, m, scope) or given.arguments(context, m, scope)


def state(context: Context, m: Module, scope: int) -> str:
    """Why the function, whoever calls it and with what, would not compute the same when it is traced once."""
    for fm, s in functions(context, m, scope):
        found = _makes(context, fm, s) or _rebound(fm, s) or _set_elsewhere(context, fm, s)
        if found:
            return found
    return ""


class Reads(Record):
    """What a function takes from outside of itself: names, with the index of the module that reads each, and
    attributes.
    """

    __slots__ = ()
    names: set[tuple[int, str]]
    attributes: set[str]


def reads(context: Context, m: Module, scope: int) -> Reads:
    """What the function and those that it calls take from outside of themselves."""
    found = Reads(set(), set())
    for fm, s in functions(context, m, scope):
        found.names.update([(fm.index, name) for name, _ in outer_names(fm, s)])
        found.attributes.update([attribute for attribute, _ in _attributes(fm, s)])
    return found


def functions(context: Context, m: Module, scope: int) -> dict[Function, bool]:
    """{function: True} of the function and the project's functions that it calls, in the order of the search."""
    seen: dict[Function, bool] = {}
    _collect(context, m, scope, 0, seen)
    return seen


def module_attributes(context: Context, m: Module, scope: int) -> Iterator[Attribute]:
    """The attributes of the project's modules that a function reads: `config.batch_size`."""
    for e in expressions(m, scope):
        if (
            isinstance(e, Attribute)
            and isinstance(e.base, Name)
            and any(
                isinstance(v, ModuleValue)
                for v in context.infer.name(m, scope, e.base.id, m.scopes[scope].statements.first)
            )
        ):
            yield e


def _collect(context: Context, m: Module, scope: int, depth: int, seen: dict[Function, bool]) -> None:
    if (m, scope) in seen or depth > MAX_DEPTH:
        return
    seen[m, scope] = True
    for inner in m.with_inner(scope)[1:]:
        seen.setdefault((m, inner), True)
    for i in m.scope_calls(scope):
        for fm, s in context.project.functions_called(m, i):
            _collect(context, fm, s, depth + 1, seen)


# -- what it makes -----------------------------------------------------------------------------------------------------


def _makes(context: Context, m: Module, scope: int) -> str:
    """Variables may be made in the first trace only: an optimizer or a layer made in each call is refused from the
    second
    one on.
    """
    if m.scopes[scope].name in ("__init__", "build"):
        return ""
    for i in m.scope_calls(scope):
        names = context.project.apis(m, i)
        kinds = (name if name in _MADE else result_of(name) for name in sorted(names))
        kind = next((k for k in kinds if k is not None and k in _MADE), None)
        if kind is not None and not any(
            name.endswith(".__call__") or name.startswith(("keras.backend.", "keras.ops.")) for name in names
        ):
            if not any(name in ("keras.losses.get", "keras.optimizers.get", "keras.metrics.get") for name in names):
                return f"it makes {_article(kind.removeprefix('new:'))} in each call"
    return ""


def _article(kind: str) -> str:
    return f"an {kind}" if kind[0] in "aeiou" else f"a {kind}"


# -- what it reads -----------------------------------------------------------------------------------------------------


def outer_names(m: Module, scope: int) -> ItemsView[str, int]:
    """(name, owner scope) of the names that a function takes from the functions or the module around it."""
    local = m.bindings(scope)
    found: dict[str, int] = {}
    for e in expressions(m, scope):
        if not isinstance(e, Name) or e.id in found or e.id in local and e.id not in m.global_names(scope):
            continue
        owner = m.scopes[scope].parent
        while owner > 0 and (m.scopes[owner].kind == "class" or e.id not in m.bindings(owner)):
            owner = m.scopes[owner].parent
        if owner >= 0 and e.id in m.bindings(owner):
            found[e.id] = owner
    return found.items()


def _rebound(m: Module, scope: int) -> str:
    """A name of outside that is bound more than once, in a loop, or by a function: the trace would keep its first
    value.
    """
    for name, owner in outer_names(m, scope):
        bindings = [b for b in m.bindings(owner)[name] if b.kind != "annotation"]
        if all(b.kind in ("import", "def", "class") for b in bindings):
            continue
        again = (
            len(bindings) > 1
            or any(b.statement >= 0 and m.loops(m.statements[b.statement].block) for b in bindings)
            or any(b.kind in ("augment", "iter") for b in bindings)
        )
        if again or any(s != scope and name in m.bindings(s) for s in m.declaring(name)):
            return f"a trace would keep the first value of {name}"
        if _filled(m, name):
            return f"a trace would keep what {name} holds first"
    return ""


def _filled(m: Module, name: str) -> bool:
    """Is something put into the list or dictionary of that name in a function or a loop?"""
    place = Name(name)
    for j in (j for tail in _FILLS for j in m.calls_by_tail().get(tail, ())):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.base == place and (call.scope or m.loops(call.block)):
            return True
    for statement in m.statements:
        if isinstance(statement, (Assign, Augment)) and (statement.scope or m.loops(statement.block)):
            if any(isinstance(t, Subscript) and t.base == place for t in _targets(statement)):
                return True
    return False


def _attributes(m: Module, scope: int) -> KeysView[tuple[str, bool]]:
    """(attribute, whether it is read from `self`) of the attributes that the function reads."""
    called = {m.calls[i].func for i in m.scope_calls(scope)}
    found: dict[tuple[str, bool], None] = {}
    for e in expressions(m, scope):
        if isinstance(e, Attribute):
            found.setdefault((e.attr, e.base == SELF))
    for e in called:  # self.model(x) reads the attribute that is called, model.fit(x) reads none
        if isinstance(e, Attribute):
            found.setdefault((e.attr, e.base == SELF))
    return found.keys()


# -- who sets that -----------------------------------------------------------------------------------------------------


def _set_elsewhere(context: Context, m: Module, scope: int) -> str:
    """An attribute that something else than a constructor sets, or that is set for each pass: the trace would keep its
    first value.
    """
    for attribute, own in _attributes(m, scope):
        owner = m.scopes[scope].parent if own and m.is_method(scope) else None
        if is_set(context, m, owner, attribute):
            return f"a trace would keep the first value of {attribute}"
        if attribute.startswith("trainable_") and is_set(context, m, None, "trainable"):
            return "a trace would keep which layers were trainable"
    return ""


def is_set(context: Context, m: Module, owner: int | None, attribute: str) -> bool:
    """Is the attribute assigned outside of constructors, of `owner` (a class of `m`) where that is known?"""
    key = ("set", m.index if owner is not None else -1, owner, attribute)
    found: bool | None = context.memo.get(key)
    if found is None:
        found = context.memo[key] = any(
            _sets(context, other, attribute, m, owner)
            for other in context.project.mentioning(attribute, MAX_MODULES)
            if not context.in_tests(other)
        )
    return found


def _targets(statement: Assign | Augment | For | With) -> list[Expression]:
    """What a statement assigns to."""
    if isinstance(statement, Assign):
        return [*statement.targets]
    if isinstance(statement, With):
        return [item.target for item in statement.items if item.target is not None]
    return [statement.target]


def _parts(targets: Iterable[Expression]) -> Iterator[Expression]:
    """Targets, the items of a tuple one by one."""
    for target in targets:
        yield from target.items if isinstance(target, SequenceDisplay) else (target,)


def _sets(context: Context, m: Module, attribute: str, home: Module, owner: int | None) -> bool:
    """Does a module assign the attribute outside of constructors, of class `owner` of `home` where that is known?"""
    for statement in m.statements:
        if not isinstance(statement, (Assign, Augment, For, With)):
            continue
        for part in _parts(_targets(statement)):
            place = part
            if isinstance(part, Subscript) and isinstance(part.base, Attribute):  # self.weights["kl"] = …
                place = part.base
            if not isinstance(place, Attribute) or place.attr != attribute:
                continue
            if place.base == SELF and m.is_method(statement.scope):
                cls = m.scopes[statement.scope].parent
                if owner is not None and not _related(context, m, cls, home, owner):
                    continue
                if (
                    _only_at_start(context, m, statement.scope)
                    and not m.loops(statement.block)
                    and not isinstance(statement, Augment)
                ):
                    continue
            elif (
                owner is None
                and statement.scope == 0
                and not m.loops(statement.block)
                and isinstance(statement, Assign)
            ):
                continue  # a setting of the module's own code, made once
            return True
    return False


def _related(context: Context, m: Module, cls: int, home: Module, owner: int) -> bool:
    """Are class `cls` of `m` and class `owner` of `home` the same, or does one derive from the other?"""
    here, there = (m.index, cls), (home.index, owner)
    return here == there or here in context.infer.mro(home, owner) or there in context.infer.mro(m, cls)


def _only_at_start(context: Context, m: Module, scope: int) -> bool:
    """Does the method run in constructors only?"""
    if m.scopes[scope].name in ("__init__", "build", "setUp"):
        return True
    callers = [(other, other.calls[j].scope) for other, j, how in context.project.callers(m, scope) if how == "call"]
    return bool(callers) and all(
        other.is_method(s) and other.scopes[s].name in ("__init__", "build") for other, s in callers
    )
