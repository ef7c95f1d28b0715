"""Finds Keras' `predict` called for one sample, frame or step at a time.

## What it does
Reports `predict` of a Keras model at a place that repeats: a loop or comprehension, a function that is called for each
frame, step or node (also from another file), `map`, a worker, a callback per batch. The receiver must be a Keras model:
`predict` of scikit-learn, XGBoost, a Kalman filter, a wrapper, or a subclass that overrides it is another thing. Up to
eight passes, whole arrays (the parts of a cross-validation, one prediction for each trained model) and one prediction
per request stay silent.

## Why is this bad?
`predict` is made for large arrays: each call sets up a data pipeline, callbacks and a progress bar, whatever the size
of the input. For one sample that set-up is nearly all the time. It is slow, but it is no memory leak: what it leaves is
collected.

## What was measured
Milliseconds per call for one small batch (TensorFlow 2.8, 2.15 and 2.21, CPU; good for ratios only): `predict` 41-64,
`model(x)` 1.7-2.8, `predict_on_batch` 1.1 (23 on 2.15 and 2.8), a `tf.function` around the model 0.8-1.0. Memory: 0-4
KiB per call stay on 2.4 to 2.21.

Inputs of ever new element shapes (images of their own sizes, texts of their own lengths) are another thing: each new
shape keeps 74-120 KiB on 2.21, with no end in 600 calls. A direct call keeps nothing.

In graph mode (TF1, or eager execution switched off) `predict` takes 0.7 ms and `predict_on_batch` 0.4; calling the
model there is no cure, since each call adds operations to the graph (9 for two layers).

## Example
```python
for frame in frames:
    scores = model.predict(frame[np.newaxis])
```

Use instead one call for all:
```python
scores = model.predict(frames)
```

or, where samples arrive one by one:
```python
for frame in frames:
    scores = model(frame[np.newaxis], training=False).numpy()
```

## Fix safety
The fix calls the model directly where it surely gives one tensor, else, and in graph mode, `predict_on_batch`. There is
none where the input may be a whole data set: both take it at once. It is unsafe: a direct call skips an overridden
`predict_step` and callbacks.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import lifetimes, outputs
from tflint_mem.analysis.passes import hot, shapes
from tflint_mem.analysis.program import backends, modes
from tflint_mem.facts import (
    Assign,
    Attribute,
    BinaryOp,
    CallRef,
    Comprehension,
    Constant,
    DictDisplay,
    For,
    Name,
    SequenceDisplay,
    Slice,
    Subscript,
)
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Instance, MethodValue, SelfValue, Thing, ThingMethod
from tflint_mem.project.linking.module import tail_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM201"
SWEEPS = True
MEASURED = (
    "not a leak (0-4 KiB per call stay, TF 2.4-2.21); 41-64 ms per call against 1.7-2.8 ms for `model(x)` "
    "and 0.8-1.0 ms in a tf.function (ratios from a small CPU)"
)
MEASURED_GRAPH = (
    "not a leak; 0.7 ms per call in graph mode against 0.4 ms for `predict_on_batch` (Keras 2 on TF 2.21; ratios from a small CPU); "
    "`model(x)` adds operations to the graph there"
)
MEASURED_SHAPES = (
    "74-120 KiB stay for each new shape of the elements, with no end in 600 calls (TF 2.21); a direct call keeps 0. "
    "41-64 ms per call against 1.7-2.8 ms for `model(x)`"
)
_HELP_SHAPES = "call the model: model(x, training=False), or resize or pad the input to a few shapes"
_HELP = "predict once on one array of all samples, or call the model: model(x, training=False)"
_HELP_GRAPH = "predict once on one array of all samples, or call predict_on_batch(x)"
PREDICTS = frozenset(("predict", "predict_classes", "predict_proba"))
APIS = frozenset("model." + name for name in PREDICTS)
_WITHOUT_PREDICT = ("ext:transformers.", "ext:torch.", "ext:onnxruntime.")  # their models have no such method
_OF_GENERATORS = frozenset(
    ("steps", "workers", "use_multiprocessing", "max_queue_size")
)  # said only where many batches are predicted
FEW = 8  # calls: less than half a second in all


def find(context: Context):
    """Calls of Keras' own `predict` that repeat over something small."""
    for m, i, _ in context.calls(PREDICTS, APIS):
        if context.in_tests(m) or _mixed(context, m, i) or _stands_in(m, i) or backends.other(context, m):
            continue  # on JAX predict is no slower than a call: 1.1 against 1.4 ms
        repeat = next((r for r in hot.repeats(context, m, i) if _hot_enough(context, m, i, r)), None)
        if repeat is None:
            continue
        graph = modes.in_graph(context, m)
        data = _data(context, m, i)
        shape = None if graph or data is None else shapes.argument(context, repeat, data)
        why = (
            "each call checks and slices its input and runs callbacks for one small batch"
            if graph
            else "each call sets up a data pipeline of its own, whatever the size of the input"
        )
        if shape is not None:
            why = f"it is given {shape.what}, and for each new shape it traces a graph that stays"
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{_text(m, i)}` runs Keras' predict {context.when(repeat, m)}: {why}",
            measured=MEASURED_GRAPH if graph else MEASURED_SHAPES if shape else MEASURED,
            help=_HELP_GRAPH if graph else _HELP_SHAPES if shape else _HELP,
            severity="warning" if shape else None,
            group="leak" if shape else None,
            persona="pedantic"
            if graph and modes.by_itself(context, m)
            else None,  # 0.3 ms per call: nobody waits for that
            trace=context.trace(repeat, "runs a whole prediction" if graph else "sets up a prediction pipeline"),
            fix=_fix(context, m, i, repeat, graph),
        )


def _hot_enough(context: Context, m: Module, i: int, repeat: Repeat):
    """Does this repeat call predict often, with little to do for each?"""
    if repeat.kind in hot.ONE_OFF or hot.per_epoch(context, repeat) or hot.waits(context, repeat):
        return False
    if repeat.count is not None and repeat.count <= FEW:
        return False
    if any(name in _OF_GENERATORS for name, _ in m.calls[i].keywords):
        return False
    data = _data(context, m, i)
    if data is None or hot.single(context, m, i, data):
        return True
    if _whole_set(context, m, i, data):
        return False
    if hot.folds(repeat) or repeat.kind == "recursion":
        return False  # a recursion that predicts all that it has left does so a few times
    if hot.trains(context, repeat) and hot.now_and_then(repeat):
        return False
    receiver = context.receiver(m, i)
    values = context.infer.values(m, m.calls[i].scope, receiver, m.calls[i].statement)
    if not hot.steady(context, repeat, receiver) or lifetimes.new_in_loop(
        context, repeat, values, loaded=hot.trains(context, repeat)
    ):
        return False  # another model in each pass: one prediction for each of them
    if hot.steady(context, repeat, data):
        return not hot.trains(context, repeat)  # else a score after each training
    return not _in_batches(context, m, i)


def _whole_set(context: Context, m: Module, i: int, data):
    """Is it a data set of batches: by its kind, or as its function goes through it, too: `for x, y in data:`?"""
    if "dataset" in context.kinds(m, i, data):
        return True
    for s in m.scope_statements(m.calls[i].scope) if isinstance(data, Name) else ():
        statement = m.statements[s]
        if (
            statement
            and isinstance(statement, For)
            and statement.iterable == data
            and isinstance(statement.target, SequenceDisplay)
        ):
            return True
    return False


def _mixed(context: Context, m: Module, i: int):
    """May the receiver as well be something of another library, or a class of the project with a `predict` of its own?

    A parameter is a Keras model when one of the callers passes nothing else.
    """
    return any(_strange(context, v) for v in context.infer.callee(m, i)) and not _given_model(
        context, m, m.calls[i].scope, context.receiver(m, i)
    )


def _strange(context: Context, v: Value):
    if isinstance(v, ThingMethod):
        return (
            isinstance(v.receiver, Thing)
            and v.receiver.kind.startswith("ext:")
            and not v.receiver.kind.startswith(_WITHOUT_PREDICT)
        )
    return (
        isinstance(v, MethodValue)
        and isinstance(v.receiver, (Instance, SelfValue))
        and context.infer.class_kind(context.project.module(v.receiver.module), v.receiver.scope) != "model"
    )


def _given_model(context: Context, m: Module, scope: int, e: Expression, depth=0):
    """Is it a parameter, or an attribute that holds one, for which a caller passes a Keras model and nothing else, or such a parameter?"""
    if isinstance(e, Attribute) and e.base == Name("self") and m.is_method(scope):
        kept = context.infer.attribute_assignments(m, m.scopes[scope].parent).get(e.attr, ())
        return bool(kept) and all(
            value == Constant(None) or isinstance(value, Name) and _given_model(context, m, function, value, depth)
            for function, _, value, _, _ in kept
        )
    bindings = m.bindings(scope).get(e.id, ()) if isinstance(e, Name) else ()
    if len(bindings) != 1 or bindings[0].kind != "param" or depth > 3:
        return False
    for caller, j, how in context.project.callers(m, scope):
        given = context.infer.argument(m, scope, bindings[0].value, caller, j)
        if given is not None:
            call = caller.calls[j]
            values = context.infer.values(caller, call[3], given, call[5])
            if values and all(
                isinstance(v, Thing)
                and v.kind == "model"
                or isinstance(v, Instance)
                and context.infer.class_kind(context.project.module(v.module), v.scope) == "model"
                for v in values
            ):
                return True
            if isinstance(given, Name) and _given_model(context, caller, call[3], given, depth + 1):
                return True
    return False


def _stands_in(m: Module, i: int):
    """Does the other branch of a condition on the version call the same model directly?  Then `predict` is for those that cannot."""
    receiver, scope = m.calls[i].func[1], m.calls[i].scope
    around = {m.contexts[c][2]: c for c in modes.version_tests(m, i)}
    return bool(around) and any(
        m.calls[j].func == receiver and any(around.get(m.contexts[c][2], c) != c for c in modes.version_tests(m, j))
        for j in m.scope_calls(scope)
    )


def _in_batches(context: Context, m: Module, i: int):
    """Is predict told how to split the input, as for a large array?"""
    size = context.argument(m, i, 1, "batch_size")
    return (
        size is not None
        and size != Constant(1)
        and size != Constant(None)
        or context.argument(m, i, 3, "steps") is not None
    )


def _data(context: Context, m: Module, i: int):
    return context.argument(m, i, 0, "x")


def _text(m: Module, i: int):
    from tflint_mem.analysis.models.models import text

    return text(m, i)


# -- the fix --------------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, i: int, repeat: Repeat, graph):
    data = _data(context, m, i)
    if tail_of(m.calls[i].func) != "predict":
        return f"{tail_of(m.calls[i].func)} does more than call the model"
    if data is None or not _only_keras(context, m, i):
        return "the receiver may be another kind of model" if data is not None else "nobody sees the data"
    kinds = context.kinds(m, i, data)
    if kinds & {"dataset", "iterator", "sequence"} or isinstance(data, (Comprehension, DictDisplay)):
        return "a data set cannot be handed to the model itself"
    if not _small(context, m, i, data, 0):
        return "the input may be a whole data set, which predict splits into batches and a direct call does not"
    several = outputs.several(context, m, m.calls[i].scope, context.receiver(m, i), m.calls[i].statement)
    if several is None:
        several = _several_outputs(context, m, i, data) or not outputs.used_as_array(context, m, i)
    direct = not (
        several or isinstance(data, SequenceDisplay) or graph or _own_step(context, m, i) or _maybe_first(context)
    )

    def fix(fx: FixContext):
        from tflint_mem.codemod.predictions import on_one_row

        edits = on_one_row(fx.source, m.calls[i].pos, batch=not direct) if m is fx.m else None
        if edits is None:
            from tflint_mem.codemod import operations as do

            view, call = fx.at(m, i)
            edits = do.predict_to_call(view, call) if direct else do.predict_to_on_batch(view, call)
        return UNSAFE, "Call the model directly" if direct else "Use predict_on_batch", edits

    return fix


def _maybe_first(context: Context):
    """Do the requirements admit TensorFlow 1, whose tensors have no `numpy()`?"""
    low = context.project.versions.range().low
    return low is not None and low < (2, 0)


_FEW_ROWS = 1024
_RECORD = 3  # names that one pass takes apart: a step that was remembered, not a data set
_ONE_THING = frozenset(
    (
        "frame",
        "image",
        "img",
        "photo",
        "picture",
        "sample",
        "row",
        "state",
        "obs",
        "observation",
        "batch",
        "window",
        "patch",
        "crop",
        "face",
        "board",
        "sequence",
        "line",
        "point",
        "item",
        "example",
    )
)


def _small(context: Context, m: Module, i: int, e: Expression, depth):
    """Is the input surely one sample or one batch, as a direct call takes it?"""
    if depth > 3:
        return False
    if hot.single(context, m, i, e) or isinstance(e, SequenceDisplay):
        return True
    if isinstance(e, SequenceDisplay):  # rows that are written out
        return bool(e[1]) and all(
            isinstance(item, SequenceDisplay) or _small(context, m, i, item, depth + 1) for item in e[1]
        )
    scope, at = m.calls[i].scope, m.calls[i].statement
    if isinstance(e, Subscript) and e.index is not None and isinstance(e.index, Slice):
        low, high = e.index.low, e.index.high
        return high is not None and (
            low is None
            and _is_few(high)
            or low is not None
            and isinstance(high, BinaryOp)
            and high.op == "+"
            and low in high[2:4]
        )
    if isinstance(e, BinaryOp):
        return any(_small(context, m, i, side, depth) for side in e[2:4])
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        shape = (
            call.args[0]
            if call.args
            and tail_of(call.func) in ("ones", "zeros", "full", "rand", "randn", "random", "normal", "uniform")
            else None
        )
        if shape is not None:
            return _is_few(shape[1][0] if isinstance(shape, SequenceDisplay) and shape[1] else shape)
        if isinstance(call.func, Attribute) and tail_of(call.func) in ("astype", "copy", "numpy"):
            return _small(context, m, i, call.func.base, depth)
        return (
            len(call.args) == 1
            and tail_of(call.func) in ("convert_to_tensor", "constant", "asarray", "preprocess_input")
            and _small(context, m, i, call.args[0], depth)
        )
    if not isinstance(e, Name):
        return False
    bindings = m.bindings(scope).get(e.id, ())
    reaching = context.infer.reaching(m, bindings, at) if len(bindings) > 1 else bindings
    return bool(reaching) and all(_small_binding(context, m, i, e.id, b, depth) for b in reaching)


def _is_few(e: Expression):
    return isinstance(e, Constant) and isinstance(e.value, int) and 0 < e.value <= _FEW_ROWS


def _small_binding(context: Context, m: Module, i: int, name: str, binding, depth):
    kind, _, scope, value, path = binding
    if kind == "iter":
        target = (
            m.statements[binding[1]][5]
            if m.statements[binding[1]] is not None and isinstance(m.statements[binding[1]], For)
            else ("", ())
        )
        if isinstance(target, SequenceDisplay) and len(target[1]) >= _RECORD:
            return True
        return name.lower().rstrip("s0123456789_").rpartition("_")[2] in _ONE_THING or context.kinds(
            m, i, F.Name(name)
        ) == {"tensor"}
    if kind == "assign":
        if path:
            return name.rpartition("_")[2] in _ONE_THING
        return (
            value != Name(name) and _small(context, m, i, value, depth + 1) or context.kinds(m, i, value) == {"tensor"}
        )
    if kind != "param":
        return False
    given = [
        (other, j, context.infer.argument(m, scope, value, other, j))
        for other, j, how in context.project.callers(m, scope)
        if how == "call"
    ]
    if not given or any(argument is None for _, _, argument in given):
        return name in _ONE_THING
    return all(name in _ONE_THING or _small(context, other, j, argument, depth + 1) for other, j, argument in given)


def _only_keras(context: Context, m: Module, i: int):
    """Is the receiver a Keras model for every caller?  A model of scikit-learn could not be called."""
    return all(
        context.project.infer.class_kind(context.project.module(v.module), v.scope) == "model"
        if isinstance(v, (Instance, SelfValue))
        else not isinstance(v, Thing) or v.kind == "model"
        for v in context.infer.values(m, m.calls[i].scope, context.receiver(m, i), m.calls[i].statement)
    )


def _several_outputs(context: Context, m: Module, i: int, data):
    """Is the result taken apart into several outputs: `mask, score = …`, or `out[1]` for one sample?"""
    statement = m.statements[m.calls[i].statement]
    if not isinstance(statement, Assign) or statement.value != CallRef(i):
        return False
    if any(isinstance(t, SequenceDisplay) for t in statement.targets):
        return True
    second = [("x", t, Constant(1)) for t in statement.targets]
    return hot.single(context, m, i, data) and any(
        e[:3] in second
        for s in m.scope_statements(m.calls[i].scope)
        if m.statements[s]
        for e in _statement(m, m.statements[s])
    )


def _statement(m: Module, statement: int):
    from tflint_mem.analysis.models.models import walk_statement

    return walk_statement(m, statement)


def _own_step(context: Context, m: Module, i: int):
    """Does the receiver's class define a `predict_step` that a direct call would skip?"""
    project = context.project
    receiver = context.receiver(m, i)
    call = m.calls[i]
    for v in context.infer.values(m, call.scope, receiver, call.statement):
        if isinstance(v, (Instance, SelfValue)) and context.infer.lookup(
            project.module(v.module), v.scope, "predict_step"
        ):
            return True
    return False
