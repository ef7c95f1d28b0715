"""Finds tf.data pipelines that grow with each pass of a loop, and those built again from the same data.

## What it does
Reports a data set that is chained onto itself (`ds = ds.map(…)`) in a loop that also reads it, and, as a hint, a data
set that is built again in each repeat from the same arrays, files or generator, or from all of a store that the repeats
share. A pipeline that a loop puts together and that is read behind the loop, and a data set of its own for each fold,
file or fresh model, are fine.

## Why is this bad?
A chained data set holds all links before it: their functions and graphs stay, and every element runs through all of
them, so both memory and time grow. A rebuilt data set does not leak. It copies its data again (an array held as a
tensor constant takes twice its size while the data set lives) and traces its functions again.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15: chained 142 / 217 per link, for ever. Rebuilt from a 4 MiB array, with a `map`:
0-6.

## Example
```python
for epoch in range(epochs):
    dataset = dataset.map(augment)
    for batch in dataset:
        step(batch)
```

Use instead:
```python
dataset = dataset.map(augment)
for epoch in range(epochs):
    for batch in dataset:
        step(batch)
```

## Fix safety
Moving the construction before the loop is offered where nothing in the loop changes what it reads. A chained data set
is not rewritten: a person should say which links are wanted once.
"""

from __future__ import annotations

from heapq import heappop, heappush

from tflint_mem.analysis.models import lifetimes
from tflint_mem.analysis.passes import trials, variance
from tflint_mem.analysis.program import modes
from tflint_mem.facts import (
    Assign,
    Attribute,
    CallRef,
    Conditional,
    Expression,
    ExprStatement,
    For,
    Name,
    Record,
    Reference,
    Return,
    SequenceDisplay,
    tail_of,
    walk,
)
from tflint_mem.knowledge import METHODS
from tflint_mem.project.linking.module import call_text, statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint_mem.codemod import Proposal
    from tflint_mem.codemod.hoist import Move
    from tflint_mem.codemod.view import Comprehension, Loop
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM402"
SWEEPS = True
MEASURED_CHAINED = "142 KiB per link (TF 2.21; 217 on 2.15) stay for the life of the data set"
MEASURED = (
    "memory flat (0-6 KiB per repeat, TF 2.21 and 2.15); the data is copied again each time, "
    "2x its size while the data set lives"
)
_CONSTANTS = frozenset(("tf.data.Dataset.from_tensor_slices", "tf.data.Dataset.from_tensors"))
_SOURCES = _CONSTANTS | frozenset(
    (
        "tf.data.Dataset.from_generator",
        "tf.data.Dataset.list_files",
        "tf.data.TFRecordDataset",
        "tf.data.TextLineDataset",
        "tf.data.experimental.CsvDataset",
        "tf.data.experimental.make_csv_dataset",
        "keras.utils.image_dataset_from_directory",
        "keras.preprocessing.image_dataset_from_directory",
        "keras.utils.text_dataset_from_directory",
        "keras.utils.timeseries_dataset_from_array",
        "tensorflow_datasets.load",
    )
)
_TRANSFORMS = frozenset(name for (kind, name), result in METHODS.items() if kind == result == "dataset")
MAX_DEPTH = 4
FEW_JOINED = 20
MEASURED_JOINED = (
    "78 KiB per part for small parts with a Python function in each (TF 2.21), as long as the joined data set; "
    "every element passes all links before it"
)
_READS = frozenset((*_TRANSFORMS, "as_numpy_iterator", "element_spec", "cardinality", "take", "skip", "__iter__"))


def find(context: Context) -> Iterator[Draft]:
    """Chained data sets, then rebuilt ones."""
    yield from _chained(context)
    yield from _rebuilt(context)


# -- chained onto itself -----------------------------------------------------------------------------------------------


def _chained(context: Context) -> Iterator[Draft]:
    for m, i, place in _self_assignments(context):
        if context.project.compiled(m, m.calls[i].scope):
            continue
        joins = tail_of(m.calls[i].func) == "concatenate"
        for repeat in context.repeats(m, i):
            if repeat.count is not None and repeat.count <= (FEW_JOINED if joins else 3) or repeat.kind == "recursion":
                continue
            if not repeat.local and isinstance(place, Name) or _made_fresh(context, m, i, place, repeat):
                continue
            if not _read(context, m, i, place, repeat):
                if joins:
                    yield _joined(context, m, i, repeat)
                    break
                continue
            yield context.at_call(
                CODE,
                m,
                i,
                f"`{call_text(m, i)}` is put on top of the data set of the repeat before {context.when(repeat, m)}; "
                "every link stays and runs for each element",
                measured=MEASURED_CHAINED,
                help="build the pipeline once, before the repeat; `shuffle` and random functions draw anew in each "
                "pass over it",
                severity="warning",
                group="leak",
                trace=context.trace(repeat, "adds one more link to the data set"),
            )
            break


def _joined(context: Context, m: Module, i: int, repeat: Repeat) -> Draft:
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` joins one more part to the data set {context.when(repeat, m)}; "
        "all of them are nested in each other, and stay with it",
        measured=MEASURED_JOINED,
        help="make one data set of all parts: `Dataset.from_tensor_slices(names).interleave(read)` or `flat_map(read)`",
        group="leak",
        trace=context.trace(repeat, "adds one more link to the data set"),
    )


def _self_assignments(context: Context) -> Iterator[tuple[Module, int, Reference]]:
    """(module, call, name or attribute) of `ds = ds.map(…)…` and `ds = f(ds)` on data sets."""
    for index in context.among(context.project.mentioned(("data", "Dataset", "tensorflow_datasets", *_TRANSFORMS))):
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
                tail not in _TRANSFORMS
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
    if any(name.startswith("dataset.") and name[8:] in _TRANSFORMS for name in names):
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


def _read(context: Context, m: Module, i: int, place: Reference, repeat: Repeat) -> bool:
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


# -- built again -------------------------------------------------------------------------------------------------------


def _rebuilt(context: Context) -> Iterator[Draft]:
    for m, i, names in context.calls({name.rpartition(".")[2] for name in _SOURCES}, _SOURCES):
        if context.in_tests(m) or context.project.compiled(m, m.calls[i].scope):
            continue
        for repeat in context.repeats(m, i):
            if repeat.kind not in ("loop", "while", "callback") or repeat.count is not None and repeat.count <= 3:
                continue
            if (
                lifetimes.in_loop_of_new_models(context, repeat)
                or lifetimes.kept(context, repeat, "dataset")
                or modes.new_graph(context, repeat)
            ):
                continue
            how = max(
                (
                    variance.of(context, repeat, e)
                    for e in (*m.calls[i].args, *[keyword.value for keyword in m.calls[i].keywords])
                ),
                default=variance.CHANGED,
            )
            if (
                how == variance.TARGET
                or how == variance.CHANGED
                and not (names & _CONSTANTS and _used_up(context, m, i))
            ):
                continue
            if (
                _put_together(context, m, i, repeat)
                or _into_graph(context, repeat)
                or trials.trains_new(context, repeat)
            ):
                continue
            yield _draft(context, m, i, repeat, how)
            break


def _into_graph(context: Context, repeat: Repeat) -> bool:
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


def _put_together(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
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
                    and tail not in _TRANSFORMS
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


def _used_up(context: Context, m: Module, i: int) -> bool:
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


def _draft(context: Context, m: Module, i: int, repeat: Repeat, how: int) -> Draft:
    same = how == variance.SAME
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` builds a data set again {context.when(repeat, m)}"
        + (", from the same data" if same else ", with a copy of all its data"),
        measured=MEASURED,
        help="build it once, before the repeat"
        if same
        else "keep one data set over a generator that reads the store, or feed slices of the array directly",
        trace=context.trace(repeat, "builds the data set"),
        fix=_hoist(m, i)
        if same and repeat.local
        else "each pass may build another data set"
        if repeat.local
        else "what repeats it stands in another function",
    )


def _hoist(m: Module, i: int) -> Repair:
    """The data set is built before the loop, with `.shuffle(…).batch(…)` behind it where that can go along."""

    def fix(fx: FixContext) -> Proposal:
        import libcst as cst

        from tflint_mem.codemod import NoFix, Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        whole = call
        while True:
            method = view.parent(whole)
            link = view.parent(method)
            if getattr(method, "value", None) is not whole or not isinstance(link, cst.Call):
                break
            whole = link

        def out_of(loop: Loop | Comprehension) -> Move:
            try:
                return do.hoist_call(view, whole, loop, "dataset", reads=_READS)
            except NoFix:
                if whole is call:
                    raise
                return do.hoist_call(view, call, loop, "dataset", reads=_READS)

        move = do.outermost_loop(view, call, out_of)
        return Proposal(move.applicability, "Build the data set once before the loop", move.edits)

    return fix
