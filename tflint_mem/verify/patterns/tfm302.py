"""A traced function gets another Python number each time, instead of a tensor."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 16, 64, 64

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
first = tf.Variable(tf.ones((INPUTS, UNITS)) / INPUTS)


@tf.function
def train_step(batch, beta):
    with tf.GradientTape() as tape:
        loss = beta * tf.reduce_mean(tf.square(batch @ first))
    first.assign_sub(0.01 * tape.gradient(loss, first))
    return loss


number = 0  # of the repeat

# flagged
train_step(x, number / 1e6)

# fixed
train_step(x, tf.constant(number / 1e6, tf.float32))
