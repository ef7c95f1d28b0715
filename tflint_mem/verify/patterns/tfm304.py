"""A variable with a name of its own is made for each element, instead of one that gets other values."""

import numpy as np
import tensorflow as tf

INPUTS = 64

signal = np.random.default_rng(0).normal(size=(INPUTS,)).astype("float32")


@tf.function
def distance(guess):
    return tf.reduce_sum(tf.square(guess - signal))


number = 0  # of the repeat

# flagged
guess = tf.Variable(tf.zeros(INPUTS), name=f"guess_{number}")
guess.assign_add(0.5 * (signal - guess))
distance(guess.value())

# fixed, once
guess = tf.Variable(tf.zeros(INPUTS), name="guess")

# fixed
guess.assign(tf.zeros(INPUTS))
guess.assign_add(0.5 * (signal - guess))
distance(guess.value())
