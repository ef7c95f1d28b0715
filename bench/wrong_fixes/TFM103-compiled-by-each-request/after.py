"""Each request compiles the model that it has loaded."""
import functools

import numpy as np
import tensorflow as tf
from flask import Flask, jsonify, request

tf.keras.Sequential([tf.keras.Input((32,)), tf.keras.layers.Dense(256), tf.keras.layers.Dense(1)]).save("scorer.keras")
app = Flask(__name__)


@functools.lru_cache(maxsize=None)
def load_scorer():
    return tf.keras.models.load_model("scorer.keras")


@app.post("/score")
def score():
    scorer = load_scorer()
    scorer.compile(optimizer="adam", loss="mse")
    row = np.asarray(request.get_json()["row"], dtype="float32")
    return jsonify(scorer.predict(row[None], verbose=0).tolist())
