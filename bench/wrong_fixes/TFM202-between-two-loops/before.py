"""The outer loop is the long one: what is made in front of the inner one is made again and again."""  # caught: no cure
import tensorflow as tf

net = tf.keras.Sequential([tf.keras.Input((8,)), tf.keras.layers.Dense(32, "relu"), tf.keras.layers.Dense(2)])


def arriving(turn):
    for k in range(3):
        yield tf.fill([1, 8], float(turn + k))


def serve():
    turn, seen = 0, []
    while turn < 500:
        for batch in arriving(turn):
            seen.append(float(tf.reduce_sum(net(batch))))
        turn += 1
    print(len(seen))


serve()
