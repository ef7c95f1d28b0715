"""A writer of summaries is opened for each run, kept and not closed, instead of closed."""

import tensorflow as tf

value = tf.constant(0.5)
writers = []
number = 0  # of the repeat

# flagged
writer = tf.summary.create_file_writer(f"logs/run{number}")
writers.append(writer)
with writer.as_default():
    tf.summary.write("value", value, step=0)

# fixed
writer = tf.summary.create_file_writer(f"logs/run{number}")
with writer.as_default():
    tf.summary.write("value", value, step=0)
writer.close()
