"""The real command line, in a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
import textwrap

import pytest

from support.faults import LEAKY
from tflint_mem.settings.tables import OUTPUT_FORMATS

CLEAN = LEAKY.replace("        model = tf.keras.models.load_model(folder)\n", "").replace(
    "    for image", "    model = tf.keras.models.load_model(folder)\n    for image"
)
HINT = textwrap.dedent("""\
    from tensorflow import keras

    model = keras.Sequential([keras.layers.Dense(1)])


    def explain(images):
        for image in images:
            part = keras.Model(model.inputs, model.layers[0].output)
            print(part.predict_on_batch(image))
""")
BASE = ("--isolated", "--ignore", "TFM601")  # one rule is about whole programs, these are single modules


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def tflint(*arguments, stdin=None, **more):
    """The finished process; its output as text."""
    return subprocess.run(
        [sys.executable, "-m", "tflint_mem", *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        timeout=120,
        **more,
    )


def check(*arguments, stdin=None):
    return tflint("check", *BASE, *arguments, stdin=stdin)


def codes(process):
    return [record["code"] for record in json.loads(process.stdout)]


# -- the contract


def test_findings_exit_with_1(here):
    (here / "leaky.py").write_text(LEAKY)
    done = check("leaky.py")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("leaky.py:6:17: TFM101 load-model-in-loop [")
    assert "        model = tf.keras.models.load_model(folder)\n" in done.stdout
    assert "\n    leaky.py:5:" in done.stdout
    assert done.stdout.split("\n")[-2].startswith("Checked 1 file: 1 finding (1 ")


def test_nothing_found_exits_with_0(here):
    (here / "clean.py").write_text(CLEAN)
    done = check()
    assert (done.returncode, done.stdout, done.stderr) == (0, "Checked 1 file: no findings.\n", "")
    assert check("--quiet").stdout == ""
    assert check("--no-cache", "--cache-dir", "cache").returncode == 0
    assert not (here / "cache").exists()


def test_no_files_exit_with_0(here):
    done = check()
    assert (done.returncode, done.stdout) == (0, "Checked 0 files: no findings.\n")


def test_plain_paths_take_the_same_way_as_options(here):
    (here / "leaky.py").write_text(LEAKY)
    (here / "tflint-mem.toml").write_text('ignore = ["TFM601"]\n')
    fast, parsed = tflint("check", "leaky.py"), tflint("check", "leaky.py", "--color", "never")
    assert (fast.returncode, fast.stdout) == (parsed.returncode, parsed.stdout)
    assert fast.returncode == 1
    assert tflint("check").stdout == fast.stdout


def test_json(here):
    (here / "leaky.py").write_text(LEAKY)
    done = check("--output-format", "json", "leaky.py")
    [record] = json.loads(done.stdout)
    assert set(record) == {
        "cell",
        "code",
        "confidence",
        "end_location",
        "filename",
        "fix",
        "further_traces",
        "help",
        "location",
        "measured",
        "message",
        "name",
        "noqa_row",
        "persona",
        "places",
        "severity",
        "trace",
        "url",
        "verification",
    }
    assert record["filename"] == str(here / "leaky.py")
    assert record["location"] == {"row": 6, "column": 17}
    assert record["trace"][0]["row"] == 5
    assert done.returncode == 1
    clean = check("--output-format", "json", "--select", "TFM602", "leaky.py")
    assert (clean.returncode, json.loads(clean.stdout)) == (0, [])


def test_syntax_error_is_a_finding_and_the_run_goes_on(here):
    (here / "broken.py").write_text("import tensorflow\nx = (\n")
    (here / "leaky.py").write_text(LEAKY)
    done = check("--output-format", "json", ".")
    assert codes(done) == ["TFM000", "TFM101"]
    assert done.returncode == 1
    broken = json.loads(done.stdout)[0]
    assert (broken["name"], broken["severity"], broken["location"]["row"]) == ("syntax-error", "error", 2)


def test_a_path_that_cannot_be_read_exits_with_2_and_the_rest_is_checked(here):
    (here / "leaky.py").write_text(LEAKY)
    done = check("--output-format", "json", "missing.py", "leaky.py")
    assert done.returncode == 2
    assert done.stderr == "tflint-mem: missing.py: No such file or directory\n"
    assert codes(done) == ["TFM101"]


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs a file that nobody can open")
def test_a_file_that_cannot_be_opened(here):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("dead.py")
    (here / "leaky.py").write_text(LEAKY)
    done = check("--output-format", "json", "dead.py", "leaky.py")
    assert (done.returncode, codes(done)) == (2, ["TFM101"])
    assert done.stderr.startswith("tflint-mem: dead.py: ") and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "place", "words"),
    [
        (b"import keras\nx = '\xff'\n", "b.py:2:6:", "0xff is not valid utf-8"),
        (b"import keras\nx\x00\n", "b.py:2:2:", "NUL"),
        (b"# coding: klingon\nimport keras\n", "b.py:1:1:", "klingon"),
        (b"import keras\n" + b"(" * 2000 + b")" * 2000, "b.py:2:", ""),
        (b"import keras\nx = " + b"-" * 100_000 + b"1\n", "b.py:", ""),
        (b"import keras\n  x = 1\n", "b.py:2:", "indent"),
    ],
)
def test_bad_files_get_one_clear_line(here, content, place, words):
    (here / "b.py").write_bytes(content)
    done = check("--output-format", "concise", "b.py")
    assert done.returncode == 1
    assert done.stderr == ""
    [line, last] = done.stdout.splitlines()
    assert line.startswith(place)
    assert "TFM000 syntax-error [error]" in line
    assert words in line
    assert "1 finding (1 error)" in last


def test_a_missing_folder_has_no_findings_to_deny(here):
    for arguments in (("gone/",), ("gone/", "also.py"), ("gone/", "--diff")):
        done = check(*arguments)
        assert done.returncode == 2 and "gone: No such file or directory" in done.stderr
        assert done.stdout == "" and "no findings" not in done.stderr
    (here / "clean.py").write_text(CLEAN)
    assert check("gone/", "clean.py").stdout == "Checked 1 file: no findings.\n"


def test_findings_are_reported_where_nothing_can_be_measured(here):
    (here / "leaky.py").write_text(LEAKY)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "bare"], check=True)
    done = check("leaky.py", "--output-format", "json", "--verify", "--verify-python", "bare/bin/python")
    assert done.returncode == 2 and codes(done) == ["TFM101"]
    assert "has no usable TensorFlow" in done.stderr
    assert (
        "install tflint-mem[verify] there, name the interpreter that has it with --verify-python, or make one"
        in done.stderr
    )
    assert json.loads(done.stdout)[0]["verification"] is None


def test_a_broken_notebook_gets_one_clear_line(here):
    (here / "b.ipynb").write_text('{"cells": [\n{"keras": }')
    done = check("--output-format", "concise", "b.ipynb")
    assert done.stdout.startswith("b.ipynb:2:11: TFM000 syntax-error [error] not a notebook: invalid JSON")
    assert done.returncode == 1


def test_a_row_of_five_megabytes(here):
    (here / "wide.py").write_text("import tensorflow as tf; x = '" + "x" * 4_900_000 + "'\n" + LEAKY)
    done = check("wide.py")
    assert done.returncode == 1
    assert max(map(len, done.stdout.splitlines())) < 200


def test_a_file_beyond_the_limit_is_skipped_with_one_line(here):
    (here / "big.py").write_text(LEAKY + "# " + "x" * 5_000_000)
    done = check("big.py")
    assert done.returncode == 0
    assert done.stderr == "tflint-mem: big.py: skipped, 5.0 MB is more than max-file-size (5 MB)\n"
    (here / "tflint-mem.toml").write_text('max-file-size = 6_000_000\nignore = ["TFM601"]\n')
    assert tflint("check", "big.py").returncode == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "--selct", "TFM101"], "--select"),
        (["check", "--output-format", "jsn"], "json"),
        (["check", "--select", "TFM1O1"], "no rule is called `TFM1O1`; did you mean `TFM110`?"),
        (["check", "--ignore", "load-modl-in-loop"], "did you mean `load-model-in-loop`?"),
        (["check", "--config", "selct = ['x']"], "--config: unknown key `selct`; did you mean `select`?"),
        (["check", "--config", "missing.toml"], "missing.toml: No such file or directory"),
        (["check", "--baseline", "missing.json"], "baseline missing.json: No such file or directory"),
        (["check", "--fix", "--add-noqa"], "--fix, --diff, --add-noqa and --write-baseline"),
        (["check", "-", "a.py"], "standard input"),
        (["chek"], "chek"),
        (["rule", "TFM999"], "no rule is called `TFM999`"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_one_line(here, arguments, words):
    (here / "leaky.py").write_text(LEAKY)
    done = tflint(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert done.stderr.startswith("tflint-mem")
    assert done.stderr.count("\n") == 1


def test_wrong_configuration_exits_with_2(here):
    (here / "pyproject.toml").write_text('[tool.tflint-mem]\nselct = ["TFM1"]\n')
    done = tflint("check")
    assert done.returncode == 2
    assert done.stderr == f"tflint-mem: {here / 'pyproject.toml'}: unknown key `selct`; did you mean `select`?\n"


def test_verbose_tells_what_is_read(here):
    (here / "clean.py").write_text(CLEAN)
    (here / "tflint-mem.toml").write_text("[verify]\n")
    done = tflint("check", "--verbose")
    assert str(here / "tflint-mem.toml") in done.stderr
    assert "1 files to check" not in done.stderr and "1 file to check" in done.stderr


# -- severity and exit code


def test_hints_fail_a_run_only_when_asked_for_by_name(here):
    (here / "hint.py").write_text(HINT)
    for arguments, expected in (
        ((), 0),
        (("--select", "TFM10"), 0),
        (("--select", "TFM104"), 1),
        (("--extend-select", "submodel-per-call"), 1),
        (("--select", "TFM104", "--exit-zero"), 0),
    ):
        done = check("--output-format", "json", *arguments, "hint.py")
        assert [(r["code"], r["severity"]) for r in json.loads(done.stdout)] == [("TFM104", "hint")]
        assert done.returncode == expected, arguments


def test_selection_on_the_command_line(here):
    (here / "leaky.py").write_text(LEAKY)
    for arguments in (
        ["--select", "TFM2"],
        ["--ignore", "TFM1"],
        ["--ignore", "load-model-in-loop"],
        ["--select", "TFM102,TFM6"],
    ):
        assert check(*arguments).returncode == 0, arguments
    assert check("--select", "TFM2, load-model-in-loop").returncode == 1


# -- suppression


def test_suppression(here):
    call = "tf.keras.models.load_model(folder)"
    for comment in ("# noqa", "# noqa: TFM101", "# tflint-mem: ignore[load-model-in-loop] three images at most"):
        (here / "leaky.py").write_text(LEAKY.replace(call, f"{call}  {comment}"))
        assert check().returncode == 0, comment
    (here / "leaky.py").write_text(LEAKY.replace(call, f"{call}  # noqa: E501"))
    assert check().returncode == 1
    (here / "leaky.py").write_text("# tflint-mem: skip-file\n" + LEAKY)
    assert check().returncode == 0


def test_add_noqa(here):
    (here / "leaky.py").write_text(LEAKY)
    done = check("--add-noqa")
    assert (done.returncode, done.stderr) == (0, "tflint-mem: added 1 noqa comment\n")
    assert "load_model(folder)  # noqa: TFM101\n" in (here / "leaky.py").read_text()
    assert check().returncode == 0


def test_per_file_ignores(here):
    (here / "tests").mkdir()
    (here / "tests" / "test_a.py").write_text(LEAKY)
    (here / "tflint-mem.toml").write_text('ignore = ["TFM601"]\n[per-file-ignores]\n"tests/*" = ["TFM1"]\n')
    assert tflint("check").returncode == 0


# -- fixes


def test_diff_shows_and_writes_nothing(here):
    (here / "leaky.py").write_bytes(LEAKY.replace("\n", "\r\n").encode())
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", *BASE, "--diff", "leaky.py"], capture_output=True
    )
    assert done.returncode == 1
    assert done.stderr == b"Would fix 1 finding.\n"
    assert done.stdout.startswith(b"diff --git a/leaky.py b/leaky.py\n--- a/leaky.py\n+++ b/leaky.py\n@@ ")
    assert b"-        model = tf.keras.models.load_model(folder)\r\n" in done.stdout
    assert b"+    model = tf.keras.models.load_model(folder)\r\n" in done.stdout
    assert (here / "leaky.py").read_bytes() == LEAKY.replace("\n", "\r\n").encode()
    (here / "patch").write_bytes(done.stdout)
    subprocess.run(["git", "apply", "patch"], check=True, cwd=here)
    assert (here / "leaky.py").read_bytes() == CLEAN.replace("\n", "\r\n").encode()
    clean = check("--diff", "leaky.py")
    assert (clean.returncode, clean.stdout) == (0, "")


def test_fix_applies_and_reports_what_is_left(here):
    (here / "leaky.py").write_text(LEAKY)
    (here / "hint.py").write_text(HINT)
    done = check("--fix", "--output-format", "concise", "--ignore", "TFM104")
    assert done.returncode == 0
    assert done.stdout == "Checked 2 files: 1 finding fixed, none left.\n"
    assert (here / "leaky.py").read_text() == CLEAN
    assert (here / "hint.py").read_text() == HINT


def test_unsafe_fixes_alone_change_nothing(here):
    (here / "leaky.py").write_text(LEAKY)
    assert check("--unsafe-fixes").returncode == 1
    assert (here / "leaky.py").read_text() == LEAKY


def test_standard_input(here):
    done = check("-", "--stdin-filename", "app/leaky.py", "--output-format", "json", stdin=LEAKY)
    [record] = json.loads(done.stdout)
    assert record["filename"] == str(here / "app" / "leaky.py")
    assert check("-", stdin=LEAKY).stdout.startswith("-:6:17: TFM101")
    assert check("-", stdin=CLEAN).returncode == 0


def test_fixing_standard_input_prints_the_new_source(here):
    done = check("--fix", "-", stdin=LEAKY)
    assert (done.returncode, done.stdout) == (0, CLEAN)
    assert "1 finding fixed" in done.stderr
    unchanged = check("--fix", "-", stdin=CLEAN)
    assert (unchanged.returncode, unchanged.stdout) == (0, CLEAN)


def test_a_notebook_is_found_and_fixed_in_its_cell(here):
    lines = [
        "import tensorflow as tf\n",
        "%matplotlib inline\n",
        "for image in images:\n",
        "    model = tf.keras.models.load_model('m')\n",
        "    print(model.predict_on_batch(image))",
    ]
    book = {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# x"]},
            {"cell_type": "code", "execution_count": 3, "metadata": {}, "outputs": [{"x": "é"}], "source": lines},
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    raw = json.dumps(book, indent=1, ensure_ascii=False) + "\n"
    (here / "n.ipynb").write_text(raw, encoding="utf-8")
    [record] = json.loads(check("--output-format", "json").stdout)
    assert (record["cell"], record["location"]) == (2, {"row": 4, "column": 13})
    (here / "patch").write_text(check("--diff").stdout, encoding="utf-8")
    assert check("--fix").returncode == 0
    new = (here / "n.ipynb").read_text(encoding="utf-8")
    book["cells"][1]["source"] = [lines[0], lines[1], "model = tf.keras.models.load_model('m')\n", lines[2], lines[4]]
    assert new == json.dumps(book, indent=1, ensure_ascii=False) + "\n"
    (here / "n.ipynb").write_text(raw, encoding="utf-8")
    subprocess.run(["git", "apply", "patch"], check=True, cwd=here)
    assert (here / "n.ipynb").read_text(encoding="utf-8") == new


# -- baseline, statistics, outputs


def test_baseline(here):
    (here / "leaky.py").write_text(LEAKY)
    (here / "other.py").write_text(LEAKY)
    done = check("--write-baseline", "known.json")
    assert (done.returncode, done.stderr) == (0, "tflint-mem: wrote 2 findings to known.json\n")
    assert str(here) not in (here / "known.json").read_text()
    done = check("--baseline", "known.json")
    assert (done.returncode, done.stdout) == (0, "Checked 2 files: no findings (2 in the baseline).\n")
    # Moved code stays known, a second finding like it does not.
    (here / "leaky.py").write_text("'''Moved.'''\n\n" + LEAKY + LEAKY.replace("scores", "more"))
    done = check("--baseline", "known.json", "--output-format", "json")
    assert len(json.loads(done.stdout)) == 1
    assert done.returncode == 1
    # What is gone is told, but only about files that this run looked at.
    (here / "leaky.py").write_text(CLEAN)
    assert check("--baseline", "known.json", "other.py").stderr == ""
    assert "1 entry is no longer found" in check("--baseline", "known.json").stderr
    (here / "other.py").unlink()
    assert "2 entries are no longer found" in check("--baseline", "known.json").stderr


def test_a_baseline_does_not_stand_in_the_way_of_fixes(here):
    (here / "old.py").write_text(LEAKY)
    (here / "both.py").write_text(HINT + LEAKY)
    check("--write-baseline", "known.json")
    (here / "both.py").write_text(
        HINT + LEAKY + LEAKY.replace("scores", "more").replace("(folder", "(path").replace("folder,", "path,")
    )
    done = check("--baseline", "known.json", "--fix", "--output-format", "concise")
    assert done.stdout == "Checked 2 files: 1 finding fixed, none left, 3 in the baseline.\n"
    assert (here / "old.py").read_text() == LEAKY
    assert (here / "both.py").read_text().count("        model = tf.keras.models.load_model(") == 1


def test_fixes_in_many_files(here):
    for number in range(4):
        (here / f"leaky{number}.py").write_text(LEAKY)
    (here / "clean.py").write_text(CLEAN)
    done = check("--fix", "--output-format", "concise")
    assert (done.returncode, done.stdout) == (0, "Checked 5 files: 4 findings fixed, none left.\n")
    assert {path.read_text() for path in here.glob("*.py")} == {CLEAN}


def test_a_file_that_cannot_be_written_is_told(here):
    (here / "leaky.py").write_text(LEAKY)
    script = (
        "import sys; from tflint_mem.storage import in_place as writing; from tflint_mem import __main__\n"
        "def refuse(*given): raise PermissionError(13, 'Permission denied')\n"
        "writing.replace = refuse; __main__.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "check", *BASE, "--fix", "leaky.py"], capture_output=True, text=True
    )
    assert (done.returncode, done.stderr) == (2, "tflint-mem: leaky.py: not written: Permission denied\n")
    assert "TFM101" in done.stdout


@pytest.mark.parametrize("content", ["", "[]", '{"version": 7}', '{"version": 1}', '{"version": 1, "findings": [3]}'])
def test_a_broken_baseline_is_refused(here, content):
    (here / "known.json").write_text(content)
    done = check("--baseline", "known.json")
    assert done.returncode == 2
    assert done.stderr.startswith("tflint-mem: baseline known.json: ")
    assert done.stderr.count("\n") == 1


def test_statistics(here):
    (here / "leaky.py").write_text(LEAKY)
    done = check("--statistics")
    assert done.stdout == "1  TFM101  [*]  load-model-in-loop\n"
    assert done.returncode == 1


@pytest.mark.parametrize("chosen", ["full", "concise", "json", "github", "sarif", "rdjson"])
def test_output_file_holds_what_would_be_printed(here, chosen):
    (here / "leaky.py").write_text(LEAKY)
    printed = check("--output-format", chosen, "leaky.py")
    written = check("--output-format", chosen, "--output-file", "report", "leaky.py")
    assert (written.returncode, written.stdout) == (1, "")
    assert (here / "report").read_text() == printed.stdout != ""


def test_output_file_that_cannot_be_written(here):
    (here / "leaky.py").write_text(LEAKY)
    done = check("--output-file", "no/such/folder", "leaky.py")
    assert done.returncode == 2
    assert done.stderr == "tflint-mem: --output-file no/such/folder: No such file or directory\n"


def test_colour(here):
    (here / "leaky.py").write_text(LEAKY)
    assert "\x1b[" not in check().stdout
    assert "\x1b[" in check("--color", "always").stdout
    for variables, expected in (
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
    ):
        done = tflint("check", *BASE, env={**os.environ, **variables})
        assert ("\x1b[" in done.stdout) == expected, variables


def test_a_reader_that_goes_away_is_no_error(here):
    for number in range(300):
        (here / f"leaky{number}.py").write_text(LEAKY)
    process = subprocess.Popen(
        [sys.executable, "-m", "tflint_mem", "check", *BASE], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    process.wait()


def test_a_path_that_is_no_text_is_printed_somehow(here):
    name = os.fsencode(here) + b"/caf\xe9.py"
    with open(name, "w") as file:
        file.write(LEAKY)
    for chosen in OUTPUT_FORMATS:
        done = subprocess.run(
            [sys.executable, "-m", "tflint_mem", "check", *BASE, "--output-format", chosen], capture_output=True
        )
        assert (done.returncode, done.stderr) == (1, b"")
        assert b"caf" in done.stdout


# -- the rule book


def test_rules_lists_every_rule():
    from tflint_mem.ruleset.registry import LISTED

    listed = tflint("rules")
    assert listed.returncode == 0
    assert re.findall(r"^TFM\d{3}", listed.stdout, re.MULTILINE) == [rule.code for rule in LISTED]
    records = json.loads(tflint("rules", "--output-format", "json").stdout)
    assert [record["name"] for record in records] == [rule.name for rule in LISTED]
    fields = {"code", "name", "group", "severity", "summary", "fixable", "fix_safety", "since", "until", "versions"}
    assert set(records[0]) == fields
    (loads,) = (record for record in records if record["code"] == "TFM101")
    both = [(each["flagged"]["grows"], each["fixed"]["grows"]) for each in loads["versions"] if each["fixed"]]
    assert len(both) > 3, "versions on which the flagged and the fixed program were measured"
    assert all(flagged > 100 > fixed for flagged, fixed in both), f"KiB per repeat: {both}"


def test_rule_explains_by_code_and_by_name():
    by_code, by_name = tflint("rule", "TFM101"), tflint("rule", "load-model-in-loop")
    assert by_code.returncode == 0
    assert by_code.stdout == by_name.stdout
    assert "load_model" in by_code.stdout
    record = json.loads(tflint("rule", "TFM101", "--output-format", "json").stdout)
    assert (record["code"], record["name"]) == ("TFM101", "load-model-in-loop")
    assert record["explanation"].strip() in by_code.stdout


def test_version_and_help():
    from tflint_mem import __version__

    bare = tflint()
    assert (bare.returncode, bare.stderr) == (0, "")
    assert all(command in bare.stdout for command in ("check", "rule", "rules"))
    assert tflint("--version").stdout == f"tflint-mem {__version__}\n"
    shown = tflint("check", "--help").stdout
    for option in ("--select", "--fix", "--diff", "--output-format", "--baseline", "--add-noqa", "--stdin-filename"):
        assert option in shown


# -- start-up


HEAVY = {
    "libcst",
    "tensorflow",
    "numpy",
    "rich",
    "importlib.metadata",
    "click",
    "dataclasses",
    "typing",
    "pathlib",
    "json",
    "tomllib",
    "logging",
    "pathspec",
    "pygls",
    "tflint_mem.server",
}


IMPORTS = textwrap.dedent("""\
    import sys
    before = set(sys.modules)
    sys.argv = ["tflint-mem", "check", *sys.argv[1:]]
    from tflint_mem.__main__ import run
    print(run(), *sorted(set(sys.modules) - before))
""")


def test_the_most_frequent_fixes_need_no_libcst(here):
    (here / "train.py").write_text(
        "import tensorflow as tf\n\nmodel = tf.keras.Sequential()\nmodel.fit(tf.ones((8, 4)))\n"
        "for row in open('rows.csv'):\n    print(model.predict([[float(row)]]))\n"
    )
    (here / "pyproject.toml").write_text("[tool.other]\n")
    done = subprocess.run([sys.executable, "-c", IMPORTS, "train.py"], capture_output=True, text=True)
    *report, last = done.stdout.splitlines()
    assert any("TFM601" in line for line in report) and any("+ for gpu in" in line for line in report)
    assert any("TFM201" in line for line in report) and any(
        "+     print(model.predict_on_batch(" in line for line in report
    )
    code, *modules = last.split()
    assert (code, done.stderr) == ("0", "") and "libcst" not in modules


def test_a_clean_check_imports_next_to_nothing(here):
    (here / "clean.py").write_text(CLEAN)
    (here / "plain.py").write_text("import os\n")
    (here / "pyproject.toml").write_text("[tool.other]\n")
    done = subprocess.run([sys.executable, "-c", IMPORTS, "plain.py"], capture_output=True, text=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    assert (code, done.stderr) == ("0", "")
    assert not HEAVY & set(modules)
    done = subprocess.run([sys.executable, "-c", IMPORTS, "clean.py"], capture_output=True, text=True)
    code, *modules = done.stdout.splitlines()[-1].split()
    assert (code, done.stderr) == ("0", "")
    assert not (HEAVY - {"typing"}) & set(modules)
