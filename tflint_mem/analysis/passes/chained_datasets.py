"""Data sets that are put on top of themselves: `ds = ds.map(f)`, `ds = augment(ds)`.

The question: *which assignments give a name or attribute a data set that is made of what it held before?*  Judged by
the text first and by values then; a function of the project counts when it returns transformations of its first
parameter, four calls deep.  An earlier statement of the same pass may
start a new chain.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Conditional,
    Expression,
    For,
    Name,
    Record,
    Reference,
    Return,
    SequenceDisplay,
    tail_of,
    walk,
)

from . import dataset_uses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4
_FEW = 3  # passes
_FEW_JOINED = 20


class Link(Record):
    """A call whose result takes the place of the data set that it is made of; read: a pass also runs through that."""

    __slots__ = ()
    m: Module
    i: int
    place: Reference
    repeat: Repeat
    read: bool


def find(context: Context) -> Iterator[Link]:
    """The links in the part that are added in each pass: all that are read there, of others those that join parts."""
    for m, i, place in _self_assignments(context):
        link = None if context.project.compiled(m, m.calls[i].scope) else next(again(context, m, i, place), None)
        if link is not None:
            yield link


def again(context: Context, m: Module, i: int, place: Reference) -> Iterator[Link]:
    """The ways in which call `i` adds to the data set in `place` in each pass."""
    joins = tail_of(m.calls[i].func) == "concatenate"
    for repeat in context.repeats(m, i):
        few = _FEW_JOINED if joins else _FEW
        if repeat.count is not None and repeat.count <= few or repeat.kind == "recursion":
            continue
        if not repeat.local and isinstance(place, Name) or _made_fresh(context, m, i, place, repeat):
            continue
        read = dataset_uses.reads(context, m, i, place, repeat)
        if read or joins:
            yield Link(m, i, place, repeat, read)


def _self_assignments(context: Context) -> Iterator[tuple[Module, int, Reference]]:
    """(module, call, name or attribute) of `ds = ds.map(…)…` and `ds = f(ds)` on data sets."""
    mentioning = context.project.mentioned(("data", "Dataset", "tensorflow_datasets", *dataset_uses.TRANSFORMS))
    for index in context.among(mentioning):
        m = context.project.module(index)
        for s, statement in enumerate(m.statements):
            if not isinstance(statement, Assign) or len(statement.targets) != 1:
                continue
            value, place = statement.value, statement.targets[0]
            if not isinstance(value, (CallRef, Conditional)):
                continue
            i = _called(value)
            if i is None or not isinstance(place, Reference) or not _starts_from(m, i, place):
                continue
            if isinstance(place, Name) and not m.loops(m.calls[i].block):
                continue  # a name of a function starts anew with each run of it
            tail = tail_of(m.calls[i].func)
            if (
                tail not in dataset_uses.TRANSFORMS
                and tail not in context.project.defined
                and tail not in m.aliases_of_defined(context.project.defined)
            ):
                continue  # `x = tf.cast(x, …)`: most assignments of this form
            if isinstance(value, Conditional):
                # `part if joined is None else joined.concatenate(part)`: the other branch says what it is
                if tail == "concatenate" and any(
                    "dataset" in context.project.kinds(m, statement.scope, e, s) for e in (value.body, value.orelse)
                ):
                    yield m, i, place
            elif _applies_to(context, m, i, place) and "dataset" in context.project.kinds(m, statement.scope, place, s):
                yield m, i, place


def _called(value: CallRef | Conditional) -> int | None:
    """The call that a value is, or that one branch of it is: `part if joined is None else joined.concatenate(part)`."""
    if isinstance(value, CallRef):
        return value.number
    return next((branch.number for branch in (value.body, value.orelse) if isinstance(branch, CallRef)), None)


def _starts_from(m: Module, i: int, place: Reference) -> bool:
    """Is `place` what the chain of calls begins with, or the first argument?  Judged by the text alone."""
    f, arguments = m.calls[i].func, m.calls[i].args
    if arguments[:1] == (place,):
        return True
    while isinstance(f, Attribute):
        if f.base == place:
            return True
        if not isinstance(f.base, CallRef):
            return False
        f = m.calls[f.base.number].func
    return False


def _applies_to(context: Context, m: Module, i: int, place: Reference, depth: int = 0) -> bool:
    """Is the call a chain of transformations whose root is `place`, or a function of the project that gives one?"""
    f = m.calls[i].func
    names = context.project.apis(m, i)
    if any(name.startswith("dataset.") and name[8:] in dataset_uses.TRANSFORMS for name in names):
        while isinstance(f, Attribute):
            if f.base == place:
                return True
            if not isinstance(f.base, CallRef):
                return False
            f = m.calls[f.base.number].func
        return False
    if m.calls[i].args[:1] != (place,) or depth > MAX_DEPTH:
        return False
    return any(_transforms(context, fm, scope, depth + 1) for fm, scope in context.project.functions_called(m, i))


def _transforms(context: Context, m: Module, scope: int, depth: int) -> bool:
    """Does a function return transformations of its first parameter?"""
    params = m.scopes[scope].parameters
    shift = 1 if m.is_method(scope) else 0
    if len(params) <= shift:
        return False
    name = Name(params[shift].name)
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, Return) and isinstance(statement.value, CallRef):
            return _applies_to(context, m, statement.value.number, name, depth)
    return False


def _made_fresh(context: Context, m: Module, i: int, place: Reference, repeat: Repeat) -> bool:
    """Is the place set to something else earlier in the same pass?"""
    call = m.calls[i]
    key = ("made fresh", m.index, call.scope)
    fresh: dict[Reference, list[int]] | None = context.memo.get(key)
    if fresh is None:
        fresh = context.memo[key] = _fresh(m, call.scope)
    return any(s < call.statement and m.inside(m.statements[s].block, repeat.region) for s in fresh.get(place, ()))


def _fresh(m: Module, scope: int) -> dict[Reference, list[int]]:
    """Name or attribute -> statements of a scope that set it to something that it is no part of."""
    found: dict[Reference, list[int]] = {}
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, Assign):
            inside = frozenset(e for e in walk(statement.value, m.calls) if isinstance(e, Reference))
            for target in dict.fromkeys(part for each in statement.targets for part in _names_of(each)):
                if isinstance(target, Reference) and target not in inside:
                    found.setdefault(target, []).append(s)
        elif isinstance(statement, For):
            for target in _names_of(statement.target):
                if isinstance(target, Reference):
                    found.setdefault(target, []).append(s)
    return found


def _names_of(target: Expression) -> Iterable[Expression]:
    """What a target binds: `train, (x, y)` its parts."""
    return walk(target) if isinstance(target, SequenceDisplay) else (target,)
