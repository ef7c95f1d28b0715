"""A `tf.function` is given a NumPy number that changes, and a tensor."""

# rule: TFM302
# environments: 2.2 2.4 2.8 2.15 2.21
import numpy as np
import tensorflow as tf

COUNTED = [0.0]


@tf.function
def scaled(values, factor):
    return values * factor


values = tf.ones((16,))

# flagged
COUNTED[0] += 0.5
scaled(values, np.float32(COUNTED[0]))

# fixed
COUNTED[0] += 0.5
scaled(values, tf.constant(COUNTED[0]))
