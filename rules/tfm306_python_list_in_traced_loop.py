"""Finds Python lists that grow in a traced loop whose length is another Python number in each call.

## What it does
Reports the statement that adds to a list inside a `tf.function`, in a `for … in range(n)` or `while len(list) < n` over
a parameter `n`, when callers give that parameter a Python number that varies. A loop of fixed length, over layers, or
over `tf.range` with a `TensorArray` is fine.

## Why is this bad?
A Python loop is unrolled while tracing: the graph has one copy of the body per pass. Each new `n` is a new trace, n
copies long, and all traces are kept as long as the function.

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

from tflint_mem.analysis.passes import kept, varying_values
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.facts import CallRef, For, Name, While, walk
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

CODE = "TFM306"
MEASURED = "996 KiB per new number of passes (TF 2.21; 1329 on 2.15), kept as long as the function"


def find(context: Context) -> Iterator[Draft]:
    """Lists in traced loops over a parameter that is given ever new numbers."""
    seen: set[tuple[int, int]] = set()
    for call in traced_functions.calls(context):
        m, i, traced = call.m, call.i, call.traced
        function = traced.m
        if function is None or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        grown = _grown(context, function, traced.scope)
        if not grown:
            continue
        found = varying_values.first(context, m, i)
        if found is None or found.varying.kind != "number":
            continue
        repeat, varying, which = found.repeat, found.varying, found.which
        for s, parameter in grown:
            key = (function.index, s)
            if key not in seen and _given(context, m, i, function, traced.scope, parameter) == which:
                seen.add(key)
                pos = kept.position(function, s)
                yield Draft(
                    code=CODE,
                    m=function,
                    pos=pos,
                    message="a Python list grows in a loop that is unrolled while tracing, "
                    f"once for each value of `{parameter}`; every trace is kept",
                    measured=MEASURED,
                    help="loop over tf.range and write into a tf.TensorArray, and pass the number as a tensor",
                    trace=context.trace(
                        repeat,
                        f"passes {varying.what}",
                        TraceStep.at(function, pos, "is unrolled into the graph"),
                    ),
                    noqa_row=function.statements[s].end_line,
                    site=s,
                )


def _grown(context: Context, m: Module, scope: int) -> list[tuple[int, str]]:
    """[(keeping statement, parameter)] of lists that grow in a loop whose length a parameter gives."""
    parameters = {p.name for p in m.scopes[scope].parameters}
    found = []
    for keeping in kept.in_scope(context, m, scope):
        if not isinstance(keeping.container, Name) or keeping.key is not None:
            continue
        for block in m.chain(m.statements[keeping.s].block):
            name = _length(m, block, parameters)
            if name:
                found.append((keeping.s, name))
                break
    return found


def _length(m: Module, block: int, parameters: set[str]) -> str | None:
    """The parameter that says how often the block of a loop runs, or None."""
    kind, statement = m.blocks[block].kind, m.statements[m.blocks[block].statement]
    expressions: tuple[Expression, ...]
    if kind == "for" and isinstance(statement, For):
        iterable = statement.iterable
        if not isinstance(iterable, CallRef) or m.calls[iterable.number].func != Name("range"):
            return None
        expressions = m.calls[iterable.number].args
    elif kind == "while" and isinstance(statement, While):
        expressions = (statement.test,)
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


def _given(context: Context, m: Module, i: int, fm: Module, scope: int, name: str) -> int | str | None:
    """The argument of the call (its position or keyword) that fills the parameter of that name of a function."""
    for index, parameter in enumerate(fm.scopes[scope].parameters):
        if parameter.name == name:
            given = context.infer.argument(fm, scope, index, m, i)
            for position, expression in enumerate(m.calls[i].args):
                if expression is given:
                    return position
            return name
    return None
