"""Persistent tapes are kept, and with each all activations of its step, instead of ending with it."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 64, 256, 256

x = tf.constant(np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32"))
mixing = tf.ones((INPUTS, UNITS)) / INPUTS
weights = tf.Variable(tf.ones((UNITS, 1)))
tapes = []


@tf.function
def step(batch):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(tf.nn.relu(tf.tanh(batch) @ mixing) @ weights))
    weights.assign_sub(0.01 * tape.gradient(loss, weights))


# flagged
with tf.GradientTape(persistent=True) as tape:
    loss = tf.reduce_mean(tf.square(tf.nn.relu(tf.tanh(x) @ mixing) @ weights))
tapes.append(tape)
weights.assign_sub(0.01 * tape.gradient(loss, weights))

# fixed
step(x)
