"""A lookup table is made for each element, instead of once."""

import tensorflow as tf

WORDS = 20000

words = tf.constant([f"word{number}" for number in range(WORDS)])
document = tf.constant(["word3", "word7", "other"])


def make_table():
    return tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(words, tf.range(WORDS)), default_value=-1)


# flagged
table = make_table()
table.lookup(document)

# fixed, once
table = make_table()

# fixed
table.lookup(document)
