"""`tflint-mem verify FILE:ROW` from the command line: what is no place, what Ctrl-C leaves, and what runs is evidence."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from support.verify import STAND_IN, Project, options
from tflint_mem import check_paths
from tflint_mem.command.cli import cli
from tflint_mem.verify import command as keeping
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.place import at_place
from tflint_mem.verify.plan.places import Place, place_of
from tflint_mem.verify.snippet import direct_call, first_party
from tflint_mem.verify.standins import files as stand_in_files
from tflint_mem.verify.standins import guess, hints, old_numpy
from tflint_mem.verify.verdict.needs import needs

COMMAND = [sys.executable, "-m", "tflint_mem"]


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([STAND_IN, os.getcwd()]))
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


def test_a_row_that_is_not_there_is_a_usage_error(project):
    project.write("app.py", "import tensorflow as tf\nfor number in range(9):\n    tf.constant(number)\n")
    for row in (4, 999, 0):
        done = subprocess.run(
            [*COMMAND, "verify", f"app.py:{row}", "--project", "."], capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 2 and f"app.py:{row}: the file has 3 rows" in done.stderr, done


NOTEBOOK = {
    "cells": [
        {"cell_type": "markdown", "metadata": {}, "source": "words"},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 1, "source": "import tensorflow as tf"},
        {
            "cell_type": "code",
            "metadata": {},
            "outputs": [],
            "execution_count": 2,
            "source": "x = 1\nwhile x:\n    x = 2\n",
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def test_places_are_written_as_reports_have_them(project):
    project.write("app.py", "import tensorflow as tf\nfor number in range(9):\n    tf.constant(number)\n")
    project.write("nb.ipynb", json.dumps(NOTEBOOK))
    for place, words in {
        "app.py:99:5": "app.py:99: the file has 3 rows",
        "app.py:cell 1:2": "app.py: it is no notebook, and has no cells",
        "nb.ipynb:2": "rows of a notebook count in their cell: name it, such as nb.ipynb:cell 2:2",
        "nb.ipynb:cell 1:1": "nb.ipynb: cell 1 holds no code; those that do: 2, 3",
        "nb.ipynb:cell 3:4:1": "nb.ipynb:cell 3:4: cell 3 has 3 rows",
    }.items():
        result = CliRunner().invoke(cli, ["verify", place], obj=None, standalone_mode=False)
        assert (result.return_value, words in result.stderr) == (2, True), (place, result.output)
    (found,) = at_place([], place_of("nb.ipynb:cell 3:2:1"))
    assert (found.cell, found.start, found.name) == (3, (2, 1), "place")
    assert place_of("C:\\a b\\app.py:12") == Place("C:\\a b\\app.py", 12)
    project.write("odd:7", "")
    assert place_of("odd:7") == Place("odd:7")


def test_who_asks_about_a_place_hears_of_no_other(project, monkeypatch):
    loop = "for step in open('steps'):\n    model = tf.keras.models.load_model('m.keras')"
    project.write("app.py", f"import tensorflow as tf\n\n{loop}\n    model.summary()\n{loop}  # noqa: TFM101\n")
    monkeypatch.setattr("tflint_mem.command.verification.verify", lambda run: None)
    arguments = ["verify", "app.py:4", "--output-format", "sarif"]
    result = CliRunner().invoke(cli, arguments, obj=None, standalone_mode=False)
    found = json.loads(result.stdout)["runs"][0]["results"]
    assert [each["locations"][0]["physicalLocation"]["region"]["startLine"] for each in found] == [4]


def test_what_is_kept_has_a_name_of_its_own_and_is_not_reported_again(project, monkeypatch):
    text = "import tensorflow as tf\n\nfor step in range(100):\n    tf.keras.models.load_model('m.keras')\n"
    project.write("app.py", text)

    class Result:
        def __init__(self, finding):
            self.finding = finding

        def reproduction(self, fixed=False):
            return text

    class Outcome:
        results = [Result(at_place([], place_of("app.py:3"))[0]), Result(at_place([], place_of("app.py:4"))[0])]

    os.mkdir("there")
    for folder in ("new", "there"):
        keeping.make_folder(folder)
        names = sorted(os.path.basename(path) for path in keeping.keep(Outcome, folder))
        assert names == ["place_app_3.py", "place_app_3_fixed.py", "place_app_4.py", "place_app_4_fixed.py"]
    assert {finding.path for finding in check_paths(".").findings} == {"app.py"}
    assert "new/place_app_3.py" not in check_paths(".").files
    os.remove("new/.gitignore")
    assert {finding.path for finding in check_paths(".").findings} == {"app.py"}


def test_control_c_ends_with_the_status_of_shells(project):
    project.write("app.py", "import time\nfor number in range(9):\n    time.sleep(600)\n")
    process = subprocess.Popen(  # what runs in a shell's background ignores the signal, and so would the command
        [*COMMAND, "verify", "app.py:3", "--project", "."],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    try:
        assert "Running 1 snippet" in process.stderr.readline()
        time.sleep(1.0)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130 and "Interrupted: 0 of the findings were verified." in told


def test_the_row_of_progress_counts_seconds():
    import io

    from tflint_mem.verify.command import Progress

    class Terminal(io.StringIO):
        def isatty(self):
            return True

    class Place:
        path, start, code = "/x/app.py", (3, 1), "TFM101"

    now, stream = [100.0], Terminal()
    bar = Progress(stream, False, clock=lambda: now[0])
    bar(0, 1, Place, "flagged")
    now[0] += 12
    bar.draw()
    bar(0, 1, Place, "fixed")
    bar.end()
    assert (
        "as flagged, 0 s" in stream.getvalue()
        and "as flagged, 12 s" in stream.getvalue()
        and "as fixed, 0 s" in stream.getvalue()
    )


def test_stand_ins_are_made_once_before_anything_repeats(tmp_path):
    from tflint_mem.sources.source import Source

    path = tmp_path / "heat.py"
    path.write_text("def heat(model, image, count, names: list):\n    return model.predict(image[None])\n")
    model = first_party.Files([Source.read(str(path))]).get(str(path))
    function = model.functions()[0][0]
    call = direct_call.call_of(function, None, model, {"names": "['a']"}, path.read_text())
    assert call.source == "heat(_given_model, _given_image, 4, ['a'])"
    made = [line.text for line in call.setup if line.text.startswith("_given_")]
    assert [line.split(" = ")[0] for line in made] == ["_given_model", "_given_image"] and "Sequential" in made[0]


def test_what_a_repeat_makes_by_itself_still_leaks(project):
    project.write(
        "heat.py",
        """
        import tensorflow as tf

        kept = []

        def heat(args):
            kept.append(tf.Model(200_000 + args.count))  # here
    """,
    )
    found = project.one(options()).verification
    assert (found["verdict"], found["kind"]) == ("confirmed", "retained")


@pytest.mark.parametrize(
    "name, value",
    [
        ("dir_in", "'data'"),
        ("in_dir", "'data'"),
        ("dir_of_images", "'data'"),
        ("directory", "'data'"),
        ("model_dirs", "['dataa', 'datab', 'datac']"),
        ("image_paths", "['imagea.jpg', 'imageb.jpg', 'imagec.jpg']"),
    ],
)
def test_folders_are_folders_wherever_the_word_stands(name, value):
    assert guess.value_for(name, f"for one in {name}:\n    pass\n").source == value


@pytest.mark.parametrize("name", ["direction", "redirect", "direct"])
def test_words_that_only_begin_alike_are_no_folders(name):
    found = guess.value_for(name, "")
    assert found is None or found.source != "'data'"


def test_tables_are_as_long_as_the_code_slices_them():
    text = 'os.environ["SEED"] = "0"\ntrain["prev"][0 + 1:5000] = train["signal"][0:5000 - 1]\nx[3:10**9]\n'
    assert hints.rows_in(text) == 5000 and hints.rows_in("x[1:8]") == 64
    assert hints.columns_in(text) == ["prev", "signal"]
    made = stand_in_files.for_path("train.csv", (16,), columns=["prev", "signal"], lines=5000)
    assert "5056 rows" in made.text and len(made.code) < 4000
    scope, before = {}, os.getcwd()
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            exec(made.code, scope)
            lines = open("train.csv").read().splitlines()
        finally:
            os.chdir(before)
    assert len(lines) == 5057 and lines[0] == "prev,signal" and len(set(lines[1:])) > 5


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_names_that_numpy_gave_up_come_back():
    numpy = pytest.importorskip("numpy")
    for name in old_numpy._NOW:
        try:
            getattr(numpy, name)
        except AttributeError as error:
            (action,) = old_numpy.again(error)
            had = dict(vars(numpy))
            try:
                exec(action.code, {})
                assert hasattr(numpy, name), name
                if name == "in1d":
                    assert list(numpy.in1d([[1, 2], [3, 1]], [1])) == [True, False, False, True]
            finally:
                for made in set(vars(numpy)) - set(had):
                    delattr(numpy, made)
    assert list(old_numpy.again(AttributeError("module 'numpy' has no attribute 'nothing'"))) == []


IN_USER_CODE = """in user code:

    File "/tmp/s1/snippet.py", line 31, in step  *
        loss = model(batch, training=True)
    File "/usr/lib/python3/site-packages/keras/src/utils/traceback_utils.py", line 122, in error_handler  **
        raise e.with_traceback(filtered_tb) from None

    ValueError: Input 0 of layer "dense" is incompatible with the layer
"""


def error(kind, message, **more):
    return dict(dict(event="error", type=kind, message=message, line="step(batch)", row=None, where="snippet"), **more)


def test_the_reason_shows_the_users_own_line_and_what_was_wrong():
    (sentence,) = needs(Run("error", [], 1.0, 0, 0, ""), error("ValueError", IN_USER_CODE))
    assert sentence == (
        'code that runs as it stands: ValueError: Input 0 of layer "dense" is incompatible with the layer'
        " in `loss = model(batch, training=True)`"
    )


@pytest.mark.parametrize(
    "kind, message, words",
    [
        ("AttributeError", "module 'numpy' has no attribute 'trapz'", "NumPy < 2.4"),
        ("AttributeError", "module 'numpy' has no attribute 'bool'.\n`np.bool` was a deprecated alias", "NumPy < 1.24"),
        ("ImportError", "", ""),
        ("AttributeError", "module 'keras._tf_keras.keras.utils' has no attribute 'np_utils'", "TensorFlow < 2.16"),
        ("AttributeError", "module 'tensorflow' has no attribute 'contrib'", "TensorFlow 1"),
    ],
)
def test_the_version_that_would_help_is_named(kind, message, words):
    (sentence,) = needs(Run("error", [], 1.0, 0, 0, ""), error(kind, message))
    assert words in sentence and bool(words) == bool(re.search(r"; .*(NumPy|TensorFlow)", sentence))
