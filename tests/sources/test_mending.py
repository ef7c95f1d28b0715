"""Files that do not parse still say who calls whom: Python 2, a broken statement, a merge left half done."""

import json
import subprocess
import sys
import textwrap

import pytest

import tflint_mem.api

MODELS = textwrap.dedent("""\
    import tensorflow as tf


    def load(path):
        return tf.keras.models.load_model(path)
""")
LOOP = "for path in open('paths'):\n    load(path)"

CALLERS = {
    "print statements": "print 'start', 1\nfor path in open('paths'):\n    if path: print path,\n    load(path)\n    print\n    print >>log, 'done'\n    print -1; print u'x' % path",
    "an exception and its name": f"try:\n    start()\nexcept IOError, error:\n    raise ValueError, 'no ' + \\\n        'start'\n{LOOP}",
    "several exceptions": f"try:\n    start()\nexcept (IOError, OSError), (number, text):\n    pass\n{LOOP}",
    "numbers": f"mode = 0755 + 10L + 0xFFL + 1e-05\n{LOOP}",
    "an old comparison and backticks": f"if 1 <> 2:\n    name = `1`\n{LOOP}",
    "exec": f"exec 'x = 1'\nexec code in space\n{LOOP}",
    "tabs": "for path in open('paths'):\n        print 'x'\n\tload(path)",
    "a pair as a parameter": f"def far((x, y), z):\n    return x\n\n{LOOP}",
    "a merge": f"<<<<<<< HEAD\nsize = 1\n=======\nsize = 2\n>>>>>>> other\n{LOOP}",
    "a broken statement": f"x = = 1\n{LOOP}",
    "a broken statement in a block": f"if True:\n    x = ]\n{LOOP}",
    "a broken condition": f"if x = 1:\n    start()\n{LOOP}",
}
SILENT = {
    "the caller itself is broken": "for path in open('paths'):\n    load(path) path",
    "more than a few broken statements": "x = = 1\n" * 20 + LOOP,
    "no text at all": "x = '" + "y" * 300_000 + "\n" + LOOP,
}


def _check(folder):
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            str(folder),
            "--isolated",
            "--no-cache",
            "--select",
            "TFM1",
            "--output-format",
            "json",
        ],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == any(each["severity"] != "hint" for each in json.loads(done.stdout)), done.stderr
    return [
        (each["code"], each["filename"].rpartition("/")[2], each["location"]["row"], each["trace"])
        for each in json.loads(done.stdout)
    ]


def _write(folder, text):
    (folder / "models.py").write_text(MODELS)
    (folder / "run.py").write_text("from models import load\nimport tensorflow as tf\n" + text + "\n")


@pytest.mark.parametrize("text", CALLERS.values(), ids=CALLERS)
def test_the_loop_is_known(tmp_path, text):
    _write(tmp_path, text)
    found = {(code, name): (row, trace) for code, name, row, trace in _check(tmp_path)}
    assert set(found) == {("TFM000", "run.py"), ("TFM101", "models.py")}
    row, trace = found["TFM101", "models.py"]
    rows = ("\n\n" + text).split("\n")  # below the two imports
    assert (
        row == 5
        and rows[trace[0]["row"] - 1] == "for path in open('paths'):"
        and "load(path)" in rows[trace[1]["row"] - 1]
    )


@pytest.mark.parametrize("text", SILENT.values(), ids=SILENT)
def test_what_cannot_be_read_says_nothing(tmp_path, text):
    _write(tmp_path, text)
    assert [found[:2] for found in _check(tmp_path)] == [("TFM000", "run.py")]


def test_nothing_else_is_found_in_such_a_file(tmp_path):
    (tmp_path / "run.py").write_text(
        "import tensorflow as tf\nprint 'x'\nfor path in open('paths'):\n    tf.keras.models.load_model(path)\n"
    )
    (tmp_path / "other.py").write_text(MODELS)
    assert [found[:3] for found in _check(tmp_path)] == [("TFM000", "run.py", 2)]


@pytest.mark.parametrize("name", CALLERS)
def test_python_2_is_a_hint_and_other_broken_files_are_errors(tmp_path, name):
    _write(tmp_path, CALLERS[name])
    [found] = [each for each in tflint_mem.api.check_paths(tmp_path).findings if each.code == "TFM000"]
    old = name.split(" ")[0] in ("print", "numbers", "exec", "tabs") or "exception" in name or "backticks" in name
    assert (found.severity, "Python 2" in found.message) == (("hint", True) if old else ("error", False))


def test_old_files_of_a_project_are_said_once(tmp_path):
    for number in range(3):
        (tmp_path / f"run{number}.py").write_text(f"import tensorflow as tf\nprint 'x', {number}\n")
    (tmp_path / "broken.py").write_text("import tensorflow as tf\nx = = 1\n")
    report = tflint_mem.api.check_paths(tmp_path)
    assert [(each.severity, len(each.places)) for each in report.findings] == [("error", 0), ("hint", 2)]
