"""Given files are what is reported on; the project around them is what is read."""

import io
import json
import os
import sys

import pytest

from support import write
from tflint_mem import Settings, apply_fixes, check_paths, check_source
from tflint_mem.__main__ import run as run_command

LOADER = "import tensorflow as tf\n\n\ndef load(path):\n    return tf.keras.models.load_model(path)\n"
MAIN = 'from loader import load\n\nfor name in open("names.txt"):\n    print(load(name).predict([1.0]))\n'
OTHER = "import tensorflow as tf\n\nmodel = tf.keras.Sequential()\nmodel.fit([1.0], [2.0])\n"
LEAK = "import tensorflow as tf\n\nfor step in range(100):\n    tf.keras.models.load_model('m.keras')\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """A repository with a loader, a loop around it that names no framework, and another program."""
    monkeypatch.chdir(tmp_path)
    write({".git/HEAD": "", "x/loader.py": LOADER, "x/main.py": MAIN, "y/other.py": OTHER})
    return tmp_path


@pytest.fixture
def tflint(capsys, monkeypatch):
    """Runs the command line in this process: (exit code, standard output, standard error)."""

    def tflint(*arguments, text=None):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--no-cache", *map(str, arguments)])
        if text is not None:
            monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        code = run_command()
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return tflint


@pytest.fixture
def found(tflint):
    """The findings as JSON has them, each without the words that only a repository's address changes."""

    def found(*arguments, text=None):
        _, out, err = tflint("--output-format", "json", *arguments, text=text)
        assert err == ""
        return json.loads(out)

    return found


def places(findings):
    return {(f["code"], os.path.relpath(f["filename"]).replace(os.sep, "/")) for f in findings}


LOAD, GROWTH = ("TFM101", "x/loader.py"), ("TFM601", "x/main.py")


def test_a_given_file_is_judged_in_its_project(tree, found, monkeypatch):
    assert places(found("x/main.py")) == {LOAD, GROWTH}
    assert places(found("x")) == {LOAD, GROWTH}
    assert places(found("x/loader.py")) == {LOAD}
    assert places(found("y/other.py")) == {GROWTH}, "one program stands for all; the given one is a step of it"
    assert places(found("-", "--stdin-filename", "x/main.py", text=MAIN)) == {LOAD, GROWTH}
    monkeypatch.chdir("x")
    assert {f["code"] for f in found("main.py")} == {"TFM101", "TFM601"}


def test_an_unsaved_text_stands_in_place_of_its_file(tree, found):
    once = MAIN.replace('open("names.txt")', '["one"]')
    assert LOAD not in places(found("-", "--stdin-filename", "x/main.py", text=once))
    plain = "from elsewhere import load\n"
    assert found("-", "--stdin-filename", "x/main.py", text=plain) == []
    os.remove("x/main.py")
    assert LOAD in places(found("-", "--stdin-filename", "x/new.py", text=MAIN)), "a file that is not saved yet"


def test_what_is_said_does_not_depend_on_what_else_is_given(tree, found):
    whole = {(f["code"], f["filename"]): f for f in found(".")}
    for given in (["x/main.py"], ["y/other.py"], ["x/loader.py"], ["y", "x/main.py"], ["x/main.py", "x/loader.py"]):
        for finding in found(*given):
            assert finding == whole[finding["code"], finding["filename"]]


def test_no_project_and_another_one(tree, found, tflint):
    assert found("--no-project", "x/main.py") == []
    write({"tflint-mem.toml": "project = false\n"})
    assert found("x/main.py") == []
    assert places(found("--project", "x", "x/main.py")) == {LOAD, GROWTH}
    os.remove("tflint-mem.toml")
    assert places(found("--project", "y", "x/main.py")) == set()
    code, _, err = tflint("--project", "x", "--no-project", "x/main.py")
    assert code == 2 and "give one of them" in err
    assert tflint("--project", "nowhere", "x/main.py")[0] == 2


def test_without_a_mark_only_what_imports_belongs_to_it(tmp_path, monkeypatch, found):
    monkeypatch.chdir(tmp_path)
    write({"x/loader.py": LOADER, "x/main.py": MAIN, "x/a_program.py": OTHER, "y/other.py": OTHER})
    findings = found("x/main.py")
    assert places(findings) == {LOAD, GROWTH}
    assert not any("program" in step["filename"] for f in findings for step in f["trace"])
    assert places(found("x")) == {LOAD, ("TFM601", "x/a_program.py")}, "a given folder is its own project"
    assert not any("other" in step["filename"] for f in found("x") for step in f["trace"])


def test_without_version_control_the_outermost_mark_counts(tmp_path, monkeypatch, found):
    monkeypatch.chdir(tmp_path)
    write({"pyproject.toml": "", "a/pyproject.toml": "", "a/loader.py": LOADER, "scripts/main.py": MAIN})
    assert ("TFM101", "a/loader.py") in places(found("scripts/main.py"))


def test_exclusions_hold_for_the_project_around(tree, found):
    write({".gitignore": "loader.py\n"})
    assert places(found("x/main.py")) == set()
    write({".gitignore": "", "tflint-mem.toml": 'extend-exclude = ["loader.py"]\n'})
    assert places(found("x/main.py")) == set()
    assert places(found("x/main.py", "x/loader.py")) == {LOAD, GROWTH}, "what is given is not left out"


def test_broken_files_around_are_no_errors(tree, tflint):
    write({"x/broken.py": "import tensorflow as tf\ndef (:\n", "x/more.py": LEAK + "#" * 200_000})
    os.symlink("nowhere", "x/gone.py")
    os.mkfifo("x/pipe.py")
    code, out, err = tflint("--config", "max-file-size = 100000", "--output-format", "concise", "x/main.py")
    assert code == 1 and err == "" and "TFM000" not in out
    assert tflint("--output-format", "concise", "x/broken.py")[1].startswith("x/broken.py:2:5: TFM000")


def test_only_given_files_are_counted_and_changed(tree, tflint):
    write({"x/loop.py": LEAK})
    before = {name: open(f"x/{name}.py").read() for name in ("loader", "loop")}
    _, out, _ = tflint("--unsafe-fixes", "x/main.py")
    assert "Checked 1 file: 2 findings" in out
    assert tflint("--fix", "--unsafe-fixes", "--quiet", "y/other.py")[0] == 0, "its finding stands in a file beside"
    assert tflint("--write-baseline", "known.json", "y/other.py")[0] == 0
    assert json.load(open("known.json"))["findings"] == []
    assert tflint("--add-noqa", "--select", "TFM101", "x/main.py")[2] == "tflint-mem: added 0 noqa comments\n"
    assert {name: open(f"x/{name}.py").read() for name in before} == before


def test_comments_and_baselines_of_the_whole_hold_for_a_part(tree, found, tflint):
    assert tflint("--write-baseline", "known.json", ".")[0] == 0
    assert found("--baseline", "known.json", "x/main.py") == []
    write(
        {
            "x/loader.py": LOADER.replace("(path)\n", "(path)  # noqa: TFM101\n").replace(
                "def load(path)  # noqa: TFM101", "def load(path)"
            )
        }
    )
    assert places(found("x/main.py")) == {GROWTH}


def test_a_project_that_is_too_large_is_cut_to_what_is_near(tree, tflint):
    write({f"far/away/m{number}.py": OTHER for number in range(20)})
    limit = ("--config", "max-project-files = 3", "--output-format", "concise")
    code, out, err = tflint(*limit, "x/main.py")
    assert code == 1 and "TFM101" in out
    assert err.count("\n") == 1 and "the nearest 3 of 22 files are read" in err
    _, _, err = tflint("--config", "max-project-size = 300", "x/main.py")
    assert "of 22 files are read" in err
    assert tflint(*limit, ".")[2] == "", "what is given is checked"
    write({"plain.py": "print(1)\n"})
    assert tflint(*limit, "plain.py")[2] == "", "nobody asks for the project"


HELPERS = {
    "run.py": "def each(names, work):\n    for name in names:\n        work(name)\n",
    "use.py": "import tensorflow as tf\nfrom run import each\n\n\ndef work(name):\n"
    "    print(tf.keras.models.load_model(name))\n\n\neach(open('names'), work)\n",
    "far.py": "from near import start\n\nfor name in open('names'):\n    start(name)\n",
    "near.py": "from loader import load\n\n\ndef start(name):\n    load(name)\n",
}


def test_plain_files_are_judged_when_they_hang_together_with_others(tree, found):
    write(HELPERS)
    os.remove("x/main.py")
    assert ("TFM101", "use.py") in places(found("run.py"))
    assert LOAD in places(found("far.py"))
    assert LOAD in places(found("near.py"))
    whole = places(found("."))
    assert {("TFM101", "use.py"), LOAD} <= whole


def test_a_file_that_hangs_together_with_nothing_costs_no_engine(tree, tflint, monkeypatch):
    for name in [name for name in sys.modules if name.startswith("tflint_mem.engine")]:
        monkeypatch.delitem(sys.modules, name)
    write({"plain.py": "import os\n\n\ndef names(folder):\n    return os.listdir(folder)\n", "value.py": "X = 1\n"})
    assert tflint("value.py")[0] == 0
    assert "tflint_mem.engine.connected" not in sys.modules
    assert tflint("plain.py")[0] == 0
    assert "tflint_mem.engine.relevance" not in sys.modules


def test_the_cache_knows_the_project_around(tree, monkeypatch, tflint, capsys):
    write({f"lib/m{number}.py": OTHER for number in range(60)})
    monkeypatch.setenv("XDG_STATE_HOME", str(tree / "state"))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--output-format", "concise", *arguments])
        run_command()
        return capsys.readouterr().out

    monkeypatch.setattr("tflint_mem.storage.cache._JUST_NOW", 0)
    first = run("x/main.py")
    assert "TFM101" in first and run("x/main.py") == first
    assert "TFM101" not in run("--no-project", "x/main.py")
    write({"x/loader.py": "def load(path):\n    return path\n"})
    assert "TFM101" not in run("x/main.py")


def test_the_library_reads_the_project_too(tree):
    def codes(report):
        return {finding.code for finding in report.findings}

    report = check_paths("x/main.py")
    assert codes(report) == {"TFM101", "TFM601"} and report.files == ("x/main.py",)
    assert codes(check_paths("x/main.py", Settings(project=False))) == set()
    assert codes(check_source(MAIN, "x/main.py")) == set(), "a text is judged alone, unless"
    assert codes(check_source(MAIN, "x/main.py", project=True)) == {"TFM101", "TFM601"}
    assert codes(check_source(MAIN, "x/main.py", project="x")) == {"TFM101", "TFM601"}
    write({"x/loader.py": LOADER + "\n\n" + LEAK, "x/main.py": MAIN + LEAK})
    fixes = apply_fixes(check_paths("x/main.py", Settings(select=["TFM101"])), unsafe=True)
    assert {change.path for change in fixes.changes} == {"x/main.py"}
