"""TensorFlow Hub: what would be downloaded is a small dense layer."""

import tensorflow as tf


class KerasLayer(tf.keras.layers.Layer):
    """A layer of the hub: 64 numbers for whatever comes in."""

    def __init__(self, handle=None, trainable=False, output_shape=None, input_shape=None, dtype=None, **options):
        options = {name: value for name, value in options.items() if name == "name"}
        if input_shape is not None:
            options["input_shape"] = tuple(input_shape)
        super().__init__(**options)
        self.width = int(output_shape[-1]) if output_shape else 64
        self.dense = tf.keras.layers.Dense(self.width)
        self.trainable = trainable

    def __call__(self, inputs, *arguments, **options):
        if isinstance(inputs, (list, tuple, str)):
            inputs = tf.convert_to_tensor(inputs)
        return super().__call__(inputs, *arguments, **options)

    def build(self, shape):
        self.dense.build((None, _size(shape)))
        self.built = True

    def call(self, inputs, **options):
        inputs = tf.convert_to_tensor(inputs)
        if inputs.dtype == tf.string:
            inputs = tf.cast(tf.strings.length(inputs), tf.float32)
        flat = tf.reshape(tf.cast(inputs, tf.float32), (tf.shape(inputs)[0], _size(inputs.shape)))
        return self.dense(flat)

    def compute_output_shape(self, shape):
        return (shape[0], self.width)


def _size(shape):
    count = 1
    for side in tuple(shape)[1:]:
        count *= int(side or 1)
    return count


def load(handle, *arguments, **options):
    return KerasLayer(handle)


load_module_spec = resolve = load
