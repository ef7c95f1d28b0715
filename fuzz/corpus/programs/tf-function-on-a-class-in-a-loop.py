import tensorflow as tf

for i in range(9):
    @tf.function
    class Scale:
        pass
