"""Finds models that a request handler, task or rerun script loads or builds each time it runs.

## What it does
Reports a call that loads or builds a model inside something that a framework calls for each request, task, message or
event: Flask, FastAPI, Django, Celery, gRPC, tornado, aiohttp, AWS and Google functions, Gradio and Dash callbacks,
bots, functions of Spark, and the module level of a Streamlit script. Caches (`lru_cache`, `st.cache_resource`, a global
that is checked for None) and start-up events are what it asks for, so they silence it. A Streamlit script runs anew for
each interaction, with all its functions and globals: there only Streamlit's own caches, the session's state and the
modules that it imports keep anything.

## Why is this bad?
Each request pays the load and leaves a dead model behind that waits for a late garbage collection. Under load the
process grows until it is killed.

## What was measured
As TFM101 and TFM102: 930-1260 KiB per request for a model of 4.2 MiB on TensorFlow 2.21, 140 dead models at the peak.

## Example
```python
@app.post("/predict")
def predict():
    model = load_model("classifier.keras")
    return jsonify(model.predict(read(request)).tolist())
```

Use instead:
```python
@functools.lru_cache(maxsize=None)
def _load_model():
    return load_model("classifier.keras")


@app.post("/predict")
def predict():
    return jsonify(_load_model().predict(read(request)).tolist())
```

## Fix safety
The fix adds a cached loader at module level, unless a request trains, compiles or changes the model, or the program
writes its file (in a Streamlit script one with `st.cache_resource`: a rerun makes every other cache anew). It is
unsafe: all requests then share one model, which must not be changed by them.
"""

from __future__ import annotations

from tflint_mem.analysis.models import loaded, models
from tflint_mem.analysis.passes import cached
from tflint_mem.analysis.passes.wrappers import wraps
from tflint_mem.analysis.program import mechanisms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from tflint_mem.analysis.models.models import Acquired
    from tflint_mem.project.linking.module import Module, Site
    from tflint_mem.project.repeats.repeat import Repeat
    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft, Repair

CODE = "TFM103"
MEASURED = "930-1260 KiB per request for a model of 4.2 MiB (TF 2.21; 1050 on 2.15) until a late garbage collection"

_PROCESS = "load it once per process: at module level, in a start-up event, or behind a cache"
_SCRIPT = (
    "load it behind st.cache_resource: the script's own variables and functions, lru_cache included, "
    "are made anew in each run"
)
_TRAINING = (
    "train in a process of its own for each request (spawn, one task per child), which gives back all that it took"
)
_COLLECT = "call gc.collect() when each training has ended"


def find(context: Context) -> Iterator[Draft]:
    """Loads and constructions whose repeat is a handler or a rerun script."""
    made = (*models.loads(context), *models.builds(context))
    peers = [
        (each.m, each.i) for each in made if _served(each) is not None and (each.kind == "load" or _ready_made(each))
    ]
    for acquired in context.each(made):
        repeat = _served(acquired)
        if repeat is None:
            continue
        used = models.uses(context, acquired)
        m, i = acquired.m, acquired.i
        if acquired.kind == "build" and not _ready_made(acquired):
            if not used or used == {"call"} and wraps(context, m, i, acquired.names, repeat.region):
                continue  # a block, or a wrapper of a model that is there: TFM104's
        training = acquired.kind == "build" and models.trains(used)
        mechanism = mechanisms.of(context, [hm for hm, _ in reversed(repeat.hops)] if training else [m], training)
        verb = "loads" if acquired.kind == "load" else "builds"
        yield context.at_call(
            CODE,
            m,
            i,
            f"`{models.text(m, i)}` {verb} a model again {context.when(repeat, m)}"
            f"{_before(context, m, mechanism, acquired.names)}",
            measured=loaded.BUILT_MEASURED[mechanism]
            if training
            else loaded.load_measured(mechanism, acquired.names, MEASURED),
            help=_trained_help(mechanism) if training else _SCRIPT if repeat.kind == "script" else _PROCESS,
            trace=context.trace(
                repeat,
                f"{verb} a model" + (" that is trained" if training else ""),
                ways=models.ways(context, acquired),
            ),
            fix=_fix(context, acquired, used, peers),
        )


def _served(acquired: Acquired) -> Repeat | None:
    """The repeat, where it is a handler or a rerun script."""
    repeat = acquired.repeat
    return repeat if repeat is not None and repeat.kind in ("handler", "script") else None


def _trained_help(mechanism: str) -> str:
    return _COLLECT if mechanism in (mechanisms.WAITING, mechanisms.COLLECTED) else _TRAINING


def _before(context: Context, m: Module, mechanism: str, names: frozenset[str]) -> str:
    if mechanism == mechanisms.PINNED:
        since = "" if mechanisms.certain(context, m) else " on TensorFlow 2.14 and later"
        return f" and trains it;{since} the training graph and weights of each stay for the life of the process"
    return "; " + loaded.loaded_before(mechanism, names).replace("the model before it", "the one before")


def _ready_made(acquired: Acquired) -> bool:
    """A whole network with its weights: `keras.applications.ResNet50(weights="imagenet")`."""
    return any(name.startswith("keras.applications.") for name in acquired.names)


def _fix(context: Context, acquired: Acquired, used: AbstractSet[str], peers: Sequence[Site]) -> Repair | str:
    """The cached loader, or why all requests cannot share one model."""
    from tflint_mem.analysis.models import saved

    m, i = acquired.m, acquired.i
    if acquired.kind != "load" and not _ready_made(acquired):
        return "a cached model would keep what requests change in it"
    if models.trains(used):
        return "each request trains the model, and all of them would train one"
    changed = used & models.CHANGES and f"{min(used & models.CHANGES)}()" or saved.changing(context, m, i, -1)
    if changed:
        return f"each request changes the model ({changed}), and requests that share one would race"
    if saved.written_here(context, m, i):
        return "this program writes the file, and a cache would keep the old model"
    return cached.loader(context, m, i, peers)
