"""A metric object for each batch."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
total = 0.0
guesses = tf.random.normal([16, 1])
for k in range(REPEATS):
    metric = tf.keras.metrics.MeanSquaredError()
    metric.update_state(guesses, tf.zeros([16, 1]))
    total += float(metric.result())
print(round(total, 3))
