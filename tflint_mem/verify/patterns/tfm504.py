"""Gradient operations are added to the graph for each element, instead of once."""

import numpy as np
import tensorflow.compat.v1 as tf

INPUTS, UNITS, ROWS = 192, 4, 1

tf.disable_eager_execution()
picture = np.random.default_rng(0).random((ROWS, INPUTS)).astype("float32")
image = tf.placeholder(tf.float32, [None, INPUTS])
weights = tf.get_variable("weights", [INPUTS, UNITS])
best = tf.reduce_max(tf.nn.tanh(tf.matmul(image, weights)), axis=1)
sess = tf.Session()
sess.run(tf.global_variables_initializer())

# flagged
saliency = tf.gradients(best, image)[0]
sess.run(saliency, {image: picture})

# fixed, once
saliency = tf.gradients(best, image)[0]

# fixed
sess.run(saliency, {image: picture})
