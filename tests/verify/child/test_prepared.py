"""Data whose preparation cannot run here, code of an older Keras, and trainings that take too long."""

import ast
import sys
import textwrap
import time
import types

import pytest

from tflint_mem.verify.child import shorten
from tflint_mem.verify.child.repairs import old_keras, prepared_data, stand_in_models
from tflint_mem.verify.child.repairs.state import State


@pytest.fixture
def state(tmp_path):
    """A State over a snippet; `fails(state)` runs it and returns the exception."""

    def make(text):
        path = tmp_path / "snippet.py"
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        return State([], [], [], str(path), [])

    return make


def failure(state):
    class Probe:
        repeat = staticmethod(lambda source: iter(source() if callable(source) else source))
        again = staticmethod(iter([True, False]).__next__)

    space = {"__name__": "__main__", "repeat": Probe.repeat, "again": Probe.again}
    try:
        exec(compile(state.text(), state.snippet, "exec"), space)
    except Exception as error:
        return error
    raise AssertionError("it runs")


def after(state):
    """The snippet after the replacement of the statement that fails, or None."""
    actions = list(prepared_data.replaced(failure(state), state))
    for action in actions:
        state.add(action)
    return state.rewritten(state.text()) if actions else None


def test_a_statement_that_prepares_data_is_replaced_in_its_own_rows(state):
    current = state("""
        import numpy as np
        table = np.ones(3)
        x_train = table.reshape(
            (7, 7)) / 255
        labels = x_train.shape
        for x in repeat(x_train):
            pass
    """)
    before, new = current.text(), after(current)
    assert new.split("\n")[2].startswith("import numpy as np; x_train = np.random.rand(*(16, ")
    assert len(new.split("\n")) == len(before.split("\n"))
    assert new.split("\n")[4:] == before.split("\n")[4:]
    assert "in place of a statement" in list(prepared_data.replaced(failure(state(before)), state(before)))[0].text


def test_a_loop_that_fills_lists_gives_lists_of_parts(state):
    current = state("""
        import numpy as np
        windows, notes = [], []
        for row in [1, 2]:
            windows.append(np.zeros(3)[row:row + 1][9]), notes.append(row)
        x = np.concatenate(windows)
        for part in repeat(x):
            print(notes)
    """)
    new = after(current)
    row = new.split("\n")[2]
    assert "windows = [np.random.rand" in row and "] * 3" in row and "notes = [" in row
    assert ast.parse(new)


NEVER = [
    "import tensorflow as tf\nx = tf.keras.Input(1 / 0)\nfor y in repeat([1]): x(y)\n",
    "from keras.layers import Dense\nx = Dense(1 / 0)\nfor y in repeat([1]): x(y)\n",
    "net = {}['net']\nfor x in repeat([1]): net.predict(x)\n",
    "agent = {}['agent']\nfor x in repeat([1]): agent.learn(x)\n",
]


@pytest.mark.parametrize("text", NEVER)
def test_what_tensorflow_makes_and_what_acts_are_never_replaced(state, text, monkeypatch):
    # without the real packages: only the names matter
    monkeypatch.setitem(sys.modules, "tensorflow", types.SimpleNamespace(keras=types.SimpleNamespace(Input=int)))
    monkeypatch.setitem(sys.modules, "keras.layers", types.SimpleNamespace(Dense=int))
    monkeypatch.setitem(sys.modules, "keras", types.SimpleNamespace())
    current = state(text)
    assert list(prepared_data.replaced(failure(current), current)) == []


def test_what_leads_to_the_repeat_and_what_stands_in_it_stay(state):
    leads = state("""
        def study(rows):
            for row in repeat(rows):
                value = row / 0
            return value


        def main():
            return study([1, 2])


        scores = main()
    """)
    assert list(prepared_data.replaced(failure(leads), leads)) == []


def test_data_that_does_not_fit_a_model_is_brought_to_its_shapes(state):
    current = state("x = np.random.rand(*(16, 8))\n")
    error = ValueError(
        'Input 0 of layer "functional" is incompatible with the layer: expected shape=(None, 14, 10), found shape=(None, 8)'
    )
    (action,) = stand_in_models.fitted(error, current)
    assert "repeated or cut" in action.text and compile(action.code, "fitting", "exec")
    assert list(stand_in_models.fitted(ValueError("no such thing"), current)) == []
    assert list(stand_in_models.fitted(error, state("x = load()\n"))) == []


OLD = [
    (ValueError("Argument(s) not recognized: {'lr': 0.001}"), 1),
    (AttributeError("'Sequential' object has no attribute 'fit_generator'"), 1),
    (ValueError("The filename must end in `.weights.h5`. Received: filepath=a.h5"), 1),
    (ModuleNotFoundError("No module named 'keras.layers.core'", name="keras.layers.core"), 1),
    (ImportError("cannot import name 'np_utils' from 'keras.utils' (a.py)"), 2),
    (AttributeError("module 'keras.backend' has no attribute 'mean'"), 2),
    (AttributeError("module 'numpy' has no attribute 'float'"), 0),
    (ModuleNotFoundError("No module named 'pandas'", name="pandas"), 0),
]


@pytest.mark.parametrize("error, count", OLD)
def test_exceptions_that_an_older_keras_would_not_have_raised(state, error, count):
    found = list(old_keras.older_keras(error, state("")))
    assert len(found) == count
    for action in found:
        compile(action.code, "old", "exec")
    assert not found or found[0].text == old_keras.WORDS


def test_weights_in_a_format_that_keras_3_does_not_read_stay_as_they_are(state):
    def load_weights():
        raise ValueError("File format not supported: filepath=./net.tf. Keras 3 only supports V3 `.keras` files")

    try:
        load_weights()
    except ValueError as error:
        (action,) = old_keras.older_keras(error, state(""))
    assert action.text.startswith("load_weights: the weights stay")


class Model:
    """Trains until it is told to stop."""

    def __init__(self):
        self.stop_training = False


def test_long_trainings_are_cut_short():
    model, told = Model(), []
    space = {"time": time}
    # the thread tells a `fit` of Keras by the name of its file
    exec(
        compile(
            "def fit(self):\n    began = time.monotonic()\n    while not self.stop_training and time.monotonic() - began < 20:\n"
            "        time.sleep(0.01)\n    return time.monotonic() - began\n",
            "/lib/keras/trainer.py",
            "exec",
        ),
        space,
    )
    probe = type("Probe", (), {"running_for": staticmethod(lambda began=time.monotonic(): time.monotonic() - began)})
    with shorten.Shortener(probe, told.append, 0.5):
        assert 0.4 < space["fit"](model) < 10
    assert model.stop_training and len(told) == 1 and told[0]["text"].startswith("fit: each training ends")
