"""Finds Python values that change from call to call and are passed to a `tf.function`.

## What it does
Reports a call of a `tf.function` in a loop (or in a function that repeats) that passes a Python number, text, list or new object which
changes: a loop variable over `range` or `enumerate`, arithmetic on one, a counter, `float(…)`, `len(…)`, `random`, an f-string, an object or
model made for each call. Tensors, NumPy scalars and arrays, constants, flags and a handful of values stay silent, and so does a
function with an `input_signature`, which makes tensors of them.

## Why is this bad?
A Python value is part of the key under which a trace is kept. Each new value traces a new graph, and the function keeps all of them as long
as it lives itself. Nothing frees them while the function is in use.

## What was measured
98 KiB per new value on TensorFlow 2.21 (117 on 2.15, 115 on 2.8, 110 on 2.4) for a function of one operation, and 35 times slower
per call; 100 for a new object; 4636 for a new model. `reduce_retracing=True` changes nothing for Python values (98 / 115). NumPy scalars
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
it (`tf.constant` of a float is float32). Where the function needs a Python value (a range, a shape, an axis), there is no fix.
"""

from tflint_mem import facts as F
from tflint_mem.finding import SAFE, UNSAFE

from . import _traced, _varying
from ._models import text, walk_statement

CODE = "TFM302"
SWEEPS = True
MEASURED = "98 KiB per new value for a function of one operation (TF 2.21; 117 on 2.15), kept as long as the function; reduce_retracing is no help"
MEASURED_MODEL = "4636 KiB per new model of 4.2 MiB (TF 2.21): the function's cache keeps its variables"


def find(context):
    """Calls of a tf.function with a Python argument that varies."""
    for m, i, traced in _traced.calls(context):
        if "input_signature" in traced.options or context.in_tests(m) or context.project.versions.graph_mode(m):
            continue
        found = _varying.first(context, m, i)
        if found is None:
            continue
        repeat, varying, which = found
        if _made_again(context, traced, repeat):
            continue  # a new function in each repeat has seen no other value
        model = varying.kind == "model"
        yield context.at_call(
            CODE, m, i,
            f"`{text(m, i)}` is given {varying.what} {context.when(repeat, m)}; the tf.function traces a new graph for each value and keeps it",
            measured=MEASURED_MODEL if model else MEASURED,
            help="make the model a closure of a function traced for it, or a method" if model else "pass a tensor: tf.constant(value), or a tf.Variable that is assigned",
            severity="error" if model else None,
            trace=context.trace(repeat, f"passes {varying.what}"), fix=_fix(context, m, i, traced, varying, which),
        )


def _made_again(context, traced, repeat):
    """Does the repeat that brings the values make the function anew, too?"""
    m, i = traced.made if traced.made is not None and traced.m is None else _traced.definition(context, traced) if traced.m is not None else (None, -1)
    if m is None:
        return False
    return any((again.module, again.context, again.scope) == (repeat.module, repeat.context, repeat.scope) for again in context.project.repeats_of.all_of_call(m, i))


# -- the fix --------------------------------------------------------------------------------------------------------------


def _fix(context, m, i, traced, varying, which):
    if varying.kind not in ("number", "text") or traced.m is None:
        return None
    use = _used(context, traced.m, traced.scope, _parameter(context, m, i, traced, which), varying)
    if use is None:
        return None
    applicability, dtype = use

    def fix(fx):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        name = do.tf_name(fx.source, m.calls[i][6][0])
        more = f", {name}.{dtype}" if dtype else ""
        return applicability, "Pass a tensor", do.wrap_argument(view, call, which, f"{name}.constant({{}}{more})")

    return fix


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
    me, found = ("n", name), []
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is None:
            continue
        if statement[0] in (F.DEF, F.CLASS):
            return None
        seen = [e for e in walk_statement(m, statement) if _mentions(e, me, m)]
        if any(e == me for e in walk_statement(m, statement)) and statement[0] in (F.IF, F.WHILE, F.FOR) or any(e[0] == "f" for e in walk_statement(m, statement)):
            return None
        uses = [_use(context, m, e, me, varying) for e in seen]
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


def _use(context, m, e, me, varying):
    """How an expression uses the parameter: "cast", "step", "number", or None when that needs a Python value."""
    if e[0] == "b":
        whole = any(o[0] == "k" and type(o[1]) is int for o in e[2:4])  # epoch + 1 is right for a number and for a tensor
        return "number" if (varying.float or whole) and e[1] in ("+", "-", "*", "/") else None
    if e[0] == "q":
        return "number" if varying.kind == "number" else None
    call, apis = m.calls[e[1]], context.project.apis(m, e[1])
    if any(name.startswith("tf.summary.") for name in apis):
        return "step" if ("step", me) in call[2] else None
    if "tf.cast" in apis and call[1][:1] == (me,):
        return "cast"
    if varying.kind == "text":
        return "number" if any(name.startswith(_TEXT_OPS) for name in apis) else None
    return "number" if apis & _NUMBER_OPS else None


_TEXT_OPS = ("tf.io.read_file", "tf.print", "tf.strings.", "tf.io.decode")
_NUMBER_OPS = frozenset(("tf.print", "tf.multiply", "tf.add", "tf.less", "tf.greater"))
