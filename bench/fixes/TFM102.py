"""A model of each width is built and asked once, without training."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
rows = np.ones((4, 64), "float32")
for k in range(REPEATS):
    model = tf.keras.Sequential([tf.keras.Input((64,)), tf.keras.layers.Dense(4 + k % 7, kernel_initializer="ones"), tf.keras.layers.Dense(1, kernel_initializer="ones")])
    print(k, round(float(model.predict_on_batch(rows).sum()), 2))
