"""Expressions that are a model's output in full size: a tensor on the device, or the predictions of a whole input.

The questions: *which call makes what an expression holds, and is that surely one tensor?*  An output is followed
through names that are bound once, through operations that keep its size, and through functions of the project all of
whose returns give one, at most `MAX_DEPTH` steps far.  A loss, a mean or a single number is none.  That there is one
tensor counts as sure only where the model, the functions or the use of the result say so.
"""

from __future__ import annotations

from tflint_mem.facts import (
    Attribute,
    CallRef,
    Constant,
    Expression,
    ExprStatement,
    Name,
    Return,
    Slice,
    Subscript,
    tail_of,
)
from tflint_mem.project.holds.values import CallOrigin, Thing

from . import outputs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 4
OUTPUTS = frozenset(("model.__call__", "saved_model.__call__", "model.call"))
GRADIENTS = frozenset(("tape.gradient", "tape.jacobian", "tape.batch_jacobian"))
PREDICTIONS = frozenset(("model.predict", "model.predict_on_batch"))
_SAME_SIZE = frozenset(
    (
        "tf.cast",
        "tf.identity",
        "tf.squeeze",
        "tf.reshape",
        "tf.expand_dims",
        "tf.transpose",
        "tf.stop_gradient",
        "tf.sigmoid",
        "tf.tanh",
        "tf.nn.softmax",
        "tf.nn.sigmoid",
        "tf.nn.relu",
        "tf.nn.l2_normalize",
        "tf.nn.log_softmax",
        "tf.math.sigmoid",
        "tf.math.l2_normalize",
        "tf.image.resize",
        "tf.clip_by_value",
        "tf.linalg.l2_normalize",
        "tf.math.softmax",
    )
)
_JOINS = ("concat", "concatenate", "stack", "vstack", "hstack")


def output(context: Context, m: Module, scope: int, e: Expression, at: int, depth: int = 0) -> int | None:
    """The call in this scope whose result, a model's output of full size, the expression is; else None."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(e, CallRef):
        return e.number if _gives_output(context, m, scope, e.number) else _through(context, m, scope, e, at, depth)
    if isinstance(e, Name):
        found = m.bindings(scope).get(e.id)
        bindings = context.infer.reaching(m, found, at) if found is not None else ()
        if len(bindings) == 1 and bindings[0].kind == "assign":
            (binding,) = bindings
            value = binding.value
            if isinstance(value, Expression) and (
                not binding.path or isinstance(value, CallRef) and context.project.apis(m, value.number) & GRADIENTS
            ):
                return output(context, m, scope, value, binding.statement, depth + 1)
        return None
    if isinstance(e, Subscript) and isinstance(e.index, (Constant, Slice)):
        return output(context, m, scope, e.base, at, depth + 1)
    return None


def _gives_output(context: Context, m: Module, scope: int, i: int) -> bool:
    """Does call `i` itself ask a model, or take gradients?"""
    names = context.project.apis(m, i)
    return bool(
        names & OUTPUTS
        or names & GRADIENTS
        or names & PREDICTIONS
        and _in_callback(context, m, scope)
        or "tf.function.__call__" in names
        and _wraps_model(context, m, i)
    )


def _through(context: Context, m: Module, scope: int, e: CallRef, at: int, depth: int) -> int | None:
    """The call whose output an operation that keeps the size, or a function of the project, gives on."""
    call = m.calls[e.number]
    if context.project.apis(m, e.number) & _SAME_SIZE and call.args:
        return output(context, m, scope, call.args[0], at, depth + 1)
    if any(_returns_output(context, fm, fs, depth + 1) for fm, fs in context.project.functions_called(m, e.number)):
        return e.number
    return None


def _in_callback(context: Context, m: Module, scope: int) -> bool:
    """Is it a method of a Keras callback?  What `predict` gives elsewhere is what the program wants."""
    return m.is_method(scope) and context.infer.class_kind(m, m.scopes[scope].parent) == "callback"


def _made_of(context: Context, m: Module, i: int) -> Iterator[Site]:
    """The calls of `tf.function(…)` whose result call `i` may call."""
    for v in context.infer.callee(m, i):
        if isinstance(v, Thing) and v.kind == "tf.function" and isinstance(v.origin, CallOrigin):
            yield context.project.module(v.origin.module), v.origin.call


def _wraps_model(context: Context, m: Module, i: int) -> bool:
    """Is the called `tf.function` made from a model itself?"""
    for om, oi in _made_of(context, m, i):
        made = om.calls[oi]
        if made.args and "model" in context.project.kinds(om, made.scope, made.args[0], made.statement):
            return True
    return False


def _returned(m: Module, scope: int) -> list[tuple[int, Expression | None]]:
    """Each `return` of a function, and what it gives; None for nothing."""
    return [(s, statement.value) for s in m.scope_statements(scope) if isinstance(statement := m.statements[s], Return)]


def _returns_output(context: Context, m: Module, scope: int, depth: int) -> bool:
    """Does every `return` of a function give a model's output?"""
    key = ("returns output", m.index, scope)
    known: bool | None = context.memo.get(key)
    if known is None:
        context.memo[key] = False  # in a recursion the other returns decide
        returned = _returned(m, scope)
        known = context.memo[key] = (
            bool(returned)
            and depth <= MAX_DEPTH
            and all(e is not None and output(context, m, scope, e, s, depth) is not None for s, e in returned)
        )
    return known


# -- is it one tensor -------------------------------------------------------------------------------------------------


def one_tensor(context: Context, m: Module, s: int, e: Expression, made: int, depth: int = 0) -> bool:
    """Is what statement `s` keeps or returns as `e` one tensor: what an operation gives, or the output of call `made`?

    The model that is called must surely have one output.
    """
    if isinstance(e, Name):
        bindings = context.infer.reaching(m, m.bindings(m.statements[s].scope).get(e.id, ()), s)
        if len(bindings) == 1 and bindings[0].kind == "assign" and not bindings[0].path:
            (binding,) = bindings
            e = binding.value if isinstance(binding.value, Expression) else e
    if isinstance(e, CallRef) and context.project.apis(m, e.number) & _SAME_SIZE:
        return True
    names, call = context.project.apis(m, made), m.calls[made]
    if outputs.used_as_array(context, m, made):
        return True
    if names & OUTPUTS:
        model = call.func.base if "model.call" in names and isinstance(call.func, Attribute) else call.func
        return outputs.several(context, m, call.scope, model, call.statement) is False
    for om, oi in _made_of(context, m, made):
        given = om.calls[oi]
        return bool(given.args) and outputs.several(context, om, given.scope, given.args[0], given.statement) is False
    functions = context.project.functions_called(m, made)
    if functions and depth < MAX_DEPTH and all(_returns_one(context, fm, scope, depth) for fm, scope in functions):
        return True
    return _joined(m, s)


def _returns_one(context: Context, m: Module, scope: int, depth: int) -> bool:
    """Does a function give one tensor in each `return`?"""
    return context.once(("returns one", m.index, scope, depth), lambda: _all_one(context, m, scope, depth))


def _all_one(context: Context, m: Module, scope: int, depth: int) -> bool:
    made = [(s, e, output(context, m, scope, e, s) if e is not None else None) for s, e in _returned(m, scope)]
    return bool(made) and all(
        e is not None and call is not None and one_tensor(context, m, s, e, call, depth + 1) for s, e, call in made
    )


def _joined(m: Module, s: int) -> bool:
    """Does the statement add to a list that is joined by an operation on tensors or arrays: `tf.concat(parts, 0)`?"""
    statement = m.statements[s]
    if not isinstance(statement, ExprStatement) or not isinstance(statement.value, CallRef):
        return False
    added = m.calls[statement.value.number].func
    return isinstance(added, Attribute) and any(
        tail_of(m.calls[j].func) in _JOINS and m.calls[j].args[:1] == (added.base,)
        for j in m.scope_calls(statement.scope)
    )
