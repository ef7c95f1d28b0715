"""A model of Keras 3 is built and trained in each repeat, and one gets its first weights back."""

# rule: TFM102
# environments: 2.21 keras-jax keras-torch
import keras
import numpy as np

x = np.random.default_rng(0).normal(size=(96, 16)).astype("float32")
y = x[:, :1]


def build():
    model = keras.Sequential([keras.Input((16,)), keras.layers.Dense(128, activation="relu"), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    return model


# flagged
model = build()
model.fit(x, y, epochs=1, verbose=0)

# fixed, once
model = build()
first_weights = model.get_weights()

# fixed
model.set_weights(first_weights)
model.fit(x, y, epochs=1, verbose=0)
