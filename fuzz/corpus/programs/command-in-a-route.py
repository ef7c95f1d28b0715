from flask import Flask
import tensorflow as tf

app = Flask(__name__)


@app.route('/\n::error::of somebody else\r::stop-commands::x')
def answer():
    return tf.keras.models.load_model('m.keras').predict(1)
