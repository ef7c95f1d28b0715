"""A new iterator over the data set for each step."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
data = tf.data.Dataset.range(1000).batch(10).repeat()
total = 0
for k in range(REPEATS):
    batch = next(iter(data))
    total += int(tf.reduce_sum(batch))
print(total)
