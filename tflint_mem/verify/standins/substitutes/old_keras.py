"""Keras 3 for code that was written for an older Keras: old names and options mean their successors."""

import importlib.abc
import importlib.machinery
import inspect
import os
import sys
import types

import numpy as np
import tensorflow as tf
from tensorflow.python.util import dispatch

_PLACES = [
    getattr(tf.keras, _name)
    for _name in "layers models utils optimizers callbacks regularizers initializers constraints losses metrics "
    "activations applications datasets backend preprocessing ops".split()
    if hasattr(tf.keras, _name)
]
_PLACES += [tf.keras] + [
    getattr(tf.keras.preprocessing, _name)
    for _name in ("image", "sequence", "text")
    if hasattr(tf.keras.preprocessing, _name)
]
_RENAMED = dict(CuDNNLSTM="LSTM", CuDNNGRU="GRU", Convolution1D="Conv1D", Convolution2D="Conv2D")
_RENAMED.update(Deconvolution2D="Conv2DTranspose", BatchNormalizationV1="BatchNormalization")
_RENAMED.update(BatchNormalizationV2="BatchNormalization")
_UTILITIES = (
    "np_utils generic_utils layer_utils vis_utils conv_utils data_utils io_utils training_utils tf_utils experimental "
    "legacy merge core engine wrappers advanced_activations"
).split()


def successor(name):
    """What an old name of Keras means today.  Raises AttributeError."""
    name = _RENAMED.get(name, name)
    for place in _PLACES:
        if hasattr(place, name):
            return getattr(place, name)
    if name == "multi_gpu_model":
        return lambda model, *arguments, **options: model
    if name in _UTILITIES:
        return _module("keras." + name)
    raise AttributeError("Keras 3 has no %s" % name)


def _module(name):
    module = types.ModuleType(name)
    module.__path__ = []
    module.__getattr__ = successor
    return module


class _OldKeras(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds modules of older versions, when nothing else finds them."""

    def find_spec(self, name, path=None, target=None):
        old = ("keras.", "python.keras", "compat.v1.keras", "compat.v2.keras")
        if name.startswith(("keras.", *("tensorflow." + each for each in old))):
            return importlib.machinery.ModuleSpec(name, self, is_package=True)
        return None

    def create_module(self, spec):
        return _module(spec.name)

    def exec_module(self, module):
        pass


if not any(type(finder).__name__ == "_OldKeras" for finder in sys.meta_path):
    sys.meta_path.append(_OldKeras())


def _without(function, dropped, renamed=()):
    """The function without options that are gone, and with others under their new names."""
    if getattr(function, "takes_old", False):
        return function

    def takes(*arguments, **options):
        for old, new in dict(renamed).items():
            if old in options:
                options[new] = options.pop(old)  # acts
        for old in set(dropped) & set(options):
            del options[old]  # acts
        return function(*arguments, **options)

    takes.takes_old = True
    takes.__signature__ = inspect.signature(function)  # Keras looks at the names of the arguments
    return takes


# for: decay schedule_decay lr
for _name in dir(tf.keras.optimizers):
    _kind = getattr(tf.keras.optimizers, _name)
    if isinstance(_kind, type) and issubclass(_kind, tf.keras.optimizers.Optimizer):
        _kind.__init__ = _without(_kind.__init__, ("decay", "schedule_decay"), {"lr": "learning_rate"})
# for: input_length implementation time_major weights
for _name in dir(tf.keras.layers):
    _kind = getattr(tf.keras.layers, _name)
    if isinstance(_kind, type) and "__init__" in vars(_kind) and _kind is not tf.keras.layers.InputLayer:
        _kind.__init__ = _without(_kind.__init__, ("input_length", "implementation", "time_major", "weights"))


def _initialised(self, *arguments, _original=tf.keras.layers.Layer.__init__, **options):
    batch = options.pop("batch_input_shape", None)
    if batch is not None:
        options["input_shape"] = tuple(batch)[1:]  # acts
    return _original(self, *arguments, **options)


if not getattr(tf.keras.layers.Layer.__init__, "takes_old", False):
    _initialised.takes_old, _initialised.__signature__ = True, inspect.signature(tf.keras.layers.Layer.__init__)
    tf.keras.layers.Layer.__init__ = _initialised
_Model = tf.keras.Model
# for: workers use_multiprocessing max_queue_size max_q_size nb_epoch samples_per_epoch
for _name in ("fit", "predict", "evaluate"):
    setattr(
        _Model,
        _name,
        _without(
            getattr(_Model, _name),
            ("workers", "use_multiprocessing", "max_queue_size", "max_q_size"),
            {"nb_epoch": "epochs", "samples_per_epoch": "steps_per_epoch"},
        ),
    )
# for: fit_generator predict_generator evaluate_generator
_Model.fit_generator, _Model.predict_generator, _Model.evaluate_generator = _Model.fit, _Model.predict, _Model.evaluate
# for: predict_proba
_Model.predict_proba = _Model.predict
# for: predict_classes
_Model.predict_classes = lambda self, x, **options: np.argmax(self.predict(x, **options), -1)


def _with_ending(function, endings, ending):
    """Saves under a name with the ending that Keras 3 asks for."""
    if getattr(function, "takes_old", False):
        return function

    def save(self, filepath, *arguments, **options):
        path = os.fspath(filepath)
        old = ("save_format", "include_optimizer", "signatures", "options")
        options = {name: value for name, value in options.items() if name not in old}
        return function(self, path if path.endswith(endings) else path + ending, *arguments, **options)

    save.takes_old = True
    return save


_Model.save = _with_ending(_Model.save, (".keras", ".h5", ".hdf5"), ".keras")
_Model.save_weights = _with_ending(_Model.save_weights, (".weights.h5",), ".weights.h5")


def _checkpoint(self, filepath, *arguments, _original=tf.keras.callbacks.ModelCheckpoint.__init__, **options):
    path = os.fspath(filepath)
    ending = ".weights.h5" if options.get("save_weights_only") else ".keras"
    options = {name: value for name, value in options.items() if name != "period"}
    _original(self, path if path.endswith(ending) else path + ending, *arguments, **options)


if not getattr(tf.keras.callbacks.ModelCheckpoint.__init__, "takes_old", False):
    _checkpoint.takes_old = True
    _checkpoint.__signature__ = inspect.signature(tf.keras.callbacks.ModelCheckpoint.__init__)
    tf.keras.callbacks.ModelCheckpoint.__init__ = _checkpoint


def _load_model(filepath, *arguments, _original=tf.keras.models.load_model, **options):
    path = os.fspath(filepath)
    if os.path.isdir(path) and os.path.isfile(os.path.join(path, "model.keras")):
        path = os.path.join(path, "model.keras")  # older versions wrote folders, which Keras 3 does not read
    return _original(path, *arguments, **options)


if not getattr(tf.keras.models.load_model, "takes_old", False):
    _load_model.takes_old = True
    for _place in [
        module for name, module in list(sys.modules.items()) if name.endswith(("keras.models", "keras.saving"))
    ]:
        if hasattr(_place, "load_model"):
            _place.load_model = _load_model
    tf.keras.models.load_model = _load_model


def _load_img(path, color_mode="rgb", *arguments, _original=tf.keras.utils.load_img, **options):
    if "grayscale" in options:
        color_mode = options.pop("grayscale")
    if isinstance(color_mode, bool):
        color_mode = "grayscale" if color_mode else "rgb"
    return _original(path, color_mode, *arguments, **options)


if not getattr(tf.keras.utils.load_img, "takes_old", False):
    _load_img.takes_old = True
    for _place in [
        module
        for name, module in list(sys.modules.items())
        if name.endswith((".utils", "preprocessing.image")) and "keras" in name
    ]:
        if hasattr(_place, "load_img"):
            _place.load_img = _load_img
    tf.keras.utils.load_img = _load_img


class _OperationsOnSymbols(dispatch.GlobalOpDispatcher):
    """An operation of TensorFlow on a symbolic tensor becomes a layer, as older versions did."""

    def handle(self, op, args, kwargs):
        symbols = [value for value in tf.nest.flatten((args, kwargs)) if isinstance(value, tf.keras.KerasTensor)]
        if not symbols:
            return self.NOT_SUPPORTED

        def run(given):
            given = list(given) if isinstance(given, (list, tuple)) else [given]
            new_args, new_kwargs = tf.nest.map_structure(
                lambda value: given.pop(0) if isinstance(value, tf.keras.KerasTensor) else value, (args, kwargs)
            )
            return op(*new_args, **new_kwargs)

        return tf.keras.layers.Lambda(run)(symbols if len(symbols) > 1 else symbols[0])


if not any(type(dispatcher).__name__ == "_OperationsOnSymbols" for dispatcher in dispatch._GLOBAL_DISPATCHERS):
    _OperationsOnSymbols().register()
