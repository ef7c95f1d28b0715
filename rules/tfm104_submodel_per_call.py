"""Finds models that are wrapped into a new model each time they are used.

## What it does
Reports `Model(model.inputs, layer.output …)` and a `Sequential` that takes a whole model, in a function that runs again and again
(Grad-CAM, embeddings, activation plots), when the wrapper is used there and dropped, or returned to the one function that does so. A function of a
library that nothing in the project calls runs as often as others call it.

## Why is this bad?
The wrapper shares its weights, so this is no memory leak: calling it costs nothing that stays, `predict` leaves a little that
waits for a garbage collection. It is slow: each new model sets up its own predict function. Only calling an existing model on a
new `Input` each time leaves something for ever: nodes in the model's own graph.

## What was measured
KiB per call on TensorFlow 2.21: 0 with a direct call, 73-112 deferred with `predict`, 12-14 for ever when the model is called on a
new `Input`. Building the wrapper once made the same work three times faster.

## Example
```python
def embed(model, batch):
    extractor = tf.keras.Model(model.input, model.get_layer("embedding").output)
    return extractor.predict(batch)
```

Use instead:
```python
class Embedder:
    def __init__(self, model):
        self.extractor = tf.keras.Model(model.input, model.get_layer("embedding").output)
```

## Fix safety
The construction moves before a loop that does not change its arguments, into the constructor of the object whose model it wraps, or into a cached
function. All are unsafe in so far as a person should look at it: the wrapper, and a model that a cache was given, then live as long as the program.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models, saved
from tflint_mem.analysis.passes import cached, hot
from tflint_mem.analysis.program import public
from tflint_mem.analysis.tracing import frozen
from tflint_mem.facts import Assign, Attribute, CallRef, Name, Return, SequenceDisplay, Subscript
from tflint_mem.finding import LIKELY, UNSAFE
from tflint_mem.project.holds.values import Instance, SelfValue, Thing, ThingMethod
from tflint_mem.project.linking.module import walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM104"
MEASURED = (
    "memory flat with a direct call, 73-112 KiB deferred per predict (TF 2.21); built once the same work was 3x faster"
)
MEASURED_NODES = "12-14 KiB per call stay for ever: nodes in the existing model's graph (TF 2.21)"
_ENDS = frozenset(("input", "inputs", "output", "outputs", "get_layer", "layers", "get_output_at", "get_input_at"))


def find(context: Context):
    """Wrappers of an existing model in a function that repeats or is called from several places."""
    found = []
    for m, i, names in context.each(models.constructions(context)):
        if m.calls[i][3] == 0 and not m.loops(m.calls[i][4]):
            continue
        repeat = _repeat(context, m, i)
        wrapped = wraps(context, m, i, names, repeat.context if repeat is not None and repeat.local else -1)
        if wrapped:
            found.append((m, i, repeat, wrapped, names))
    wrappers = frozenset((m.index, i) for m, i, *_ in found)
    for m, i, repeat, wrapped, names in context.each(found):
        whose = _handed_back(context, m, i) if repeat is None else None
        if repeat is None and whose is None and not _per_call(context, m, i):
            continue
        nodes = wrapped == "input"
        shown = repeat or whose
        if shown is not None and models.trains(models.uses(context, models.Acquired(m, i, "build", names, shown))):
            continue  # a new model for each training: TFM102's
        if (
            not nodes
            and repeat is not None
            and repeat.context is not None
            and _of_new_model(context, m, i, repeat, wrappers)
        ):
            continue
        when = context.when(shown, m) if shown is not None else f"in each call of `{m.qualname(m.calls[i][3])}`"
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{models.text(m, i)}` wraps an existing model into a new one {when}"
            + (
                "; each adds nodes to the existing model that nothing frees"
                if nodes
                else "; the weights are shared, the set-up is paid each time"
            ),
            measured=MEASURED_NODES if nodes else MEASURED,
            help="build the wrapper once and keep it (an attribute, a module-level name, a cache)",
            severity="warning" if nodes else None,
            group="leak" if nodes else None,
            trace=context.trace(shown, "wraps the model again") if shown is not None else (),
            confidence=LIKELY if whose is not None else None,
            fix=_hoist(m, i)
            if repeat is not None and repeat.local
            else _keep(context, m, i, repeat, [(om, j) for om, j, *_ in found]),
        )


def _of_new_model(context: Context, m: Module, i: int, repeat: Repeat, wrappers):
    """Does each pass make a model, and wrap one that is not the same as before?  Then making it is the bigger part of the work."""
    bases = [
        e.base
        for argument in m.arguments(i)
        for e in walk(argument, m.calls)
        if isinstance(e, Attribute) and e.attr in _ENDS and isinstance(e.base, Name)
    ]
    return (
        bool(bases)
        and lifetimes.in_loop_of_new_models(context, repeat, wrappers)
        and not any(hot.steady(context, repeat, base) for base in bases)
    )


def wraps(context: Context, m: Module, i: int, names: frozenset[str], loop: int):
    """ "layer" when the arguments reach into an existing model, "input" when one is called on new inputs, else ""."""
    call = m.calls[i]
    if not names & {"keras.Model", "keras.Functional", "keras.Sequential"}:
        return ""
    ours = {v for v in context.infer.call_values(m, i) if isinstance(v, Thing)}
    found = ""
    for argument in (
        *call.args,
        *[k.value for k in call.keywords if k.name in ("inputs", "outputs", "input", "output", "layers")],
    ):
        for e in walk(argument, m.calls):
            base = e.base if isinstance(e, Attribute) and e.attr in _ENDS else None
            if base is not None and (
                _is_model(context, m, call, base, ours, loop)
                or e[2] == "layers"
                and _of_unknown_origin(context, m, call, base)
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
        if (
            layers is not None
            and isinstance(layers, SequenceDisplay)
            and any(_is_model(context, m, call, e, ours, loop) for e in layers[1])
        ):
            return "layer"
        found = _added(context, m, i, ours, loop)
    return found


def _is_model(context: Context, m: Module, call: Call, expression: Expression, ours, loop: int):
    """Is it a model that was made outside of this function, or at least before the loop?"""
    values = context.infer.values(m, call.scope, expression, call.statement)
    if isinstance(expression, Name) and all(isinstance(v, ThingMethod) for v in values):
        # only a Keras model has inputs and outputs that `Model(…)` takes; a parameter of unknown origin comes from outside
        return any(b.kind == "param" for b in m.bindings(call.scope).get(expression.id, ()))
    for v in values:
        if isinstance(v, Thing) and v.kind == "model" and v not in ours:
            if v.origin is None or v.origin[0] != m.index or not isinstance(v.origin[1], int):
                if not _made_here(context, m, call, expression, loop):
                    return True
                continue
            origin = m.calls[v.origin[1]]
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


def _of_unknown_origin(context: Context, m: Module, call: Call, expression: Expression):
    """An attribute of the object that nothing is known about, set in another method: what it has as `layers` makes it a model."""
    if (
        not isinstance(expression, Attribute)
        or expression.base != Name("self")
        or context.infer.values(m, call.scope, expression, call.statement)
    ):
        return False
    return not any(
        s and isinstance(s, Assign) and expression in s.targets
        for s in map(m.statements.__getitem__, m.scope_statements(call.scope))
    )


def _made_here(context: Context, m: Module, call: Call, expression: Expression, loop: int):
    """Is it a name that this function (in the loop: this pass) gave to the result of a function that makes a model each time?"""
    if isinstance(expression, CallRef):
        return _fresh(context, m, expression.number)
    if not isinstance(expression, Name):
        return False
    bindings = context.infer.reaching(m, m.bindings(call.scope).get(expression.id, ()), call.statement)
    return bool(bindings) and all(
        kind == "assign"
        and isinstance(value, CallRef)
        and not path
        and (loop == -1 or m.inside(m.statements[statement][2], loop))
        and _fresh(context, m, value.number)
        for kind, statement, _, value, path in bindings
    )


def _fresh(context: Context, m: Module, i: int):
    """Does each call of the project's function make a new model: is neither it nor what it returns cached?"""
    guards = context.project.repeats_of.guards
    if any(guards.cached(fm, scope) for fm, scope in context.project.functions_called(m, i)):
        return False
    origins = [v.origin for v in context.infer.call_values(m, i) if isinstance(v, Thing) and v.kind == "model"]
    return bool(origins) and all(
        o is not None and isinstance(o[1], int) and not guards.once(context.project.module(o[0]), o[1], -1)
        for o in origins
    )


def _added(context: Context, m: Module, i: int, ours, loop: int):
    """`new = Sequential(); new.add(existing_model)`."""
    call, key = m.calls[i], ("added to", m.index, m.calls[i].scope)
    if key not in context.memo:
        added = context.memo[key] = {}  # value -> calls that add something to it
        for j in m.scope_calls(call.scope):
            other = m.calls[j]
            if isinstance(other.func, Attribute) and other.func.attr == "add" and other.args:
                for v in context.infer.values(m, call.scope, other.func.base, other.statement):
                    added.setdefault(v, []).append(j)
    to_ours = {j for v in ours for j in context.memo[key].get(v, ()) if j > i}
    return "layer" if any(_is_model(context, m, call, m.calls[j][1][0], ours, loop) for j in sorted(to_ours)) else ""


def _repeat(context: Context, m: Module, i: int):
    for repeat in context.repeats(m, i):
        if repeat.count is not None and repeat.count <= 3 or models.kept(context, repeat):
            continue
        if repeat.kind == "recursion":
            continue  # one wrapper for each part of a nested model
        return repeat
    return None


def _per_call(context: Context, m: Module, i: int):
    """Used and dropped in a function that takes the model from outside and may be called at any time."""
    scope = m.calls[i].scope
    record = m.scopes[scope]
    if record.kind != "function" or record.name in ("__init__", "build", "setup", "main", "__new__"):
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


def _handed_back(context: Context, m: Module, i: int):
    """The Repeat of a wrapper that a function makes and returns to one that is there for others to call, and that lets go of it; or None."""
    if not models.returned_from(m, i) or _used_here(context, m, i) or context.in_tests(m):
        return None
    repeat = public.each_call(context, m, i)
    return repeat if repeat is not None and len(repeat.hops) == 2 and public.drops(*repeat.hops[0]) else None


def _escapes(context: Context, m: Module, i: int):
    """Is the wrapper returned, kept on an object or handed to something else than its own methods?"""
    call = m.calls[i]
    statement = m.statements[call.statement]
    if isinstance(statement, Return) or models.returned_from(m, i):
        return not _used_here(context, m, i)
    if isinstance(statement, Assign):
        return any(isinstance(t, (Attribute, Subscript)) for t in statement.targets) or not _used_here(context, m, i)
    return False


def _used_here(context: Context, m: Module, i: int):
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


def _on_inputs(context: Context, m: Module, j: int):
    """Is the model called on what `Input(…)` gave, or on the inputs of a model?"""
    call = m.calls[j]
    for argument in call.args:
        if isinstance(argument, Attribute) and argument.attr in ("inputs", "input"):
            return True
        for v in context.infer.values(m, call.scope, argument, call.statement):
            if isinstance(v, Thing) and v.kind == "tensor" and v.origin is not None and isinstance(v.origin[1], int):
                if context.project.apis(context.project.module(v.origin[0]), v.origin[1]) & {
                    "keras.Input",
                    "keras.layers.Input",
                }:
                    return True
    return False


def _hoist(m: Module, i: int):
    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        edits, _ = do.outermost_loop(
            view, call, lambda loop: do.hoist_call(view, call, loop, models.local_name(m, i) or "submodel")
        )
        return UNSAFE, "Build the wrapper once before the loop", edits

    return fix


def _keep(context: Context, m: Module, i: int, repeat: Repeat, peers):
    """Build the wrapper in the constructor of the object whose model it wraps, or in a cached function; or why neither is right."""
    if not m.calls[i].scope or m.scopes[m.calls[i].scope].kind != "function":
        return "it stands in no function"
    changed = saved.changing(context, m, i, -1)
    if changed:
        return f"each call changes the wrapper: {changed}"
    own = {
        e.attr
        for argument in m.arguments(i)
        for e in walk(argument, m.calls)
        if isinstance(e, Attribute) and e.base == Name("self")
    }
    if own and m.is_method(m.calls[i].scope):
        again = next(
            (name for name in sorted(own) if frozen.is_set(context, m, m.scopes[m.calls[i].scope].parent, name)), ""
        )
        return f"{again} may become another one" if again else _in_constructor(m, i)
    if repeat is None:
        return "each caller may have a model of its own"
    varying = cached.varying(context, m, i, repeat)
    if varying:
        return f"{varying} may be another one in each call"
    return cached.loader(
        context,
        m,
        i,
        peers,
        verb="build",
        noun="submodel",
        message="Build the wrapper once, behind a cache",
        by_name=True,
    )


def _in_constructor(m: Module, i: int):
    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        return (
            UNSAFE,
            "Build the wrapper once, in the constructor",
            do.into_constructor(view, call, (models.local_name(m, i) or "submodel").strip("_")),
        )

    return fix
