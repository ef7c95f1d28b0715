"""After any edit a check with the cache says what one without it says, whether rules had to run or not."""

import itertools
import random
import sys

import pytest

from tflint_mem.__main__ import run
from tflint_mem.checking import check as checking
from tflint_mem.engine import engine

FILES = {
    "app/__init__.py": "from app.loaders import load, Loader\n",
    "app/loaders.py": '''
        """Loads models."""
        import tensorflow as tf

        def load(path):
            """Load one."""
            return tf.keras.models.load_model(path)

        class Loader:
            def __init__(self, path):
                self.model = load(path)

            def predict(self, x):
                return self.model.predict(x)
    ''',
    "app/wrappers.py": """
        import functools
        import tensorflow as tf
        from app import load

        def timed(function):
            @functools.wraps(function)
            def inner(*args):
                return function(*args)
            return inner

        @timed
        def loaded(path):
            return load(path)

        def build(units):
            model = tf.keras.Sequential([tf.keras.layers.Dense(units)])
            model.compile(loss="mse")
            return model
    """,
    "app/serve.py": """
        import flask
        import tensorflow as tf
        from app.wrappers import loaded
        app = flask.Flask(__name__)

        @app.route("/predict")
        def predict():
            return str(loaded("m"))
    """,
    "app/train.py": """
        import tensorflow as tf
        from .wrappers import build

        def run(data):
            for units in range(1000):
                model = build(units)
                model.fit(data)
    """,
    "app/steps.py": """
        import tensorflow as tf

        @tf.function
        def step(x):
            return x + 1

        def steps(values):
            for n in range(100):
                step(n)
    """,
    "app/sessions.py": """
        import tensorflow as tf

        def growth():
            for gpu in tf.config.list_physical_devices("GPU")[:1]:
                tf.config.experimental.set_memory_growth(gpu, True)
    """,
    "app/batch.py": """
        from app.loaders import Loader

        def score(paths, rows):
            for path in paths:
                Loader(path).predict(rows)
    """,
    "app/helpers.py": """
        import gc

        def tidy():
            gc.collect()
    """,
    "app/text.py": """
        import os

        def name(path):
            return os.path.basename(path)
    """,
    "tests/test_app.py": """
        import tensorflow as tf
        from app.loaders import load

        def test_load():
            for n in range(9):
                load("m").predict(n)
    """,
    "tests/test_text.py": """
        import keras
        from app.text import name

        def test_name():
            assert name("a/b") == "b"
    """,
    "main.py": """
        import app.train, app.batch
        from app.serve import predict

        if __name__ == "__main__":
            app.train.run(None)
            app.batch.score(["a", "b"], None)
    """,
    "requirements.txt": "tensorflow==2.15\n",
    "pyproject.toml": "[tool.tflint-mem]\n",
}
CONFIGURATIONS = (
    "[tool.tflint-mem]\n",
    '[tool.tflint-mem]\nignore = ["TFM102"]\n',
    "[tool.tflint-mem]\npedantic = true\n",
    '[tool.tflint-mem]\nhandlers = ["app.batch.score"]\n',
    '[tool.tflint-mem]\ntensorflow-version = "1.15"\n',
)
REQUIREMENTS = ("tensorflow==2.15\n", "tensorflow==1.15\n", "tensorflow==2.18\nkeras==3.5\n", "")
ROWS = (
    "import tensorflow as tf",
    "import keras",
    "import app.text",
    "from app.helpers import tidy",
    "tidy()",
    "value = load('m')",
    "model = build(3)",
    "score(['a'], 1)",
    "tf.keras.backend.clear_session()",
    "predict()",
    "return value",
)
SILENT = ("# a comment", "", "# noqa", '"""What it does."""', "# for x in y: load(x)", "# import tensorflow")
_NUMBER = itertools.count()


def text_of(rows):
    """A file as it stands above, without the margin."""
    lines = rows.split("\n")
    return "\n".join(line[8:] if line.startswith(" " * 8) else line.strip() for line in lines).lstrip("\n")


def begin(folder):
    """Write the project."""
    for name, rows in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text_of(rows) if name.endswith(".py") else rows)


def _sources(folder):
    return sorted(path for path in folder.rglob("*.py"))


def _indent(line):
    return line[: len(line) - len(line.lstrip())]


def silent_row(folder, dice):
    """Add or take away a row that says nothing to rules, mostly."""
    path = dice.choice(_sources(folder))
    lines = path.read_text().split("\n")
    at = dice.randrange(len(lines) + 1)
    if at < len(lines) and lines[at].strip() in SILENT and dice.random() < 0.5:
        del lines[at]
    else:
        lines.insert(at, _indent(lines[at] if at < len(lines) else "") + dice.choice(SILENT))
    path.write_text("\n".join(lines))


def row(folder, dice):
    """Add or take away a row."""
    path = dice.choice(_sources(folder))
    lines = path.read_text().split("\n")
    at = dice.randrange(len(lines))
    if dice.random() < 0.4:
        del lines[at]
    else:
        lines.insert(at, _indent(lines[at]) + dice.choice(ROWS))
    path.write_text("\n".join(lines))


def loop(folder, dice):
    """Put a row into a loop, or take one out of it."""
    path = dice.choice(_sources(folder))
    lines = path.read_text().split("\n")
    at = dice.randrange(len(lines))
    if lines[at].lstrip().startswith("for "):
        lines[at] = _indent(lines[at]) + "if True:"
    else:
        lines[at : at + 1] = [_indent(lines[at]) + "for again in range(99):", "    " + lines[at]]
    path.write_text("\n".join(lines))


def rename(folder, dice):
    """Rename something, in one file or in all of them."""
    old = dice.choice(("load", "build", "Loader", "predict", "score", "step", "tidy", "name"))
    new = dice.choice((f"{old}_again", old.title(), "call"))
    every = _sources(folder)
    for path in every if dice.random() < 0.5 else [dice.choice(every)]:
        text = path.read_text()
        path.write_text(text.replace(f"{old}_again", old).replace(old, new) if old in text else text)


def constant(folder, dice):
    """Change a number or a text."""
    path = dice.choice(_sources(folder))
    text = path.read_text()
    for old, new in (("1000", "2"), ("9", "1"), ('"m"', '"n"'), ("100", "True"), ("[:1]", "[0:]")):
        if old in text and dice.random() < 0.5:
            path.write_text(text.replace(old, new))
            return


def delete(folder, dice):
    """Delete a file."""
    if len(_sources(folder)) > 8:
        dice.choice(_sources(folder)).unlink()


def add(folder, dice):
    """Add a file: one that was there at first, or a copy."""
    name = dice.choice([name for name in FILES if name.endswith(".py")])
    path = folder / name
    if path.exists():
        path = path.with_name(f"copy{next(_NUMBER)}_{path.name}")
    path.write_text(text_of(FILES[name]))


def restore(folder, dice):
    """A file is again what it was at first."""
    name = dice.choice([name for name in FILES if name.endswith(".py")])
    (folder / name).write_text(text_of(FILES[name]))


def broken(folder, dice):
    """A syntax error comes or goes."""
    path = dice.choice(_sources(folder))
    text = path.read_text()
    path.write_text(text.replace("def (\n", "") if "def (\n" in text else text + "\ndef (\n")


def settings(folder, dice):
    """Another configuration, or other requirements."""
    (folder / "pyproject.toml").write_text(dice.choice(CONFIGURATIONS))
    (folder / "requirements.txt").write_text(dice.choice(REQUIREMENTS))


EDITS = (
    (silent_row,) * 5
    + (row,) * 4
    + (loop, loop, rename, constant, constant, delete, add, restore, restore, broken, settings)
)


def compare(folder, dice, number, said):
    """Edit the project so many times and ask twice after each; what was said without the cache."""
    begin(folder)
    known = []
    for count in range(number):
        edits = [dice.choice(EDITS) for _ in range(1 if dice.random() < 0.8 else 3)]
        for edit in edits:
            edit(folder, dice)
        known.append(said("--no-cache"))
        assert said() == known[-1], (count, edits)
        if count % 4 == 0:
            assert said() == known[-1], "unchanged"
    return known


@pytest.mark.parametrize("seed", [3, 4])
def test_after_any_edit_the_check_says_what_a_cold_one_says(seed, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checking, "_FEWEST_TO_CACHE", 1)
    without_rules = []
    analyses = []
    analyze = engine.analyze
    monkeypatch.setattr(engine, "analyze", lambda *given, **named: analyses.append(1) or analyze(*given, **named))

    def said(*arguments):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--output-format", "json", *arguments])
        analyses.clear()
        told = run(), capsys.readouterr()
        without_rules.append(not analyses)
        return told

    known = compare(tmp_path, random.Random(seed), 30, said)
    assert len({streams.out for _, streams in known}) > 6
    assert sum(without_rules) > 12  # 8 of them after no edit


TREE = {
    "main.py": "import tensorflow as tf\nimport helper\n\nfor n in range(9):\n    tf.keras.models.load_model('m')\n",
    "quiet.py": '"""Quiet."""\nimport tensorflow as tf\n\n\ndef double(x):\n    """Twice."""\n    return tf.add(x, x)\n',
    "helper.py": "import os\n\n\ndef name():\n    return os.getcwd()\n",
    "other.py": "import json\n",
    "test_other.py": "import other\nimport keras\n\n\ndef test():\n    assert other\n",
}
AFTER = [
    ("quiet.py", "import tensorflow", "# said here\n\nimport tensorflow", False),
    ("quiet.py", "Twice.", "Two times.\n\n    The sum.\n    ", False),
    ("quiet.py", "(x, x)", "(x, x)  # tflint-mem: ignore[TFM101]", False),
    ("quiet.py", "(x, x)", "( x, x)", True),
    ("quiet.py", "import tensorflow as tf", "import keras, tensorflow as tf", True),
    ("quiet.py", "return", "value = 1\n    return", True),
    ("quiet.py", "return", "return (", True),
    ("helper.py", "import os", "# plain\nimport os", False),
    ("helper.py", "import os", "# tensorflow\nimport os", True),
    ("helper.py", "return os.getcwd()", "return os.sep", True),
    ("other.py", "import json", "import json, os\n\nvalue = json.loads('1')", False),
    ("other.py", "import json", "import main", True),
    ("other.py", "import json", "import keras", True),
    ("test_other.py", "assert other", "assert not other", False),
    ("test_other.py", "assert other", "for x in y:\n        keras.models.load_model(x)", True),
    ("main.py", "for n", "# again\nfor n", True),
]


def test_rules_run_after_edits_that_they_may_see(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(checking, "_FEWEST_TO_CACHE", 1)
    analyses = []
    analyze = engine.analyze
    monkeypatch.setattr(engine, "analyze", lambda *given, **named: analyses.append(1) or analyze(*given, **named))

    def said(*arguments):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--isolated", "--output-format", "json", *arguments])
        return run(), capsys.readouterr()

    def write(**changed):
        for name, text in {**TREE, **changed}.items():
            (tmp_path / name).write_text(text)

    for name, old, new, expected in AFTER:
        write()
        said()
        assert old in TREE[name]
        write(**{name: TREE[name].replace(old, new)})
        analyses.clear()
        told = said()
        assert bool(analyses) is expected, (name, new)
        assert told == said("--no-cache"), (name, new)
        analyses.clear()
        assert told == said(), (name, new)
        assert not analyses
    write(**{"helper.py": "def (\n"})  # nothing is told of it, as it does not name TensorFlow itself
    said()
    write()
    analyses.clear()
    told = said()
    assert analyses and told == said("--no-cache")
