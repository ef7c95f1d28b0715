"""A model is built and trained in each repeat, with the clean-up that is said to help, and in a model that is kept."""

# rule: TFM102
# environments: 2.4 2.8 2.10 2.12 2.13 2.14 2.15 2.16 2.18 2.20 2.21
import gc

import numpy as np
import tensorflow as tf

x = np.random.default_rng(0).normal(size=(96, 16)).astype("float32")
y = x[:, :1]


def build():
    model = tf.keras.Sequential(
        [tf.keras.Input((16,)), tf.keras.layers.Dense(128, activation="relu"), tf.keras.layers.Dense(1)]
    )
    model.compile(optimizer="sgd", loss="mse")
    return model


# flagged
model = build()
model.fit(x, y, epochs=1, verbose=0)
del model
tf.keras.backend.clear_session()
gc.collect()

# fixed, once
model = build()
first_weights = model.get_weights()

# fixed
model.set_weights(first_weights)
model.fit(x, y, epochs=1, verbose=0)
