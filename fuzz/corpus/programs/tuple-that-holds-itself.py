import tensorflow as tf

rows = (rows, rows)
for rows in (rows, rows):
    model = tf.keras.models.load_model(rows)
    model.predict(rows)
