"""The same model is read from its file for each element, instead of once."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 64, 256, 16

PATH = "model.keras" if int(tf.__version__.split(".")[1]) > 12 else "model.h5"
tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(1)]
).save(PATH)
x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")

# flagged
model = tf.keras.models.load_model(PATH)
scores = model.predict_on_batch(x)

# fixed, once
model = tf.keras.models.load_model(PATH)

# fixed
scores = model.predict_on_batch(x)
