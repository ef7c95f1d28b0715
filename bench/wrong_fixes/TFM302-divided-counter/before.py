"""A whole number that is divided: a float in Python, and as a tensor one of another size."""  # caught: raises
import tensorflow as tf

weights = tf.Variable(tf.ones([8, 1]))


@tf.function
def step(rows, number):
    with tf.GradientTape() as tape:
        loss = tf.reduce_mean(tf.square(rows @ weights)) * (1 + number / 50)
    weights.assign_sub(0.01 * tape.gradient(loss, weights))
    return loss


rows = tf.ones([4, 8])
for number in range(40):
    loss = step(rows, number)
    print(number, float(loss))
