"""A pipeline that repeats without an end and then caches."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
rows = np.random.default_rng(0).normal(size=(16, 8192)).astype("float32")
data = tf.data.Dataset.from_tensor_slices(rows).batch(4).repeat().cache()
total, steps = 0.0, 0
for batch in data:
    total += float(tf.reduce_sum(batch))
    steps += 1
    if steps == REPEATS:
        break
print(round(total, 2))
