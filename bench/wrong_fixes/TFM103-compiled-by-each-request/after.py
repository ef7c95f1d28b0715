"""Each request compiles the model that it has loaded."""
import functools

import numpy as np
import tensorflow as tf

tf.keras.Sequential([tf.keras.Input((32,)), tf.keras.layers.Dense(256), tf.keras.layers.Dense(1)]).save("scorer.keras")


@functools.lru_cache(maxsize=None)
def load_scorer():
    return tf.keras.models.load_model("scorer.keras")


def lambda_handler(event, context):
    scorer = load_scorer()
    scorer.compile(optimizer="adam", loss="mse")
    return float(scorer.predict(np.ones((1, 32), "float32"), verbose=0)[0, 0])
