import tensorflow as tf

for path in paths:
    model = tf.keras.models.load_model(path)  # [31m 7m
    print(model.predict(rows))
