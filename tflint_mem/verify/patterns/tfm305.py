"""XLA compiles a program for each length, instead of one for a length that is always the same."""

import numpy as np
import tensorflow as tf

LONGEST = 4096

readings = np.sin(np.arange(LONGEST, dtype="float32") / 3.0)


@tf.function(jit_compile=True, reduce_retracing=True)
def smooth(series):
    return tf.reduce_mean(tf.square(tf.tanh(series)))


number = 0  # of the repeat

# flagged
smooth(readings[: number % LONGEST + 16])

# fixed
smooth(readings * (np.arange(LONGEST) < number + 16).astype("float32"))
