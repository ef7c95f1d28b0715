"""A model is compiled again before each round of training, instead of once."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 24, 64, 64

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
y = x.mean(axis=1, keepdims=True)
model = tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(1)]
)

# flagged
model.compile(optimizer="adam", loss="mse")
model.fit(x, y, epochs=1, verbose=0)

# fixed, once
model.compile(optimizer="adam", loss="mse")

# fixed
model.fit(x, y, epochs=1, verbose=0)
