import tensorflow as tf

states = 0
states = [states, 0]


@tf.function
def step(x):
    return x * states


for i in range(9):
    step(i)
