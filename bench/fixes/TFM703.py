"""A lookup layer for each document."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
WORDS = [f"word{k}" for k in range(2000)]
total = 0
for k in range(REPEATS):
    lookup = tf.keras.layers.StringLookup(vocabulary=WORDS)
    total += int(tf.reduce_sum(lookup(tf.constant([f"word{k}", "other"]))))
print(total)
