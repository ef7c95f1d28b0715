"""A program that trains and sets no memory growth."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
net = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(1)])
net.compile("sgd", "mse")
for k in range(REPEATS):
    loss = net.train_on_batch(np.ones((4, 8), "float32"), np.ones((4, 1), "float32"))
print(round(float(loss), 4))
