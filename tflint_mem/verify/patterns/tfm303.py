"""A traced function gets another shape each time, instead of being open in it."""

import numpy as np
import tensorflow as tf

UNITS = 16

readings = np.sin(np.arange(100_000, dtype="float32") / 3.0)
kernel = tf.Variable(tf.ones((5, 1, UNITS)))


def forecast(history):
    return tf.reduce_mean(tf.nn.conv1d(history[tf.newaxis, :, tf.newaxis], kernel, 1, "SAME"))


exact = tf.function(forecast)
relaxed = tf.function(forecast, input_signature=[tf.TensorSpec((None,))])
number = 0  # of the repeat

# flagged
exact(readings[: number + 20])

# fixed
relaxed(readings[: number + 20])
