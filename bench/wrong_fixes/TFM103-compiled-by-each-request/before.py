"""Each request compiles the model that it has loaded."""  # caught: no cure
import numpy as np
import tensorflow as tf

tf.keras.Sequential([tf.keras.Input((32,)), tf.keras.layers.Dense(256), tf.keras.layers.Dense(1)]).save("scorer.keras")


def lambda_handler(event, context):
    scorer = tf.keras.models.load_model("scorer.keras")
    scorer.compile(optimizer="adam", loss="mse")
    return float(scorer.predict(np.ones((1, 32), "float32"), verbose=0)[0, 0])
