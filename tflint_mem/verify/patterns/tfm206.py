"""One tape is open around all batches, instead of one for each."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 64, 256, 256

x = tf.constant(np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32"))
mixing = tf.ones((INPUTS, UNITS)) / INPUTS
weights = tf.Variable(tf.ones((UNITS, 1)))


@tf.function
def gradient_of(batch):
    with tf.GradientTape() as own:
        loss = tf.reduce_mean(tf.square(tf.nn.relu(tf.tanh(batch) @ mixing) @ weights))
    return own.gradient(loss, weights)


# flagged, once
tape = tf.GradientTape()
tape.__enter__()
total = tf.constant(0.0)

# flagged
total += tf.reduce_mean(tf.square(tf.nn.relu(tf.tanh(x) @ mixing) @ weights))

# fixed, once
gradient = tf.zeros((UNITS, 1))

# fixed
gradient += gradient_of(x)
