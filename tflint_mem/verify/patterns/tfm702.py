"""A worker is forked after TensorFlow has run, and never answers, instead of started anew."""

import multiprocessing

import tensorflow as tf

layer = tf.Variable(tf.ones((4, 3)))


def score(seed):
    return float(tf.reduce_sum(tf.ones((8, 4)) @ layer)) + seed


score(0)

# flagged
with multiprocessing.get_context("fork").Pool(1) as pool:
    pool.map_async(score, range(1, 5)).get(timeout=6)

# fixed
with multiprocessing.get_context("spawn").Pool(1) as pool:
    pool.map_async(len, ["a", "b"]).get(timeout=50)
