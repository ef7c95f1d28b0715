"""Finds Keras optimizers and metrics that are made again in each pass of a loop.

## What it does
Reports, as a hint, an optimizer that is made in a loop (or in a function that a loop calls) that goes on with the same variables,
and a metric that is made for each single update. Silent when each pass has a new model or new variables, when the arguments
follow the loop variable (a learning rate, a threshold), when the object is compiled into a model or kept under a key. A new metric
for each epoch is fine when its name stays the same; those that Keras 3 names anew each time (`AUC`, `Precision`, `Recall`, `MeanIoU`,
`TruePositives` and their kin, without a `name`) are reported there, too.

## Why is this bad?
A new optimizer starts without momentum and moments and makes its slot variables again; in a loop over steps Adam never becomes
Adam. A metric keeps no memory: it is only set up again, which costs more than the update. Inside a `tf.function` both create
variables, which it forbids.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15: optimizer 142 / 3 until `clear_session()`; metrics with a name of their own (`Mean`, accuracies, errors)
0.2-0.3 / 0. Metrics that are named anew, until `clear_session()` on 2.21 with Keras 3.15: `AUC` and `PrecisionAtRecall` 143, `Precision` and
`Recall` 72, `MeanIoU` 37, `TruePositives` 35 (3-6 on 2.15); with a fixed `name` 0-1.3, with `reset_state()` 0-1.4, with
`clear_session()` every 40 objects 0.6.

## Example
```python
for features, target in batches:
    optimizer = tf.keras.optimizers.Adam()
    optimizer.apply_gradients(zip(gradients_of(features, target), variables))
```

Use instead:
```python
optimizer = tf.keras.optimizers.Adam()
for features, target in batches:
    optimizer.apply_gradients(zip(gradients_of(features, target), variables))
```

A metric is made once too, and each pass begins with `metric.reset_state()`.

## Fix safety
The fix moves a metric before the loop and puts `reset_state()` (`reset_states()` before TensorFlow 2.5) in its place; an optimizer moves where it is
plain SGD. A training that goes on with its moments takes other steps than one that forgets them: there is no fix for Adam and the like.
"""

from __future__ import annotations

from tflint_mem.analysis.models import lifetimes, models, optimizers
from tflint_mem.analysis.passes import hot, trials, variance
from tflint_mem.analysis.program import backends
from tflint_mem.facts import Attribute, CallRef, Name, Reference
from tflint_mem.finding import UNSAFE
from tflint_mem.project.holds.values import Thing
from tflint_mem.project.linking.module import call_text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.facts import Expression
    from tflint_mem.project.linking.module import Module
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.fix_context import FixContext

CODE = "TFM107"
SWEEPS = True
MEASURED = {
    "optimizer": "142 KiB per repeat until clear_session() (TF 2.21; 3 on 2.15)",
    "metric": "0 KiB per repeat for a metric whose name stays the same (TF 2.21 and 2.15): no leak, only the set-up",
}
# Metrics that Keras 3 gives a new name each time, unless they are told one, and KiB per object that stay until `clear_session()` on TensorFlow 2.21.
_RENAMED = {
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
FIRST_RENAMED = (2, 16)  # TensorFlow with Keras 3
_OPTIMIZERS = (
    "Adam AdamW Adamax Adadelta Adafactor Adagrad Nadam SGD RMSprop Ftrl Lion LossScaleOptimizer Muon Lamb".split()
)
_METRICS = """
Mean Sum MeanTensor Accuracy BinaryAccuracy CategoricalAccuracy SparseCategoricalAccuracy TopKCategoricalAccuracy SparseTopKCategoricalAccuracy
AUC Precision Recall PrecisionAtRecall RecallAtPrecision SensitivityAtSpecificity SpecificityAtSensitivity TruePositives TrueNegatives FalsePositives
FalseNegatives F1Score FBetaScore R2Score MeanSquaredError RootMeanSquaredError MeanAbsoluteError MeanAbsolutePercentageError
MeanSquaredLogarithmicError CosineSimilarity LogCoshError MeanIoU IoU BinaryIoU OneHotIoU OneHotMeanIoU KLDivergence Poisson BinaryCrossentropy
CategoricalCrossentropy SparseCategoricalCrossentropy Hinge SquaredHinge CategoricalHinge MeanMetricWrapper MeanRelativeError
""".split()
_NAMES = {f"{root}.{name}": "optimizer" for root in ("keras.optimizers", "tf.optimizers") for name in _OPTIMIZERS}
_NAMES.update({f"{root}.{name}": "metric" for root in ("keras.metrics", "tf.metrics") for name in _METRICS})


def find(context: Context):
    """Constructions in loops over the same model and variables."""
    for m, i, names in context.calls((*_OPTIMIZERS, *_METRICS), frozenset(_NAMES)):
        kind = _NAMES[next(iter(names))]
        if (
            context.in_tests(m)
            or context.project.versions.graph_mode(m)
            or context.project.compiled(m, m.calls[i].scope)
        ):
            continue
        repeat = _repeat(context, m, i, kind)
        if repeat is None or backends.other(context, m):
            continue
        if kind == "optimizer":
            if _applied(context, m, i, repeat):
                yield _draft(context, m, i, repeat, kind)
            continue
        keeps = _keeps(context, m, i, repeat)
        if (
            _sees_one(context, m, i) or keeps and _updated(context, m, i) and not hot.around_training(context, repeat)
        ):  # a small part of a training
            yield _draft(context, m, i, repeat, kind, keeps)


def _draft(context: Context, m: Module, i: int, repeat: Repeat, kind, keeps=0):
    """keeps: KiB that stay of each object, as far as they were measured."""
    why, help = "", "make it once, before the repeat"
    if kind == "optimizer":
        why = "; it forgets its moments each time"
    elif keeps:
        since = "" if context.project.versions.at_least(*FIRST_RENAMED) else "on Keras 3 "
        why = f"; {since}each gets a new name, and TensorFlow keeps kernels for its variables until clear_session()"
        help += ", and reset it with reset_state(), or give it a fixed name"
    else:
        help += ", and reset it with reset_state()"
    return context.at_call(
        CODE,
        m,
        i,
        f"`{call_text(m, i)}` makes a new {kind} {context.when(repeat, m)}{why}",
        measured=f"{keeps} KiB per object until clear_session() (TF 2.21; 3-6 on 2.15); with a fixed name or reset_state(): 0-1"
        if keeps
        else MEASURED[kind],
        help=help,
        severity="warning" if keeps and _sees_one(context, m, i) else None,
        group="leak" if keeps else None,
        trace=context.trace(repeat, f"makes a new {kind}"),
        fix=_fix(context, m, i, kind, repeat),
    )


def _keeps(context: Context, m: Module, i: int, repeat: Repeat):
    """KiB that stay of each metric because Keras names it anew; 0 where it is told a name, on Keras 2, or where the repeat clears the session."""
    call = m.calls[i]
    if (
        any(name in ("name", None) for name, _ in call.keywords)
        or context.project.versions.at_least(*FIRST_RENAMED) is False
    ):
        return 0
    tail = next((name.rpartition(".")[2] for name in context.project.apis(m, i) & _NAMES.keys()), "")
    return 0 if context.project.released(repeat, models.CLEARS) else _RENAMED.get(tail, 0)


def _updated(context: Context, m: Module, i: int):
    """Does the function that makes the metric update it, once or in a loop of its own?"""
    made = _made(context, m, i)
    for k in m.scope_calls(m.calls[i].scope):
        f = m.calls[k].func
        receiver = f.base if isinstance(f, Attribute) and f.attr == "update_state" else f
        if isinstance(receiver, Reference) and _is(context, m, k, made, receiver):
            return True
    return False


def _repeat(context: Context, m: Module, i: int, kind):
    """A loop that goes on with the same model and variables and makes the same object again."""
    for repeat in context.repeats(m, i):
        if repeat.kind not in ("loop", "while", "callback") or repeat.count is not None and repeat.count <= 3:
            continue
        if lifetimes.in_loop_of_new_models(context, repeat) or lifetimes.kept(context, repeat, kind):
            continue
        if any(variance.of(context, repeat, e) == variance.TARGET for e in m.arguments(i)):
            continue
        if _belongs_to_new(context, repeat, kind) or trials.trains_new(context, repeat):
            continue
        return repeat
    return None


def _applied(context: Context, m: Module, i: int, repeat: Repeat):
    """Does the repeat itself take steps with the optimizer, where it is made or where a factory hands it to?"""
    made = _made(context, m, i)
    for hm, hi in reversed(repeat.hops):
        if made.isdisjoint(context.infer.call_values(hm, hi)):
            break
        scope = hm.calls[hi].scope
        for inner in range(scope, len(hm.scopes)):
            if _within(hm, inner, scope) and any(_steps(context, hm, k, made) for k in hm.scope_calls(inner)):
                return True
    return False


def _steps(context: Context, m: Module, k, made):
    """Does call `k` apply gradients with the optimizer, or give it to a function of the project?"""
    call = m.calls[k]
    if isinstance(call[0], Attribute) and call[0].attr in ("apply_gradients", "minimize"):
        return _is(context, m, k, made, call[0].base)
    given = any(
        isinstance(a, (Name, Attribute, CallRef)) and _is(context, m, k, made, a)
        for a in (*call[1], *[value for _, value in call[2]])
    )
    wraps = any(isinstance(v, Thing) and v.kind == "optimizer" for v in context.infer.call_values(m, k))
    return given and not wraps and bool(context.project.functions_called(m, k))


def _sees_one(context: Context, m: Module, i: int):
    """Is the metric updated in its own function, and not in a loop of its own: made for a step, not for an epoch?"""
    call, made = m.calls[i], _made(context, m, i)
    around, updated = set(m.loops(call.block)), False
    for scope in range(call.scope, len(m.scopes)):
        if not _within(m, scope, call.scope):
            continue
        for k in m.scope_calls(scope):
            other = m.calls[k]
            receiver = (
                other.func.base
                if isinstance(other.func, Attribute) and other.func.attr == "update_state"
                else other.func
            )
            if isinstance(receiver, Reference) and _is(context, m, k, made, receiver):
                if scope != call.scope or set(m.loops(other.block)) - around:
                    return False
                updated = True
            elif any(
                isinstance(a, Reference) and _is(context, m, k, made, a)
                for a in (*other.args, *[value for _, value in other.keywords])
            ):
                return False  # handed on: who knows how often it is updated there
    return updated


def _within(m: Module, scope: int, outer):
    """Is the scope `outer` itself or nested in it?"""
    while scope > outer:
        scope = m.scopes[scope].parent
    return scope == outer


def _made(context: Context, m: Module, i: int):
    return {v for v in context.infer.call_values(m, i) if isinstance(v, Thing)}


def _is(context: Context, m: Module, k, made, expression: Expression):
    return not made.isdisjoint(context.infer.values(m, m.calls[k][3], expression, m.calls[k][5]))


def _belongs_to_new(context: Context, repeat: Repeat, kind):
    """Does the repeat compile a model, or (for optimizers) make variables?"""
    for number, (hm, hi) in enumerate(repeat.hops):
        loop = repeat.context if number == 0 and repeat.context is not None else -1
        for k in hm.scope_calls(hm.calls[hi].scope):
            if hm.inside(hm.calls[k].block, loop):
                names = context.project.apis(hm, k)
                if (
                    "model.compile" in names
                    or isinstance(hm.calls[k].func, Attribute)
                    and hm.calls[k].func[2] == "compile"
                    or kind == "optimizer"
                    and names & {"tf.Variable", "keras.Variable"}
                ):
                    return True
    return False


def _fix(context: Context, m: Module, i: int, kind, repeat: Repeat):
    if not repeat.local:
        return "what repeats it stands in another function"
    if kind == "optimizer" and not optimizers.plain(context, m, i):
        return optimizers.BEGINS_ANEW
    return _hoist(m, i, kind, "reset_states" if context.project.versions.at_least(2, 5) is False else "reset_state")


def _hoist(m: Module, i: int, kind, reset):
    def fix(fx: FixContext):
        from tflint_mem.codemod import NoFix
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        if kind == "optimizer":
            edits, _ = do.outermost_loop(view, call, lambda loop: do.hoist_call(view, call, loop, "optimizer"))
            return UNSAFE, "Make the optimizer once before the loop", edits
        name = models.local_name(m, i)
        loops = view.loops(call)
        if name is None or not loops:
            raise NoFix("the metric has no name of its own")
        do.hoist_call(view, call, loops[0], name)  # refuses what cannot be moved
        line = view.statement(call)
        edits = view.edits(
            {line: view.new(f"{name}.{reset}()\n")}, insert_before={loops[0]: [line.with_changes(leading_lines=())]}
        )
        return UNSAFE, "Make the metric once and reset it in each pass", edits

    return fix
