import tensorflow as tf

for path in paths:
    model = tf.keras.models.load_model(path)  # tflint-mem: ignore[
    print(model.predict(rows))
