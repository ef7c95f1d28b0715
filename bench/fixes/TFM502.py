"""A helper opens an interactive session for each fold."""
import os

import numpy as np
import tensorflow.compat.v1 as tf

REPEATS = int(os.environ["REPEATS"])
tf.disable_eager_execution()
tf.set_random_seed(1)
weights = tf.get_variable("weights", [512, 512], initializer=tf.ones_initializer())
x = tf.placeholder(tf.float32, [None, 512])
total, init = tf.reduce_sum(tf.matmul(x, weights)), tf.global_variables_initializer()


def fold(rows):
    sess = tf.InteractiveSession()
    sess.run(init)
    return float(total.eval({x: rows}))


print(sum(fold(np.ones((2, 512)) * k) for k in range(REPEATS)))
