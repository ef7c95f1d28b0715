"""`fit` is given a new Python generator in each round, instead of one data set over it."""

import numpy as np
import tensorflow as tf

INPUTS, ROWS = 8, 16

model = tf.keras.Sequential([tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(1)])
model.compile("sgd", "mse")
x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")


def batches():
    while True:
        yield x, x.sum(axis=1, keepdims=True)


# flagged
model.fit(batches(), steps_per_epoch=4, verbose=0)

# fixed, once
signature = (tf.TensorSpec((ROWS, INPUTS)), tf.TensorSpec((ROWS, 1)))
dataset = tf.data.Dataset.from_generator(batches, output_signature=signature)

# fixed
model.fit(dataset, steps_per_epoch=4, verbose=0)
