import tensorflow as tf


@tf.function(jit_compile=True)
class Scale(tf.Module):
    def __call__(self, x):
        return 2 * x


for i in range(9):
    Scale()(i)
