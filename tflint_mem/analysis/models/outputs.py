"""Does a model give one tensor, or a list, tuple or dictionary of them?  And is what a call gives used as one array?"""

from __future__ import annotations

from tflint_mem.facts import (
    Assign,
    CallRef,
    Comprehension,
    Constant,
    DictDisplay,
    ListDisplay,
    Name,
    Return,
    SetDisplay,
    TupleDisplay,
)
from tflint_mem.project.holds.values import Instance, MapValue, SelfValue, SequenceValue, Thing, TupleValue
from tflint_mem.project.linking.module import tail_of

from .models import walk_statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4
_ONE = frozenset(("keras.Sequential",))
_FUNCTIONAL = frozenset(("keras.Model", "keras.Functional"))
_ARRAY_FUNCTIONS = frozenset(
    (
        "argmax",
        "argmin",
        "argsort",
        "squeeze",
        "max",
        "min",
        "amax",
        "amin",
        "mean",
        "sum",
        "float",
        "int",
        "round",
        "reshape",
        "exp",
        "log",
    )
)
_ARRAY_ATTRIBUTES = frozenset(
    (
        "shape",
        "argmax",
        "argmin",
        "argsort",
        "flatten",
        "ravel",
        "reshape",
        "squeeze",
        "tolist",
        "astype",
        "max",
        "min",
        "mean",
        "sum",
        "T",
        "item",
        "copy",
        "round",
        "dtype",
        "size",
        "ndim",
        "transpose",
        "clip",
    )
)


def several(context: Context, m: Module, scope: int, e: Expression, at: int):
    """True when a model that the expression holds gives several tensors, False when all give one, None when nobody knows."""
    return _of_values(context, context.infer.values(m, scope, e, at), 0)


def _of_values(context: Context, values, depth):
    answers = {_of_model(context, v, depth) for v in values}
    if True in answers:
        return True
    return False if answers == {False} else None


def _of_model(context: Context, v: Value, depth):
    if depth > MAX_DEPTH:
        return None
    if isinstance(v, (Instance, SelfValue)):
        method = context.infer.lookup(context.project.module(v.module), v.scope, "call")
        return _of_returns(context, *method) if method else None
    if (
        not isinstance(v, Thing)
        or v.kind != "model"
        or v.origin is None
        or not isinstance(v.origin[0], int)
        or not isinstance(v.origin[1], int)
    ):
        return None
    m, i = context.project.module(v.origin[0]), v.origin[1]
    names = context.project.apis(m, i)
    if names & _ONE or any(name.startswith("keras.applications.") for name in names):
        return False
    scope, at = m.calls[i][3], m.calls[i][5]
    if names & _FUNCTIONAL:
        outputs = context.argument(m, i, 1, "outputs")
        return None if outputs is None else _of_expression(context, m, scope, outputs, at)
    if "keras.clone_model" in names and m.calls[i][1]:
        return _of_values(context, context.infer.values(m, scope, m.calls[i][1][0], at), depth + 1)
    return None


def _of_expression(context: Context, m: Module, scope: int, e: Expression, at: int):
    """Is the expression a container of tensors (True), one tensor (False), or unknown (None)?"""
    if isinstance(e, (ListDisplay, TupleDisplay, DictDisplay, Comprehension, SetDisplay)):
        return True
    values = context.infer.values(m, scope, e, at)
    if any(
        isinstance(v, (SequenceValue, TupleValue, MapValue)) or isinstance(v, Thing) and v.kind in ("tensors", "parts")
        for v in values
    ):
        return True
    return False if values and all(isinstance(v, Thing) and v.kind in ("tensor", "variable") for v in values) else None


def _of_returns(context: Context, m: Module, scope: int):
    answers = set()
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if statement is not None and isinstance(statement, Return) and statement.value is not None:
            answers.add(_of_expression(context, m, scope, statement.value, s))
    return True if True in answers else False if answers == {False} else None


def used_as_array(context: Context, m: Module, i: int):
    """Is what call `i` gives certainly one array: does its own statement, or one that reads its name, calculate with it?"""
    call, key = m.calls[i], ("calculated with", m.index, m.calls[i].scope)
    calculated = context.memo.get(key)
    if calculated is None:
        calculated = context.memo[key] = _calculated_with(m, call.scope)
    statement = m.statements[call.statement]
    assigned = (
        statement.targets
        if isinstance(statement, Assign) and statement.value == CallRef(i) and len(statement.targets) == 1
        else ()
    )
    return CallRef(i) in calculated or any(isinstance(target, Name) and target in calculated for target in assigned)


def _calculated_with(m: Module, scope: int) -> frozenset:
    """The names and calls of a scope that something is calculated with as with one array."""
    found = set()
    for s in m.scope_statements(scope):
        if m.statements[s] is not None:
            for e in walk_statement(m, m.statements[s]):
                found.update(operand for operand in _operands(m, e) if isinstance(operand, (Name, CallRef)))
    return frozenset(found)


def _operands(m: Module, e: Expression):
    """What an expression calculates with."""
    tag = e[0]
    if tag == "a":
        return e[1:2] if e[2] in _ARRAY_ATTRIBUTES else ()
    if tag == "b":
        return e[2:4]
    if tag == "q":
        return () if any(right == Constant(None) for right in e[3]) else e[1:2]
    if tag == "x":
        return e[1:2] if e[2] is not None and isinstance(e[2], TupleDisplay) else ()
    if tag == "c":
        call = m.calls[e[1]]
        return call.args[:1] if tail_of(call.func) in _ARRAY_FUNCTIONS else ()
    return ()
