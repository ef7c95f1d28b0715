"""Each result is kept as a tensor, instead of the one number that is wanted of it."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 64, 256, 256

x = tf.constant(np.random.default_rng(0).normal(size=(4, ROWS, INPUTS)).astype("float32"))
network = tf.keras.Sequential([tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS)])
kept = []
number = 0  # of the repeat


@tf.function
def describe(rows):
    return network(rows, training=False)


# flagged
features = describe(x[number % 4])
kept.append(features)

# fixed
features = describe(x[number % 4])
kept.append(float(tf.reduce_mean(features)))
