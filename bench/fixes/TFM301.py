"""A traced function that is defined again for each batch."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
scale = 3.0
weight = tf.Variable(tf.ones([64, 64]))
total = 0.0
for k in range(REPEATS):
    @tf.function
    def forward(x):
        return tf.reduce_sum(tf.matmul(x, weight)) * scale

    total += float(forward(tf.random.normal([4, 64])))
print(round(total, 2))
