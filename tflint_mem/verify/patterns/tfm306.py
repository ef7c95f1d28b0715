"""A list of Python grows in a traced loop: a new graph for each length, instead of one with a TensorArray."""

import tensorflow as tf

UNITS = 8

drift = tf.ones((UNITS, UNITS)) / UNITS


@tf.function
def roll(state, steps):
    states = []
    for _ in range(steps):
        state = tf.tanh(tf.linalg.matvec(drift, state))
        states.append(state)
    return tf.stack(states)


@tf.function
def roll_in_graph(state, steps):
    states = tf.TensorArray(tf.float32, size=steps)
    for step in tf.range(steps):
        state = tf.tanh(tf.linalg.matvec(drift, state))
        states = states.write(step, state)
    return states.stack()


number = 0  # of the repeat

# flagged
roll(tf.ones(UNITS), number + 4)

# fixed
roll_in_graph(tf.ones(UNITS), tf.constant(number + 4))
