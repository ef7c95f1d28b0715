import tensorflow as tf


class One(Two):
    def make(self):
        return super().make()


class Two(One):
    def make(self):
        return super().make() or tf.keras.Sequential([])


for i in range(9):
    One().make().predict(i)
