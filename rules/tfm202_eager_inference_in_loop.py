"""Finds models and chains of operations that run eagerly in a hot loop.

## What it does
Reports `model(x)` of a Keras model, and statements of several TensorFlow operations around a matrix product or convolution, that run for each
sample, step or batch of a loop (also through callers in other files) while nothing on the way is traced: no `tf.function`, no Keras `call`, no
`Dataset.map`. A handful of passes, the building of a functional model, one forward pass per epoch of training, a loop in a function that
some of its callers compile, and code beside a `GradientTape` (see TFM203) stay silent.

## Why is this bad?
Each layer is launched from Python, operation by operation. `model(x)` is much faster than `predict` for one sample, but a traced
function is faster again, and it costs two lines. Memory is not affected.

## What was measured
2.8 ms per call eagerly against 1.0 ms in a `tf.function` (TensorFlow 2.21, model of three dense layers, CPU; a ratio, not an absolute). Memory flat.

## Example
```python
for frame in frames:
    scores = model(frame, training=False)
```

Use instead:
```python
infer = tf.function(model, reduce_retracing=True)
for frame in frames:
    scores = infer(frame, training=False)
```

## Fix safety
The fix makes the `tf.function` before the loop, or decorates a function that does nothing but TensorFlow. It is unsafe: Python code in the
model's `call` then runs once per trace, not per call.
"""

from tflint_mem import facts as F
from tflint_mem.analysis.models import held
from tflint_mem.analysis.models.models import text, walk_statement
from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.tracing import frozen, tracing
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import is_op
from tflint_mem.project.linking.module import dotted, walk

CODE = "TFM202"
SWEEPS = True
MEASURED = (
    "2.8 ms per call eagerly, 1.0 ms in a tf.function (TF 2.21, small model on CPU: a ratio); memory is flat either way"
)
FEW = 20
CHAIN = 3  # operations of one statement
INPUTS = 5  # a decoder is given the token, its state and what the encoder saw
_HEAVY = frozenset(
    ("tf.matmul", "tf.linalg.matmul", "tf.einsum", "tf.tensordot", "tf.nn.conv1d", "tf.nn.conv2d", "tf.nn.conv3d")
)
_ARITHMETIC = frozenset(("+", "-", "*", "/", "**", "@"))
_KEYWORDS = frozenset(("training", "mask", "inputs"))
_TRACED = frozenset(
    (
        "call",
        "train_step",
        "test_step",
        "predict_step",
        "build",
        "compute_loss",
        "compute_output_shape",
        "_call",
        "setUp",
    )
)
_MODEL = frozenset(("model.__call__",))  # and nothing else: what may also be a signature or a function may be compiled
_TORCH = ("zero_grad", "backward", "detach", "cpu", "cuda", "unsqueeze", "requires_grad_")
_MODELS = frozenset(("keras.Model", "keras.Functional", "new:model"))
_INPUTS = frozenset(("keras.Input", "keras.layers.Input"))


def find(context):
    """Eager model calls and operation chains in hot loops."""
    for m, i in held.calls(context):
        if not _shaped(m, i) or context.project.apis(m, i) != _MODEL or not _candidate(context, m, i):
            continue
        if not _own_function(context, m, i) and not _symbolic(context, m, i):
            yield from _draft(
                context,
                m,
                i,
                f"`{text(m, i)}` runs the model eagerly",
                "runs the model op by op",
                _compile_model(context, m, i),
            )
    done = set()
    for m, i, _ in context.calls(tuple(name.rpartition(".")[2] for name in _HEAVY), _HEAVY):
        first = _chain(context, m, i)
        if first is not None and (m.index, m.calls[i][4]) not in done and _candidate(context, m, first):
            done.add((m.index, m.calls[i][4]))
            yield from _draft(context, m, first, "a chain of operations runs eagerly", "runs op by op", None)


def _draft(context, m, i, what, last, fix):
    repeat = hot.busy(
        context,
        m,
        i,
        FEW,
        lambda r: (
            _steady_model(context, m, i, r)
            and not hot.in_tape(context, r)
            and not (r.local and hot.compiled_somewhere(context, m, i))
        ),
    )
    if repeat is None or hot.around_training(context, repeat) or hot.outshone(context, repeat):
        return
    if (repeat.kind == "callback" or hot.trains(context, repeat)) and hot.now_and_then(repeat):
        return
    yield context.at_call(
        CODE,
        m,
        i,
        f"{what} {context.when(repeat, m)}: nothing on the way is a tf.function, so each operation is launched by Python",
        measured=MEASURED,
        help=f"make a tf.function of the forward pass once and call that, with {_relaxed(context)} where shapes vary",
        trace=context.trace(repeat, last),
        fix=(fix if repeat.local else _decorate(context, m, i)) if fix else "it is part of a larger step",
    )


def _relaxed(context):
    """The argument that makes a `tf.function` take other shapes without a new trace."""
    return (
        "experimental_relax_shapes=True"
        if context.project.versions.at_least(2, 9) is False
        else "reduce_retracing=True"
    )


def _shaped(m, i):
    """Could it be `model(x)` in code that runs eagerly?  Judged by its form, before anything is inferred."""
    call = m.calls[i]
    names = {name for name, _ in call[2]}
    if len(call[1]) > INPUTS or not names <= _KEYWORDS and "training" not in names:
        return False
    record = m.scopes[call[3]]
    return not (record[F.S_NAME] in _TRACED and m.is_method(call[3]))


def _candidate(context, m, i):
    if context.in_tests(m) or context.project.versions.graph_mode(m) or _in_torch(m, i):
        return False
    return not _beside_tape(context, m, i)


def _in_torch(m, i):
    """Does the function do what only PyTorch has?  A class may be written for both."""
    by_tail, scope = m.calls_by_tail(), m.calls[i][3]
    return any(m.calls[j][3] == scope for name in _TORCH for j in by_tail.get(name, ()))


def _beside_tape(context, m, i):
    """Does the innermost loop around the call, or its function, record a tape as well, or a tape around the loop?  Then the step is TFM203's."""
    call = m.calls[i]
    loop = next(iter(m.loops(call[4])), -1)
    around = {m.contexts[c][2] for c in m.chain(call[4]) if m.contexts[c][0] == "with"}
    return any(
        m.calls[j][3] == call[3]
        and (m.inside(m.calls[j][4], loop) or m.calls[j][5] in around)
        and "tf.GradientTape" in context.project.apis(m, j)
        for j in m.calls_by_tail().get("GradientTape", ())
    )


def _own_function(context, m, i):
    """Is the model's own `call` a tf.function, or is it called in its constructor, to be built?"""
    call = m.calls[i]
    if m.scopes[call[3]][F.S_NAME] in ("__init__", "build"):
        return True
    for v in context.infer.values(m, call[3], call[0], call[5]):
        if v[0] in ("inst", "self"):
            method = context.infer.lookup(context.project.module(v[1]), v[2], "call")
            if method and "tf.function" in context.infer.decorator_names(*method):
                return True
    return False


def _steady_model(context, m, i, repeat):
    """Is it one model that is called again and again, and not a new one in each pass?"""
    if "model.__call__" not in context.project.apis(m, i):
        return True
    return hot.steady(context, repeat, m.calls[i][0]) and not hot.made_in_pass(
        context, repeat, context.infer.callee(m, i)
    )


def _symbolic(context, m, i, depth=0):
    """Is a functional model being built: does the call's input come from `Input`, from a model's inputs or from `Layer(…)(x)`?"""
    key = ("symbolic", m.index, i)
    if key not in context.memo:
        context.memo[key] = False  # a chain of calls that comes back to itself
        context.memo[key] = _from_inputs(context, m, i, depth)
    return context.memo[key]


def _from_inputs(context, m, i, depth):
    call = m.calls[i]
    here = m.scope_calls(call[3])
    if call[3] > 0 and any(context.project.apis(m, j) & _INPUTS for j in here):
        return True
    if any(
        m.calls[j][5] == call[5] and ("c", i) in m.arguments(j) and context.project.apis(m, j) & _MODELS for j in here
    ):
        return True  # tf.keras.Model(inputs, model(x))
    for argument in call[1]:
        for e in walk(argument, m.calls):
            if e[0] in ("n", "a", "c", "x") and any(
                _symbolic_value(context, v, (m, i), depth) for v in context.infer.values(m, call[3], e, call[5])
            ):
                return True
    return False


def _symbolic_value(context, v, here, depth):
    if v[0] in ("seq", "tup"):
        return any(_symbolic_value(context, inner, here, depth) for inner in context.infer.elements(frozenset((v,))))
    if v[0] != "obj" or v[1] not in ("tensor", "tensors"):
        return False
    if v[1] == "tensors":
        return True
    if v[2] is None or not isinstance(v[2][1], int):
        return False
    origin, j = context.project.module(v[2][0]), v[2][1]
    names = context.project.apis(origin, j)
    if names & _INPUTS or "layer.__call__" in names and origin.calls[j][0][0] == "c":
        return True
    return (
        depth < 12
        and bool(names & {"model.__call__", "layer.__call__"})
        and (origin, j) != here
        and _symbolic(context, origin, j, depth + 1)
    )


def _chain(context, m, i):
    """The outermost operation of a statement with several of them around variables, or None."""
    statement = m.statements[m.calls[i][5]]
    if statement[0] not in (F.ASSIGN, F.RETURN, F.EXPR):
        return None
    ops = {
        e[1]
        for e in walk_statement(m, statement)
        if e[0] == "c" and any(is_op(name) for name in context.project.apis(m, e[1]))
    }
    ops |= {e[1] for e in walk_statement(m, statement) if e[0] == "c" and context.project.apis(m, e[1]) & _HEAVY}
    if len(ops) < CHAIN and len(ops) + _operators(m, statement, ops) < CHAIN:
        return None
    scope, at = m.calls[i][3], m.calls[i][5]
    variables = any(
        v[0] == "obj" and v[1] == "variable"
        for a in m.calls[i][1]
        for e in walk(a)
        if e[0] in ("n", "a")
        for v in context.infer.values(m, scope, e, at)
    )
    return max(ops) if variables else None


def _operators(m, statement, ops):
    """How many operators of a statement work on what its operations give: `tf.matmul(x, w) + b` is two operations."""
    calls = [F.CallRef(i) for i in ops]
    return sum(
        e[0] == "b" and e[1] in _ARITHMETIC and any(call in walk(side, m.calls) for side in e[2:4] for call in calls)
        for e in walk_statement(m, statement)
    )


# -- the fix --------------------------------------------------------------------------------------------------------------


def _compile_model(context, m, i):
    """Make `infer = tf.function(model)` before the outermost loop that leaves the model alone, and call that."""
    call = m.calls[i]
    receiver = dotted(call[0])
    if receiver is None or receiver[0] in ("self", "cls"):
        return "the model is no plain variable"
    if not _runs_once(context, m, call[3]):
        return "the function around the loop may run again, and would make a tf.function each time"
    loops = []
    for loop in m.loops(call[4]):
        if any(hot.bound_inside(m, b, loop) for b in m.bindings(call[3]).get(receiver[0], ())):
            break
        loops.append(loop)
    if len(loops) < len(m.loops(call[4])) or not loops:
        return "a loop around it sets the model, and each tf.function would trace it again"
    refusal = _host_model(context, m, i)
    if refusal:
        return refusal
    row = m.loop_line(loops[-1])
    keyword = "" if context.project.versions.at_least(2, 9) is False else ", reduce_retracing=True"

    def fix(fx):
        from tflint_mem.codemod import operations as do

        view, node = fx.at(m, i)
        name = do.unique_name(fx.source, "infer", node, view.function(node))
        made = view.new(f"{name} = {do.tf_name(fx.source, row)}.function({'.'.join(receiver)}{keyword})\n")
        loop = view.statement(view.loop_on(row)) if m.contexts[loops[-1]][0] != "comp" else view.statement(node)
        return (
            UNSAFE,
            "Trace the forward pass once",
            do.join(view.edits(insert_before={loop: made}), do.replace_expression(view, node.func, name)),
        )

    return fix


def _host_model(context, m, i):
    """Why the forward pass of the project's own model class has to run in Python, "" when nothing speaks against a trace."""
    for v in context.infer.callee(m, i):
        if v[0] in ("inst", "self"):
            method = context.infer.lookup(context.project.module(v[1]), v[2], "call")
            if method:
                effect = tracing.host_effect(context, *method)
                return f"the model's call {effect}" if effect else frozen.state(context, *method)
    return ""


def _runs_once(context, m, scope):
    """Is it the module's own code, or a function whose callers all run it once?  Elsewhere the fix would make tf.functions in a loop."""
    if scope == 0:
        return True
    callers = context.project.callers(m, scope)
    return bool(callers) and not any(how != "call" or context.first_repeat(other, j) for other, j, how in callers)


def _decorate(context, m, i):
    """Decorate the function around the call when it does nothing but TensorFlow."""
    from .tfm203_eager_train_step_not_compiled import decorate

    return decorate(context, m, i)
