"""Several reports of one run, the summary of a job on GitHub, and fixes that are not offered because they do not hold."""

import json
import re
import sys

import pytest

from tflint_mem.__main__ import run as run_command
from tflint_mem.api import Settings, check_paths
from tflint_mem.checking.check import Check
from tflint_mem.report import job_summary

LEAKY = """import tensorflow as tf


def scores(paths, data):
    for path in paths:
        model = tf.keras.models.load_model("best.keras")
        print(path, model.predict(data))
"""


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(job_summary.VARIABLE, raising=False)
    (tmp_path / "leaky.py").write_text(LEAKY)
    return tmp_path


@pytest.fixture
def check(monkeypatch, capsys):
    """(exit code, standard output, standard error) of the command."""

    def run(*arguments, select="TFM101"):
        monkeypatch.setattr(
            sys, "argv", ["tflint-mem", "check", "--isolated", "--no-cache", "--select", select, *arguments]
        )
        code = run_command()
        done = capsys.readouterr()
        return code, done.out, done.err

    return run


def test_one_run_writes_several_reports(here, check):
    code, out, _ = check("--output-format", "json:r.json", "--output-format", "sarif:r.sarif", "--statistics")
    assert (code, out.split()) == (1, ["1", "TFM101", "[*]", "load-model-in-loop"])
    [record] = json.loads((here / "r.json").read_text())
    assert record["code"] == "TFM101"
    assert json.loads((here / "r.sarif").read_text())["version"] == "2.1.0"
    code, out, _ = check("--output-format=rdjson:r.rdjson", "--output-format=concise", "--output-file=r.txt")
    assert (code, out) == (1, "")
    assert (here / "r.txt").read_text().startswith("leaky.py:6:17: TFM101 ")
    assert json.loads((here / "r.rdjson").read_text())["diagnostics"][0]["suggestions"]
    code, out, _ = check("--output-format", "json:r.json", "--diff")
    assert (code, out[:10]) == (1, "diff --git") and json.loads((here / "r.json").read_text())


@pytest.mark.parametrize(
    ("formats", "words"),
    [
        (["jsn:a"], "'jsn' is not one of"),
        (["json:"], "names no file"),
        (["json", "sarif"], "one format for each file"),
        (["json:a", "sarif:a"], "one format for each file"),
        (["json:no/such/folder/a"], "--output-format no/such/folder/a: No such file"),
    ],
)
def test_what_cannot_be_is_one_line(here, check, formats, words):
    code, _, error = check(*(word for each in formats for word in ("--output-format", each)))
    assert code == 2 and words in error and error.count("\n") == 1


def test_github_gets_a_summary(here, check, monkeypatch):
    monkeypatch.setenv(job_summary.VARIABLE, str(here / "summary.md"))
    (here / "summary.md").write_text("before\n")
    check("--output-format", "full")
    assert (here / "summary.md").read_text() == "before\n", "only where GitHub is told"
    code, out, _ = check("--output-format", "github")
    assert code == 1
    assert re.search(r"::warning .*%0Afix: .* \(safe: --fix applies it\)\n", out)
    text = (here / "summary.md").read_text()
    assert (
        text.startswith("before\n### tflint-mem\n\n| |") and "Checked 1 file: 1 finding (1 warning), 1 fixable" in text
    )
    [row] = [row for row in text.split("\n") if "TFM101" in row]
    assert "<code>leaky.py&#58;6&#58;17</code>" in row and "*fix* (safe): " in row
    check("--output-format", "github:log", select="TFM7")
    assert (here / "summary.md").read_text().endswith("### tflint-mem\n\nChecked 1 file: no findings.\n\n")


def test_the_summary_is_harmless_and_bounded(here, check, monkeypatch):
    name = "a|b<img src=x>`c`[d](https:⁄⁄e)@f\n::error::.py"
    (here / name).write_text(LEAKY)
    monkeypatch.setenv(job_summary.VARIABLE, str(here / "summary.md"))
    check("--output-format", "github")
    [row] = [row for row in (here / "summary.md").read_text().split("\n") if "img" in row]
    assert row.count("|") == 5 and "<img" not in row and "[d]" not in row
    rows = b"| " + b"x" * 97 + b"\n"
    cut = job_summary.bounded(rows * 9_000)
    assert cut == rows * 5_000 + b"\nThere are more: see the log.\n" and job_summary.bounded(rows) == rows
    monkeypatch.setenv(job_summary.VARIABLE, str(here))
    code, out, error = check("--output-format", "github")
    assert code == 1 and "::warning" in out and error.startswith("tflint-mem: GITHUB_STEP_SUMMARY: ")


# -- what is offered holds


@pytest.fixture
def trap(here):
    """A program of which the fix of TFM601 would bring another finding about."""
    (here / "leaky.py").unlink()
    (here / "data.py").write_text(
        "import tensorflow as tf\n\nnumbers = tf.data.Dataset.from_tensor_slices(tf.random.normal([64, 4])).batch(8)\n"
    )
    (here / "train.py").write_text(
        "from data import numbers\nimport tensorflow as tf\n\nnet = tf.keras.Sequential([tf.keras.layers.Dense(1)])\n"
        "net.compile('sgd', 'mse')\n\nif __name__ == '__main__':\n    net.predict(numbers)\n"
    )
    return here


@pytest.mark.parametrize("select", ["TFM601", "ALL"])
def test_a_fix_that_would_be_refused_is_not_offered(trap, check, select):
    _, out, _ = check(
        "--output-format", "json", "--output-format", "rdjson:r", "--output-format", "sarif:s", select=select
    )
    [record] = [record for record in json.loads(out) if record["code"] == "TFM601"]
    assert record["fix"] is None
    assert record["help"].endswith("no fix is offered: it would cause TFM603 memory-growth-too-late")
    told = json.loads((trap / "r").read_text())["diagnostics"]
    assert not any("suggestions" in each for each in told if each["code"]["value"] == "TFM601")
    results = json.loads((trap / "s").read_text())["runs"][0]["results"]
    assert not any("fixes" in each for each in results if each["ruleId"] == "TFM601")
    _, out, _ = check("--output-format", "concise", "--unsafe-fixes", select=select)
    assert not [row for row in out.split("\n") if "TFM601" in row and "[*]" in row]


def test_one_that_holds_beside_it_is(trap):
    (trap / "leaky.py").write_text(LEAKY)
    fixes = {finding.code: finding.fix for finding in check_paths(trap).findings if finding.path.endswith("leaky.py")}
    assert fixes["TFM101"] is not None


def test_trials_are_few(here, monkeypatch):
    """Fixes of all files are tried together: one check more, however many there are."""
    for number in range(5):
        (here / f"leaky{number}.py").write_text(LEAKY)
    analyses = []
    analyze = Check._analyze
    monkeypatch.setattr(Check, "_analyze", lambda *given: analyses.append(1) or analyze(*given))
    report = check_paths(here, settings=Settings(select=["TFM101"], ignore=["TFM6"]))
    assert sum(finding.fix is not None for finding in report.findings) == 6
    assert len(analyses) == 3, "the check, one with all rules since not all are selected, and the trial"
    analyses.clear()
    (here / "clean").mkdir()
    (here / "clean/a.py").write_text("import tensorflow as tf\n")
    check_paths(here / "clean")
    assert len(analyses) == 1
