import tensorflow as tf


def setup():
    def step():
        tf.config.set_memory_growth(gpu, True); """
"""
    return tf.predict(rows)


setup()
