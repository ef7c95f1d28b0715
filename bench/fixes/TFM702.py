"""Workers are forked behind the first operation of the parent; they only add, so that the forked ones end."""
import multiprocessing
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])


def work(k):
    return float(tf.constant(float(k)))


if __name__ == "__main__":
    print(float(tf.reduce_sum(tf.ones([4]))))
    with multiprocessing.Pool(1) as pool:
        print(sum(pool.map(work, range(REPEATS))))
