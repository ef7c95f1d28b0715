"""Finds Python values that change from call to call and are passed to a `tf.function`.

## What it does
Reports a call of a `tf.function` in a loop (or in a function that repeats) that passes a Python number, text, list or
new object which changes: a loop variable over `range` or `enumerate`, arithmetic on one, a counter, `float(…)`,
`len(…)`, `random`, an f-string, an object or model made for each call, also in a function of a library that nothing in
the project calls. Tensors, NumPy scalars and arrays, constants, flags and a handful of values stay silent, and so does
a function with an `input_signature`, which makes tensors of them.

## Why is this bad?
A Python value is part of the key under which a trace is kept. Each new value traces a new graph, and the function keeps
all of them as long as it lives itself. Nothing frees them while the function is in use.

## What was measured
98 KiB per new value on TensorFlow 2.21 (117 on 2.15, 115 on 2.8, 110 on 2.4) for a function of one operation, and 35
times slower per call; 100 for a new object; 4636 for a new model, 470-500 for one that shares the weights of another.
`reduce_retracing=True` changes nothing for Python values (98 / 115). NumPy scalars and arrays: one trace, 0;
on TensorFlow 2.2 each new NumPy number is a trace of its own, 116.

## Example
```python
for epoch in range(200):
    train_step(x, min(1.0, epoch / 50))
```

Use instead:
```python
for epoch in range(200):
    train_step(x, tf.constant(min(1.0, epoch / 50)))
```

## Fix safety
The fix wraps the argument in `tf.constant`. It is safe where the traced function only casts the value, unsafe where it
calculates with it (`tf.constant` of a float is float32). Where the function needs a Python value (a range, a shape, an
axis), calculates with a whole number that it does not cast, or may work in another precision than float32, there is no
fix.
"""

from __future__ import annotations

from tflint_mem.analysis.models.models import text
from tflint_mem.analysis.passes import varying_values
from tflint_mem.analysis.program import public
from tflint_mem.analysis.tracing import new_models, tensor_parameters, traced_functions
from tflint_mem.finding import LIKELY, UNSAFE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.passes.varying_values import Varying
    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM302"
SWEEPS = True
MEASURED = (
    "98 KiB per new value for a function of one operation (TF 2.21; 117 on 2.15), kept as long as the function; "
    "reduce_retracing is no help"
)
MEASURED_MODEL = "4636 KiB per new model of 4.2 MiB (TF 2.21): the function's cache keeps its variables"
MEASURED_WRAPPER = (
    "470-500 KiB per new model that shares the weights of another (TF 2.21): its graph, with the gradient"
)


def find(context: Context) -> Iterator[Draft]:
    """Calls of a tf.function with a Python argument that varies."""
    for call in traced_functions.calls(context):
        m, i, traced = call.m, call.i, call.traced
        if "input_signature" in traced.options or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        found = varying_values.first(context, m, i) or new_models.given(context, m, i)
        if found is None:
            continue
        repeat, varying, which = found.repeat, found.varying, found.which
        if _made_again(context, traced, repeat):
            continue  # a new function in each repeat has seen no other value
        model = varying.kind in ("model", "wrapper")
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{text(m, i)}` is given {varying.what} {context.when(repeat, m)}; "
            "the tf.function traces a new graph for each value and keeps it",
            measured=MEASURED_WRAPPER if varying.kind == "wrapper" else MEASURED_MODEL if model else MEASURED,
            help="make the model a closure of a function traced for it, or a method"
            if model
            else "pass a tensor: tf.constant(value), or a tf.Variable that is assigned",
            severity="error" if varying.kind == "model" else None,
            confidence=LIKELY if repeat.kind == public.KIND else None,
            trace=context.trace(
                repeat,
                f"passes {varying.what}",
                ways=(r for r in varying_values.ways(context, m, i, which) if not _made_again(context, traced, r)),
            ),
            fix=_fix(context, m, i, traced, varying, which),
        )


def _made_again(context: Context, traced: Traced, repeat: Repeat) -> bool:
    """Does the repeat that brings the values make the function anew, too?"""
    made = traced.made if traced.m is None else traced_functions.definition(context, traced)
    if made is None:
        return False
    m, i = made
    return any(
        (again.module, again.block, again.scope) == (repeat.module, repeat.block, repeat.scope)
        for again in context.repeats(m, i)
    )


# -- the fix -----------------------------------------------------------------------------------------------------------


def _fix(context: Context, m: Module, i: int, traced: Traced, varying: Varying, which: int | str) -> Repair | str:
    """A tensor instead of the value, or why the function cannot take one."""
    if varying.kind not in ("number", "text") or traced.m is None:
        return "nobody sees the traced function" if traced.m is None else "it is no number or text"
    name = tensor_parameters.parameter(context, m, i, traced.m, traced.scope, which)
    use = tensor_parameters.use(context, traced.m, traced.scope, name, varying)
    if use is None:
        return "the function needs a Python value, or calculates with it in another type than a tensor would have"
    applicability, dtype = use
    if applicability == UNSAFE and varying.kind == "number":
        if tensor_parameters.in_double(context, m) or tensor_parameters.in_double(context, traced.m):
            return "the tensors here may be float64, which does not mix with the float32 of tf.constant"
        given = (
            m.calls[i].args[which]
            if isinstance(which, int)
            else {k.name: k.value for k in m.calls[i].keywords}.get(which)
        )
        dtype = dtype or ("float32" if given is not None and tensor_parameters.from_numpy(context, m, i, given) else "")

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        tf = do.tf_name(fx.source, m.calls[i].pos.line)
        more = f", {tf}.{dtype}" if dtype else ""
        edits = do.wrap_argument(view, call, which, f"{tf}.constant({{}}{more})")
        return Proposal(applicability, "Pass a tensor", edits)

    return fix
