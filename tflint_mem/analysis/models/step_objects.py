"""Metrics and optimizers: what the function that makes one does with it.

The questions: *is the optimizer applied, the metric updated, where it is made, and how often for each that is made?*
The answers follow the values of the inference: what is made by one call is the same thing wherever it turns up in the
function, in functions defined in it, and, for an optimizer, in the functions of a repeat to which factories return it.
A metric that is handed on may be updated any number of times; an optimizer that is given to a function of the project
counts as applied there.
"""

from __future__ import annotations

from tflint_mem.facts import Attribute, CallRef, Name, Reference
from tflint_mem.project.holds.values import Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.holds.values import Values
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context

_OPTIMIZERS = (
    "Adam AdamW Adamax Adadelta Adafactor Adagrad Nadam SGD RMSprop Ftrl Lion LossScaleOptimizer Muon Lamb".split()
)
_METRICS = """
 Mean Sum MeanTensor Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy
SparseTopKCategoricalAccuracy AUC Precision Recall PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity
SpecificityAtSensitivity TruePositives TrueNegatives FalsePositives FalseNegatives F1Score FBetaScore R2Score
MeanSquaredError RootMeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError MeanSquaredLogarithmicError
CosineSimilarity LogCoshError MeanIoU IoU BinaryIoU OneHotIoU OneHotMeanIoU KLDivergence Poisson BinaryCrossentropy
CategoricalCrossentropy SparseCategoricalCrossentropy Hinge SquaredHinge CategoricalHinge MeanMetricWrapper
MeanRelativeError
""".split()
TAILS = (*_OPTIMIZERS, *_METRICS)
KINDS = {
    f"{root}.{name}": "optimizer" for root in ("keras.optimizers", "tf.optimizers") for name in _OPTIMIZERS
}  # canonical name -> kind
KINDS.update({f"{root}.{name}": "metric" for root in ("keras.metrics", "tf.metrics") for name in _METRICS})

# Metrics that Keras 3 gives a new name each time, unless they are told one, and KiB per object that stay until
# `clear_session()` on TensorFlow 2.21.
RENAMED = {
    "AUC": 142,
    "PrecisionAtRecall": 142,
    "RecallAtPrecision": 142,
    "SensitivityAtSpecificity": 142,
    "SpecificityAtSensitivity": 142,
    "Precision": 72,
    "Recall": 72,
    "MeanIoU": 37,
    "IoU": 37,
    "BinaryIoU": 37,
    "OneHotIoU": 37,
    "OneHotMeanIoU": 37,
    "TruePositives": 35,
    "TrueNegatives": 35,
    "FalsePositives": 35,
    "FalseNegatives": 35,
}
_VARIABLES = frozenset(("tf.Variable", "keras.Variable"))


def updated(context: Context, m: Module, i: int) -> bool:
    """Does the function that makes the metric, by call `i`, update it, once or in a loop of its own?"""
    made = _made(context, m, i)
    for k in m.scope_calls(m.calls[i].scope):
        receiver = _updated_by(m, k)
        if isinstance(receiver, Reference) and _is(context, m, k, made, receiver):
            return True
    return False


def sees_one(context: Context, m: Module, i: int) -> bool:
    """Is the metric updated in its own function, and not in a loop of its own: made for a step, not for an epoch?"""
    call, made = m.calls[i], _made(context, m, i)
    around, found = set(m.loops(call.block)), False
    for scope in range(call.scope, len(m.scopes)):
        if not m.within(scope, call.scope):
            continue
        for k in m.scope_calls(scope):
            receiver = _updated_by(m, k)
            if isinstance(receiver, Reference) and _is(context, m, k, made, receiver):
                if scope != call.scope or set(m.loops(m.calls[k].block)) - around:
                    return False
                found = True
            elif any(isinstance(a, Reference) and _is(context, m, k, made, a) for a in m.arguments(k)):
                return False  # handed on: who knows how often it is updated there
    return found


def applied(context: Context, m: Module, i: int, repeat: Repeat) -> bool:
    """Does the repeat itself take steps with the optimizer, where it is made or where a factory hands it to?"""
    made = _made(context, m, i)
    for hm, hi in reversed(repeat.hops):
        if made.isdisjoint(context.infer.call_values(hm, hi)):
            break
        scope = hm.calls[hi].scope
        for inner in range(scope, len(hm.scopes)):
            if hm.within(inner, scope) and any(_steps(context, hm, k, made) for k in hm.scope_calls(inner)):
                return True
    return False


def belongs_to_new(context: Context, repeat: Repeat, kind: str) -> bool:
    """Does the repeat compile a model, or (for a thing of kind "optimizer") make variables?"""
    for position, (hm, hi) in enumerate(repeat.hops):
        loop = repeat.region_at(position)
        for k in hm.scope_calls(hm.calls[hi].scope):
            call = hm.calls[k]
            if hm.inside(call.block, loop):
                names = context.project.apis(hm, k)
                if (
                    "model.compile" in names
                    or isinstance(call.func, Attribute)
                    and call.func.attr == "compile"
                    or kind == "optimizer"
                    and names & _VARIABLES
                ):
                    return True
    return False


def _updated_by(m: Module, k: int) -> Expression:
    """What call `k` updates if it is a metric: `metric.update_state(…)`, `metric(…)`."""
    f = m.calls[k].func
    return f.base if isinstance(f, Attribute) and f.attr == "update_state" else f


def _steps(context: Context, m: Module, k: int, made: Values) -> bool:
    """Does call `k` apply gradients with the optimizer, or give it to a function of the project?"""
    f = m.calls[k].func
    if isinstance(f, Attribute) and f.attr in ("apply_gradients", "minimize"):
        return _is(context, m, k, made, f.base)
    given = any(isinstance(a, (Name, Attribute, CallRef)) and _is(context, m, k, made, a) for a in m.arguments(k))
    wraps = any(isinstance(v, Thing) and v.kind == "optimizer" for v in context.infer.call_values(m, k))
    return given and not wraps and bool(context.project.functions_called(m, k))


def _made(context: Context, m: Module, i: int) -> Values:
    return frozenset(v for v in context.infer.call_values(m, i) if isinstance(v, Thing))


def _is(context: Context, m: Module, k: int, made: Values, expression: Expression) -> bool:
    """May the expression, in call `k`, be one of the things made?"""
    call = m.calls[k]
    return not made.isdisjoint(context.infer.values(m, call.scope, expression, call.statement))
