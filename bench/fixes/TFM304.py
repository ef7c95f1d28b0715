"""A variable with a name of its own for each signal."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
signals = np.random.default_rng(0).normal(size=(REPEATS, 64)).astype("float32")


@tf.function
def distance(guess, signal):
    return tf.reduce_sum(tf.square(guess - signal))


total = 0.0
for number, signal in enumerate(signals):
    guess = tf.Variable(tf.zeros(64), name=f"guess_{number}")
    for _ in range(3):
        guess.assign_add(0.5 * (signal - guess))
    total += float(distance(guess.value(), tf.constant(signal)))
print(round(total, 3))
