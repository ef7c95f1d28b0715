"""Each request compiles the model that it has loaded."""  # caught: no cure
import numpy as np
import tensorflow as tf
from flask import Flask, jsonify, request

tf.keras.Sequential([tf.keras.Input((32,)), tf.keras.layers.Dense(256), tf.keras.layers.Dense(1)]).save("scorer.keras")
app = Flask(__name__)


@app.post("/score")
def score():
    scorer = tf.keras.models.load_model("scorer.keras")
    scorer.compile(optimizer="adam", loss="mse")
    row = np.asarray(request.get_json()["row"], dtype="float32")
    return jsonify(scorer.predict(row[None], verbose=0).tolist())
