"""Does a model give one tensor, or a list, tuple or dictionary of them?  And is what a call gives used as one array?

Both answers are of use only where they are sure: `several` says None, and `used_as_array` no, where nobody knows.
"""

from __future__ import annotations

from tflint_mem.facts import (
    NONE,
    Assign,
    Attribute,
    BinaryOp,
    CallRef,
    Comparison,
    Comprehension,
    DictDisplay,
    Display,
    Name,
    Return,
    Subscript,
    TupleDisplay,
    tail_of,
)
from tflint_mem.knowledge import FUNCTIONAL
from tflint_mem.project.holds.values import (
    CallOrigin,
    Instance,
    MapValue,
    SelfValue,
    SequenceValue,
    Thing,
    TupleValue,
)

from .syntax import walk_statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4  # clones of clones
_ONE = frozenset(("keras.Sequential",))
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


def several(context: Context, m: Module, scope: int, e: Expression | None, at: int) -> bool | None:
    """Does a model that the expression holds give several tensors?

    False when all give one, None when nobody knows.
    """
    return _of_values(context, context.infer.values(m, scope, e, at), 0)


def _of_values(context: Context, values: Values, depth: int) -> bool | None:
    return _together({_of_model(context, v, depth) for v in values})


def _together(answers: set[bool | None]) -> bool | None:
    """The answer to several of these questions: of one model, or of one return, each."""
    if True in answers:
        return True
    return False if answers == {False} else None


def _of_model(context: Context, v: Value, depth: int) -> bool | None:
    if depth > MAX_DEPTH:
        return None
    if isinstance(v, (Instance, SelfValue)):
        method = context.infer.lookup(context.project.module(v.module), v.scope, "call")
        return _of_returns(context, *method) if method else None
    if not isinstance(v, Thing) or v.kind != "model" or not isinstance(v.origin, CallOrigin):
        return None
    m, i = context.project.module(v.origin.module), v.origin.call
    names = context.project.apis(m, i)
    if names & _ONE or any(name.startswith("keras.applications.") for name in names):
        return False
    call = m.calls[i]
    if names & FUNCTIONAL:
        outputs = context.argument(m, i, 1, "outputs")
        return None if outputs is None else _of_expression(context, m, call.scope, outputs, call.statement)
    if "keras.clone_model" in names and call.args:
        return _of_values(context, context.infer.values(m, call.scope, call.args[0], call.statement), depth + 1)
    return None


def _of_expression(context: Context, m: Module, scope: int, e: Expression, at: int) -> bool | None:
    """Is the expression a container of tensors (True), one tensor (False), or unknown (None)?"""
    if isinstance(e, (Display, DictDisplay, Comprehension)):
        return True
    values = context.infer.values(m, scope, e, at)
    if any(
        isinstance(v, (SequenceValue, TupleValue, MapValue)) or isinstance(v, Thing) and v.kind in ("tensors", "parts")
        for v in values
    ):
        return True
    return False if values and all(isinstance(v, Thing) and v.kind in ("tensor", "variable") for v in values) else None


def _of_returns(context: Context, m: Module, scope: int) -> bool | None:
    answers = set()
    for s in m.scope_statements(scope):
        statement = m.statements[s]
        if isinstance(statement, Return) and statement.value is not None:
            answers.add(_of_expression(context, m, scope, statement.value, s))
    return _together(answers)


def used_as_array(context: Context, m: Module, i: int) -> bool:
    """Is what call `i` gives certainly one array?

    That is: does its own statement, or one that reads its name, calculate with it?
    """
    call = m.calls[i]
    calculated = context.once(("calculated with", m.index, call.scope), lambda: _calculated_with(m, call.scope))
    statement = m.statements[call.statement]
    assigned = (
        statement.targets
        if isinstance(statement, Assign) and statement.value == CallRef(i) and len(statement.targets) == 1
        else ()
    )
    return CallRef(i) in calculated or any(isinstance(target, Name) and target in calculated for target in assigned)


def _calculated_with(m: Module, scope: int) -> frozenset[Expression]:
    """The names and calls of a scope that something is calculated with as with one array."""
    found: set[Expression] = set()
    for s in m.scope_statements(scope):
        for e in walk_statement(m, m.statements[s]):
            found.update(operand for operand in _operands(m, e) if isinstance(operand, (Name, CallRef)))
    return frozenset(found)


def _operands(m: Module, e: Expression) -> Sequence[Expression]:
    """What an expression calculates with."""
    if isinstance(e, Attribute):
        return (e.base,) if e.attr in _ARRAY_ATTRIBUTES else ()
    if isinstance(e, BinaryOp):
        return (e.left, e.right)
    if isinstance(e, Comparison):
        return () if NONE in e.rights else (e.left,)
    if isinstance(e, Subscript):
        return (e.base,) if isinstance(e.index, TupleDisplay) else ()
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        return call.args[:1] if tail_of(call.func) in _ARRAY_FUNCTIONS else ()
    return ()
