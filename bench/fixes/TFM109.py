"""A big array becomes a constant of each graph that is traced, one for each length."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
table = np.random.default_rng(0).normal(size=(8192, 256)).astype("float32")


@tf.function
def project(rows):
    return tf.reduce_sum(tf.matmul(table, rows))


total = 0.0
for k in range(REPEATS):
    total += float(project(tf.ones([256, k + 1])))
print(round(total / 1000, 2))
