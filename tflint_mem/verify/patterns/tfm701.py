"""A writer of summaries is opened for each run, kept and not closed, instead of closed."""

import tensorflow as tf

weight = tf.Variable(0.0)
writers = []


@tf.function
def step(rate):
    weight.assign_add(rate * (1.0 - weight))
    return weight.value()


number = 0  # of the repeat

# flagged
writer = tf.summary.create_file_writer(f"logs/run{number}")
writers.append(writer)
with writer.as_default():
    tf.summary.write("weight", step(tf.constant(0.1)), step=0)

# fixed
writer = tf.summary.create_file_writer(f"logs/run{number}")
with writer.as_default():
    tf.summary.write("weight", step(tf.constant(0.1)), step=0)
writer.close()
