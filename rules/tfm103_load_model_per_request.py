"""Finds models that a request handler, task or rerun script loads or builds each time it runs.

## What it does
Reports a call that loads or builds a model inside something that a framework calls for each request, task, message or event:
Flask, FastAPI, Django, Celery, gRPC, tornado, aiohttp, AWS and Google functions, Gradio and Dash callbacks, bots, functions of Spark, and the module
level of a Streamlit script. Caches (`lru_cache`, `st.cache_resource`, a global that is checked for None) and start-up events are
what it asks for, so they silence it. A Streamlit script runs anew for each interaction, with all its functions and globals: there only
Streamlit's own caches, the session's state and the modules that it imports keep anything.

## Why is this bad?
Each request pays the load and leaves a dead model behind that waits for a late garbage collection. Under load the process
grows until it is killed.

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
The fix adds a cached loader at module level (in a Streamlit script one with `st.cache_resource`: a rerun makes every other cache anew). It is unsafe: all requests then share one model, which must not be changed by them.
"""

from tflint_mem.finding import UNSAFE

from . import _mechanisms, _models

CODE = "TFM103"
MEASURED = "930-1260 KiB per request for a model of 4.2 MiB (TF 2.21; 1050 on 2.15) until a late garbage collection"

_PROCESS = "load it once per process: at module level, in a start-up event, or behind a cache"
_SCRIPT = "load it behind st.cache_resource: the script's own variables and functions, lru_cache included, are made anew in each run"


def find(context):
    """Loads and constructions whose repeat is a handler or a rerun script."""
    for acquired in (*_models.loads(context), *_models.builds(context)):
        repeat = acquired.repeat
        if repeat is None or repeat.kind not in ("handler", "script"):
            continue
        used = _models.uses(context, acquired)
        if acquired.kind == "build" and not used and not _ready_made(acquired):
            continue
        m, i = acquired.m, acquired.i
        mechanism = _mechanisms.of(context, [m], False)
        verb = "loads" if acquired.kind == "load" else "builds"
        yield context.at_call(
            CODE, m, i,
            f"`{_models.text(m, i)}` {verb} a model again {context.when(repeat, m)}; {_before(mechanism, acquired.names)}",
            measured=_models.load_measured(mechanism, acquired.names, MEASURED), help=_SCRIPT if repeat.kind == "script" else _PROCESS,
            trace=context.trace(repeat, f"{verb} a model"),
            fix=_cached_loader(context, m, i) if (acquired.kind == "load" or _ready_made(acquired)) and not _models.trains(used) else None,
        )


def _before(mechanism, names):
    return _models.loaded_before(mechanism, names).replace("the model before it", "the one before")


def _ready_made(acquired):
    """A whole network with its weights: `keras.applications.ResNet50(weights="imagenet")`."""
    return any(name.startswith("keras.applications.") for name in acquired.names)


def _cached_loader(context, m, i):
    streamlit = context.project.repeats_of.handlers.streamlit(m)  # a rerun of the script makes its functions anew, and their caches
    decorator = f"{streamlit}.cache_resource" if streamlit else None

    def fix(fx):
        from tflint_mem.codemod import operations as do

        view, call = fx.at(m, i)
        # named after the handler: several handlers of a file may be fixed at once
        base = f"_load_{(_models.local_name(m, i) or 'model').lstrip('_')}_for_{m.qualname(m.calls[i][3]).replace('.', '_').lstrip('_').lower()}"
        return UNSAFE, "Load the model once, behind a cache", do.cached_loader(fx.source, view, call, base, decorator)

    return fix
