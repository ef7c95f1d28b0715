"""Finds model outputs that are kept as tensors across a long loop.

## What it does
Reports the statement that puts the output tensor of a model into a list, a dictionary or an attribute for each sample,
batch, frame or request. Losses, means, labels and single elements are no outputs, and a container that begins anew, is
cut or has a maximal length does not grow. Where all outputs are joined or handed on behind the loop it is only a hint.

## Why is this bad?
Each tensor keeps its own memory; on a GPU that is device memory, and the loop ends when the device is full. A tensor
does not keep the tape or the graph it came from: scalar losses in a list and running sums are no leak.

## What was measured
TensorFlow 2.21 and 2.15: 64.7 KiB per kept output of 64 KiB, 0 for scalars. `.numpy()` keeps the same bytes on the CPU
and frees the GPU.

## Example
```python
for batch in dataset:
    outputs.append(network(batch))
```

Use instead, when a number is enough:
```python
for batch in dataset:
    means.append(float(tf.reduce_mean(network(batch))))
```

Or `outputs.append(network(batch).numpy())`, so that the outputs wait in host memory.

## Fix safety
The fix appends `.numpy()`. It is unsafe: what reads the container then finds arrays.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import models, outputs
from tflint_mem.analysis.passes import hot, kept, variance
from tflint_mem.facts import Attribute, CallRef, Constant, ExprStatement, Name, Return, Slice, Subscript
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Decorated, SequenceValue, Thing, TupleValue
from tflint_mem.project.linking.module import tail_of, walk
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM204"
SWEEPS = True
MEASURED = "64.7 KiB per kept output of 64 KiB (TF 2.21); `.numpy()` keeps as much on the CPU and frees the GPU; scalar losses: 0"
SHORT = 50  # passes up to which a loop is not long
MAX_DEPTH = 4
MEASURED_GRADIENTS = "1350 KiB per kept gradient of an input of 100 x 3253 (TF 2.21): its own size; `.numpy()` keeps as much on the CPU and frees the GPU"
MEASURED_PREDICTIONS = "4021 KiB per epoch for predictions of 2000 x 512 (TF 2.21): their own size"
_OUTPUTS = frozenset(("model.__call__", "saved_model.__call__", "model.call"))
_GRADIENTS = frozenset(("tape.gradient", "tape.jacobian", "tape.batch_jacobian"))
_PREDICTIONS = frozenset(("model.predict", "model.predict_on_batch"))
_SAME_SIZE = frozenset(
    (
        "tf.cast",
        "tf.identity",
        "tf.squeeze",
        "tf.reshape",
        "tf.expand_dims",
        "tf.transpose",
        "tf.stop_gradient",
        "tf.sigmoid",
        "tf.tanh",
        "tf.nn.softmax",
        "tf.nn.sigmoid",
        "tf.nn.relu",
        "tf.nn.l2_normalize",
        "tf.nn.log_softmax",
        "tf.math.sigmoid",
        "tf.math.l2_normalize",
        "tf.image.resize",
        "tf.clip_by_value",
        "tf.linalg.l2_normalize",
        "tf.math.softmax",
    )
)


def find(context: Context):
    """Keeping statements in long loops whose value is a model's output."""
    for m in _near_models(context):
        for scope in range(len(m.scopes)):
            if m.scopes[scope][F.S_KIND] == "class":
                continue
            for keeping in kept.in_scope(context, m, scope):
                draft = _draft(context, keeping)
                if draft is not None:
                    yield draft


def _near_models(context: Context):
    """Goes through modules that make or load models, those that they import, and those that import them (twice removed, too); no tests."""
    imports, found = context.project.imports, set()
    for m in {
        acquired.m for acquired in (*models.builds(context), *models.loads(context)) if not context.in_tests(acquired.m)
    }:
        near = {m.index, *imports.direct(m), *imports.importers(m)}
        found |= near.union(*(imports.importers(context.project.module(index)) for index in imports.importers(m)))
    return (m for m in map(context.project.module, context.among(sorted(found))) if not context.in_tests(m))


def _draft(context: Context, keeping):
    m, s = keeping.m, keeping.s
    statement = m.statements[s]
    if not m.loops(statement[2]) and (
        isinstance(keeping.container, Name) and keeping.container.id in m.bindings(statement[1]) or statement[1] == 0
    ):
        return None
    made = next(
        (
            call
            for call in (_output(context, m, statement[1], value, s, 0) for value in keeping.values)
            if call is not None
        ),
        None,
    )
    if (
        made is None
        or context.project.versions.graph_mode(m)
        or context.project.compiled(m, statement[1])
        or _symbolic(context, m, made)
    ):
        return None
    repeat = _long(context, keeping, made)
    if repeat is None:
        return None
    fate = kept.fate(context, keeping, repeat.context if repeat.local else -1)
    if fate in (kept.BOUNDED, kept.UNKNOWN):
        return None
    pos = kept.position(m, s)
    needed = fate == kept.ALL
    what, measured, help = _words(context.project.apis(m, made))
    where = "" if measured is MEASURED_PREDICTIONS else " on the device"
    return Draft(
        code=CODE,
        m=m,
        pos=pos,
        message=f"keeps {what} {context.when(repeat, m)}"
        + (f"; all of them wait{where} until the end" if needed else "; their memory adds up"),
        measured=measured,
        help=help,
        severity="hint" if needed else None,
        trace=context.trace(repeat, "makes the output", TraceStep(m, pos[0], pos[1], "keeps it"))
        if repeat.hops[-1] == (m, made)
        else (),
        fix="arrays take as much on the host"
        if measured is MEASURED_PREDICTIONS
        else _fix(context, m, s, keeping, made),
        noqa_row=statement[4],
        site=s,
    )


def _words(names: frozenset[str]):
    """(what is kept, what was measured, help) for what a call of these names gives."""
    if names & _PREDICTIONS:
        return (
            "the predictions of a whole input",
            MEASURED_PREDICTIONS,
            "keep what is needed of them (a score, a running mean), or write them to a file",
        )
    numpy = "keep a number of it, or `.numpy()`, which frees the GPU"
    if names & _GRADIENTS:
        return "gradients", MEASURED_GRADIENTS, "add them up, or " + numpy
    return "a model's output tensor", MEASURED, numpy


def _in_callback(context: Context, m: Module, scope: int):
    """Is it a method of a Keras callback?  What `predict` gives elsewhere is what the program wants."""
    return m.is_method(scope) and context.infer.class_kind(m, m.scopes[scope].parent) == "callback"


# -- what is kept -----------------------------------------------------------------------------------------------------------


def _output(context: Context, m: Module, scope: int, e: Expression, at: int, depth):
    """The call in this scope whose result, a model's output of full size, the expression is; else None."""
    if depth > MAX_DEPTH:
        return None
    tag = e[0]
    if tag == "c":
        names = context.project.apis(m, e[1])
        if (
            names & _OUTPUTS
            or names & _GRADIENTS
            or names & _PREDICTIONS
            and _in_callback(context, m, scope)
            or "tf.function.__call__" in names
            and _wraps_model(context, m, e[1])
        ):
            return e[1]
        if names & _SAME_SIZE and m.calls[e[1]].args:
            return _output(context, m, scope, m.calls[e[1]].args[0], at, depth + 1)
        if any(_returns_output(context, fm, fs, depth + 1) for fm, fs in context.project.functions_called(m, e[1])):
            return e[1]
        return None
    if tag == "n":
        bindings = context.infer.reaching(m, m.bindings(scope).get(e[1], ()), at) if e[1] in m.bindings(scope) else ()
        if len(bindings) == 1 and bindings[0][0] == "assign":
            value = bindings[0][3]
            if not bindings[0][4] or isinstance(value, CallRef) and context.project.apis(m, value.number) & _GRADIENTS:
                return _output(context, m, scope, value, bindings[0][1], depth + 1)
        return None
    if tag == "x" and e[2] is not None and isinstance(e[2], (Constant, Slice)):
        return _output(context, m, scope, e[1], at, depth + 1)
    return None


def _wraps_model(context: Context, m: Module, i: int):
    """Is the called `tf.function` made from a model itself?"""
    for v in context.infer.callee(m, i):
        if (
            isinstance(v, Thing)
            and v.kind == "tf.function"
            and v.origin is not None
            and isinstance(v.origin[1], int)
            and not isinstance(v.origin, Decorated)
        ):
            om = context.project.module(v.origin[0])
            given = om.calls[v.origin[1]][1]
            if given and "model" in context.project.kinds(
                om, om.calls[v.origin[1]][3], given[0], om.calls[v.origin[1]][5]
            ):
                return True
    return False


def _returns_output(context: Context, m: Module, scope: int, depth):
    """Does every `return` of a function give a model's output?"""
    key = ("returns output", m.index, scope)
    if key not in context.memo:
        context.memo[key] = False  # in a recursion the other returns decide
        returned = [
            (s, m.statements[s][5])
            for s in m.scope_statements(scope)
            if m.statements[s] and isinstance(m.statements[s], Return)
        ]
        context.memo[key] = (
            bool(returned)
            and depth <= MAX_DEPTH
            and all(e is not None and _output(context, m, scope, e, s, depth) is not None for s, e in returned)
        )
    return context.memo[key]


def _symbolic(context: Context, m: Module, made):
    """Is the call part of building a functional model: on what `keras.Input` or a new layer gave, or in a function that makes layers and models?"""
    call = m.calls[made]
    for value in (*call[1], *[v for _, v in call[2]]):
        for v in _flat(context.infer.values(m, call[3], value, call[5])):
            if isinstance(v, Thing) and v.kind == "tensor" and v.origin is not None and isinstance(v.origin[1], int):
                om = context.project.module(v.origin[0])
                if context.project.apis(om, v.origin[1]) & {"keras.Input", "keras.layers.Input"} or _new_layer(
                    context, om, v.origin[1]
                ):
                    return True
    return call[3] > 0 and any(
        context.project.apis(m, k) & {"keras.Model", "keras.Functional"} or _new_layer(context, m, k)
        for k in m.scope_calls(call[3])
    )


def _flat(values):
    """The values, and those in lists and tuples."""
    for v in values:
        yield v
        if isinstance(v, SequenceValue):
            yield from v.values
        elif isinstance(v, TupleValue):
            for item in v.items:
                yield from item


def _new_layer(context: Context, m: Module, i: int):
    """`Dense(8)(x)`: the layer is made for this call."""
    f = m.calls[i].func
    return isinstance(f, CallRef) and any(
        name.startswith("keras.layers.") for name in context.project.apis(m, f.number)
    )


# -- how long ----------------------------------------------------------------------------------------------------------------


def _long(context: Context, keeping, made):
    """A long repeat over data, in which the container goes on."""
    m, s = keeping.m, keeping.s
    statement = m.statements[s]
    own = (
        isinstance(keeping.container, Name)
        and keeping.container.id in m.bindings(statement[1])
        and keeping.container.id not in m.global_names(statement[1])
    )
    fresh = [m.statements[e][2] for e in kept.empty_at(context, m, statement[1], keeping.container)]
    for repeat in context.repeats(m, made):
        if (
            repeat.kind not in ("loop", "while", "handler", "callback")
            or repeat.handed
            or repeat.count is not None
            and repeat.count <= SHORT
        ):
            continue
        if repeat.local:  # a container that an outer loop makes anew has an end
            if not m.inside(statement[2], repeat.context) or any(m.loops(place) for place in fresh):
                continue
        elif own or fresh:
            continue
        if _over_data(context, m, made, repeat) and not (repeat.local and hot.compiled_somewhere(context, m, made)):
            return repeat
    return None


def _over_data(context: Context, m: Module, made, repeat: Repeat):
    """Does what the model is asked come from the loop's variable, or from reading something that is not its own output?"""
    call = m.calls[made]
    values = [*call[1], *[v for _, v in call[2]]]
    if repeat.kind == "callback" and context.project.apis(m, made) & _PREDICTIONS:
        return True  # of the same input, by a model that goes on learning
    how = max((variance.of(context, repeat, value) for value in values), default=variance.SAME)
    if how == variance.TARGET:
        return True
    return (
        how == variance.CHANGED
        and repeat.kind in ("while", "handler")
        and not any(_feeds_itself(context, m, call[3], value, call[5], 0) for value in values)
    )


def _feeds_itself(context: Context, m: Module, scope: int, e: Expression, at: int, depth):
    """Is the argument computed from the model's output of the pass before?"""
    if depth > MAX_DEPTH:
        return False
    for part in walk(e, m.calls):
        if isinstance(part, CallRef) and _output(context, m, scope, part, at, 0) is not None:
            return True
        if isinstance(part, Name) and part.id in m.bindings(scope):
            for binding in context.infer.reaching(m, m.bindings(scope)[part.id], at):
                if binding[0] == "assign" and binding[1] != at:
                    key = ("feeds itself", m.index, binding[1], depth + 1)
                    if key not in context.memo:
                        context.memo[key] = _feeds_itself(context, m, scope, binding[3], binding[1], depth + 1)
                    if context.memo[key]:
                        return True
    return False


def _methods_wanted(m: Module, keeping):
    """Does the module ask kept tensors for `.numpy()` already?"""
    return any(
        isinstance(m.calls[k].func, Attribute) and isinstance(m.calls[k].func[1], (Name, Subscript))
        for k in m.calls_by_tail().get("numpy", ())
    )


def _fix(context: Context, m: Module, s: int, keeping, made):
    if not isinstance(m.statements[s], ExprStatement):
        return "it is not put into a list"
    if _methods_wanted(m, keeping):
        return "what is kept is asked for .numpy() elsewhere"
    value = m.calls[m.statements[s][5][1]].args[:1] if isinstance(m.statements[s][5], CallRef) else ()
    if not (value and _one_tensor(context, m, s, value[0], made)):
        return "the model may give several outputs"
    return _numpy(m, s)


def _one_tensor(context: Context, m: Module, s: int, e: Expression, made, depth=0):
    """Is what is kept one tensor: what an operation gives, or the output of a model that surely has one?"""
    if isinstance(e, Name):
        bindings = context.infer.reaching(m, m.bindings(m.statements[s].scope).get(e.id, ()), s)
        e = bindings[0][3] if len(bindings) == 1 and bindings[0][0] == "assign" and not bindings[0][4] else e
    if isinstance(e, CallRef) and context.project.apis(m, e.number) & _SAME_SIZE:
        return True
    names, call = context.project.apis(m, made), m.calls[made]
    if outputs.used_as_array(context, m, made):
        return True
    if names & _OUTPUTS:
        model = call[0].base if "model.call" in names and isinstance(call[0], Attribute) else call[0]
        return outputs.several(context, m, call[3], model, call[5]) is False
    for v in context.infer.callee(m, made):
        if (
            isinstance(v, Thing)
            and v.kind == "tf.function"
            and v.origin is not None
            and isinstance(v.origin[1], int)
            and not isinstance(v.origin, Decorated)
        ):
            om = context.project.module(v.origin[0])
            given = om.calls[v.origin[1]]
            return bool(given[1]) and outputs.several(context, om, given[3], given[1][0], given[5]) is False
    functions = context.project.functions_called(m, made)
    if functions and depth < MAX_DEPTH and all(_returns_one(context, fm, scope, depth) for fm, scope in functions):
        return True
    return isinstance(m.statements[s], ExprStatement) and _joined(context, m, s)


def _returns_one(context: Context, m: Module, scope: int, depth):
    key = ("returns one", m.index, scope, depth)
    if key not in context.memo:
        context.memo[key] = _all_one(context, m, scope, depth)
    return context.memo[key]


def _all_one(context: Context, m: Module, scope: int, depth):
    """Does a function give one tensor in each `return`?"""
    returned = [
        (s, m.statements[s][5])
        for s in m.scope_statements(scope)
        if m.statements[s] and isinstance(m.statements[s], Return)
    ]
    made = [(s, e, _output(context, m, scope, e, s, 0) if e is not None else None) for s, e in returned]
    return bool(made) and all(
        call is not None and _one_tensor(context, m, s, e, call, depth + 1) for s, e, call in made
    )


def _joined(context: Context, m: Module, s: int):
    """Is the list of what is kept joined by an operation on tensors or arrays: `tf.concat(parts, 0)`?"""
    container = m.calls[m.statements[s][5][1]].func[1]
    return any(
        tail_of(m.calls[j].func) in ("concat", "concatenate", "stack", "vstack", "hstack")
        and m.calls[j].args[:1] == (container,)
        for j in m.scope_calls(m.statements[s].scope)
    )


def _numpy(m: Module, s: int):
    def fix(fx: FixContext):
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod import operations as do

        i = m.statements[s][5][1]
        if tail_of(m.calls[i][0]) not in ("append", "add", "appendleft") or not isinstance(
            m.calls[i][1][0], (Name, CallRef)
        ):
            raise NoFix("more than the output is kept")
        view, call = fx.at(m, i)
        return UNSAFE, "Keep the output as a NumPy array", do.wrap_argument(view, call, 0, "{}.numpy()")

    return fix
