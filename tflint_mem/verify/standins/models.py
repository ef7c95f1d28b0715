"""Stand-ins for models: small ones, in every format, and weights."""

from __future__ import annotations

import posixpath

from .action import Action, make_parent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .hints import Shape

MODEL_TYPES = (".keras", ".h5", ".hdf5", ".tflite", ".pb")


def network(shape: Shape, outputs: int = 10, layer_names: Sequence[str] = ()) -> str:
    """Source of a small Keras model for inputs of `shape` (without the batch): convolution for images, recurrent for
    nothing.

    outputs: numbers that it gives for each example; layer_names: names that its first layers get.
    Every model has one hidden layer of 256 units, so that a copy of it weighs something and a leak of copies shows.
    """
    layers = ["tf.keras.Input(%r)" % (tuple(shape),)]
    names = list(layer_names)

    def name() -> str:
        return ", name=%r" % names.pop(0) if names else ""

    if len(shape) == 3:
        layers.append("tf.keras.layers.Conv2D(16, 3, strides=2, padding='same', activation='relu'%s)" % name())
        layers.append("tf.keras.layers.GlobalAveragePooling2D()")
    elif len(shape) == 4:
        layers.append("tf.keras.layers.Conv3D(8, 3, strides=2, padding='same', activation='relu'%s)" % name())
        layers.append("tf.keras.layers.GlobalAveragePooling3D()")
    elif len(shape) == 2:
        layers.append("tf.keras.layers.Conv1D(16, 3, padding='same', activation='relu'%s)" % name())
        layers.append("tf.keras.layers.GlobalAveragePooling1D()")
    elif not shape:
        layers.append("tf.keras.layers.Reshape((1,))")
    layers.append("tf.keras.layers.Dense(256, activation='relu'%s)" % name())
    while len(names) > 1:
        layers.append("tf.keras.layers.Dense(256, activation='relu'%s)" % name())
    layers.append(
        "tf.keras.layers.Dense(%d, activation='%s'%s)" % (outputs, "softmax" if outputs > 1 else "sigmoid", name())
    )
    return "tf.keras.Sequential([" + ", ".join(layers) + "])"


def model_file(
    path: str, shape: Shape, layer_names: Sequence[str] = (), compiled: bool = False, outputs: int = 10
) -> Action:
    """A small saved model at `path`, in the format that the name asks for; `compiled`: ready for training."""
    kind = posixpath.splitext(path)[1].lower()
    code = "import os\nimport tensorflow as tf\n" + make_parent(path)
    if kind in (".keras", ".h5", ".hdf5"):
        code += "_model = %s\n" % network(shape, outputs, layer_names)
        code += "_model.compile('sgd', 'mse')\n" if compiled else ""
        code += "_model.save(%r)\n" % path
        form = "compiled Keras" if compiled else "Keras"
    elif kind == ".tflite":
        code += "open(%r, 'wb').write(tf.lite.TFLiteConverter.from_keras_model(%s).convert())\n" % (
            path,
            network(shape, outputs),
        )
        form = "TFLite"
    elif kind == ".pb":
        folder = posixpath.dirname(path) or "."
        code += "_model = %s\ntf.saved_model.save(_model, %r)\n" % (network(shape, outputs), folder)
        form = "SavedModel"
    else:
        code += "_model = %s\n_model.export(%r) if hasattr(_model, 'export') else _model.save(%r)\n" % (
            network(shape, outputs),
            path,
            path,
        )
        form = "SavedModel"
    return Action(code, "%s: a small %s model for inputs of shape %r" % (path, form, tuple(shape)))


def weights() -> Action:
    """`load_weights` of a file that does not exist: the weights stay as they were initialised."""
    return Action(
        "import tensorflow as tf\ntf.keras.Model.load_weights = lambda self, *arguments, **options: None\n",
        "load_weights: the weights stay as they were initialised",
    )
