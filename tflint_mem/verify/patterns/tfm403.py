"""A data set is cached behind `repeat` and keeps all it has ever given, instead of before it."""

import numpy as np
import tensorflow as tf

INPUTS, ROWS = 128, 512

rows = np.random.default_rng(0).normal(size=(8, ROWS // 4, INPUTS)).astype("float32")

# flagged, once
batches = iter(tf.data.Dataset.from_tensor_slices(rows).batch(4).repeat().cache())

# flagged
batch = next(batches)

# fixed, once
batches = iter(tf.data.Dataset.from_tensor_slices(rows).batch(4).cache().repeat())

# fixed
batch = next(batches)
