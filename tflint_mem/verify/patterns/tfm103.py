"""A handler reads the model for each request, instead of once for the process."""

import functools

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 32, 256, 1

PATH = "model.keras" if int(tf.__version__.split(".")[1]) > 12 else "model.h5"
tf.keras.Sequential(
    [tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS, activation="relu"), tf.keras.layers.Dense(4)]
).save(PATH)
values = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")


# flagged, once
def lambda_handler(event, context):
    model = tf.keras.models.load_model(PATH)
    return int(model.predict_on_batch(event)[0].argmax())


# flagged
label = lambda_handler(values, None)


# fixed, once
@functools.lru_cache(maxsize=1)
def get_model():
    return tf.keras.models.load_model(PATH)


def lambda_handler_that_keeps(event, context):
    return int(get_model().predict_on_batch(event)[0].argmax())


# fixed
label = lambda_handler_that_keeps(values, None)
