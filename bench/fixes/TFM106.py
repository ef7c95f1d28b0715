"""The model begins anew in each fold, and is compiled again for it."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
net = tf.keras.Sequential([tf.keras.Input((64,)), tf.keras.layers.Dense(256), tf.keras.layers.Dense(1)])
x, y = tf.random.normal([64, 64]), tf.ones([64, 1])
start = net.get_weights()
for fold in range(REPEATS):
    net.set_weights(start)
    net.compile(tf.keras.optimizers.SGD(0.001), "mse")
    history = net.fit(x, y * fold, verbose=0, shuffle=False)
    print(fold, round(history.history["loss"][-1], 4))
