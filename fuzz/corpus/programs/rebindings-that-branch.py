import numpy as np
import tensorflow as tf


def learn(model, epochs):
    for epoch in range(epochs):
        x = np.load('rows.npy')
        if flag0:
            x = one0(x)
        else:
            x = two0(x, x)
        if flag1:
            x = one1(x)
        else:
            x = two1(x, x)
        if flag2:
            x = one2(x)
        else:
            x = two2(x, x)
        if flag3:
            x = one3(x)
        else:
            x = two3(x, x)
        if flag4:
            x = one4(x)
        else:
            x = two4(x, x)
        if flag5:
            x = one5(x)
        else:
            x = two5(x, x)
        if flag6:
            x = one6(x)
        else:
            x = two6(x, x)
        if flag7:
            x = one7(x)
        else:
            x = two7(x, x)
        if flag8:
            x = one8(x)
        else:
            x = two8(x, x)
        model.fit(tf.data.Dataset.from_tensor_slices(x).batch(8))
