"""Variables of the same name are kept in a list, and rebound."""

# rule: TFM304
# environments: 2.4 2.8 2.14 2.15 2.21
import tensorflow as tf

kept = []

# flagged
kept.append(tf.Variable(tf.zeros(16384), name="guess"))
kept[-1].assign_add(tf.ones(16384))

# fixed
guess = tf.Variable(tf.zeros(16384), name="guess")
guess.assign_add(tf.ones(16384))
