"""Models that only wrap one that is there already.

The question: *does a construction take layers or inputs of an existing model, so that it costs set-up and nodes but no
weights, and who uses the wrapper?*  The answer of `wraps` is a word: which part of the existing model it reaches for.
What is known of a model is where it was made: outside of the function, or before the loop.  A parameter of unknown
origin counts as a model where `Model(…)` is given its inputs and outputs, since nothing else has them; an object with
`layers` that nobody is seen to make is taken for one, too.  A model that a function of the project makes anew each
time is none that was there already.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models
from tflint_mem.analysis.program import public
from tflint_mem.facts import SELF, Assign, Attribute, CallRef, Name, Record, Return, SequenceDisplay, Subscript, walk
from tflint_mem.knowledge import GENERAL_MODELS, INPUTS
from tflint_mem.project.holds.values import CallOrigin, Instance, SelfValue, Thing, ThingMethod

from . import hot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from collections.abc import Set as AbstractSet
    from typing import Literal, TypeAlias

    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

    Wrapped: TypeAlias = Literal["layer", "input", ""]

_ENDS = frozenset(("input", "inputs", "output", "outputs", "get_layer", "layers", "get_output_at", "get_input_at"))
_GIVEN = ("inputs", "outputs", "input", "output", "layers")
_ONCE = ("__init__", "build", "setup", "main", "__new__")


class Wrapper(Record):
    """A construction that wraps an existing model: `wrapped` as `wraps` says, `names` of what is called."""

    __slots__ = ()
    m: Module
    i: int
    repeat: Repeat | None
    wrapped: Wrapped
    names: frozenset[str]


def found(context: Context) -> Iterator[Wrapper]:
    """The constructions in functions and loops that wrap a model, each with the way in which it repeats."""
    for m, i, names in context.each(models.constructions(context)):
        if m.calls[i].scope == 0 and not m.loops(m.calls[i].block):
            continue
        repeat = next(ways(context, m, i), None)
        wrapped = wraps(context, m, i, names, repeat.region if repeat is not None else -1)
        if wrapped:
            yield Wrapper(m, i, repeat, wrapped, names)


def ways(context: Context, m: Module, i: int) -> Iterator[Repeat]:
    """The ways in which a wrapper is made again, and not kept."""
    for repeat in context.repeats(m, i):
        if repeat.count is not None and repeat.count <= 3 or models.kept(context, repeat):
            continue
        if repeat.kind == "recursion":
            continue  # one wrapper for each part of a nested model
        yield repeat


def wraps(context: Context, m: Module, i: int, names: frozenset[str], loop: int) -> Wrapped:
    """ "layer" when the arguments reach into an existing model, "input" when one is called on new inputs, else "".

    names  canonical names of what call `i` calls
    loop   the block in which the existing model must not have been made; -1 for the whole function
    """
    call = m.calls[i]
    if not names & GENERAL_MODELS:
        return ""
    ours = frozenset(v for v in context.infer.call_values(m, i) if isinstance(v, Thing))
    found: Wrapped = ""
    for argument in (*call.args, *[k.value for k in call.keywords if k.name in _GIVEN]):
        for e in walk(argument, m.calls):
            if isinstance(e, Attribute) and e.attr in _ENDS:
                if _is_model(context, m, call, e.base, ours, loop) or (
                    e.attr == "layers" and _of_unknown_origin(context, m, call, e.base)
                ):
                    found = found or "layer"
            if (
                isinstance(e, CallRef)
                and "model.__call__" in context.project.apis(m, e.number)
                and _is_model(context, m, call, m.calls[e.number].func, ours, loop)
            ):
                found = "input"
    if "keras.Sequential" in names and not found:
        layers = call.args[0] if call.args else None
        if isinstance(layers, SequenceDisplay) and any(
            _is_model(context, m, call, e, ours, loop) for e in layers.items
        ):
            return "layer"
        found = _added(context, m, i, ours, loop)
    return found


def _is_model(
    context: Context, m: Module, call: Call, expression: Expression, ours: Collection[Value], loop: int
) -> bool:
    """Is it a model that was made outside of this function, or at least before the loop?"""
    values = context.infer.values(m, call.scope, expression, call.statement)
    if isinstance(expression, Name) and all(isinstance(v, ThingMethod) for v in values):
        # only a Keras model has inputs and outputs that `Model(…)` takes
        # a parameter of unknown origin comes from outside
        return any(b.kind == "param" for b in m.bindings(call.scope).get(expression.id, ()))
    for v in values:
        if isinstance(v, Thing) and v.kind == "model" and v not in ours:
            if not isinstance(v.origin, CallOrigin) or v.origin.module != m.index:
                if not _made_here(context, m, call, expression, loop):
                    return True
                continue
            origin = m.calls[v.origin.call]
            if origin.scope != call.scope and _made_here(context, m, call, expression, loop):
                continue
            if origin.scope != call.scope or loop != -1 and not m.inside(origin.block, loop):
                return True
        if (
            isinstance(v, (Instance, SelfValue))
            and context.infer.class_kind(context.project.module(v.module), v.scope) == "model"
        ):
            return True
    return False


def _of_unknown_origin(context: Context, m: Module, call: Call, expression: Expression) -> bool:
    """An attribute of the object that nothing is known about, set in another method.

    What it has as `layers` makes it a model.
    """
    if (
        not isinstance(expression, Attribute)
        or expression.base != SELF
        or context.infer.values(m, call.scope, expression, call.statement)
    ):
        return False
    return not any(
        isinstance(s, Assign) and expression in s.targets
        for s in map(m.statements.__getitem__, m.scope_statements(call.scope))
    )


def _made_here(context: Context, m: Module, call: Call, expression: Expression, loop: int) -> bool:
    """Is it a name that this function (in the loop: this pass) gave to what a function makes anew each time?"""
    if isinstance(expression, CallRef):
        return _fresh(context, m, expression.number)
    if not isinstance(expression, Name):
        return False
    bindings = context.infer.reaching(m, m.bindings(call.scope).get(expression.id, ()), call.statement)
    return bool(bindings) and all(
        b.kind == "assign"
        and isinstance(b.value, CallRef)
        and not b.path
        and (loop == -1 or m.inside(m.statements[b.statement].block, loop))
        and _fresh(context, m, b.value.number)
        for b in bindings
    )


def _fresh(context: Context, m: Module, i: int) -> bool:
    """Does each call of the project's function make a new model: is neither it nor what it returns cached?"""
    guards = context.project.repeats_of.guards
    if any(guards.cached(fm, scope) for fm, scope in context.project.functions_called(m, i)):
        return False
    origins = [v.origin for v in context.infer.call_values(m, i) if isinstance(v, Thing) and v.kind == "model"]
    return bool(origins) and all(
        isinstance(o, CallOrigin) and not guards.once(context.project.module(o.module), o.call, -1) for o in origins
    )


def _added(context: Context, m: Module, i: int, ours: Collection[Value], loop: int) -> Wrapped:
    """`new = Sequential(); new.add(existing_model)`."""
    call = m.calls[i]
    added = context.once(("added to", m.index, call.scope), lambda: _additions(context, m, call.scope))
    to_ours = {j for v in ours for j in added.get(v, ()) if j > i}
    return "layer" if any(_is_model(context, m, call, m.calls[j].args[0], ours, loop) for j in sorted(to_ours)) else ""


def _additions(context: Context, m: Module, scope: int) -> dict[Value, list[int]]:
    """The calls of a function that add something to a value: `model.add(layer)`."""
    added: dict[Value, list[int]] = {}
    for j in m.scope_calls(scope):
        call = m.calls[j]
        if isinstance(call.func, Attribute) and call.func.attr == "add" and call.args:
            for v in context.infer.values(m, scope, call.func.base, call.statement):
                added.setdefault(v, []).append(j)
    return added


def of_new_model(context: Context, m: Module, i: int, repeat: Repeat, numbers: AbstractSet[tuple[int, int]]) -> bool:
    """Does each pass make a model, and wrap one that is not the same as before?

    Then making it is the bigger part of the work.
    """
    bases = [
        e.base
        for argument in m.arguments(i)
        for e in walk(argument, m.calls)
        if isinstance(e, Attribute) and e.attr in _ENDS and isinstance(e.base, Name)
    ]
    return (
        bool(bases)
        and lifetimes.in_loop_of_new_models(context, repeat, numbers)
        and not any(hot.steady(context, repeat, base) for base in bases)
    )


# -- who uses the wrapper ---------------------------------------------------------------------------------------------


def per_call(context: Context, m: Module, i: int) -> bool:
    """Is it used and dropped in a function that takes the model from outside and may be called at any time?"""
    scope = m.calls[i].scope
    record = m.scopes[scope]
    if record.kind != "function" or record.name in _ONCE:
        return False
    if (
        context.project.repeats_of.guards.once(m, i, -1)
        or context.project.repeats_of.guards.cached(m, scope)
        or _escapes(context, m, i)
    ):
        return False
    callers = context.project.callers(m, scope)
    # a cell of a notebook is run again by hand, a script's only call is not
    return (len(callers) != 1 or m.notebook) and not context.in_tests(m)


def handed_back(context: Context, m: Module, i: int) -> Repeat | None:
    """The Repeat of a wrapper that a function makes and returns to one that others call, and that lets go of it."""
    if not models.returned_from(m, i) or _used_here(context, m, i) or context.in_tests(m):
        return None
    repeat = public.each_call(context, m, i)
    return repeat if repeat is not None and len(repeat.hops) == 2 and public.drops(*repeat.hops[0]) else None


def _escapes(context: Context, m: Module, i: int) -> bool:
    """Is the wrapper returned, kept on an object or handed to something else than its own methods?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if isinstance(statement, Return) or models.returned_from(m, i):
        return not _used_here(context, m, i)
    if isinstance(statement, Assign):
        return any(isinstance(t, (Attribute, Subscript)) for t in statement.targets) or not _used_here(context, m, i)
    return False


def _used_here(context: Context, m: Module, i: int) -> bool:
    """Is the wrapper asked for outputs in the same function?"""
    call = m.calls[i]
    values = models.values_of(context, m, i)
    for j in m.scope_calls(call.scope):
        if j == i:
            continue
        f = m.calls[j].func
        receiver = f.base if isinstance(f, Attribute) and f.attr in ("predict", "predict_on_batch", "call") else f
        if receiver is f and _on_inputs(context, m, j):
            continue  # a part of a model that is being built
        if isinstance(receiver, (Name, CallRef)) and not values.isdisjoint(
            context.infer.values(m, call.scope, receiver, m.calls[j].statement)
        ):
            return True
    return False


def _on_inputs(context: Context, m: Module, j: int) -> bool:
    """Is the model called on what `Input(…)` gave, or on the inputs of a model?"""
    call = m.calls[j]
    for argument in call.args:
        if isinstance(argument, Attribute) and argument.attr in ("inputs", "input"):
            return True
        for v in context.infer.values(m, call.scope, argument, call.statement):
            if isinstance(v, Thing) and v.kind == "tensor" and isinstance(v.origin, CallOrigin):
                if context.project.apis(context.project.module(v.origin.module), v.origin.call) & INPUTS:
                    return True
    return False
