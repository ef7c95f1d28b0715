"""Parameters of a traced function that may as well be tensors.

The question: *does the function do the same when it is given a tensor instead of a Python number or text, and of which
type must that be?*  Only uses that are known to take a tensor pass: casts, summaries, comparisons and arithmetic that
mix with the type it would have.  Anything else needs a Python value.  `in_double` and `from_numpy` are doubts about the
precision, told by names: neither sees what another module sets.
"""

from __future__ import annotations

from tflint_mem.analysis.models.models import walk_statement
from tflint_mem.facts import (
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
    Subscript,
    While,
    walk,
)
from tflint_mem.finding import SAFE, UNSAFE
from tflint_mem.project.holds.values import External

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.analysis.passes.varying_values import Varying
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

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
_INT32 = frozenset(("tf.range", "tf.shape", "tf.size", "tf.rank"))
_TEXT_OPS = ("tf.io.read_file", "tf.print", "tf.strings.", "tf.io.decode")
_NUMBER_OPS = frozenset(("tf.print", "tf.multiply", "tf.add", "tf.less", "tf.greater"))


def in_double(context: Context, m: Module) -> bool:
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


def from_numpy(context: Context, m: Module, i: int, given: Expression) -> bool:
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


def parameter(context: Context, m: Module, i: int, fm: Module, scope: int, which: int | str) -> str | None:
    """Name of the traced function's parameter that the argument fills, or None."""
    parameters = fm.scopes[scope].parameters
    if isinstance(which, str):
        return which if any(p.name == which for p in parameters) else None
    for index, parameter in enumerate(parameters):
        if parameter.kind == "p" and context.infer.argument(fm, scope, index, m, i) == m.calls[i].args[which]:
            return parameter.name
    return None


def use(context: Context, m: Module, scope: int, name: str | None, varying: Varying) -> tuple[str, str] | None:
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
        uses = [_used_in(context, m, e, me, varying, e in cast) for e in seen]
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


def _used_in(context: Context, m: Module, e: Expression, me: Name, varying: Varying, cast: bool) -> str | None:
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
