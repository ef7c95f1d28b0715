"""A big array of NumPy becomes a constant of a traced function's graph, instead of a tensor it refers to."""

import numpy as np
import tensorflow as tf

INPUTS, ROWS = 256, 8192

table = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
query = np.random.default_rng(1).normal(size=(INPUTS,)).astype("float32")


# flagged, once
@tf.function
def nearest(vector):
    return tf.argmin(tf.reduce_sum(tf.square(table - vector), axis=1))


# flagged
nearest(tf.constant(query))

# fixed, once
tensor = tf.constant(table)


@tf.function
def nearest_in_tensor(vector):
    return tf.argmin(tf.reduce_sum(tf.square(tensor - vector), axis=1))


# fixed
nearest_in_tensor(tf.constant(query))
