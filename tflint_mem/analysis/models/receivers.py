"""What a method of Keras is called on: surely a model, or maybe something else that has a method of that name.

The question: *may the receiver of `predict` be an estimator of another library, or a class of the project with a method
of its own?*  The values of the inference answer it; a receiver of which nothing is known counts as a model, since the
call would not have been taken for Keras' own else.  Where the values disagree, a parameter is a model when one of the
callers passes nothing else.
"""

from __future__ import annotations

from tflint_mem.facts import NONE, SELF, Attribute, Name
from tflint_mem.project.holds.values import Instance, MethodValue, SelfValue, Thing, ThingMethod

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Value, Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

MAX_DEPTH = 3  # callers of callers
_WITHOUT_PREDICT = ("ext:transformers.", "ext:torch.", "ext:onnxruntime.")  # their models have no such method


def mixed(context: Context, m: Module, i: int) -> bool:
    """May the receiver as well be something of another library, or a class of the project with a method of its own?

    A parameter is a Keras model when one of the callers passes nothing else.
    """
    return any(_strange(context, v) for v in context.infer.callee(m, i)) and not _given_model(
        context, m, m.calls[i].scope, context.receiver(m, i)
    )


def only_keras(context: Context, m: Module, i: int) -> bool:
    """Is the receiver a Keras model for every caller?  A model of scikit-learn could not be called."""
    return all(
        _is_model(context, v) if isinstance(v, (Instance, SelfValue)) else not isinstance(v, Thing) or v.kind == "model"
        for v in _values(context, m, i)
    )


def own_step(context: Context, m: Module, i: int) -> bool:
    """Does the receiver's class define a `predict_step` that a direct call would skip?"""
    return any(
        isinstance(v, (Instance, SelfValue))
        and context.infer.lookup(context.project.module(v.module), v.scope, "predict_step") is not None
        for v in _values(context, m, i)
    )


def _values(context: Context, m: Module, i: int) -> Values:
    """What the receiver of call `i` may be."""
    call = m.calls[i]
    return context.infer.values(m, call.scope, context.receiver(m, i), call.statement)


def _is_model(context: Context, v: Instance | SelfValue) -> bool:
    return context.infer.class_kind(context.project.module(v.module), v.scope) == "model"


def _strange(context: Context, v: Value) -> bool:
    """Is it a method of another library, or one that a class of the project has written itself?"""
    if isinstance(v, ThingMethod):
        return (
            isinstance(v.receiver, Thing)
            and v.receiver.kind.startswith("ext:")
            and not v.receiver.kind.startswith(_WITHOUT_PREDICT)
        )
    return (
        isinstance(v, MethodValue)
        and isinstance(v.receiver, (Instance, SelfValue))
        and not _is_model(context, v.receiver)
    )


def _given_model(context: Context, m: Module, scope: int, e: Expression | None, depth: int = 0) -> bool:
    """Is it a parameter, or an attribute that holds one, for which a caller passes a Keras model and nothing else?

    Or passes such a parameter.
    """
    if isinstance(e, Attribute) and e.base == SELF and m.is_method(scope):
        kept = context.infer.attribute_assignments(m, m.scopes[scope].parent).get(e.attr, ())
        return bool(kept) and all(
            each.value == NONE
            or isinstance(each.value, Name)
            and _given_model(context, m, each.function, each.value, depth)
            for each in kept
        )
    bindings = m.bindings(scope).get(e.id, ()) if isinstance(e, Name) else ()
    if len(bindings) != 1 or depth > MAX_DEPTH:
        return False
    (binding,) = bindings
    if binding.kind != "param" or not isinstance(binding.value, int):
        return False
    for caller, j, _ in context.project.callers(m, scope):
        given = context.infer.argument(m, scope, binding.value, caller, j)
        if given is not None:
            call = caller.calls[j]
            values = context.infer.values(caller, call.scope, given, call.statement)
            if values and all(
                isinstance(v, Thing) and v.kind == "model" or isinstance(v, Instance) and _is_model(context, v)
                for v in values
            ):
                return True
            if isinstance(given, Name) and _given_model(context, caller, call.scope, given, depth + 1):
                return True
    return False
