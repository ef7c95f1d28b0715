﻿import tensorflow as tf

for path in paths:
    model = tf.keras.models.load_model(path)
    print(model.predict(rows))
