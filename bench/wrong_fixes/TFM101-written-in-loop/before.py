"""Each round saves a candidate and looks at what was saved."""  # caught: other
import tensorflow as tf


def improve(units):
    candidate = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(units), tf.keras.layers.Dense(2)])
    candidate.save("candidate.keras")


for units in range(3, 30):
    improve(units)
    found = tf.keras.models.load_model("candidate.keras")
    print(units, found.count_params())
