"""One compiled model is fitted to arrays in each repeat, and to a data set that was made once."""

# rule: TFM207
# environments: 2.4 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.18 2.20 2.21
import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 16, 128, 96

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
model = tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(1)]
)
model.compile(optimizer="sgd", loss="mse")
dataset = tf.data.Dataset.from_tensor_slices((x, x[:, :1])).batch(32)

# flagged
model.fit(x, x[:, :1], verbose=0)

# fixed
model.fit(dataset, verbose=0)
