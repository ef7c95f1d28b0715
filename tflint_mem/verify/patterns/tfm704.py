"""A view into an interpreter of TFLite is kept, and with it the interpreter, instead of a copy."""

import numpy as np
import tensorflow as tf

INPUTS, UNITS = 64, 256

layer = tf.keras.Sequential([tf.keras.Input((INPUTS,)), tf.keras.layers.Dense(UNITS)])
content = tf.lite.TFLiteConverter.from_keras_model(layer).convert()
picture = np.random.default_rng(0).normal(size=(1, INPUTS)).astype("float32")
results = []


def run():
    interpreter = tf.lite.Interpreter(model_content=content)
    interpreter.allocate_tensors()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], picture)
    interpreter.invoke()
    return interpreter, interpreter.get_output_details()[0]["index"]


# flagged
interpreter, output = run()
results.append(interpreter.tensor(output)())

# fixed
interpreter, output = run()
results.append(interpreter.get_tensor(output))
