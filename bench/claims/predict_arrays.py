"""`predict` of one compiled model is given an array in each repeat, and the model is called."""

# rule: TFM201
# environments: 2.4 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.18 2.20 2.21
import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 16, 128, 20

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
model = tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(1)]
)

# flagged
scores = model.predict(x, verbose=0)

# fixed
scores = model(x, training=False).numpy()
