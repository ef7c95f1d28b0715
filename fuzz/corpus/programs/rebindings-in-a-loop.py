import numpy as np
import tensorflow as tf


def learn(model, epochs):
    for epoch in range(epochs):
        x = np.load('rows.npy')
        x = part0(x)
        x = part1(x)
        x = part2(x)
        x = part3(x)
        x = part4(x)
        x = part5(x)
        x = part6(x)
        x = part7(x)
        x = part8(x)
        model.fit(tf.data.Dataset.from_tensor_slices(x).batch(8))
