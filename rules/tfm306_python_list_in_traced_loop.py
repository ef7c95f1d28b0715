"""Finds Python lists that grow in a traced loop whose length is another Python number in each call.

## What it does
Reports the statement that adds to a list inside a `tf.function`, in a `for … in range(n)` or `while len(list) < n` over a parameter
`n`, when callers give that parameter a Python number that varies. A loop of fixed length, over layers, or over `tf.range` with a
`TensorArray` is fine.

## Why is this bad?
A Python loop is unrolled while tracing: the graph has one copy of the body per pass. Each new `n` is a new trace, n copies long, and
all traces are kept as long as the function.

## What was measured
996 KiB per new `n` on TensorFlow 2.21, 1329 on 2.15.

## Example
```python
@tf.function
def roll(state, steps):
    states = []
    for _ in range(steps):
        state = step(state)
        states.append(state)
    return tf.stack(states)
```

Use instead:
```python
@tf.function
def roll(state, steps):
    states = tf.TensorArray(tf.float32, size=steps)
    for i in tf.range(steps):
        state = step(state)
        states = states.write(i, state)
    return states.stack()

roll(state, tf.constant(steps))
```

## Fix safety
There is no automatic fix.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.passes import kept, varying_values
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.facts import CallRef, Name
from tflint_mem.project.linking.module import walk
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

CODE = "TFM306"
MEASURED = "996 KiB per new number of passes (TF 2.21; 1329 on 2.15), kept as long as the function"


def find(context: Context):
    """Lists in traced loops over a parameter that is given ever new numbers."""
    seen = set()
    for call in traced_functions.calls(context):
        m, i, traced = call.m, call.i, call.traced
        if traced.m is None or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        grown = _grown(context, traced.m, traced.scope)
        if not grown:
            continue
        found = varying_values.first(context, m, i)
        if found is None or found.varying.kind != "number":
            continue
        repeat, varying, which = found.repeat, found.varying, found.which
        for s, parameter in grown:
            if (traced.m.index, s) not in seen and _given(context, m, i, traced, parameter) == which:
                seen.add((traced.m.index, s))
                pos = kept.position(traced.m, s)
                yield Draft(
                    code=CODE,
                    m=traced.m,
                    pos=pos,
                    message=f"a Python list grows in a loop that is unrolled while tracing, once for each value of `{parameter}`; every trace is kept",
                    measured=MEASURED,
                    help="loop over tf.range and write into a tf.TensorArray, and pass the number as a tensor",
                    trace=context.trace(
                        repeat,
                        f"passes {varying.what}",
                        TraceStep(traced.m, pos[0], pos[1], "is unrolled into the graph"),
                    ),
                    noqa_row=traced.m.statements[s][4],
                    site=s,
                )


def _grown(context: Context, m: Module, scope: int):
    """[(keeping statement, parameter)] of lists that grow in a loop whose length a parameter gives."""
    parameters = {p.name for p in m.scopes[scope].parameters}
    found = []
    for keeping in kept.in_scope(context, m, scope):
        if not isinstance(keeping.container, Name) or keeping.key is not None:
            continue
        for c in m.chain(m.statements[keeping.s][2]):
            name = _length(m, c, parameters)
            if name:
                found.append((keeping.s, name))
                break
    return found


def _length(m: Module, c, parameters):
    """The parameter that says how often the loop context runs, or None."""
    kind, _, statement, _ = m.contexts[c]
    if kind == "for":
        iterable = m.statements[statement][6]
        if not isinstance(iterable, CallRef) or m.calls[iterable.number].func != Name("range"):
            return None
        expressions = m.calls[iterable.number].args
    elif kind == "while":
        expressions = (m.statements[statement][5],)
    else:
        return None
    return next(
        (
            e.id
            for expression in expressions
            for e in walk(expression, m.calls)
            if isinstance(e, Name) and e.id in parameters
        ),
        None,
    )


def _given(context: Context, m: Module, i: int, traced, parameter):
    """The argument of the call (its position or keyword) that fills the parameter."""
    for index, p in enumerate(traced.m.scopes[traced.scope][F.S_PARAMS]):
        if p[0] == parameter:
            given = context.infer.argument(traced.m, traced.scope, index, m, i)
            for position, expression in enumerate(m.calls[i].args):
                if expression is given:
                    return position
            return parameter
    return None
