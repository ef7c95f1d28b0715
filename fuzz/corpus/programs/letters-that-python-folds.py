import tensorflow as tf

for ﬁle in paths:
    model = tf.keras.models.load_model(file)
    moｄel.predict(ﬁle)
