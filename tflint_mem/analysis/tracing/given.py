"""Would a trace take what a function is given as it is, and keep one graph for all its calls?

Answers are a few words for a person, "" when nothing speaks against it.  Uncertain: a parameter of which nothing is
known
counts as one that a trace would not take, unless all callers that are seen give float32, or it only goes to Keras.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Attribute,
    BinaryOp,
    CallRef,
    Constant,
    Expression,
    Name,
    SequenceDisplay,
    Subscript,
    tail_of,
    walk,
)
from tflint_mem.project.holds.values import CallOrigin, External, FunctionValue, Instance, Thing, TupleValue
from tflint_mem.project.linking.body import statement_expressions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4  # expressions and names that are followed
_OBJECTS = frozenset(("optimizer", "model", "layer", "metric", "loss", "saved_model", "strategy"))
_TENSORS = frozenset(("tensor", "variable", "tensors", "variables", "bool"))
_KERAS_CALLS = frozenset(
    (
        "model.__call__",
        "layer.__call__",
        "loss.__call__",
        "metric.__call__",
        "metric.update_state",
        "saved_model.__call__",
        "tf.cast",
        "tf.convert_to_tensor",
        "tf.shape",
        "tf.ones_like",
        "tf.zeros_like",
    )
)
_FLOAT32 = Constant("float32")


def expressions(m: Module, scope: int) -> Iterator[Expression]:
    """Every expression in the statements of a function, those in the arguments of calls included."""
    for s in m.scope_statements(scope):
        for expression in statement_expressions(m.statements[s]):
            yield from walk(expression, m.calls)


def new_objects(context: Context, m: Module, scope: int) -> str:
    """A method of an object that is made again and again: each object would trace, and keep, a graph of its own."""
    if not m.is_method(scope):
        return ""
    owner = m.scopes[scope].parent
    made = list(context.project.callers_of.constructions(m, owner))
    for index, s in context.project.subclasses(m, owner):
        made += context.project.callers_of.constructions(context.project.module(index), s)
    if not made:
        return "nobody knows how many objects trace it"
    if any(context.first_repeat(other, j) is not None for other, j in made):
        return "each new object would trace it again"
    return ""


def arguments(context: Context, m: Module, scope: int) -> str:
    """Arguments that a trace would not take as they are: NumPy arrays in float64, one model or optimizer after the
    other.
    """
    for index, parameter in enumerate(m.scopes[scope].parameters):
        if index == 0 and m.is_method(scope):
            continue
        values = context.infer.parameter(m, scope, index)
        objects = [v for v in values if isinstance(v, Instance) or isinstance(v, Thing) and v.kind in _OBJECTS]
        if len(objects) > 1:
            return f"it is called with several objects as {parameter.name}"
        if objects and _made_again(context, objects[0]):
            return f"it is called with a new {parameter.name} each time"
        plain = values and all(
            isinstance(v, Thing)
            and v.kind in _TENSORS
            or v in objects
            or isinstance(v, (FunctionValue, Constant, TupleValue))
            for v in values
        )
        if (
            not plain
            and not _single_precision(context, m, scope, index)
            and not _goes_to_keras(context, m, scope, parameter.name)
        ):
            return (
                f"{parameter.name} may be a NumPy array or a Python value, which a trace takes in another precision or "
                "again for each value"
            )
    return ""


def _made_again(context: Context, v: Instance | Thing) -> bool:
    """Is the object made at a place that repeats, or, of a class of the project, at more than one?"""
    if isinstance(v, Instance):
        made = context.project.callers_of.constructions(context.project.module(v.module), v.scope)
        return len(made) > 1 or any(context.first_repeat(other, j) is not None for other, j in made)
    if not isinstance(v.origin, CallOrigin):
        return False
    return context.first_repeat(context.project.module(v.origin.module), v.origin.call) is not None


def _goes_to_keras(context: Context, m: Module, scope: int, name: str) -> bool:
    """Is the parameter only handed to models, layers, losses and metrics, which cast what they are given?"""
    me, uses, given = Name(name), 0, 0
    for e in expressions(m, scope):
        if e == me:
            uses += 1
        elif isinstance(e, Attribute) and e.base == me and e.attr in ("shape", "dtype"):
            given += 1
        elif isinstance(e, CallRef):
            names = context.project.apis(m, e.number)
            if names & _KERAS_CALLS or any(name.startswith("keras.losses.") for name in names):
                given += sum(argument == me for argument in m.arguments(e.number))
    return uses == given and uses > 0


def _single_precision(context: Context, m: Module, scope: int, index: int) -> bool:
    """Do all callers that are seen give arrays that were made float32, or tensors?"""
    callers = [(other, j) for other, j, how in context.project.callers(m, scope) if how == "call"]
    for other, j in callers:
        given = context.infer.argument(m, scope, index, other, j)
        call = other.calls[j]
        if given is None or not _is_float32(context, other, call.scope, given, call.statement, 0):
            return False
    return bool(callers)


def _is_float32(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int) -> bool:
    """Does the expression say that it is made float32, or is it surely a tensor?"""
    if depth > MAX_DEPTH:
        return False
    if any(inner == _FLOAT32 or tail_of(inner) == "float32" for inner in walk(e, m.calls)):
        return True
    values = context.infer.values(m, scope, e, at)
    if values and all(isinstance(v, Thing) and v.kind in _TENSORS for v in values):
        return True
    if isinstance(e, Subscript):
        return _is_float32(context, m, scope, e.base, at, depth + 1)
    if isinstance(e, BinaryOp):
        sides = [side for side in (e.left, e.right) if not isinstance(side, Constant)]
        return bool(sides) and all(_is_float32(context, m, scope, side, at, depth + 1) for side in sides)
    if isinstance(e, CallRef):
        call = m.calls[e.number]
        parts = call.args[:1]
        if isinstance(call.func, Attribute) and not any(
            isinstance(v, External) for v in context.infer.values(m, scope, call.func.base, at)
        ):
            parts = (call.func.base,)
        return bool(parts) and all(_is_float32(context, m, scope, part, at, depth + 1) for part in parts)
    if not isinstance(e, Name):
        return False
    bindings = m.bindings(scope).get(e.id, ())
    return bool(bindings) and all(
        b.kind == "assign"
        and isinstance(b.value, Expression)
        and _is_float32(context, m, b.scope, _item(b.value, b.path), b.statement, depth + 1)
        for b in bindings
    )


def _item(e: Expression, path: tuple[int | str, ...]) -> Expression:
    """The part of a tuple that an assignment to several names gives to one of them."""
    for position in path:
        if not isinstance(e, SequenceDisplay) or not isinstance(position, int) or position >= len(e.items):
            break
        e = e.items[position]
    return e
