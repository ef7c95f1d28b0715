import tensorflow as tf

step = tf.function(step)
step = tf.function(tf.function(step))
for i in range(9):
    step = tf.function(lambda: step(i))
    step()
