"""A model is built and called in each repeat and dropped, without a clean-up and with it."""

# rule: TFM102
# environments: 2.4 2.8 2.10 2.12 2.13 2.14 2.15 2.16 2.18 2.20 2.21
import gc

import numpy as np
import tensorflow as tf

x = np.zeros((16, 64), "float32")


def build():
    return tf.keras.Sequential(
        [tf.keras.Input((64,)), tf.keras.layers.Dense(256, activation="relu"), tf.keras.layers.Dense(1)]
    )


# flagged
model = build()
scores = model(x).numpy()

# fixed
model = build()
scores = model(x).numpy()
tf.keras.backend.clear_session()
gc.collect()
