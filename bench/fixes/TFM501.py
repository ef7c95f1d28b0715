"""The graph of TensorFlow 1 is reset between Keras models, which frees nothing."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
for k in range(REPEATS):
    tf.keras.utils.set_random_seed(k)
    model = tf.keras.Sequential([tf.keras.Input((64,)), tf.keras.layers.Dense(512), tf.keras.layers.Dense(1)])
    print(k, round(float(tf.reduce_sum(model(tf.ones([2, 64])))), 4))
    tf.compat.v1.reset_default_graph()
