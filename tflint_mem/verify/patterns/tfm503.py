"""Operations are added to the graph in each pass, instead of before the loop."""

import numpy as np
import tensorflow.compat.v1 as tf

INPUTS, ROWS = 8, 256

tf.disable_eager_execution()
features = np.random.default_rng(0).random((ROWS, INPUTS)).astype("float32")
x = tf.placeholder(tf.float32, [None, INPUTS])
rate = tf.Variable(0.5, trainable=False)
weights = tf.Variable(tf.zeros((INPUTS, 1)))
loss = tf.reduce_mean(tf.matmul(x, weights) * rate)
decay = tf.assign(rate, rate * 0.9)
sess = tf.Session()
sess.run(tf.global_variables_initializer())

# flagged
sess.run(loss, {x: features})
sess.run(tf.assign(rate, rate * 0.9))

# fixed
sess.run(loss, {x: features})
sess.run(decay)
