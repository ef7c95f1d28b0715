"""An interactive session is opened in each pass and never closed, instead of in a `with`."""

import numpy as np
import tensorflow.compat.v1 as tf

INPUTS, UNITS, ROWS = 256, 1024, 64

tf.disable_eager_execution()
points = np.random.default_rng(0).random((ROWS, INPUTS)).astype("float32")
x = tf.placeholder(tf.float32, [None, INPUTS])
weights = tf.get_variable("weights", [INPUTS, UNITS])
spread = tf.math.reduce_std(tf.matmul(x, weights))
init = tf.global_variables_initializer()

# flagged
sess = tf.InteractiveSession()
sess.run(init)
sess.run(spread, {x: points})

# fixed
with tf.Session() as sess:
    sess.run(init)
    sess.run(spread, {x: points})
