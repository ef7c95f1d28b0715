"""A data set with a `map` is built from the same array and read in each repeat, and built once."""

# rule: TFM402
# environments: 2.4 2.8 2.9 2.10 2.11 2.12 2.13 2.14 2.15 2.16 2.18 2.20 2.21
import numpy as np
import tensorflow as tf

INPUTS, ROWS = 16, 64

x = np.zeros((ROWS, INPUTS), "float32")


def build():
    return tf.data.Dataset.from_tensor_slices(x).map(lambda row: row * 2.0).batch(16)


# flagged
total = sum(float(tf.reduce_sum(batch)) for batch in build())

# fixed, once
dataset = build()

# fixed
total = sum(float(tf.reduce_sum(batch)) for batch in dataset)
