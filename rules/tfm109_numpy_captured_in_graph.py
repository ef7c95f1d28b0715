"""Finds big NumPy arrays that traced code takes from around it, so that they become constants of its graph.

## What it does
Reports a `tf.function`, or a function given to `Dataset.map` and its like, whose body reads a big array that it is not passed: an
array loaded from a file or a data set, or made with many elements, in the module, the outer function or an attribute. Small arrays,
arrays of unknown origin, shapes, tensors and variables are silent.

## Why is this bad?
A captured array is written into the graph as a constant, and the graph is copied: into the function's definition, into the runtime,
into each trace. A captured tensor is not copied.

## What was measured
TensorFlow 2.21, array of 96 MiB, in multiples of its size on top of it: captured by a `tf.function` 10x held and 18x at the peak, by
a `Dataset.map` function 7x and 18x; a captured tensor 1x, an argument 1x; `from_tensor_slices` 2x.

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
Where only the traced function reads the array, the fix makes it a tensor with `tf.constant`. It is unsafe: a tensor has no NumPy
methods.
"""

from __future__ import annotations

from tflint_mem import facts as F
from tflint_mem.analysis.tracing import traced_functions
from tflint_mem.facts import Attribute, CallRef, Constant, Lambda, Name, SequenceDisplay, Slice, TupleDisplay, UnaryOp
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import External, PartialValue, Thing
from tflint_mem.project.linking.module import call_text, statement_expressions, tail_of, walk
from tflint_mem.ruleset.draft import Draft, TraceStep

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Call, Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM109"
SWEEPS = True
MEASURED = "held 10x the array by a tf.function, 7x by a Dataset.map function, 18x at the peak (TF 2.21, 96 MiB); a captured tensor or an argument 1x"
BIG = 100_000  # elements
MAX_DEPTH = 8
_MAPS = frozenset(
    ("dataset.map", "dataset.filter", "dataset.flat_map", "dataset.interleave", "dataset.scan", "dataset.reduce")
)
_LOADS = frozenset(("load", "loadtxt", "genfromtxt", "fromfile", "memmap", "fromstring", "frombuffer"))
_FILLED = frozenset(
    (
        "zeros",
        "ones",
        "empty",
        "full",
        "normal",
        "uniform",
        "random",
        "standard_normal",
        "integers",
        "randint",
        "rand",
        "randn",
        "random_sample",
    )
)
_SAME = frozenset(
    (
        "array",
        "asarray",
        "ascontiguousarray",
        "concatenate",
        "stack",
        "vstack",
        "hstack",
        "copy",
        "abs",
        "sqrt",
        "log",
        "exp",
        "square",
        "transpose",
        "reshape",
        "expand_dims",
        "squeeze",
        "float32",
        "float64",
        "int32",
        "int64",
        "nan_to_num",
        "clip",
        "to_categorical",
        "pad_sequences",
        "repeat",
        "tile",
        "flip",
        "sort",
        "where",
        "pad",
    )
)
_METHODS = frozenset(("astype", "reshape", "copy", "transpose", "clip", "repeat", "swapaxes", "byteswap", "round"))
_PLAIN = frozenset(("shape", "ndim", "size", "dtype", "nbytes"))


def find(context: Context):
    """Traced functions that read big arrays from around them."""
    if traced_functions.switched_off(context):
        return
    for m, pos, site, fm, scope, what in _graphs(context):
        if context.in_tests(m):
            continue
        found = _captured(context, fm, scope)
        if found is None:
            continue
        name, (am, at) = found
        row = am.statements[at]
        yield Draft(
            code=CODE,
            m=m,
            pos=pos,
            message=f"{what} captures the NumPy array `{name}` as a constant of its graph",
            measured=MEASURED,
            help=f"pass `{name}` as an argument, or make it a tensor once with tf.constant",
            trace=(
                TraceStep(am, row[3], 0, "the array"),
                TraceStep(m, pos[0], pos[1], "is traced, and the array with it"),
            ),
            fix=_as_tensor(context, fm, scope, name, am, at) if am is fm and am is m and "." not in name else None,
            noqa_row=pos[2],
            site=site,
        )


def _graphs(context: Context):
    """(module, position, site, module of the function, its scope, phrase) of everything that traces a function of the project."""
    for traced in context.each(traced_functions.decorated(context)):
        if not context.has(traced.m):
            continue
        statement = traced.m.statements[traced.m.scopes[traced.scope][F.S_STMT]]
        record = traced.m.scopes[traced.scope]
        for expression, pos in zip(record[F.S_DECORATORS], statement[6]):
            if _makes_function(context, traced.m, record, expression):
                yield traced.m, pos, None, traced.m, traced.scope, f"the tf.function `{record[F.S_NAME]}`"
                break
    for m, i in traced_functions.in_part(context, traced_functions.wrapped(context)):
        traced = traced_functions.of_call(context, m, i)
        if traced.m is not None:
            yield m, m.calls[i][6], i, traced.m, traced.scope, f"`{call_text(m, i)}`"
    for m, i, names in context.calls({name[8:] for name in _MAPS}, _MAPS):
        call = m.calls[i]
        for argument in (*call.args, *[value for _, value in call.keywords]):
            for fm, scope in (
                context.project.functions_in(m, call.scope, argument, call.statement)
                if isinstance(argument, (Name, Attribute, Lambda))
                else ()
            ):
                yield m, call.pos, i, fm, scope, f"the function of `{call_text(m, i)}`"


def _makes_function(context: Context, m: Module, record, expression: Expression):
    if isinstance(expression, CallRef):
        names = context.project.apis(m, expression.number)
        return "tf.function" in names or any(
            isinstance(v, PartialValue) for v in context.infer.callee(m, expression.number)
        )
    values = context.infer.values(m, record[F.S_PARENT], expression, record[F.S_STMT])
    return any(
        isinstance(v, External) and v.name.endswith(("function", "defun")) or isinstance(v, (PartialValue, Thing))
        for v in values
    )


# -- what is captured -------------------------------------------------------------------------------------------------------


def _captured(context: Context, m: Module, scope: int):
    """(name, (module, statement that binds it)) of the first big array that the function reads from around it, or None."""
    for inner in range(scope, len(m.scopes)):
        if not _within(m, inner, scope):
            continue
        for s in m.scope_statements(inner):
            statement = m.statements[s]
            for e in _read(m, statement) if statement else ():
                found = _array(context, m, scope, inner, e, s)
                if found is not None:
                    return found
    return None


def _within(m: Module, scope: int, outer):
    while scope > outer:
        scope = m.scopes[scope].parent
    return scope == outer


def _read(m: Module, statement: int):
    """Names and attributes that a statement hands to operations: not their shapes, lengths or single items, and not what host code gets."""
    for expression in statement_expressions(statement):
        yield from _operands(m, expression)


def _operands(m: Module, e: Expression):
    tag = e[0]
    if tag == "n":
        yield e
    elif tag == "a":
        if e[2] in _PLAIN:
            return
        if e[1] == Name("self"):
            yield e
        else:
            yield from _operands(m, e[1])
    elif tag == "x":
        if e[2] is not None and _constant_index(e[2]):
            return
        yield from _operands(m, e[1])
        if e[2] is not None:
            yield from _operands(m, e[2])
    elif tag == "c":
        f, args, keywords, *_ = m.calls[e[1]]
        if f == Name("len") or tail_of(f) in (
            "shape",
            "print",
            "py_function",
            "numpy_function",
            "py_func",
            "enumerate_noop",
        ):
            return
        if isinstance(f, Attribute):
            yield from _operands(m, f.base)
        for value in (*args, *[v for _, v in keywords]):
            yield from _operands(m, value)
    elif tag != "f":
        for part in e[1:]:
            yield from _parts(m, part)


def _parts(m: Module, part):
    if isinstance(part, tuple) and part:
        if isinstance(part[0], str) and len(part) > 1:
            yield from _operands(m, part)
        else:
            for each in part:
                yield from _parts(m, each)


def _constant_index(index):
    items = index.items if isinstance(index, TupleDisplay) else (index,)
    return all(
        isinstance(item, Constant) or isinstance(item, UnaryOp) and isinstance(item.operand, Constant) for item in items
    )


def _array(context: Context, m: Module, scope: int, inner, e: Expression, at: int):
    """(text, place of its binding) when the expression is a big array from outside of the traced function."""
    if isinstance(e, Name):
        owner = inner
        while owner >= 0 and e.id not in m.bindings(owner):
            owner = m.scopes[owner][F.S_PARENT]
        if owner >= 0 and _within(m, owner, scope) or owner < 0:
            return None
        bindings = m.bindings(owner)[e.id]
        if len(bindings) != 1:
            return None
        if bindings[0].kind == "import":
            return _imported(context, m, e.id, bindings[0].value)
        place = _big_binding(context, m, owner, bindings[0])
        return (e.id, place) if place else None
    return _attribute(context, m, inner, e)


def _imported(context: Context, m: Module, name: str, bound):
    """The array of another module of the project."""
    target = context.project.resolve(m, bound[1], bound[3]) if bound[2] not in (None, "", "*") else None
    bindings = target.bindings(0).get(bound[2], ()) if target is not None else ()
    if len(bindings) != 1:
        return None
    place = _big_binding(context, target, 0, bindings[0])
    return (name, place) if place else None


def _attribute(context: Context, m: Module, scope: int, e: Expression):
    """`self.table` that the class sets once, from a file or with many elements."""
    while scope > 0 and m.scopes[scope].kind != "class":
        scope = m.scopes[scope].parent
    if scope <= 0:
        return None
    assigned = context.infer.attribute_assignments(m, scope).get(e[2], ())
    if len(assigned) != 1 or assigned[0][4] != "assign" or assigned[0][3]:
        return None
    function, statement, value, _, _ = assigned[0]
    return ("self." + e[2], (m, statement)) if big(context, m, function, value, statement) else None


def _big_binding(context: Context, m: Module, owner, binding, depth=0):
    kind, statement, scope, expression, path = binding
    if kind != "assign":
        return None
    if path and isinstance(expression, CallRef):
        return (m, statement) if _data_set(context, m, expression.number) else None
    if (
        path
        and isinstance(expression, SequenceDisplay)
        and len(path) == 1
        and isinstance(path[0], int)
        and path[0] < len(expression[1])
    ):
        expression, path = expression[1][path[0]], ()
    return (m, statement) if not path and big(context, m, owner, expression, statement, depth) else None


def _data_set(context: Context, m: Module, i: int):
    return any(
        name.startswith("keras.datasets.") and name.endswith(".load_data") for name in context.project.apis(m, i)
    )


def big(context: Context, m: Module, scope: int, e: Expression, at: int, depth=0):
    """Is the expression a NumPy array that is known to be big: read from a file or a data set, or of many elements?"""
    if depth > MAX_DEPTH:
        return False
    tag = e[0]
    if tag == "n":
        while scope >= 0 and e[1] not in m.bindings(scope):
            scope = m.scopes[scope].parent
        bindings = m.bindings(scope)[e[1]] if scope >= 0 else ()
        if len(bindings) != 1 or bindings[0].kind != "assign":
            return False
        key = ("big", m.index, scope, e[1], depth)
        if key not in context.memo:
            context.memo[key] = _big_binding(context, m, scope, bindings[0], depth + 1) is not None
        return context.memo[key]
    if tag == "b":
        return big(context, m, scope, e[2], at, depth + 1) or big(context, m, scope, e[3], at, depth + 1)
    if tag == "x":
        return e[2] is not None and _sliced(e[2]) and big(context, m, scope, e[1], at, depth + 1)
    if tag in ("l", "t"):
        return any(big(context, m, scope, item, at, depth + 1) for item in e[1])
    if tag == "a":
        return e[2] in ("T", "values") and (
            big(context, m, scope, e[1], at, depth + 1) or _frame(context, m, scope, e[1], at)
        )
    if tag != "c":
        return False
    return _big_call(context, m, scope, e[1], at, depth)


def _big_call(context: Context, m: Module, scope: int, i: int, at: int, depth):
    call = m.calls[i]
    names = context.project.apis(m, i)
    tail = tail_of(call.func)
    if any(name.startswith("numpy.") for name in names) or any(
        name.startswith(("keras.utils.", "keras.preprocessing.")) for name in names
    ):
        if tail in _LOADS or "numpy.lib.format.open_memmap" in names:
            return True
        if tail in _FILLED:
            return _elements(context, m, i) >= BIG
        return tail in _SAME and bool(call.args) and big(context, m, scope, call.args[0], at, depth + 1)
    if isinstance(call.func, Attribute) and tail in _METHODS:
        return big(context, m, scope, call.func.base, at, depth + 1)
    if isinstance(call.func, Attribute) and tail in _FILLED and _generator(context, m, call):
        return _elements(context, m, i) >= BIG
    return tail == "to_numpy" and isinstance(call.func, Attribute) and _frame(context, m, scope, call.func.base, at)


def _generator(context: Context, m: Module, call: Call):
    """Is the receiver a NumPy random generator?"""
    receiver = call.func[1]
    if isinstance(receiver, CallRef):
        return any(name.startswith("numpy.random.") for name in context.project.apis(m, receiver.number))
    return any(
        isinstance(v, Thing)
        and v.origin is not None
        and isinstance(v.origin[1], int)
        and tail_of(context.project.module(v.origin[0]).calls[v.origin[1]][0]) in ("default_rng", "RandomState")
        for v in context.infer.values(m, call.scope, receiver, call.statement)
    )


def _frame(context: Context, m: Module, scope: int, e: Expression, at: int):
    """Is it a pandas table that was read from a file?"""
    return any(
        isinstance(v, Thing) and v.kind.startswith("ext:pandas.read_") for v in context.infer.values(m, scope, e, at)
    )


def _elements(context: Context, m: Module, i: int):
    """The number of elements that the call's literal shape gives, 0 when it is not literal."""
    call = m.calls[i]
    tail = tail_of(call.func)
    shape = dict(call.keywords).get("size") or dict(call.keywords).get("shape")
    if shape is None and call.args:
        shape = (
            F.TupleDisplay(call.args)
            if tail in ("rand", "randn")
            else call.args[-1]
            if tail in ("normal", "uniform", "randint", "integers") and len(call.args) > 2
            else call.args[0]
        )
    if shape is None:
        return 0
    total = 1
    for item in shape[1] if isinstance(shape, SequenceDisplay) else (shape,):
        number = context.project.repeats_of.number(m, call.scope, item, call.statement)
        if number is None:
            return 0
        total *= number
    return total


def _sliced(index):
    items = index.items if isinstance(index, TupleDisplay) else (index,)
    return any(isinstance(item, Slice) for item in items) or not all(isinstance(item, Constant) for item in items)


# -- fix --------------------------------------------------------------------------------------------------------------------


def _as_tensor(context: Context, m: Module, scope: int, name: str, am: Module, at: int):
    """A fix when nothing but the traced function reads the array."""
    statement = am.statements[at]
    if (
        statement[5] != (Name(name),)
        or statement[6] is None
        or not isinstance(statement[6], CallRef)
        or statement.scope != 0
    ):
        return None
    for s, other in enumerate(am.statements):
        if other and s != at and not _within(am, other.scope, scope):
            if any(e == Name(name) for expression in statement_expressions(other) for e in walk(expression, am.calls)):
                return None
    if any(other is not am for other in context.project.mentioning(name, 64)):
        return None

    def fix(fx: FixContext):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(am, statement[6][1])
        tf = do.tf_name(fx.source, statement.line)
        return UNSAFE, f"Make `{name}` a tensor", do.replace_expression(view, call, f"{tf}.constant({view.code(call)})")

    return fix
