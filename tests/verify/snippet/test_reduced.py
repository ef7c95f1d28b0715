"""The flagged call in a loop of its own: what is kept of the program, and what takes the place of the rest."""

import textwrap

import pytest

from tflint_mem.finding import Finding
from tflint_mem.sources.source import Source
from tflint_mem.verify.snippet.first_party import Files
from tflint_mem.verify.snippet.lines import Line
from tflint_mem.verify.snippet.reduced import reduced
from tflint_mem.verify.snippet.undocumented import undocumented


@pytest.fixture
def cut(tmp_path):
    """The reduced snippet for the line that ends in `# here`."""

    def of(text, code="TFM102", bare=False, **others):
        for name, other in others.items():
            (tmp_path / f"{name}.py").write_text(textwrap.dedent(other))
        path = tmp_path / "app.py"
        path.write_text(textwrap.dedent(text).lstrip("\n"))
        row, line = next((n, line) for n, line in enumerate(path.read_text().split("\n"), 1) if line.endswith("# here"))
        finding = Finding(
            code=code,
            name="name",
            group="leak",
            severity="error",
            message="m",
            path=str(path),
            start=(row, len(line) - len(line.lstrip()) + 1),
            end=(row, len(line)),
        )
        sources = [Source.read(str(each)) for each in sorted(tmp_path.glob("*.py"))]
        found = reduced(finding, Files(sources, [str(tmp_path)]), {})
        if found and bare:
            return found[1]
        return found[0] if found else None

    return of


def repeated(found):
    """The rows of the loop."""
    return [line.text for line in found.snippet.region]


def once(found):
    """The rows before it."""
    return [line.text for line in [*found.snippet.prelude, *found.snippet.setup]]


def test_data_is_not_loaded_and_models_are_fed_by_their_own_shapes(cut):
    found = cut(
        """
        import pandas as pd
        import tensorflow as tf

        table = pd.read_csv("missing.csv")
        x, y = table[["a"]].values, table["b"].values
        width = x.shape[1]

        for units in (8, 16, 32):
            print("units", units)
            model = tf.keras.Sequential([tf.keras.layers.Dense(units)])  # here
            model.compile(loss="mse")
            history = model.fit(x, y, epochs=500, batch_size=2)
            scores.append(history)
        """
    )
    assert repeated(found) == [
        "for units in repeat((8, 16, 32)):",
        "    model = tf.keras.Sequential([tf.keras.layers.Dense(units)])",
        "    model.compile(loss='mse')",
        "    history = model.fit(*_fed(model, (16,)), epochs=1, verbose=0)",
    ]
    assert not any("read_csv" in row for row in once(found)) and "def _fed(model, otherwise, targets=True):" in once(
        found
    )
    assert found.snippet.level == "reduced" and found.snippet.place.endswith("app.py:10") and found.snippet.count == 3
    assert "arrays of the shapes that the model itself says, where it is trained or called" in found.snippet.stand_ins
    assert found.complete


def test_where_the_uses_do_not_run_what_makes_the_object_may(cut):
    text = """
        import tensorflow as tf

        for number in range(50):
            model = tf.keras.Sequential([tf.keras.layers.Dense(4)])  # here
            model.fit(x, y)
            del model
    """
    assert [row.strip() for row in repeated(cut(text, bare=True))][1:] == [
        "model = tf.keras.Sequential([tf.keras.layers.Dense(4)])",
        "del model",
    ]
    assert cut(text).complete and not cut(text, bare=True).complete


def test_what_releases_is_kept_or_there_is_no_reduction(cut):
    text = """
        import gc
        import tensorflow as tf

        def main(paths):
            for path in paths:
                tf.keras.backend.clear_session()
                model = tf.keras.models.load_model("model.keras")  # here
                image = read_image(path)
                print(model.predict(image))
                del model
                %s
    """
    found = cut(text % "gc.collect()", code="TFM101")
    assert [row.strip() for row in repeated(found)][1:] == [
        "tf.keras.backend.clear_session()",
        "model = tf.keras.models.load_model('model.keras')",
        "del model",
        "gc.collect()",
    ]
    assert not found.complete, "the prediction inside `print` is left out"
    assert cut(text % "if len(path) > 3: gc.collect()", code="TFM101") is None


def test_parameters_have_the_values_of_calls_then_of_defaults(cut):
    found = cut(
        """
        import tensorflow as tf

        def build(units, rate=0.5, *, name: str, depth=None):
            model = tf.keras.Sequential(name=name)  # here
            for _ in range(2):
                model.add(tf.keras.layers.Dense(units))
            model.add(tf.keras.layers.Dropout(rate))
            return model
        """,
        other="from app import build\nfor each in range(9):\n    build(64, name='one')\n",
    )
    assert {"units = 64", "rate = 0.5", "name = 'one'"} <= set(once(found))
    assert [row.strip() for row in repeated(found)][1:] == [
        "model = tf.keras.Sequential(name=name)",
        "for _ in range(2):",
        "model.add(tf.keras.layers.Dense(units))",
        "model.add(tf.keras.layers.Dropout(rate))",
    ]
    assert "units: 64 (as it is called)" in found.snippet.stand_ins


def test_an_object_is_made_without_its_constructor(cut):
    found = cut(
        """
        import tensorflow as tf

        class Trainer:
            def __init__(self, folder, units=32):
                self.data = load_everything(folder)
                self.units = units
                self.path = "model.keras"

            def build(self):
                return tf.keras.Sequential([tf.keras.layers.Dense(self.units)])

            def run(self):
                while True:
                    self.model = self.build()  # here
                    self.model.save(self.path)
        """
    )
    rows = once(found)
    assert (
        "self = Trainer.__new__(Trainer)" in rows and "self.units = 32" in rows and "self.path = 'model.keras'" in rows
    )
    assert not any(row.startswith("self.data") for row in rows)
    assert [row.strip() for row in repeated(found)][1:] == ["self.model = self.build()", "self.model.save(self.path)"]


def test_sessions_stay_open_around_the_loop(cut):
    found = cut(
        """
        import tensorflow.compat.v1 as tf

        tf.disable_eager_execution()
        rate = tf.Variable(0.5)
        with tf.Session() as sess:
            sess.run(tf.global_variables_initializer())
            for epoch in range(1000):
                wait_for_data()
                sess.run(tf.assign(rate, rate * 0.9))  # here
        """,
        code="TFM503",
    )
    text = "\n".join(once(found) + repeated(found))
    assert "with tf.Session() as sess:" in text and "tf.disable_eager_execution()" in text
    assert "wait_for_data" not in text and "sess.run(tf.global_variables_initializer())" in text


@pytest.mark.parametrize(
    "code, text",
    [
        ("TFM302", "for n in range(9):\n    step(n)  # here\n"),  # what varies is its caller's
        ("TFM110", "for n in range(9):\n    models.append(build())  # here\n"),  # what stands behind decides
        ("TFM102", "for n in range(9):\n    if build():  # here\n        pass\n"),
        ("TFM102", "class Net(tf.keras.Model):\n    def call(self, x):\n        y = self.build2(x)  # here\n"),
    ],
)
def test_some_have_no_reduction(cut, code, text):
    assert cut(text, code=code) is None


def test_documentation_is_no_part_of_a_reproduction():
    text = '''"""About."""
import os  # stays


# a remark
def f():
    """Says."""


def g():
    """Says more,
    in two rows."""
    text = """
# data, no remark

"""
    return text
'''
    kept = undocumented([Line(row, ("a.py", number)) for number, row in enumerate(text.split("\n"), 1)])
    assert [line.text for line in kept] == [
        "import os  # stays",
        "",
        "",
        "def f():",
        "    pass",
        "",
        "",
        "def g():",
        '    text = """',
        "# data, no remark",
        "",
        '"""',
        "    return text",
        "",
    ]
    assert kept[0].origin == ("a.py", 2) and kept[-2].origin == ("a.py", 17)
    broken = [Line("def f(:")]
    assert undocumented(broken) == broken
