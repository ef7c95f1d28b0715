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
`reduce_retracing=True` changes nothing for Python values (98 / 115). NumPy scalars and arrays: one trace, 0.

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

from tflint_mem.analysis.models.models import text, walk_statement
from tflint_mem.analysis.passes import hot, varying_values
from tflint_mem.analysis.program import public
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.facts import (
    Attribute,
    BinaryOp,
    CallRef,
    ClassDef,
    Comparison,
    Constant,
    Def,
    Expression,
    For,
    If,
    Keyword,
    Lambda,
    Name,
    Return,
    Subscript,
    While,
    walk,
)
from tflint_mem.finding import LIKELY, SAFE, UNSAFE
from tflint_mem.project.holds.values import External

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.analysis.passes.varying_values import Varying
    from tflint_mem.analysis.tracing.traced_functions import Traced
    from tflint_mem.codemod import Proposal
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM302"
_MODELS = frozenset(("keras.Model", "keras.Functional", "keras.Sequential"))
_ENDS = frozenset(("input", "inputs", "output", "outputs"))
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
        found = varying_values.first(context, m, i) or _given_new_model(context, m, i)
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
            trace=context.trace(repeat, f"passes {varying.what}"),
            fix=_fix(context, m, i, traced, varying, which),
        )


def _given_new_model(context: Context, m: Module, i: int) -> varying_values.Found | None:
    """The same for a call in a function that others are there to call, when it makes the model that it passes, or has
    it made.
    """
    given: list[tuple[int | str, Expression]] = [
        *enumerate(m.calls[i].args),
        *[(k.name, k.value) for k in m.calls[i].keywords if k.name],
    ]
    made = next(((which, makers) for which, e in given for makers in (_makers(context, m, i, e),) if makers), None)
    if made is None:
        return None
    which, makers = made
    repeat = public.each_call(context, m, i)
    if repeat is None or not hot.eager(context, repeat):
        return None
    if all(
        any(
            isinstance(e, Attribute) and e.attr in _ENDS
            for argument in fm.arguments(j)
            for e in walk(argument, fm.calls)
        )
        for fm, j in makers
    ):
        return varying_values.Found(repeat, varying_values.Varying("a new model around another one", "wrapper"), which)
    return varying_values.Found(repeat, varying_values.Varying("a new model", "model"), which)


def _makers(context: Context, m: Module, i: int, e: Expression) -> Sequence[Site]:
    """(module, call) that make the Keras model: the expression is what a call in the same function gives, which makes
    one, or calls a function that always makes and returns one.  Else ().
    """
    scope = m.calls[i].scope
    made: object = e
    if isinstance(e, Name):
        bindings = m.bindings(scope).get(e.id, ())
        if len(bindings) == 1 and bindings[0].kind == "assign" and not bindings[0].path:
            made = bindings[0].value
    if not isinstance(made, CallRef) or not public.drops(m, made.number):
        return ()
    if context.project.apis(m, made.number) & _MODELS:
        return ((m, made.number),)
    functions = context.project.functions_called(m, made.number)
    if len(functions) != 1 or context.project.repeats_of.guards.cached(*functions[0]):
        return ()
    fm, scope = functions[0]
    found = []
    for s in fm.scope_statements(scope):
        statement = fm.statements[s]
        if isinstance(statement, Return):
            value = statement.value
            if not isinstance(value, CallRef) or not context.project.apis(fm, value.number) & _MODELS:
                return ()
            found.append((fm, value.number))
    return found


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
    name = _parameter(context, m, i, traced.m, traced.scope, which)
    use = _used(context, traced.m, traced.scope, name, varying)
    if use is None:
        return "the function needs a Python value, or calculates with it in another type than a tensor would have"
    applicability, dtype = use
    if applicability == UNSAFE and varying.kind == "number":
        if _in_double(context, m) or _in_double(context, traced.m):
            return "the tensors here may be float64, which does not mix with the float32 of tf.constant"
        given = (
            m.calls[i].args[which]
            if isinstance(which, int)
            else {k.name: k.value for k in m.calls[i].keywords}.get(which)
        )
        dtype = dtype or ("float32" if given is not None and _from_numpy(context, m, i, given) else "")

    def fix(fx: FixContext) -> Proposal:
        from tflint_mem.codemod import Proposal
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        tf = do.tf_name(fx.source, m.calls[i].pos.line)
        more = f", {tf}.{dtype}" if dtype else ""
        edits = do.wrap_argument(view, call, which, f"{tf}.constant({{}}{more})")
        return Proposal(applicability, "Pass a tensor", edits)

    return fix


_TYPES = (
    "float64",
    "double",
    "float16",
    "bfloat16",
    "half",
    "mixed_precision",
    "mixed_float16",
    "mixed_bfloat16",
    "set_floatx",
    "complex64",
    "complex128",
)
_ARRAYS = frozenset(
    (
        "array",
        "asarray",
        "rand",
        "randn",
        "random",
        "normal",
        "uniform",
        "linspace",
        "arange",
        "loadtxt",
        "genfromtxt",
        "read_csv",
        "zeros",
        "ones",
        "load",
    )
)


def _in_double(context: Context, m: Module) -> bool:
    """May tensors of the module have another precision than float32: does it say so, or make NumPy arrays and never say
    float32?
    """
    key = ("double", m.index)
    known: bool | None = context.memo.get(key)
    if known is None:
        constants = {
            e.value
            for call in m.calls
            for e in (*call.args, *[keyword.value for keyword in call.keywords])
            if isinstance(e, Constant) and isinstance(e.value, str)
        }
        named = any(context.project.index.has("idents", name, m.index) or name in constants for name in _TYPES)
        single = "float32" in constants or context.project.index.has("idents", "float32", m.index)
        arrays = not single and any(
            isinstance(v, External) and v.name.startswith(("numpy.", "pandas."))
            for tail in sorted(_ARRAYS)
            for j in m.calls_by_tail().get(tail, ())
            if context.argument(m, j, None, "dtype") is None
            for v in context.infer.callee(m, j)
        )
        known = context.memo[key] = named or arrays
    return known


def _from_numpy(context: Context, m: Module, i: int, given: Expression) -> bool:
    """Does NumPy calculate the number, in float64?"""
    call, parts = m.calls[i], [given]
    if isinstance(given, Name):
        bound = [b.value for b in m.bindings(call.scope).get(given.id, ()) if b.kind in ("assign", "augment")]
        parts += [value for value in bound if isinstance(value, Expression)]
    return any(
        isinstance(e, CallRef)
        and any(isinstance(v, External) and v.name.startswith("numpy.") for v in context.infer.callee(m, e.number))
        for part in parts
        for e in walk(part, m.calls)
    )


def _parameter(context: Context, m: Module, i: int, fm: Module, scope: int, which: int | str) -> str | None:
    """Name of the traced function's parameter that the argument fills, or None."""
    parameters = fm.scopes[scope].parameters
    if isinstance(which, str):
        return which if any(p.name == which for p in parameters) else None
    for index, parameter in enumerate(parameters):
        if parameter.kind == "p" and context.infer.argument(fm, scope, index, m, i) == m.calls[i].args[which]:
            return parameter.name
    return None


def _used(context: Context, m: Module, scope: int, name: str | None, varying: Varying) -> tuple[str, str] | None:
    """(applicability, dtype or "") when the function can take a tensor for the parameter, else None.

    SAFE when it only casts the value or counts summaries with it (those want int64), UNSAFE when it calculates with it.
    """
    if name is None or len(m.bindings(scope).get(name, ())) != 1:
        return None
    me, found = Name(name), set()
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, (Def, ClassDef)):
            return None
        seen = [e for e in walk_statement(m, statement) if _mentions(e, me, m)]
        cast = {
            part
            for e in walk_statement(m, statement)
            if isinstance(e, CallRef) and m.calls[e.number].args and "tf.cast" in context.project.apis(m, e.number)
            for part in walk(m.calls[e.number].args[0])
        }
        if (
            any(e == me for e in walk_statement(m, statement))
            and isinstance(statement, (If, While, For))
            or any(isinstance(e, Lambda) for e in walk_statement(m, statement))
        ):
            return None
        uses = [_use(context, m, e, me, varying, e in cast) for e in seen]
        if None in uses or len(uses) != sum(1 for e in walk_statement(m, statement) if e == me):
            return None
        found.update(uses)
    if not found or "step" in found and found - {"step", "cast"}:
        return None
    return (SAFE if found <= {"step", "cast"} else UNSAFE), "int64" if "step" in found else ""


def _mentions(e: Expression, me: Name, m: Module) -> bool:
    """Is the name a direct part of this expression?"""
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        return me in call.args or any(k.value == me for k in call.keywords)
    if isinstance(e, BinaryOp):
        return me in (e.left, e.right)
    return isinstance(e, Comparison) and (e.left == me or me in e.rights)


def _use(context: Context, m: Module, e: Expression, me: Name, varying: Varying, cast: bool) -> str | None:
    """How an expression uses the parameter: "cast", "step", "number", or None when that needs a Python value.

    A tensor of a whole number is int32: it mixes with nothing else, and divided it is float64.  So it may only be cast
    (`cast`: the expression is), printed, or compared with whole numbers.
    """
    if isinstance(e, BinaryOp):
        whole = any(
            isinstance(o, Constant) and type(o.value) is int for o in (e.left, e.right)
        )  # tf.cast(epoch + 1, tf.float32) is right for a number and for a tensor
        return "number" if (varying.float or whole and cast) and e.op in ("+", "-", "*", "/") else None
    if isinstance(e, Comparison):
        return (
            "number"
            if varying.kind == "number"
            and (varying.float or all(_whole(context, m, o, me) for o in (e.left, *e.rights)))
            else None
        )
    if not isinstance(e, CallRef):
        return None
    call, apis = m.calls[e.number], context.project.apis(m, e.number)
    if any(name.startswith("tf.summary.") for name in apis):
        return "step" if Keyword("step", me) in call.keywords else None
    if "tf.cast" in apis and call.args[:1] == (me,):
        return "cast"
    if varying.kind == "text":
        return "number" if any(name.startswith(_TEXT_OPS) for name in apis) else None
    return "number" if "tf.print" in apis or varying.float and apis & _NUMBER_OPS else None


def _whole(context: Context, m: Module, e: Expression, me: Name) -> bool:
    """Is one side of a comparison the parameter, a whole number, or a tensor of int32?"""
    if e == me or isinstance(e, Constant) and type(e.value) is int:
        return True
    if isinstance(e, Subscript):
        return _whole(context, m, e.base, me)
    return isinstance(e, CallRef) and bool(context.project.apis(m, e.number) & _INT32)


_INT32 = frozenset(("tf.range", "tf.shape", "tf.size", "tf.rank"))
_TEXT_OPS = ("tf.io.read_file", "tf.print", "tf.strings.", "tf.io.decode")
_NUMBER_OPS = frozenset(("tf.print", "tf.multiply", "tf.add", "tf.less", "tf.greater"))
