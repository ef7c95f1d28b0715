"""A figure is drawn after each step of a training and kept by pyplot, instead of closed."""

import matplotlib.pyplot as plt
import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 8, 3, 64

plt.switch_backend("Agg")
model = tf.keras.Sequential([tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS)])
model.compile("sgd", "mse")
readings = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
answers = np.random.default_rng(1).normal(size=(ROWS, UNITS)).astype("float32")

# flagged
model.train_on_batch(readings, answers)
figure = plt.figure()
plt.imshow(model.predict_on_batch(readings))
figure.savefig("guesses.png")

# fixed
model.train_on_batch(readings, answers)
figure = plt.figure()
plt.imshow(model.predict_on_batch(readings))
figure.savefig("guesses.png")
plt.close(figure)
