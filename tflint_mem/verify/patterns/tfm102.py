"""A model is built, compiled and trained in each pass, instead of one that gets its first weights back."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 16, 128, 96

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
y = x[:, :1]


def build_model():
    model = tf.keras.Sequential(
        [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(1)]
    )
    model.compile(optimizer="sgd", loss="mse")
    return model


# flagged
model = build_model()
model.fit(x, y, epochs=1, verbose=0)

# fixed, once
model = build_model()
first_weights = model.get_weights()

# fixed
model.set_weights(first_weights)
model.fit(x, y, epochs=1, verbose=0)
