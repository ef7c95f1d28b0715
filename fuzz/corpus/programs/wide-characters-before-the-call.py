import tensorflow as tf

for path in paths:
    '😀́中'; model = tf.keras.models.load_model(path); model.predict('😀')
