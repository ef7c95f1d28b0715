"""The outputs of a model are kept; the last of them is looked at."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
network = tf.keras.Sequential([tf.keras.Input((32, 32, 3)), tf.keras.layers.Conv2D(16, 3)])
pictures = np.random.rand(REPEATS, 1, 32, 32, 3).astype("float32")
maps = []
for picture in pictures:
    maps.append(network(picture, training=False))
print(len(maps), round(float(tf.reduce_mean(maps[-1])), 5))
