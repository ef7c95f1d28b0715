"""Substitutes that stand on TensorFlow itself, run under it."""

import subprocess
import sys
import textwrap

from tflint_mem.verify.standins import missing_modules
from tflint_mem.verify.standins.substitute import substitute
from tflint_mem.verify.standins.surroundings import first_tensorflow


def run(setup, code):
    done = subprocess.run([sys.executable, "-c", setup + textwrap.dedent(code)], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().split("\n")


def test_code_of_an_older_keras_runs(tmp_path):
    assert run(
        substitute("old_keras", "").code,
        f"""
        import os
        import numpy as np
        import tensorflow as tf
        from keras.layers.core import Dense
        from keras.utils.np_utils import to_categorical
        from tensorflow.keras.optimizers import Adam

        os.chdir({str(tmp_path)!r})
        seen = tf.keras.Input((8, 8, 3))
        left, right = tf.split(tf.image.resize(seen, (4, 4)), [1, 2], axis=-1)
        joined = tf.concat([tf.nn.relu(left), right], -1) * 2.0
        out = Dense(2, activation="softmax")(tf.reshape(joined, (tf.shape(joined)[0], 48)))
        model = tf.keras.Model(seen, out)
        model.compile(optimizer=Adam(lr=0.01, decay=0.0), loss="categorical_crossentropy")
        model.fit_generator((pair for pair in [(np.zeros((4, 8, 8, 3)), to_categorical([0, 1, 0, 1], 2))]), steps_per_epoch=1, verbose=0, workers=2)
        print(model.predict_classes(np.zeros((3, 8, 8, 3)), verbose=0).shape, round(float(model.optimizer.learning_rate.numpy()), 3))
        words = tf.keras.Sequential([tf.keras.layers.Embedding(9, 4, input_length=5), tf.keras.layers.LSTM(3)])
        print(words.predict(np.zeros((2, 5)), verbose=0).shape)
        model.save_weights("a.h5")
        model.save("folder")
        print(sorted(os.listdir(".")))
    """,
    ) == ["(3,) 0.01", "(2, 3)", "['a.h5.weights.h5', 'folder.keras']"]


def test_layers_of_the_first_tensorflow_train():
    assert run(
        first_tensorflow().code + substitute("first_layers", "").code,
        """
        import numpy as np
        import tensorflow as tf
        x = tf.placeholder(tf.float32, (None, 8, 8, 3))
        with tf.variable_scope("net"):
            y = tf.layers.conv2d(x, 4, 3, padding="same", activation=tf.nn.relu, name="c")
            y = tf.layers.batch_normalization(tf.layers.max_pooling2d(y, 2, 2), training=True)
            y = tf.layers.dense(tf.layers.flatten(y), 2, kernel_initializer=tf.contrib.layers.xavier_initializer(), name="d")
        with tf.variable_scope("net", reuse=True):
            again = tf.layers.conv2d(x, 4, 3, padding="same", name="c")
        train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.reduce_mean(y ** 2))
        with tf.Session() as session:
            session.run(tf.global_variables_initializer())
            session.run(train, {x: np.ones((2, 8, 8, 3))})
            print(session.run(y, {x: np.ones((2, 8, 8, 3))}).shape, [v.name for v in tf.trainable_variables() if "c/" in v.name])
    """,
    ) == ["(2, 2) ['net/c/kernel:0', 'net/c/bias:0']"]


def test_data_is_brought_to_the_shapes_of_a_model():
    assert run(
        substitute("fitting", "").code,
        """
        import numpy as np
        import tensorflow as tf
        first, second = tf.keras.Input((6, 2)), tf.keras.Input((3,))
        joined = tf.keras.layers.Concatenate()([tf.keras.layers.Flatten()(first), second])
        model = tf.keras.Model([first, second], tf.keras.layers.Dense(4, activation="softmax")(joined))
        model.compile(optimizer="sgd", loss="sparse_categorical_crossentropy")
        model.fit([np.zeros((16, 9)), np.zeros((40, 5, 5))], np.full((99, 1), 7), validation_data=([np.zeros((5, 2)), np.zeros(5)], np.zeros(5)), verbose=0)
        print(model.predict([np.zeros((8, 6, 2)), np.zeros((9, 3))], verbose=0).shape, model([np.zeros((2, 1)), np.zeros((2, 1))]).shape)
    """,
    ) == ["(8, 4) (2, 4)"]


def test_layers_and_data_sets_of_the_hubs():
    setup = "".join(
        action.code
        for name in ("tensorflow_hub", "tensorflow_datasets")
        for action in missing_modules.stand_in(name, (32, 32, 3), "")
    )
    assert run(
        setup,
        """
        import tensorflow as tf
        import tensorflow_datasets as tfds
        import tensorflow_hub as hub
        (train, test), info = tfds.load("mnist", split=["train", "test"], as_supervised=True, with_info=True)
        model = tf.keras.Sequential([hub.KerasLayer("https://a/b", input_shape=(32, 32, 3)), tf.keras.layers.Dense(info.features["label"].num_classes)])
        for pictures, labels in train.batch(8).take(1):
            print(model(tf.cast(pictures, tf.float32)).shape, labels.shape, hub.load("c")(["a", "b"]).shape)
    """,
    ) == ["(8, 10) (8,) (2, 64)"]


def test_summaries_are_written_without_tensorboard(tmp_path):
    assert run(
        substitute("summaries", "").code,
        f"""
        import glob
        import numpy as np
        import tensorflow as tf

        log = {str(tmp_path)!r}
        with tf.summary.create_file_writer(log).as_default():
            print(bool(tf.summary.scalar("loss", 1.0, step=1)))
        model = tf.keras.Sequential([tf.keras.Input((2,)), tf.keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0, callbacks=[tf.keras.callbacks.TensorBoard(log + "/run")])
        print(len(glob.glob(log + "/run/train/*")))
        """,
    ) == ["True", "1"]
