"""What kind of thing a call makes, by the canonical name of what is called: tables say it, or the place of the name."""

from __future__ import annotations

from .models import MODEL_FACTORIES
from .operations import NESTED, SEVERAL, is_op
from .tables import RETURNS

# What stands beside operations of Keras and gives no tensor.
_GIVE_NO_TENSOR = frozenset(
    (
        "get",
        "serialize",
        "deserialize",
        "clear_session",
        "set_session",
        "floatx",
        "epsilon",
        "learning_phase",
        "image_data_format",
        "set_image_data_format",
        "set_floatx",
        "get_value",
        "set_value",
        "batch_set_value",
        "batch_get_value",
        "get_uid",
        "set_learning_phase",
        "int_shape",
        "is_keras_tensor",
        "backend",
    )
)


def result_of(name: str) -> str | None:
    """The kind of thing that a call of this canonical name returns, or None."""
    kind = RETURNS.get(name)
    if kind:
        return kind
    if name.startswith("keras."):
        parts = name.split(".")
        tail, section = parts[-1], parts[1]
        if tail[:1].isupper():
            if section == "applications":
                return "model"
            if section in ("layers", "optimizers", "metrics", "losses", "callbacks"):
                return section[:-1] if section != "losses" else "loss"
            if section == "estimator":
                return "estimator"
        elif section in ("losses", "metrics", "activations", "ops", "backend", "random"):
            return None if tail in _GIVE_NO_TENSOR else "tensor"
        return None
    if name.startswith("tf."):
        if name.startswith("tf.train.") and name.endswith("Optimizer") or name.startswith("tf.optimizers."):
            return "optimizer"
        if name.startswith(("tf.layers.", "tf.nn.rnn_cell.")) and name.rpartition(".")[2][:1].isupper():
            return "layer"
        if name.rpartition(".")[2] in SEVERAL:
            return "parts"
        if name.rpartition(".")[2] in NESTED:
            return None
        return "tensor" if is_op(name) else None
    if name.startswith("numpy."):
        return "ndarray"
    if name.startswith("cv2."):
        return "ndarray"
    head = name.rpartition(".")[0]
    if name in MODEL_FACTORIES or head in MODEL_FACTORIES and name.rpartition(".")[2][:1].isupper():
        return "model"
    return None
