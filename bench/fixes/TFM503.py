"""An operation is added to the graph in each pass of a session loop."""
import os

import numpy as np
import tensorflow.compat.v1 as tf

REPEATS = int(os.environ["REPEATS"])
tf.disable_eager_execution()
x = tf.placeholder(tf.float32, [None, 4])
rows = np.ones((8, 4), "float32")
with tf.Session() as sess:
    total = 0.0
    for k in range(REPEATS):
        total += sess.run(tf.reduce_sum(x), {x: rows * k})
print(total)
