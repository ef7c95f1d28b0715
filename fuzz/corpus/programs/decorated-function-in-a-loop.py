import tensorflow as tf

for fold in FOLDS:
    @tf.function
    def step(x, y):
        tape.gradient(model(x) - y)
        optimizer.apply_gradients(x)
        return y

    step(fold, fold)
