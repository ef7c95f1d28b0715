"""`tf.layers` and a little of `tf.contrib`, which TensorFlow has no more beside Keras 3: variables and operations."""

import sys
import types

import numpy as np
import tensorflow.compat.v1 as tf


def _variable(name, shape, initializer, default, regularizer=None, trainable=True):
    initializer = default if initializer is None else initializer
    initializer = initializer() if isinstance(initializer, type) else initializer
    return tf.get_variable(
        name, shape, tf.float32, initializer=initializer, regularizer=regularizer, trainable=trainable
    )


def _finished(result, activation):
    return result if activation is None else activation(result)


def dense(
    inputs,
    units,
    activation=None,
    use_bias=True,
    kernel_initializer=None,
    bias_initializer=None,
    kernel_regularizer=None,
    trainable=True,
    name=None,
    reuse=None,
    **options,
):
    with tf.variable_scope(name, "dense", reuse=reuse):
        kernel = _variable(
            "kernel",
            (int(inputs.shape[-1]), int(units)),
            kernel_initializer,
            tf.glorot_uniform_initializer(),
            kernel_regularizer,
            trainable,
        )
        result = tf.tensordot(inputs, kernel, 1) if len(inputs.shape) > 2 else tf.matmul(inputs, kernel)
        if use_bias:
            result += _variable("bias", (int(units),), bias_initializer, tf.zeros_initializer(), None, trainable)
        return _finished(result, activation)


def _pair(value, count=2):
    return (value,) * count if isinstance(value, int) else tuple(value)


def conv2d(
    inputs,
    filters,
    kernel_size,
    strides=1,
    padding="valid",
    activation=None,
    use_bias=True,
    kernel_initializer=None,
    bias_initializer=None,
    kernel_regularizer=None,
    trainable=True,
    name=None,
    reuse=None,
    **options,
):
    with tf.variable_scope(name, "conv2d", reuse=reuse):
        kernel = _variable(
            "kernel",
            _pair(kernel_size) + (int(inputs.shape[-1]), filters),
            kernel_initializer,
            tf.glorot_uniform_initializer(),
            kernel_regularizer,
            trainable,
        )
        result = tf.nn.conv2d(inputs, kernel, strides=(1,) + _pair(strides) + (1,), padding=padding.upper())
        if use_bias:
            result += _variable("bias", (filters,), bias_initializer, tf.zeros_initializer(), None, trainable)
        return _finished(result, activation)


def conv1d(inputs, filters, kernel_size, strides=1, padding="valid", name=None, reuse=None, **options):
    with tf.variable_scope(name, "conv1d", reuse=reuse):
        size = kernel_size if isinstance(kernel_size, int) else kernel_size[0]
        return tf.squeeze(
            conv2d(
                tf.expand_dims(inputs, 1),
                filters,
                (1, size),
                (1, strides if isinstance(strides, int) else strides[0]),
                padding,
                name="conv",
                **options,
            ),
            1,
        )


def conv2d_transpose(
    inputs,
    filters,
    kernel_size,
    strides=1,
    padding="valid",
    activation=None,
    use_bias=True,
    kernel_initializer=None,
    name=None,
    reuse=None,
    **options,
):
    with tf.variable_scope(name, "conv2d_transpose", reuse=reuse):
        size, steps = _pair(kernel_size), _pair(strides)
        kernel = _variable(
            "kernel", size + (filters, int(inputs.shape[-1])), kernel_initializer, tf.glorot_uniform_initializer()
        )
        sides = [
            int(side) * step + (max(width - step, 0) if padding.lower() == "valid" else 0)
            for side, step, width in zip(inputs.shape[1:3], steps, size)
        ]
        result = tf.nn.conv2d_transpose(
            inputs, kernel, [tf.shape(inputs)[0]] + sides + [filters], (1,) + steps + (1,), padding.upper()
        )
        result.set_shape([None] + sides + [filters])
        if use_bias:
            result += _variable("bias", (filters,), None, tf.zeros_initializer())
        return _finished(result, activation)


def _pooling(kind):
    def pooling(inputs, pool_size=2, strides=2, padding="valid", name=None, **options):
        return kind(inputs, (1,) + _pair(pool_size) + (1,), (1,) + _pair(strides) + (1,), padding.upper(), name=name)

    return pooling


max_pooling2d, average_pooling2d = _pooling(tf.nn.max_pool2d), _pooling(tf.nn.avg_pool2d)


def flatten(inputs, name=None, **options):
    return tf.reshape(inputs, (-1, int(np.prod([int(side) for side in inputs.shape[1:]]))), name=name)


def dropout(inputs, rate=0.5, training=False, name=None, **options):
    if training is False or training is None:
        return tf.identity(inputs, name=name)
    kept = tf.nn.dropout(inputs, rate=rate, name=name)
    return kept if training is True else tf.where(tf.cast(training, tf.bool), kept, inputs)


def batch_normalization(
    inputs, axis=-1, momentum=0.99, epsilon=1e-3, training=False, trainable=True, name=None, reuse=None, **options
):
    with tf.variable_scope(name, "batch_normalization", reuse=reuse):
        size = (int(inputs.shape[-1]),)
        scale = _variable("gamma", size, None, tf.ones_initializer(), None, trainable)
        shift = _variable("beta", size, None, tf.zeros_initializer(), None, trainable)
        mean = _variable("moving_mean", size, None, tf.zeros_initializer(), None, False)
        variance = _variable("moving_variance", size, None, tf.ones_initializer(), None, False)
        return tf.nn.batch_normalization(inputs, mean, variance, shift, scale, epsilon)


class Dense:
    """`tf.layers.Dense`: the same variables at each call."""

    _function = staticmethod(dense)

    def __init__(self, *arguments, **options):
        self.arguments, self.options, self.made = arguments, options, 0
        self.scope = options.pop("name", None) or tf.get_default_graph().unique_name(type(self).__name__.lower())

    def __call__(self, inputs, **ignored):
        self.made += 1
        return self._function(inputs, *self.arguments, name=self.scope, reuse=self.made > 1, **self.options)

    apply = __call__


class Conv2D(Dense):
    """`tf.layers.Conv2D`."""

    _function = staticmethod(conv2d)


def xavier_initializer(uniform=True, seed=None, dtype=tf.float32):
    return tf.glorot_uniform_initializer(seed=seed)


def variance_scaling_initializer(*arguments, **options):
    return tf.variance_scaling_initializer()


def fully_connected(
    inputs, num_outputs, activation_fn=tf.nn.relu, weights_initializer=None, scope=None, reuse=None, **options
):
    return dense(inputs, num_outputs, activation_fn, kernel_initializer=weights_initializer, name=scope, reuse=reuse)


def convolution2d(
    inputs,
    num_outputs,
    kernel_size,
    stride=1,
    padding="SAME",
    activation_fn=tf.nn.relu,
    scope=None,
    reuse=None,
    **options,
):
    return conv2d(inputs, num_outputs, kernel_size, stride, padding, activation_fn, name=scope, reuse=reuse)


def l2_regularizer(scale, scope=None):
    return lambda weights: scale * tf.nn.l2_loss(weights)


def optimize_loss(loss, global_step, learning_rate, optimizer="SGD", **options):
    return tf.train.GradientDescentOptimizer(learning_rate).minimize(loss, global_step)


layers = types.ModuleType("tensorflow.layers")
for _name, _value in list(globals().items()):
    if callable(_value) and not _name.startswith("_"):
        setattr(layers, _name, _value)
# for: contrib
_contrib = types.SimpleNamespace(
    layers=types.SimpleNamespace(
        xavier_initializer=xavier_initializer,
        xavier_initializer_conv2d=xavier_initializer,
        variance_scaling_initializer=variance_scaling_initializer,
        fully_connected=fully_connected,
        convolution2d=convolution2d,
        conv2d=convolution2d,
        flatten=flatten,
        l2_regularizer=l2_regularizer,
        optimize_loss=optimize_loss,
        batch_norm=lambda inputs, *arguments, scope=None, reuse=None, **options: batch_normalization(
            inputs, name=scope, reuse=reuse
        ),
    )
)
# `tensorflow` itself may be `compat.v1` by now, and that has a `compat.v1` of its own
_PLACES = [tf] + [
    _module for _name, _module in list(sys.modules.items()) if _name == "tensorflow" or _name.endswith("compat.v1")
]
for _place in _PLACES:
    if hasattr(_place, "placeholder"):
        _place.layers = layers
# for: contrib
for _place in _PLACES:
    if hasattr(_place, "placeholder"):
        _place.contrib = getattr(_place, "contrib", _contrib)
