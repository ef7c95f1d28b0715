"""All models that are tried are kept in a list, instead of the best weights."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS, ROWS = 12, 64, 64

x = np.random.default_rng(0).normal(size=(ROWS, INPUTS)).astype("float32")
models = []


def build_model():
    inputs = tf.keras.Input((INPUTS,))
    hidden = tf.keras.layers.Dense(UNITS, activation="relu")(inputs)
    return tf.keras.Model(inputs, tf.keras.layers.Dense(1)(hidden))


number = 0  # of the repeat

# flagged
model = build_model()
model(x)
models.append(model)

# fixed, once
model = build_model()
shapes = [weights.shape for weights in model.get_weights()]
best = []

# fixed
model.set_weights([np.random.default_rng(number).normal(size=shape) for shape in shapes])
model(x)
best = model.get_weights()
