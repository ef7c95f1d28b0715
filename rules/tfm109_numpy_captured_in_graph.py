"""Finds big NumPy arrays that traced code takes from around it, so that they become constants of its graph.

## What it does
Reports a `tf.function`, or a function given to `Dataset.map` and its like, whose body reads a big array that it is not
passed: an array loaded from a file or a data set, or made with many elements, in the module, the outer function or an
attribute. Small arrays, arrays of unknown origin, shapes, tensors and variables are silent.

## Why is this bad?
A captured array is written into the graph as a constant, and the graph is copied: into the function's definition, into
the runtime, into each trace. A captured tensor is not copied.

## What was measured
TensorFlow 2.21, array of 96 MiB, in multiples of its size on top of it: captured by a `tf.function` 10x held and 18x at
the peak, by a `Dataset.map` function 7x and 18x; a captured tensor 1x, an argument 1x; `from_tensor_slices` 2x.

## Example
```python
table = np.load("table.npy")

@tf.function
def look_up(ids):
    return tf.gather(table, ids)
```

Use instead:
```python
table = tf.constant(np.load("table.npy"))
```

Or pass the array as an argument.

## Fix safety
Where only the traced function reads the array, the fix makes it a tensor with `tf.constant`. It is unsafe: a tensor has
no NumPy methods.
"""

from __future__ import annotations

from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.analysis.tracing.captured import captured
from tflint_mem.facts import Assign, Attribute, CallRef, Def, Lambda, Name, Record, walk
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import External, PartialValue, Thing
from tflint_mem.project.linking.body import statement_expressions
from tflint_mem.project.linking.call_names import call_text
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.analysis.tracing.captured import Captured
    from tflint_mem.codemod import Proposal
    from tflint_mem.facts import Expression, Pos, Scope
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM109"
SWEEPS = True
MEASURED = (
    "held 10x the array by a tf.function, 7x by a Dataset.map function, 18x at the peak (TF 2.21, 96 MiB); "
    "a captured tensor or an argument 1x"
)
_MAPS = frozenset(
    ("dataset.map", "dataset.filter", "dataset.flat_map", "dataset.interleave", "dataset.scan", "dataset.reduce")
)


class _Graph(Record):
    """Something that traces a function of the project.

    m, pos, site   where it stands: a module, a place, and the number of the call if it is one
    fm, scope      the function
    what           a phrase for messages
    """

    __slots__ = ()
    m: Module
    pos: Pos
    site: int | None
    fm: Module
    scope: int
    what: str


def find(context: Context) -> Iterator[Draft]:
    """Traced functions that read big arrays from around them."""
    if traced_functions.switched_off(context):
        return
    for graph in _graphs(context):
        m = graph.m
        if context.in_tests(m):
            continue
        array = captured(context, graph.fm, graph.scope)
        if array is None:
            continue
        here = array.m is graph.fm and array.m is m and "." not in array.name
        yield Draft(
            code=CODE,
            m=m,
            pos=graph.pos,
            message=f"{graph.what} captures the NumPy array `{array.name}` as a constant of its graph",
            measured=MEASURED,
            help=f"pass `{array.name}` as an argument, or make it a tensor once with tf.constant",
            trace=(
                TraceStep(array.m, array.m.statements[array.statement].line, 0, "the array"),
                TraceStep.at(m, graph.pos, "is traced, and the array with it"),
            ),
            fix=_as_tensor(context, graph.scope, array) if here else "the array is made somewhere else",
            noqa_row=graph.pos.end_line,
            site=graph.site,
        )


def _graphs(context: Context) -> Iterator[_Graph]:
    """Everything that traces a function of the project."""
    for traced in context.each(traced_functions.decorated(context)):
        m, scope = traced.m, traced.scope
        if not context.has(m):
            continue
        record = m.scopes[scope]
        definition = m.statements[record.statement]
        for expression, pos in zip(record.decorators, definition.decorators if isinstance(definition, Def) else ()):
            if _makes_function(context, m, record, expression):
                yield _Graph(m, pos, None, m, scope, f"the tf.function `{record.name}`")
                break
    for m, i in traced_functions.in_part(context, traced_functions.wrapped(context)):
        given = traced_functions.of_call(context, m, i)
        if given.m is not None:
            yield _Graph(m, m.calls[i].pos, i, given.m, given.scope, f"`{call_text(m, i)}`")
    for m, i, _ in context.calls(frozenset(name.rpartition(".")[2] for name in _MAPS), _MAPS):
        call = m.calls[i]
        for argument in m.arguments(i):
            if isinstance(argument, (Name, Attribute, Lambda)):
                for fm, scope in context.project.functions_in(m, call.scope, argument, call.statement):
                    yield _Graph(m, call.pos, i, fm, scope, f"the function of `{call_text(m, i)}`")


def _makes_function(context: Context, m: Module, record: Scope, expression: Expression) -> bool:
    """Does the decorator of the function trace it?"""
    if isinstance(expression, CallRef):
        return "tf.function" in context.project.apis(m, expression.number) or any(
            isinstance(v, PartialValue) for v in context.infer.callee(m, expression.number)
        )
    values = context.infer.values(m, record.parent, expression, record.statement)
    return any(
        isinstance(v, External) and v.name.endswith(("function", "defun")) or isinstance(v, (PartialValue, Thing))
        for v in values
    )


# -- the fix ----------------------------------------------------------------------------------------------------------


def _as_tensor(context: Context, scope: int, array: Captured) -> Repair | None:
    """A fix when nothing but the traced function reads the array."""
    m, name = array.m, Name(array.name)
    bound = m.statements[array.statement]
    if not isinstance(bound, Assign) or bound.targets != (name,) or bound.scope != 0:
        return None
    value = bound.value
    if not isinstance(value, CallRef):
        return None
    functions = frozenset(m.with_inner(scope))
    for s, other in enumerate(m.statements):
        if s != array.statement and other.scope not in functions:
            if any(e == name for expression in statement_expressions(other) for e in walk(expression, m.calls)):
                return None
    if any(other is not m for other in context.project.mentioning(name.id, 64)):
        return None

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, value.number)
        tf = do.tf_name(fx.source, bound.line)
        edits = do.replace_expression(view, call, f"{tf}.constant({view.code(call)})")
        return Proposal(UNSAFE, f"Make `{name.id}` a tensor", edits)

    return fix
