"""A traced function is defined in each pass, and traced anew, instead of once."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 16, 64, 32

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
first = tf.Variable(tf.ones((INPUTS, UNITS)) / INPUTS)
second = tf.Variable(tf.ones((UNITS, 1)) / UNITS)


def step(batch):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.nn.relu(batch @ first) @ second))
    for weights, gradient in zip((first, second), tape.gradient(loss, (first, second))):
        weights.assign_sub(0.01 * gradient)
    return loss


# flagged
traced = tf.function(step)
loss = traced(x)

# fixed, once
traced = tf.function(step)

# fixed
loss = traced(x)
