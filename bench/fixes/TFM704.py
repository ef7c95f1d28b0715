"""An interpreter for each picture, and a view into the memory of each is kept."""
import contextlib
import io
import os

import numpy as np
import tensorflow as tf

REPEATS = int(os.environ["REPEATS"])
tf.keras.utils.set_random_seed(1)
layer = tf.keras.Sequential([tf.keras.Input((64,)), tf.keras.layers.Dense(256)])
with contextlib.redirect_stdout(io.StringIO()):  # the converter names a temporary folder
    content = tf.lite.TFLiteConverter.from_keras_model(layer).convert()
pictures = np.random.default_rng(0).normal(size=(REPEATS, 1, 64)).astype("float32")

results = []
for picture in pictures:
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    results.append(interpreter.tensor(interpreter.get_output_details()[0]["index"])())
print(round(float(np.sum(np.concatenate(results))), 3))
