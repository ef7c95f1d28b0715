"""The nearest configuration counts for each file, and so do the nearest requirements."""

import json
import os
import pickle
import sys

import pytest

from support import write
from tflint_mem import check_paths, settings_for
from tflint_mem.__main__ import run as run_command
from tflint_mem.project.linking.requirements import locked

TRAIN = """\
import tensorflow as tf

for step in range(1000):
    model = tf.keras.Sequential([tf.keras.layers.Dense(1)])
    model.compile("adam", "mse")
    model.fit([1.0], [2.0])
"""
LOAD = "import tensorflow as tf\n\nfor name in open('names'):\n    tf.keras.models.load_model(name)\n"
FOR_EVER, LATE = "for the life of the process", "waits for a late garbage collection"


@pytest.fixture
def mono(tmp_path, monkeypatch):
    """A repository with two projects in it."""
    monkeypatch.chdir(tmp_path)
    write({".git/HEAD": "", "a/train.py": TRAIN, "b/train.py": TRAIN})
    return tmp_path


@pytest.fixture
def tflint(capsys, monkeypatch):
    def tflint(*arguments):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--no-cache", *map(str, arguments)])
        code = run_command()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return tflint


@pytest.fixture
def found(tflint):
    """{(folder, code): message}; nothing is said on standard error."""

    def found(*arguments):
        _, out, err = tflint("--output-format", "json", *arguments)
        assert err == ""
        return {
            (os.path.basename(os.path.dirname(place["filename"])), f["code"]): f["message"]
            for f in json.loads(out)
            for place in (f, *f["places"])  # copies of a file of which the same is said are told once
        }

    return found


def test_each_part_has_its_tensorflow(mono, found):
    write(
        {
            "a/requirements.txt": "tensorflow==2.10\n",
            "b/pyproject.toml": '[project]\ndependencies = ["tensorflow>=2.16"]',
        }
    )
    for paths in ([], ["a/train.py", "b/train.py"]):
        messages = found(*paths)
        assert LATE in messages["a", "TFM102"] and FOR_EVER in messages["b", "TFM102"]
    assert found("a/train.py")["a", "TFM102"] == messages["a", "TFM102"]
    assert found("b")["b", "TFM102"] == messages["b", "TFM102"]
    write({"a/uv.lock": '[[package]]\nname = "tensorflow"\nversion = "2.17.0"\n'})
    assert FOR_EVER in found()["a", "TFM102"], "a lock file says what is there"
    write({"a/tflint-mem.toml": 'tensorflow-version = "2.9"'})
    assert LATE in found()["a", "TFM102"], "and the settings say it best"


def test_lock_files():
    assert locked('{"default": {\n  "tensorflow": {\n "hashes": [\n"sha256:a"],\n "version": "==2.10.1"\n}}') == (2, 10)
    assert locked('[[package]]\nname = "tensorflow-io"\nversion = "1.0"\n') is None


def test_each_part_has_its_back_end(mono, found):
    write({"a/train.py": TRAIN.replace("import tensorflow as tf", "import keras").replace("tf.keras", "keras")})
    write(
        {
            "b/train.py": open("a/train.py").read(),
            "a/.env": "KERAS_BACKEND=jax\n",
            "requirements.txt": "keras>=3\ntensorflow>=2.16",
        }
    )
    messages = found()
    assert LATE in messages["a", "TFM102"] and FOR_EVER in messages["b", "TFM102"]
    os.remove("a/.env")
    assert FOR_EVER in found()["a", "TFM102"]
    write({"a/keras.json": '{"backend": "jax"}'})
    assert LATE in found()["a", "TFM102"]


def test_rules_and_patterns_are_those_of_the_nearest_configuration(mono, found, tflint):
    write(
        {
            "a/train.py": TRAIN + LOAD,
            "b/train.py": TRAIN + LOAD,
            "pyproject.toml": '[tool.tflint-mem]\nselect = ["TFM1"]\n',
        }
    )
    assert set(found()) == {(folder, code) for folder in "ab" for code in ("TFM101", "TFM102")}
    write({"a/tflint-mem.toml": 'select = ["TFM101"]\nper-file-ignores = { "more/*.py" = ["ALL"] }\n'})
    write({"a/more/x.py": LOAD, "b/tflint-mem.toml": 'exclude = ["train.py"]\n'})
    assert set(found()) == {("a", "TFM101")}
    assert set(found("--isolated")) >= {("a", "TFM102"), ("b", "TFM102"), ("more", "TFM101")}
    assert set(found("--config", "pyproject.toml")) == {
        ("more", "TFM101"),
        *((f, c) for f in "ab" for c in ("TFM101", "TFM102")),
    }
    assert set(found("--select", "TFM102")) == {("a", "TFM102")}, "the command line says more"
    write({"b/tflint-mem.toml": "max-file-size = 10\n"})
    assert "b/train.py: skipped" in tflint()[2].replace(os.sep, "/")


def test_handlers_entry_points_and_pedantry_too(mono, found):
    text = (
        "import tensorflow as tf\nfrom frame import on\n\n@on\ndef work(name):\n    tf.keras.models.load_model(name)\n"
    )
    write({"a/train.py": text, "b/train.py": text, "b/tflint-mem.toml": 'handlers = ["on"]\n'})
    assert ("b", "TFM103") in found() and ("a", "TFM103") not in found()
    short = "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\n"
    short += "for step in range(20):\n    print(model.predict([[1.0]]))\n"
    write({"b/tflint-mem.toml": "pedantic = true\n", "a/train.py": short, "b/train.py": short})
    assert set(found("--ignore", "TFM601")) == {("b", "TFM201")}


def test_a_given_file_has_the_same_settings_as_in_the_whole(mono, found):
    write({"tflint-mem.toml": 'ignore = ["TFM102"]', "b/tflint-mem.toml": 'select = ["TFM102"]'})
    whole = found()
    assert set(whole) == {("a", "TFM601"), ("b", "TFM102")}
    assert found("b/train.py") == {("b", "TFM102"): whole["b", "TFM102"]}
    assert found("a/train.py") == {("a", "TFM601"): whole["a", "TFM601"]}


def test_extend(mono, found, tflint):
    write(
        {
            "tflint-mem.toml": 'select = ["TFM102"]\nextend-exclude = ["a/more"]\n',
            "a/more/x.py": TRAIN,
            "b/more/x.py": TRAIN,
        }
    )
    write({"b/tflint-mem.toml": 'extend = "../tflint-mem.toml"\nextend-exclude = ["more"]\n'})
    assert set(found()) == {("a", "TFM102"), ("b", "TFM102")}
    write({"b/tflint-mem.toml": 'extend = "../tflint-mem.toml"\nselect = ["TFM101"]\n'})
    assert set(found()) == {("a", "TFM102")}
    write({"b/pyproject.toml": '[tool.tflint-mem]\nextend = "tflint-mem.toml"\n', "b/tflint-mem.toml": ""})
    os.remove("b/tflint-mem.toml")
    code, out, err = tflint("b")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "b/pyproject.toml:2: `extend`: " in err and "No such file" in err
    write(
        {"b/tflint-mem.toml": 'select = ["TFM1"]\nextend = "other.toml"', "b/other.toml": 'extend = "tflint-mem.toml"'}
    )
    code, _, err = tflint(".")
    assert code == 2 and "other.toml:1: `extend` leads round in a circle" in err and err.count("\n") == 1
    assert tflint("a/train.py")[0] == 1, "a configuration that is about no given file is no error of this run"


def test_extend_does_not_lead_out_of_the_tree(mono, tflint, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "x.toml"
    outside.write_text('select = ["TFM101"]\n')
    write({"b/tflint-mem.toml": f"extend = {json.dumps(str(outside))}\n"})
    code, out, err = tflint("b", "--output-format", "concise")
    assert "TFM102" in out and "lies outside of the checked tree" in err and err.count("\n") == 1
    code, out, err = tflint("b", "--trust", "--output-format", "concise")
    assert "TFM102" not in out and err == ""
    assert (
        "TFM102" not in tflint("b", "--config", f"extend = {json.dumps(str(outside))}", "--output-format", "concise")[1]
    )


@pytest.mark.parametrize("wanted", ["<0.1", ">=99", "99", "== x"])
def test_a_version_that_is_not_admitted_ends_the_run(mono, tflint, wanted):
    write({"b/tflint-mem.toml": f'select = ["TFM1"]\nrequired-version = "{wanted}"\na-key-of-then = 1\n'})
    for paths in ((), ("b/train.py",)):
        code, out, err = tflint(*paths)
        assert (code, out, err.count("\n")) == (2, "", 1) and "b/tflint-mem.toml:2: `required-version`" in err


def test_a_version_that_is_admitted_says_nothing(mono, found):
    write({"b/tflint-mem.toml": 'required-version = ">=0.0.1"\nselect = ["TFM102"]\n'})
    assert ("b", "TFM102") in found("b")


def test_a_nested_configuration_is_not_trusted_more(mono, tflint):
    write(
        {"b/tflint-mem.toml": 'max-file-size = 30000000\nfix = true\nverify.python = "sh"\nbaseline = "/etc/passwd"\n'}
    )
    code, _, err = tflint(".")
    assert code == 1 and err.count("\n") == 1 and "`max-file-size` is ignored" in err
    assert open("b/train.py").read() == TRAIN, "what is about the run as a whole is not asked of it"


def test_the_library_goes_by_them_when_it_is_asked(mono):
    write({"b/tflint-mem.toml": 'select = ["TFM101"]\n'})
    settings = settings_for(".")
    again = pickle.loads(pickle.dumps(settings))
    assert again == settings and settings_for(".") == settings
    for each in (settings, again, settings.replace(pedantic=True)):
        assert {f.path for f in check_paths(".", each).findings if f.code == "TFM102"} == {
            os.path.join("a", "train.py")
        }
    assert places(check_paths(".", settings.replace(select=["TFM102"]))) == {"a/train.py", "b/train.py"}
    assert places(check_paths(".")) == {"a/train.py", "b/train.py"}, "no file of the machine plays a part"


def places(report):
    """The files that have TFM102; copies of a file of which the same is said are told once."""
    found = [f for f in report.findings if f.code == "TFM102"]
    return {place.path.replace(os.sep, "/") for f in found for place in (f, *f.places)}
