"""The session is cleared while its model is still trained, instead of when the model is done."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 8, 16, 128

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
y = x.sum(axis=1, keepdims=True)
model = tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(1)]
)
model.compile("sgd", "mse")


# flagged, once
class FreeMemory(tf.keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        tf.keras.backend.clear_session()


# flagged
model.fit(x, y, epochs=1, verbose=0, callbacks=[FreeMemory()])

# fixed
model.fit(x, y, epochs=1, verbose=0)
