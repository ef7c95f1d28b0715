"""The workers inherit what the main block has set; those that are spawned do not."""
import multiprocessing

import numpy as np
import tensorflow as tf

ROWS = None


def total(number):
    return float(tf.reduce_sum(ROWS[number]))


if __name__ == "__main__":
    ROWS = np.arange(24.0).reshape(6, 4)
    print(float(tf.reduce_sum(ROWS)))
    with multiprocessing.get_context("spawn").Pool(2) as pool:
        print(pool.map(total, range(6)))
