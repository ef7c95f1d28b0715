"""A worker is forked after TensorFlow has run, and never answers, instead of started anew."""

import multiprocessing

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 4, 3, 8

model = tf.keras.Sequential([tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS)])


def score(seed):
    readings = np.random.default_rng(seed).normal(size=(ROWS, INPUTS)).astype("float32")
    return float(model.predict_on_batch(readings).sum())


score(0)

# flagged
with multiprocessing.get_context("fork").Pool(1) as pool:
    pool.map_async(score, range(1, 5)).get(timeout=6)

# fixed
with multiprocessing.get_context("spawn").Pool(1) as pool:
    pool.map_async(len, ["a", "b"]).get(timeout=50)
