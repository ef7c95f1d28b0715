from flask import Flask
import tensorflow as tf

app = Flask(__name__)


@app.route('/\ud800')
def answer():
    return tf.keras.models.load_model('\udfff').predict(1)
