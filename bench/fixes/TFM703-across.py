"""A helper makes the table, and a loop calls the helper."""
import os

import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
WORDS = [f"word{k}" for k in range(2000)]


def number(word):
    table = tf.lookup.StaticHashTable(tf.lookup.KeyValueTensorInitializer(tf.constant(WORDS), tf.range(len(WORDS))), default_value=-1)
    return int(table.lookup(tf.constant(word)))


print(sum(number(f"word{k}") for k in range(REPEATS)))
