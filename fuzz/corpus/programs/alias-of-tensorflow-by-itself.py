import tensorflow as tf

tf = tf
tf.keras = tf.keras
for tf in tf:
    tf.keras.models.load_model(tf)
