"""Data is brought to the shapes that a model takes, at its own `fit`, `predict` and call."""

import functools

import numpy as np
import tensorflow as tf


def _fits(value, shape):
    """The array with the shape that is asked for after the batch: repeated or cut, its numbers as they are."""
    if isinstance(value, tf.data.Dataset) or not (hasattr(value, "shape") or isinstance(value, (list, tuple))):
        return value
    given = np.asarray(value)
    if given.dtype == object or given.dtype.kind in "US":
        given = np.random.rand(len(given)).astype("float32")
    shape = tuple(
        side or (given.shape[number + 1] if given.ndim > number + 1 else 16) for number, side in enumerate(shape)
    )
    if given.shape[1:] == shape:
        return given
    return np.resize(given, (len(given) if given.ndim else 1,) + shape)


def _all_fit(values, shapes):
    if isinstance(shapes, list) and isinstance(values, (list, tuple)) and len(values) == len(shapes):
        return [_fits(value, tuple(shape)[1:]) for value, shape in zip(values, shapes)]
    if isinstance(shapes, dict) and isinstance(values, dict):
        return {
            name: _fits(value, tuple(shapes[name])[1:]) if name in shapes else value for name, value in values.items()
        }
    if isinstance(shapes, (list, dict)):
        return values
    return _fits(values, tuple(shapes)[1:])


def _shapes_of(model, name):
    try:
        return getattr(model, name)
    except AttributeError:
        return None


def _targets(model, values):
    shapes = _shapes_of(model, "output_shape")
    if values is None or shapes is None or isinstance(values, tf.data.Dataset):
        return values
    if "sparse" in str(getattr(model, "loss", "")).lower() + type(
        getattr(model, "loss", "")
    ).__name__.lower() and not isinstance(shapes, (list, dict)):
        return np.asarray(np.resize(np.asarray(values), np.shape(values)[:1]), "int64") % max(int(shapes[-1] or 1), 1)
    return _all_fit(values, shapes)


def _same_length(values, count):
    if isinstance(values, (list, tuple)) and values and hasattr(values[0], "shape"):
        return [value[:count] for value in values]
    if isinstance(values, dict):
        return {name: value[:count] for name, value in values.items()}
    return values[:count] if hasattr(values, "shape") else values


def _length(values):
    if isinstance(values, (list, tuple)) and values and hasattr(values[0], "shape"):
        return min(len(value) for value in values)
    if isinstance(values, dict):
        return min(len(value) for value in values.values())
    return len(values) if hasattr(values, "shape") and len(values.shape) else None


def _pair(model, x, y):
    shapes = _shapes_of(model, "input_shape")
    x = _all_fit(x, shapes) if shapes is not None and x is not None else x
    y = _targets(model, y)
    lengths = [length for length in (_length(x), _length(y)) if length is not None]
    return (
        (x, y) if not lengths else (_same_length(x, min(lengths)), None if y is None else _same_length(y, min(lengths)))
    )


def _takes(name, with_targets):
    original = getattr(tf.keras.Model, name)
    if getattr(original, "fits", False):
        return

    @functools.wraps(original)
    def takes(self, x=None, *arguments, **options):
        arguments = list(arguments)
        y = (arguments.pop(0) if arguments else options.pop("y", None)) if with_targets else None
        x, y = _pair(self, x, y)
        if isinstance(options.get("validation_data"), (tuple, list)):
            options["validation_data"] = _pair(self, *options["validation_data"][:2])
        return original(self, x, *([y] if with_targets else []), *arguments, **options)

    takes.fits = True
    setattr(tf.keras.Model, name, takes)


for _name in ("fit", "evaluate", "train_on_batch", "test_on_batch"):
    _takes(_name, True)
for _name in ("predict", "predict_on_batch"):
    _takes(_name, False)
if not getattr(tf.keras.Model.__call__, "fits", False):

    def _called(self, inputs, *arguments, _original=tf.keras.Model.__call__, **options):
        if isinstance(inputs, (np.ndarray, list)) or hasattr(inputs, "numpy") and tf.executing_eagerly():
            shapes = _shapes_of(self, "input_shape")
            if shapes is not None and not any(
                isinstance(value, tf.keras.KerasTensor) for value in tf.nest.flatten(inputs)
            ):
                inputs = tf.nest.map_structure(lambda value: tf.cast(value, tf.float32), _all_fit(inputs, shapes))
        return _original(self, inputs, *arguments, **options)

    _called.fits = True
    tf.keras.Model.__call__ = _called
