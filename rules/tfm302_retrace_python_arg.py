"""Finds Python values that change from call to call and are passed to a `tf.function`.

## What it does
Reports a call of a `tf.function` in a loop (or in a function that repeats) that passes a Python number, text, list or new object which
changes: a loop variable over `range` or `enumerate`, arithmetic on one, a counter, `float(…)`, `len(…)`, `random`, an f-string, an object or
model made for each call, also in a function of a library that nothing in the project calls. Tensors, NumPy scalars and arrays, constants, flags and a handful of values stay silent, and so does a
function with an `input_signature`, which makes tensors of them.

## Why is this bad?
A Python value is part of the key under which a trace is kept. Each new value traces a new graph, and the function keeps all of them as long
as it lives itself. Nothing frees them while the function is in use.

## What was measured
98 KiB per new value on TensorFlow 2.21 (117 on 2.15, 115 on 2.8, 110 on 2.4) for a function of one operation, and 35 times slower
per call; 100 for a new object; 4636 for a new model, 470-500 for one that shares the weights of another. `reduce_retracing=True` changes nothing for Python values (98 / 115). NumPy scalars
and arrays: one trace, 0.

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
The fix wraps the argument in `tf.constant`. It is safe where the traced function only casts the value, unsafe where it calculates with
it (`tf.constant` of a float is float32). Where the function needs a Python value (a range, a shape, an axis), calculates with a whole number that it
does not cast, or may work in another precision than float32, there is no fix.
"""

from tflint_mem import facts as F
from tflint_mem.analysis.models.models import text, walk_statement
from tflint_mem.analysis.passes import hot, varying_values
from tflint_mem.analysis.program import public
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.finding import LIKELY, SAFE, UNSAFE
from tflint_mem.project.linking.module import walk

CODE = "TFM302"
_MODELS = frozenset(("keras.Model", "keras.Functional", "keras.Sequential"))
_ENDS = frozenset(("input", "inputs", "output", "outputs"))
SWEEPS = True
MEASURED = "98 KiB per new value for a function of one operation (TF 2.21; 117 on 2.15), kept as long as the function; reduce_retracing is no help"
MEASURED_MODEL = "4636 KiB per new model of 4.2 MiB (TF 2.21): the function's cache keeps its variables"
MEASURED_WRAPPER = (
    "470-500 KiB per new model that shares the weights of another (TF 2.21): its graph, with the gradient"
)


def find(context):
    """Calls of a tf.function with a Python argument that varies."""
    for m, i, traced in traced_functions.calls(context):
        if "input_signature" in traced.options or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        found = varying_values.first(context, m, i) or _given_new_model(context, m, i)
        if found is None:
            continue
        repeat, varying, which = found
        if _made_again(context, traced, repeat):
            continue  # a new function in each repeat has seen no other value
        model = varying.kind in ("model", "wrapper")
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{text(m, i)}` is given {varying.what} {context.when(repeat, m)}; the tf.function traces a new graph for each value and keeps it",
            measured=MEASURED_WRAPPER if varying.kind == "wrapper" else MEASURED_MODEL if model else MEASURED,
            help="make the model a closure of a function traced for it, or a method"
            if model
            else "pass a tensor: tf.constant(value), or a tf.Variable that is assigned",
            severity="error" if varying.kind == "model" else None,
            confidence=LIKELY if repeat.kind == public.KIND else None,
            trace=context.trace(repeat, f"passes {varying.what}"),
            fix=_fix(context, m, i, traced, varying, which),
        )


def _given_new_model(context, m, i):
    """The same for a call in a function that others are there to call, when it makes the model that it passes, or has it made."""
    given = [*enumerate(m.calls[i][1]), *[(name, e) for name, e in m.calls[i][2] if name]]
    made = next(((which, makers) for which, e in given for makers in (_makers(context, m, i, e),) if makers), None)
    repeat = public.each_call(context, m, i) if made is not None else None
    if repeat is None or not hot.eager(context, repeat):
        return None
    which, makers = made
    if all(
        any(e[0] == "a" and e[2] in _ENDS for argument in fm.arguments(j) for e in walk(argument, fm.calls))
        for fm, j in makers
    ):
        return repeat, varying_values.Varying("a new model around another one", "wrapper"), which
    return repeat, varying_values.Varying("a new model", "model"), which


def _makers(context, m, i, e):
    """[(module, call)] that make the Keras model: the expression is what a call in the same function gives, which makes one, or calls a
    function that always makes and returns one.  Else ()."""
    scope = m.calls[i][3]
    if e[0] == "n":
        bindings = m.bindings(scope).get(e[1], ())
        e = bindings[0][3] if len(bindings) == 1 and bindings[0][0] == "assign" and not bindings[0][4] else e
    if e[0] != "c" or not public.drops(m, e[1]):
        return ()
    if context.project.apis(m, e[1]) & _MODELS:
        return ((m, e[1]),)
    functions = context.project.functions_called(m, e[1])
    if len(functions) != 1 or context.project.repeats_of.guards.cached(*functions[0]):
        return ()
    fm, scope = functions[0]
    returned = [
        fm.statements[s][5] for s in fm.scope_statements(scope) if fm.statements[s] and fm.statements[s][0] == F.RETURN
    ]
    if not all(
        value is not None and value[0] == "c" and context.project.apis(fm, value[1]) & _MODELS for value in returned
    ):
        return ()
    return tuple((fm, value[1]) for value in returned)


def _made_again(context, traced, repeat):
    """Does the repeat that brings the values make the function anew, too?"""
    m, i = (
        traced.made
        if traced.made is not None and traced.m is None
        else traced_functions.definition(context, traced)
        if traced.m is not None
        else (None, -1)
    )
    if m is None:
        return False
    return any(
        (again.module, again.context, again.scope) == (repeat.module, repeat.context, repeat.scope)
        for again in context.repeats(m, i)
    )


# -- the fix --------------------------------------------------------------------------------------------------------------


def _fix(context, m, i, traced, varying, which):
    if varying.kind not in ("number", "text") or traced.m is None:
        return "nobody sees the traced function" if traced.m is None else "it is no number or text"
    use = _used(context, traced.m, traced.scope, _parameter(context, m, i, traced, which), varying)
    if use is None:
        return "the function needs a Python value, or calculates with it in another type than a tensor would have"
    applicability, dtype = use
    if applicability == UNSAFE and varying.kind == "number":
        if _in_double(context, m) or _in_double(context, traced.m):
            return "the tensors here may be float64, which does not mix with the float32 of tf.constant"
        given = m.calls[i][1][which] if isinstance(which, int) else dict(m.calls[i][2]).get(which)
        dtype = dtype or ("float32" if given is not None and _from_numpy(context, m, i, given) else "")

    def fix(fx):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        name = do.tf_name(fx.source, m.calls[i][6][0])
        more = f", {name}.{dtype}" if dtype else ""
        return applicability, "Pass a tensor", do.wrap_argument(view, call, which, f"{name}.constant({{}}{more})")

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


def _in_double(context, m):
    """May tensors of the module have another precision than float32: does it say so, or make NumPy arrays and never say float32?"""
    key = ("double", m.index)
    if key not in context.memo:
        constants = {
            e[1]
            for call in m.calls
            for e in (*call[1], *[value for _, value in call[2]])
            if e[0] == "k" and isinstance(e[1], str)
        }
        named = {name for name in _TYPES if context.project.index.has("idents", name, m.index)} | constants & set(
            _TYPES
        )
        single = "float32" in constants or context.project.index.has("idents", "float32", m.index)
        arrays = not single and any(
            v[0] == "ext" and v[1].startswith(("numpy.", "pandas."))
            for tail in sorted(_ARRAYS)
            for j in m.calls_by_tail().get(tail, ())
            if context.argument(m, j, None, "dtype") is None
            for v in context.infer.callee(m, j)
        )
        context.memo[key] = bool(named) or arrays
    return context.memo[key]


def _from_numpy(context, m, i, given):
    """Does NumPy calculate the number, in float64?"""
    call, parts = m.calls[i], [given]
    if given[0] == "n":
        parts += [b[3] for b in m.bindings(call[3]).get(given[1], ()) if b[0] in ("assign", "augment")]
    return any(
        e[0] == "c" and any(v[0] == "ext" and v[1].startswith("numpy.") for v in context.infer.callee(m, e[1]))
        for part in parts
        for e in walk(part, m.calls)
    )


def _parameter(context, m, i, traced, which):
    """Name of the traced function's parameter that the argument fills, or None."""
    record = traced.m.scopes[traced.scope]
    if isinstance(which, str):
        return which if any(p[0] == which for p in record[F.S_PARAMS]) else None
    for index, parameter in enumerate(record[F.S_PARAMS]):
        if parameter[3] == "p" and context.infer.argument(traced.m, traced.scope, index, m, i) == m.calls[i][1][which]:
            return parameter[0]
    return None


def _used(context, m, scope, name, varying):
    """(applicability, dtype or "") when the function can take a tensor for the parameter, else None.

    SAFE when it only casts the value or counts summaries with it (those want int64), UNSAFE when it calculates with it.
    """
    if name is None or len(m.bindings(scope).get(name, ())) != 1:
        return None
    me, found = F.Name(name), []
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is None:
            continue
        if statement[0] in (F.DEF, F.CLASS):
            return None
        seen = [e for e in walk_statement(m, statement) if _mentions(e, me, m)]
        cast = {
            part
            for e in walk_statement(m, statement)
            if e[0] == "c" and m.calls[e[1]][1] and "tf.cast" in context.project.apis(m, e[1])
            for part in walk(m.calls[e[1]][1][0])
        }
        if (
            any(e == me for e in walk_statement(m, statement))
            and statement[0] in (F.IF, F.WHILE, F.FOR)
            or any(e[0] == "f" for e in walk_statement(m, statement))
        ):
            return None
        uses = [_use(context, m, e, me, varying, e in cast) for e in seen]
        if None in uses or len(uses) != sum(1 for e in walk_statement(m, statement) if e == me):
            return None
        found.extend(uses)
    if not found or "step" in found and set(found) - {"step", "cast"}:
        return None
    return (SAFE if set(found) <= {"step", "cast"} else UNSAFE), "int64" if "step" in found else ""


def _mentions(e, me, m):
    """Is the name a direct part of this expression?"""
    if e[0] == "c":
        call = m.calls[e[1]]
        return me in call[1] or any(k[1] == me for k in call[2])
    if e[0] == "b":
        return me in (e[2], e[3])
    return e[0] == "q" and (e[1] == me or me in e[3])


def _use(context, m, e, me, varying, cast):
    """How an expression uses the parameter: "cast", "step", "number", or None when that needs a Python value.

    A tensor of a whole number is int32: it mixes with nothing else, and divided it is float64.  So it may only be cast (`cast`: the
    expression is), printed, or compared with whole numbers.
    """
    if e[0] == "b":
        whole = any(
            o[0] == "k" and type(o[1]) is int for o in e[2:4]
        )  # tf.cast(epoch + 1, tf.float32) is right for a number and for a tensor
        return "number" if (varying.float or whole and cast) and e[1] in ("+", "-", "*", "/") else None
    if e[0] == "q":
        return (
            "number"
            if varying.kind == "number" and (varying.float or all(_whole(context, m, o, me) for o in (e[1], *e[3])))
            else None
        )
    call, apis = m.calls[e[1]], context.project.apis(m, e[1])
    if any(name.startswith("tf.summary.") for name in apis):
        return "step" if ("step", me) in call[2] else None
    if "tf.cast" in apis and call[1][:1] == (me,):
        return "cast"
    if varying.kind == "text":
        return "number" if any(name.startswith(_TEXT_OPS) for name in apis) else None
    return "number" if "tf.print" in apis or varying.float and apis & _NUMBER_OPS else None


def _whole(context, m, e, me):
    """Is one side of a comparison the parameter, a whole number, or a tensor of int32?"""
    if e == me or e[0] == "k" and type(e[1]) is int:
        return True
    if e[0] == "x":
        return _whole(context, m, e[1], me)
    return e[0] == "c" and bool(context.project.apis(m, e[1]) & _INT32)


_INT32 = frozenset(("tf.range", "tf.shape", "tf.size", "tf.rank"))


_TEXT_OPS = ("tf.io.read_file", "tf.print", "tf.strings.", "tf.io.decode")
_NUMBER_OPS = frozenset(("tf.print", "tf.multiply", "tf.add", "tf.less", "tf.greater"))
