from flask import Flask
import tensorflow as tf

app = Flask(__name__)


@app.route('/\x1b]2;title\x07\x1b[7m')
def answer():
    return tf.keras.models.load_model('m.keras').predict(1)
