"""Gradient operations are added to the graph for each element, instead of once."""

import numpy as np
import tensorflow as tf
from tensorflow.keras import backend as K

INPUTS, UNITS, ROWS = 192, 4, 1

tf.compat.v1.disable_eager_execution()
picture = np.random.default_rng(0).random((ROWS, INPUTS)).astype("float32")
image = tf.compat.v1.placeholder(tf.float32, [None, INPUTS])
weights = tf.compat.v1.get_variable("weights", [INPUTS, UNITS])
best = tf.reduce_max(tf.nn.tanh(tf.matmul(image, weights)), axis=1)
sess = tf.compat.v1.Session()
sess.run(tf.compat.v1.global_variables_initializer())

# flagged
saliency = K.gradients(best, image)[0]
sess.run(saliency, {image: picture})

# fixed, once
saliency = K.gradients(best, image)[0]

# fixed
sess.run(saliency, {image: picture})
