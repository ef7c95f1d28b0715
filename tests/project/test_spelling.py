"""What code is spelled for says which claims can hold: pins in tables, names that later versions have lost, Keras before 2.4."""

import json
import subprocess
import sys

import pytest

TRAINS = """\
import tensorflow as tf


def build():
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer="sgd")
    return model


def main(x, y, folds):
    {seed}
    for train in folds:
        model = build()
        model.fit(x[train], y[train])
"""
PREDICTS = """\
from keras.layers import Dense, Input{more}
from keras.models import Model

inp = Input((4,))
model = Model({inputs}=inp, {outputs}=Dense(2)(inp))


def run(samples):
    for sample in samples:
        print(model.predict(sample[None]))
"""


def records(cwd, *arguments):
    command = [
        sys.executable,
        "-m",
        "tflint_mem",
        "check",
        "--no-cache",
        "--output-format",
        "json",
        "--ignore",
        "TFM601",
        *arguments,
        ".",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd)
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("entry", "pinned"),
    [
        ('tensorflow = "2.2.3"', False),
        ('tensorflow = "2.16.1"', True),
        ('tensorflow = "^2.15"', True),
        ('tensorflow-gpu = {version = "2.4.1", optional = true}', False),
        ('tensorflow = "<2.13"', False),
        ('tensorflow = "*"', None),
    ],
)
def test_a_table_of_dependencies_says_the_version(tmp_path, entry, pinned):
    (tmp_path / "pyproject.toml").write_text(f'[tool.poetry.dependencies]\npython = "^3.8"\n{entry}\n')
    (tmp_path / "train.py").write_text(TRAINS.format(seed="pass"))
    [record] = records(tmp_path)
    assert record["code"] == "TFM102"
    assert ("for the life of the process" in record["message"]) == (pinned is not False)
    assert ("on TensorFlow 2.14 and later" in record["message"]) == (pinned is None)


@pytest.mark.parametrize(
    ("seed", "graph"),
    [
        ("tf.set_random_seed(1)", True),
        ("tf.random.set_seed(1)", False),
        ("tf.compat.v1.set_random_seed(1)", False),
        ("if tf.__version__ < '2':\n        tf.set_random_seed(1)", False),
    ],
)
def test_nothing_of_later_versions_is_claimed_of_tensorflow_1(tmp_path, seed, graph):
    (tmp_path / "train.py").write_text(TRAINS.format(seed=seed))
    [record] = records(tmp_path)
    assert ("in graph mode" in record["message"]) == graph and ("2.14" in record["message"]) != graph


@pytest.mark.parametrize(
    ("more", "inputs", "outputs", "graph"),
    [
        ("", "input", "output", True),
        (", CuDNNLSTM", "inputs", "outputs", True),
        ("", "inputs", "outputs", False),
    ],
)
def test_keras_before_tensorflow_predicts_in_a_graph(tmp_path, more, inputs, outputs, graph):
    (tmp_path / "run.py").write_text(PREDICTS.format(more=more, inputs=inputs, outputs=outputs))
    [record] = [record for record in records(tmp_path, "--pedantic") if record["code"] == "TFM201"]
    assert ("data pipeline" in record["message"]) != graph and record["persona"] == ("pedantic" if graph else "regular")


def test_one_module_tells_which_keras_those_beside_it_have(tmp_path):
    (tmp_path / "old.py").write_text("from keras.layers import Input, CuDNNGRU\n\nlayer = CuDNNGRU(4)\n")
    (tmp_path / "run.py").write_text(PREDICTS.format(more="", inputs="inputs", outputs="outputs"))
    (tmp_path / "new.py").write_text(
        PREDICTS.format(more="", inputs="inputs", outputs="outputs").replace("from keras", "from tensorflow.keras")
    )
    (tmp_path / "later").mkdir()
    (tmp_path / "later" / "other.py").write_text(PREDICTS.format(more="", inputs="inputs", outputs="outputs"))
    told = {
        record["filename"].rpartition("/")[2]: record["persona"]
        for record in records(tmp_path, "--pedantic")
        if record["code"] == "TFM201"
    }
    assert told == {"run.py": "pedantic", "new.py": "regular", "other.py": "regular"}


OLD_START = "import keras\n\n\ndef start(session):\n    keras.backend.tensorflow_backend.set_session(session)\n"


@pytest.mark.parametrize(
    ("text", "graph"),
    [
        (OLD_START, True),
        ("import tensorflow as tf\n\nsession = tf.Session()\n", True),
        ("import tensorflow as tf\n\ntf.random.set_seed(1)\n" + OLD_START, False),
        ("from tensorflow import keras as new\n" + OLD_START, False),
        ("import tensorflow as tf\n\nsession = tf.compat.v1.Session()\n", False),
    ],
)
def test_one_old_program_tells_of_a_project_where_nothing_is_new(tmp_path, text, graph):
    (tmp_path / "start").mkdir()
    (tmp_path / "start" / "up.py").write_text(text)
    (tmp_path / "run.py").write_text(PREDICTS.format(more="", inputs="inputs", outputs="outputs"))
    [record] = [record for record in records(tmp_path) if record["code"] == "TFM201"]
    assert ("small batch" in record["message"]) == graph


def test_a_program_has_the_keras_of_the_models_that_it_imports(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "net.py").write_text(
        "from keras.layers import Dense, Input\nfrom keras.models import Model\n\n\ndef net(size):\n"
        "    x = Input((size,))\n    return Model(input=x, output=Dense(1)(x))\n"
    )
    (tmp_path / "models" / "new.py").write_text("import tensorflow as tf\n\ntf.random.set_seed(1)\n")
    (tmp_path / "run.py").write_text(
        "from models.net import net\n\nmodel = net(3)\nfor row in open('rows'):\n    print(model.predict([row]))\n"
    )
    [record] = [record for record in records(tmp_path, "--pedantic") if record["code"] == "TFM201"]
    assert record["persona"] == "pedantic" and "small batch" in record["message"]


def test_a_wrapper_that_is_gone_is_no_later_tensorflow(tmp_path):
    (tmp_path / "search.py").write_text(
        "import tensorflow as tf\nfrom sklearn.model_selection import RandomizedSearchCV\n\n\ndef build(units=8):\n"
        "    model = tf.keras.applications.VGG16(classes=units)\n    model.compile(loss='mse', optimizer='sgd')\n    return model\n\n\n"
        "search = RandomizedSearchCV(tf.keras.wrappers.scikit_learn.KerasRegressor(build), {'units': range(1, 99)})\nsearch.fit(x, y)\n"
    )
    [record] = records(tmp_path)
    assert (
        record["code"] == "TFM102"
        and "late garbage collection" in record["message"]
        and record["severity"] == "warning"
    )


SERVES = """\
import streamlit as st
import tensorflow as tf


def build(units):
    model = tf.keras.Sequential([tf.keras.layers.Dense(units), tf.keras.layers.Dense(1)])
    model.compile(loss="mse", optimizer="adam")
    return model


def main():
    st.title("Try it")
    x, y = st.session_state["data"]
    if st.button("Train"):
        model = build(st.slider("Units", 1, 100))
        {use}
        st.write(model.evaluate(x, y))


if __name__ == "__main__":
    main()
"""


@pytest.mark.parametrize(
    ("use", "version", "says", "advises"),
    [
        (
            "model.fit(x, y)",
            "2.16",
            "and trains it; the training graph and weights of each stay",
            "in a process of its own",
        ),
        ("model.fit(x, y)", "2.12", "until a full garbage collection", "gc.collect()"),
        ("model.load_weights('w.h5')", "2.16", "until a full garbage collection", "st.cache_resource"),
    ],
)
def test_who_trains_for_each_request_is_not_told_to_cache(tmp_path, use, version, says, advises):
    (tmp_path / "app.py").write_text(SERVES.format(use=use))
    (tmp_path / "requirements.txt").write_text(f"tensorflow=={version}\n")
    [record] = records(tmp_path)
    assert record["code"] == "TFM103" and says in record["message"]
    command = [sys.executable, "-m", "tflint_mem", "check", "--no-cache", "--ignore", "TFM601", "."]
    text = " ".join(subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout.split())
    assert advises in text and ("st.cache_resource" in text) == ("cache" in advises)
