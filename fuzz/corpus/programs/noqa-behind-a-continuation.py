import tensorflow as tf

for path in paths:
    model = tf.keras.models.load_model(path); count = \
        7
    model.predict(count)
