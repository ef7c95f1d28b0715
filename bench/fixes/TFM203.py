"""A training step that runs operation by operation."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
net = tf.keras.Sequential([tf.keras.Input((16,)), tf.keras.layers.Dense(64, "relu"), tf.keras.layers.Dense(1)])
optimizer = tf.keras.optimizers.Adam(0.01)
data = tf.data.Dataset.from_tensor_slices((tf.random.normal([REPEATS * 8, 16]), tf.ones([REPEATS * 8, 1]))).batch(8)


def step(x, y):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(net(x, training=True) - y))
    optimizer.apply_gradients(zip(tape.gradient(loss, net.trainable_variables), net.trainable_variables))
    return loss


for x, y in data:
    loss = step(x, y)
print(round(float(loss), 4))
