"""The step makes what holds variables: the second call of a traced one may not."""  # caught: raises
import tensorflow as tf


def step(picture, goal):
    optimizer = tf.keras.optimizers.Adam(0.1)
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(picture - goal))
    optimizer.apply_gradients([(tape.gradient(loss, picture), picture)])
    return loss


picture, goal = tf.Variable(tf.zeros([16, 16])), tf.ones([16, 16])
for number in range(60):
    loss = step(picture, goal)  # flagged
print(float(loss))
