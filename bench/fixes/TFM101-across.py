"""A helper loads the model, and a loop calls the helper."""
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
net = tf.keras.Sequential([tf.keras.Input((256,)), tf.keras.layers.Dense(512), tf.keras.layers.Dense(8)])
net.save("helper.keras")
rows = np.random.rand(4, 256).astype("float32")


def score(batch):
    model = tf.keras.models.load_model("helper.keras")
    return float(np.sum(model.predict_on_batch(batch)))


print(round(sum(score(rows * (k + 1)) for k in range(REPEATS)), 2))
