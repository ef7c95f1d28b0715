import tensorflow as tf


def prepare(model, depth=0):
    model.compile('sgd')
    return prepare(prepare(model, depth + 1), depth + 1)


for i in range(9):
    prepare(prepare(model)).fit(i)
