"""Finds models and chains of operations that run eagerly in a hot loop.

## What it does
Reports `model(x)` of a Keras model, and statements of several TensorFlow operations around a matrix product or
convolution, that run for each sample, step or batch of a loop (also through callers in other files) while nothing on
the way is traced: no `tf.function`, no Keras `call`, no `Dataset.map`. A handful of passes, the building of a
functional model, one forward pass per epoch of training, a loop in a function that some of its callers compile, and
code beside a `GradientTape` (see TFM203) stay silent.

## Why is this bad?
Each layer is launched from Python, operation by operation. `model(x)` is much faster than `predict` for one sample, but
a traced function is faster again, and it costs two lines. Memory is not affected.

## What was measured
2.8 ms per call eagerly against 1.0 ms in a `tf.function` (TensorFlow 2.21, model of three dense layers, CPU; a ratio,
not an absolute). Memory flat.

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
The fix makes the `tf.function` before the loop, or decorates a function that does nothing but TensorFlow. It is unsafe:
Python code in the model's `call` then runs once per trace, not per call.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.models import held
from tflint_mem.analysis.models.models import text, walk_statement
from tflint_mem.analysis.passes import hot
from tflint_mem.analysis.tracing import frozen, tracing
from tflint_mem.facts import Assign, Attribute, BinaryOp, CallRef, ExprStatement, Name, Reference, Return, Subscript
from tflint_mem.finding import UNSAFE
from tflint_mem.knowledge import is_op
from tflint_mem.project.holds.values import Instance, SelfValue, SequenceValue, Thing, TupleValue
from tflint_mem.project.linking.module import dotted, walk

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

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


def find(context: Context):
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
        if first is not None and (m.index, m.calls[i].block) not in done and _candidate(context, m, first):
            done.add((m.index, m.calls[i].block))
            yield from _draft(context, m, first, "a chain of operations runs eagerly", "runs op by op", None)


def _draft(context: Context, m: Module, i: int, what, last, fix: FixContext):
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


def _relaxed(context: Context):
    """The argument that makes a `tf.function` take other shapes without a new trace."""
    return (
        "experimental_relax_shapes=True"
        if context.project.versions.at_least(2, 9) is False
        else "reduce_retracing=True"
    )


def _shaped(m: Module, i: int):
    """Could it be `model(x)` in code that runs eagerly?  Judged by its form, before anything is inferred."""
    call = m.calls[i]
    names = {name for name, _ in call.keywords}
    if len(call.args) > INPUTS or not names <= _KEYWORDS and "training" not in names:
        return False
    record = m.scopes[call.scope]
    return not (record.name in _TRACED and m.is_method(call.scope))


def _candidate(context: Context, m: Module, i: int):
    if context.in_tests(m) or context.project.versions.graph_mode(m) or _in_torch(m, i):
        return False
    return not _beside_tape(context, m, i)


def _in_torch(m: Module, i: int):
    """Does the function do what only PyTorch has?  A class may be written for both."""
    by_tail, scope = m.calls_by_tail(), m.calls[i].scope
    return any(m.calls[j].scope == scope for name in _TORCH for j in by_tail.get(name, ()))


def _beside_tape(context: Context, m: Module, i: int):
    """Does the innermost loop around the call, or its function, record a tape as well, or a tape around the loop?  Then the step is TFM203's."""
    call = m.calls[i]
    loop = next(iter(m.loops(call.block)), -1)
    around = {m.contexts[c].statement for c in m.chain(call.block) if m.contexts[c].kind == "with"}
    return any(
        m.calls[j].scope == call.scope
        and (m.inside(m.calls[j].block, loop) or m.calls[j].statement in around)
        and "tf.GradientTape" in context.project.apis(m, j)
        for j in m.calls_by_tail().get("GradientTape", ())
    )


def _own_function(context: Context, m: Module, i: int):
    """Is the model's own `call` a tf.function, or is it called in its constructor, to be built?"""
    call = m.calls[i]
    if m.scopes[call.scope].name in ("__init__", "build"):
        return True
    for v in context.infer.values(m, call.scope, call.func, call.statement):
        if isinstance(v, (Instance, SelfValue)):
            method = context.infer.lookup(context.project.module(v.module), v.scope, "call")
            if method and "tf.function" in context.infer.decorator_names(*method):
                return True
    return False


def _steady_model(context: Context, m: Module, i: int, repeat: Repeat):
    """Is it one model that is called again and again, and not a new one in each pass?"""
    if "model.__call__" not in context.project.apis(m, i):
        return True
    return hot.steady(context, repeat, m.calls[i].func) and not hot.made_in_pass(
        context, repeat, context.infer.callee(m, i)
    )


def _symbolic(context: Context, m: Module, i: int, depth=0):
    """Is a functional model being built: does the call's input come from `Input`, from a model's inputs or from `Layer(…)(x)`?"""
    key = ("symbolic", m.index, i)
    if key not in context.memo:
        context.memo[key] = False  # a chain of calls that comes back to itself
        context.memo[key] = _from_inputs(context, m, i, depth)
    return context.memo[key]


def _from_inputs(context: Context, m: Module, i: int, depth):
    call = m.calls[i]
    here = m.scope_calls(call.scope)
    if call.scope > 0 and any(context.project.apis(m, j) & _INPUTS for j in here):
        return True
    if any(
        m.calls[j].statement == call.statement and CallRef(i) in m.arguments(j) and context.project.apis(m, j) & _MODELS
        for j in here
    ):
        return True  # tf.keras.Model(inputs, model(x))
    for argument in call.args:
        for e in walk(argument, m.calls):
            if isinstance(e, (Name, Attribute, CallRef, Subscript)) and any(
                _symbolic_value(context, v, (m, i), depth)
                for v in context.infer.values(m, call.scope, e, call.statement)
            ):
                return True
    return False


def _symbolic_value(context: Context, v: Value, here, depth):
    if isinstance(v, (SequenceValue, TupleValue)):
        return any(_symbolic_value(context, inner, here, depth) for inner in context.infer.elements(frozenset((v,))))
    if not isinstance(v, Thing) or v.kind not in ("tensor", "tensors"):
        return False
    if v.kind == "tensors":
        return True
    if v.origin is None or not isinstance(v.origin[1], int):
        return False
    origin, j = context.project.module(v.origin[0]), v.origin[1]
    names = context.project.apis(origin, j)
    if names & _INPUTS or "layer.__call__" in names and isinstance(origin.calls[j][0], CallRef):
        return True
    return (
        depth < 12
        and bool(names & {"model.__call__", "layer.__call__"})
        and (origin, j) != here
        and _symbolic(context, origin, j, depth + 1)
    )


def _chain(context: Context, m: Module, i: int):
    """The outermost operation of a statement with several of them around variables, or None."""
    statement = m.statements[m.calls[i].statement]
    if not isinstance(statement, (Assign, Return, ExprStatement)):
        return None
    ops = {
        e.number
        for e in walk_statement(m, statement)
        if isinstance(e, CallRef) and any(is_op(name) for name in context.project.apis(m, e.number))
    }
    ops |= {
        e.number
        for e in walk_statement(m, statement)
        if isinstance(e, CallRef) and context.project.apis(m, e.number) & _HEAVY
    }
    if len(ops) < CHAIN and len(ops) + _operators(m, statement, ops) < CHAIN:
        return None
    scope, at = m.calls[i].scope, m.calls[i].statement
    variables = any(
        isinstance(v, Thing) and v.kind == "variable"
        for a in m.calls[i].args
        for e in walk(a)
        if isinstance(e, Reference)
        for v in context.infer.values(m, scope, e, at)
    )
    return max(ops) if variables else None


def _operators(m: Module, statement: int, ops):
    """How many operators of a statement work on what its operations give: `tf.matmul(x, w) + b` is two operations."""
    calls = [F.CallRef(i) for i in ops]
    return sum(
        isinstance(e, BinaryOp)
        and e.op in _ARITHMETIC
        and any(call in walk(side, m.calls) for side in e[2:4] for call in calls)
        for e in walk_statement(m, statement)
    )


# -- the fix --------------------------------------------------------------------------------------------------------------


def _compile_model(context: Context, m: Module, i: int):
    """Make `infer = tf.function(model)` before the outermost loop that leaves the model alone, and call that."""
    call = m.calls[i]
    receiver = dotted(call.func)
    if receiver is None or receiver[0] in ("self", "cls"):
        return "the model is no plain variable"
    if not _runs_once(context, m, call.scope):
        return "the function around the loop may run again, and would make a tf.function each time"
    loops = []
    for loop in m.loops(call.block):
        if any(hot.bound_inside(m, b, loop) for b in m.bindings(call.scope).get(receiver[0], ())):
            break
        loops.append(loop)
    if len(loops) < len(m.loops(call.block)) or not loops:
        return "a loop around it sets the model, and each tf.function would trace it again"
    refusal = _host_model(context, m, i)
    if refusal:
        return refusal
    row = m.loop_line(loops[-1])
    keyword = "" if context.project.versions.at_least(2, 9) is False else ", reduce_retracing=True"

    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, node = fx.at(m, i)
        name = do.unique_name(fx.source, "infer", node, view.function(node))
        made = view.new(f"{name} = {do.tf_name(fx.source, row)}.function({'.'.join(receiver)}{keyword})\n")
        loop = view.statement(view.loop_on(row)) if m.contexts[loops[-1]].kind != "comp" else view.statement(node)
        return (
            UNSAFE,
            "Trace the forward pass once",
            do.join(view.edits(insert_before={loop: made}), do.replace_expression(view, node.func, name)),
        )

    return fix


def _host_model(context: Context, m: Module, i: int):
    """Why the forward pass of the project's own model class has to run in Python, "" when nothing speaks against a trace."""
    for v in context.infer.callee(m, i):
        if isinstance(v, (Instance, SelfValue)):
            method = context.infer.lookup(context.project.module(v.module), v.scope, "call")
            if method:
                effect = tracing.host_effect(context, *method)
                return f"the model's call {effect}" if effect else frozen.state(context, *method)
    return ""


def _runs_once(context: Context, m: Module, scope: int):
    """Is it the module's own code, or a function whose callers all run it once?  Elsewhere the fix would make tf.functions in a loop."""
    if scope == 0:
        return True
    callers = context.project.callers(m, scope)
    return bool(callers) and not any(how != "call" or context.first_repeat(other, j) for other, j, how in callers)


def _decorate(context: Context, m: Module, i: int):
    """Decorate the function around the call when it does nothing but TensorFlow."""
    from .tfm203_eager_train_step_not_compiled import decorate

    return decorate(context, m, i)
