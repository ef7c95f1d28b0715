"""Finds saved models that are loaded again and again.

## What it does
Reports (as a hint where it is two or three times) a call that loads a whole model (`load_model`, `tf.saved_model.load`,
`hub.load`, `hub.KerasLayer` that is called by itself, `model_from_json`, `TFAutoModel.from_pretrained`, `from_preset`
…) at a place that repeats, in this function or through its callers, when nothing on the way releases the model of the
repeat before.

## Why is this bad?
A loaded model is a web of reference cycles. Rebinding the name, or `del`, does not free it: it waits for a full garbage
collection, which is rare in a process with TensorFlow. Until then every repeat adds a whole model: with 4.2 MiB of
weights, 140 dead models were alive at the peak. A model of 200 MB runs out of memory long before.

## What was measured
KiB per repeat, TensorFlow 2.21 / 2.15, model of 4.2 MiB, CPU: `.h5` 930 / 1050, `.keras` 1145 (72 of them stay until
`clear_session()`), `tf.saved_model.load` 650-1900. After `gc.collect()`: about 0. `del` alone, `reset_default_graph()`
and `compile=False` are no cure; neither is `clear_session()` alone on Keras 2. In graph mode (TF1, or eager execution
switched off) a model that is loaded and asked once keeps 6160 on 1.15, 7402 on 2.8 and 14569 on 2.15; `clear_session()`
cures that, a collection does not. A model of Hugging Face (`TF…from_pretrained`, `pipeline(framework="tf")`; 2.4 MiB of
weights on Keras 2) keeps 1393, which no collection frees without `clear_session()`. A model with a lookup table
(`TextVectorization`, `StringLookup`, hash tables) keeps the table at each load, 7.4 MB in one report, whatever is
called.

## Example
```python
for image in images:
    model = load_model("classifier.keras")
    scores.append(model.predict(image))
```

Use instead:
```python
model = load_model("classifier.keras")
for image in images:
    scores.append(model.predict(image))
```

If each repeat needs another model, end the repeat with `clear_session()` and `gc.collect()`, both, in that order.

## Fix safety
Moving a load whose arguments do not change before the loop is safe when the loop only asks the model for predictions.
Adding `clear_session()` and `gc.collect()` is unsafe: it ends every live Keras model of the process. A load in a
function that the loop calls gets a cached loader, which is unsafe too: all passes then share one model. Where a pass
may write the file, waits for it, or changes the model, nothing moves.
"""

from __future__ import annotations

from tflint_mem.analysis.models import loaded, models, saved, side_effects
from tflint_mem.analysis.passes import cached, variance
from tflint_mem.analysis.program import mechanisms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint_mem.analysis.models.models import Acquired
    from tflint_mem.project.linking.module import Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair

CODE = "TFM101"
MEASURED = (
    "930-1260 KiB per repeat for a model of 4.2 MiB (TF 2.21; 1050 on 2.15) until a late garbage collection, "
    "140 dead models at the peak; `del` is no cure"
)


def find(context: Context) -> Iterator[Draft]:
    """Loads that repeat in a loop or through callers; those in request handlers are TFM103's."""
    loads = models.loads(context)
    across = [(each.m, each.i) for each in loads if (repeat := _repeat(each)) is not None and not repeat.local]
    for acquired in context.each(loads):
        repeat = _repeat(acquired)
        if repeat is None:
            continue
        m, i = acquired.m, acquired.i
        mechanism = mechanisms.of(context, [m], False)
        if mechanism == mechanisms.COLLECTED and acquired.names & models.LIBRARY_LOADERS:
            mechanism = mechanisms.CACHED  # these models are of Keras 2 on TensorFlow, whatever Keras runs on
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{models.text(m, i)}` loads a model again {context.when(repeat, m)}{loaded.so_often(context, repeat)}; "
            f"{loaded.loaded_before(mechanism, acquired.names)}",
            severity="hint" if acquired.short or loaded.few(context, repeat, models.FEW) else None,
            measured=loaded.load_measured(mechanism, acquired.names, MEASURED),
            help=_help(context, acquired, mechanism),
            trace=context.trace(
                repeat, "loads a model and keeps it alive in reference cycles", ways=models.ways(context, acquired)
            ),
            fix=models.hoist_or_clear(context, repeat, m, i, mechanism == mechanisms.COLLECTED)
            if repeat.local
            else _cache(context, acquired, repeat, across),
        )


def _repeat(acquired: Acquired) -> Repeat | None:
    """The way in which a load repeats, were it only two or three times; None for a handler's."""
    repeat = acquired.repeat or acquired.short
    return repeat if repeat is not None and repeat.kind not in ("handler", "script") else None


def _cache(context: Context, acquired: Acquired, repeat: Repeat, across: Sequence[Site]) -> Repair | str:
    """A cached loader for a load in a function that the loop calls, or why there is none."""
    m, i = acquired.m, acquired.i
    if repeat.block is None:
        return "there is no loop before which it could be loaded"
    scope = m.calls[i].scope
    if not scope or m.scopes[scope].kind != "function":
        return "it stands in no function"
    if any(variance.of(context, repeat, argument) != variance.SAME for argument in m.arguments(i)):
        return "each pass may load another model"
    used = models.uses(context, acquired)
    changed = (
        models.trains(used)
        and "fit()"
        or used & models.CHANGES
        and f"{min(used & models.CHANGES)}()"
        or saved.changing(context, m, i, -1)
    )
    if changed:
        return f"each pass changes the model it loads: {changed}"
    refusal = saved.refusal(context, m, i, side_effects.of_loop(context, repeat.module, repeat.block))
    return refusal or cached.loader(context, m, i, across)


def _help(context: Context, acquired: Acquired, mechanism: str) -> str:
    collected = (
        "gc.collect()" if mechanism == mechanisms.COLLECTED else "clear_session() and gc.collect(), in that order"
    )
    tables = (
        "; a lookup table in the model is freed by neither: such a model must be loaded once"
        if loaded.may_hold_tables(context, acquired)
        else ""
    )
    return f"load it once before the repeat, or end each repeat with {collected}{tables}"
