"""A data set gets one more `map` in each epoch, instead of one in all."""

import numpy as np
import tensorflow as tf

INPUTS, ROWS = 4, 64

values = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")


def noisy(row):
    return row + tf.random.normal((INPUTS,))


# flagged, once
dataset = tf.data.Dataset.from_tensor_slices(values)

# flagged
dataset = dataset.map(noisy)
first = next(iter(dataset))

# fixed, once
dataset = tf.data.Dataset.from_tensor_slices(values).map(noisy)

# fixed
first = next(iter(dataset))
