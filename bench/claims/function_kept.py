"""A `tf.function` that trains nothing is made in each repeat: kept in a list, and dropped."""

# rule: TFM301
# environments: 2.4 2.8 2.13 2.14 2.15 2.21
import tensorflow as tf

values = tf.ones((16,))
kept = []

# flagged
function = tf.function(lambda given: given * 2.0)
function(values)
kept.append(function)

# fixed
function = tf.function(lambda given: given * 2.0)
function(values)
