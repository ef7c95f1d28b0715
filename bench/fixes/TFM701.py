"""A writer for each run, and all of them are kept."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
weight = tf.Variable(0.0)


@tf.function
def step(rate):
    weight.assign_add(rate * (1.0 - weight))
    return weight.value()


writers = []
for run in range(REPEATS):
    writer = tf.summary.create_file_writer(f"logs/run{run}")
    writers.append(writer)
    with writer.as_default():
        for number in range(3):
            tf.summary.write("weight", step(tf.constant(0.1)), step=number)
print(round(float(weight), 4))
