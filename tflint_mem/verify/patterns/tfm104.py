"""A model is wrapped around the layers of another one in each pass, instead of once."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 64, 256, 1

classifier = tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(5)]
)
x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")

# flagged
raw = tf.keras.Input((INPUTS,))
wrapped = tf.keras.Model(raw, classifier(raw / 255.0))
scores = wrapped.predict_on_batch(x)

# fixed, once
raw = tf.keras.Input((INPUTS,))
wrapped = tf.keras.Model(raw, classifier(raw / 255.0))

# fixed
scores = wrapped.predict_on_batch(x)
