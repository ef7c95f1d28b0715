"""The one name of each thing, whatever spelling or internal module it was reached through.

`canonical("tensorflow.python.keras.models.load_model")` is `"keras.load_model"`.  Canonical names begin with `tf.` or
`keras.`; every other dotted name (`numpy.zeros`, `sklearn.svm.SVC`) stays as it is.  What has moved within Keras is
found by its last part or its section, everything else that has two names stands among the aliases of an area.
"""

from __future__ import annotations

from .tables import ALIASES

_KERAS_ROOTS = (
    "tensorflow.python.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.contrib.keras.python.keras",
    "tensorflow.contrib.keras.api.keras",
    "tensorflow.contrib.keras",
    "tensorflow._api.v2.keras",
    "tensorflow.keras",
    "tf_keras.src",
    "tf_keras.api",
    "tf_keras",
    "keras._tf_keras.keras",
    "keras.src",
    "keras.api._v2.keras",
    "keras.api",
    "keras",
)
_TF_ROOTS = ("tensorflow.compat.v1", "tensorflow.compat.v2", "tensorflow._api.v2", "tensorflow_core", "tensorflow")
EXTERNAL_ROOTS = frozenset(
    (
        "tensorflow",
        "keras",
        "tf_keras",
        "tensorflow_hub",
        "tensorflow_datasets",
        "tensorflow_probability",
        "tensorflow_addons",
        "tensorflow_text",
        "tensorflow_core",
        "numpy",
        "sklearn",
        "torch",
        "cv2",
    )
)

# Names whose last part alone says what they are, wherever old and new Keras keep them.
_KERAS_TAILS = {
    name: "keras." + name
    for name in (
        "load_model",
        "model_from_json",
        "model_from_yaml",
        "model_from_config",
        "clone_model",
        "Model",
        "Sequential",
        "Functional",
        "Input",
        "History",
        "TFSMLayer",
    )
}
_KERAS_TAILS["clear_session"] = "keras.clear_session"
_KERAS_TAILS["Layer"] = "keras.layers.Layer"
_KERAS_TAILS["Callback"] = "keras.callbacks.Callback"
_KERAS_TAILS["LambdaCallback"] = "keras.callbacks.LambdaCallback"
_KERAS_SECTIONS = frozenset(
    (
        "layers",
        "optimizers",
        "metrics",
        "losses",
        "applications",
        "callbacks",
        "backend",
        "initializers",
        "regularizers",
        "preprocessing",
        "utils",
        "datasets",
        "activations",
        "wrappers",
        "mixed_precision",
        "ops",
        "saving",
        "random",
        "constraints",
        "experimental",
    )
)

_known: dict[str, str] = {}
_MOST_KNOWN = 100_000  # names; a process that checks project after project meets new ones for ever


def canonical(dotted: str) -> str:
    """The one name of a dotted name, whatever spelling or internal module it was reached through."""
    found = _known.get(dotted)
    if found is None:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        found = _known[dotted] = _canonical(dotted)
    return found


def _canonical(dotted: str) -> str:
    for root in _KERAS_ROOTS:
        if dotted.startswith(root) and (len(dotted) == len(root) or dotted[len(root)] == "."):
            return _keras("keras" + dotted[len(root) :])
    for root in _TF_ROOTS:
        if dotted.startswith(root) and (len(dotted) == len(root) or dotted[len(root)] == "."):
            rest = "tf" + dotted[len(root) :]
            if rest.startswith("tf.initialize_all"):
                return "tf.global_variables_initializer"
            return ALIASES.get(rest, rest)
    if dotted.startswith(("transformers.", "keras_hub.", "keras_nlp.", "keras_cv.")):
        return _library(dotted) or dotted
    return ALIASES.get(dotted, dotted)


def _library(dotted: str) -> str | None:
    """The one name of a loader of Hugging Face or of KerasHub (KerasNLP, KerasCV), whatever class it is asked of.

    None for all else.
    """
    head, _, method = dotted.rpartition(".")
    owner = head.rpartition(".")[2]
    if dotted.startswith("transformers."):
        if method == "pipeline":
            return "transformers.pipeline"
        if method in ("from_pretrained", "from_config") and owner.startswith("TF"):
            return "transformers.TFModel." + method
        return (
            "transformers.TFModel"
            if method.startswith("TF") and method[2:3].isupper() and "Output" not in method
            else None
        )
    if method == "from_preset" and not owner.endswith(_NO_MODELS):
        return "keras_hub.from_preset"
    return None


_NO_MODELS = ("Tokenizer", "Preprocessor", "PreprocessorLayer", "Converter", "Packer", "Layer")


def _keras(name: str) -> str:
    parts = name.split(".")
    if len(parts) == 1:
        return name
    tail = parts[-1]
    if tail in _KERAS_TAILS and len(parts) <= 6:
        return _KERAS_TAILS[tail]
    if (
        len(parts) > 2 and parts[-2][:1].isupper() and parts[-2] in _KERAS_TAILS
    ):  # keras.engine.training.Model.from_config
        return f"{_KERAS_TAILS[parts[-2]]}.{tail}"
    section = parts[1]
    if section == "legacy" and len(parts) > 2:
        section = parts[2]
    if section in _KERAS_SECTIONS and len(parts) > 2:
        if section == "backend" and parts[2] == "tensorflow_backend":
            return "keras.backend." + tail if len(parts) > 3 else "keras.backend"
        if section in ("layers", "optimizers", "metrics", "losses", "callbacks") and tail[:1].isupper():
            return f"keras.{section}.{tail}"  # keras.layers.core.Dense, keras.optimizers.legacy.Adam
        if section == "applications" and tail[:1].isupper():
            return "keras.applications." + tail
    return name
