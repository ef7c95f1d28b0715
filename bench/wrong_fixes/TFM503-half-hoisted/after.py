"""Two operations are made in each pass; only one of them is taken out."""
import numpy as np
import tensorflow.compat.v1 as tf

tf.disable_eager_execution()
rows = tf.placeholder(tf.float32, [None, 6])
scores = tf.matmul(rows, tf.ones([6, 2]))
best = tf.argmax(scores, 1)
with tf.Session() as session:
    for number in range(400):
        share = tf.reduce_mean(tf.cast(best, tf.float32))
        print(number, session.run(share, {rows: np.ones((3, 6))}))
