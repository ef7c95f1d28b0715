"""SARIF through the command: the state of results, what is around them, and what the services that take it ask for."""

import json
import os
import shutil
import subprocess
import sys

import pytest

from tflint_mem.__main__ import run as run_command
from tflint_mem.silencing.reasons import reason
from tflint_mem.sources.paths import file_uri
from tflint_mem.sources.source import Source

LEAKY = """import tensorflow as tf


def scores(paths, data):
    for path in paths:
        model = tf.keras.models.load_model("best.keras")
        print(path, model.predict(data))
"""
QUIET = LEAKY.replace('.keras")', '.keras")  # noqa: TFM101 it is small')
IGNORED = LEAKY.replace("        model", "        # tflint-mem: ignore[load-model-in-loop] see the wiki\n        model")
AZURE = {
    "TF_BUILD": "True",
    "SYSTEM_COLLECTIONURI": "https://dev.azure.com/org/",
    "SYSTEM_TEAMPROJECT": "A Team",
    "SYSTEM_DEFINITIONID": "12",
    "BUILD_DEFINITIONNAME": "Memory",
    "SYSTEM_PHASEID": "3a3a2a60-14c7-570b-14a4-fa42ad92f52a",
    "SYSTEM_PHASENAME": "Job",
    "BUILD_SOURCEBRANCH": "refs/heads/main",
    "BUILD_BUILDID": "77",
}


@pytest.fixture
def log(tmp_path, monkeypatch):
    """The SARIF log that the command writes; it is in `memory.sarif`."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".git").mkdir()
    for name in ("GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", *AZURE):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "leaky.py").write_text(LEAKY)
    (tmp_path / "quiet.py").write_text(QUIET)
    (tmp_path / "ignored.py").write_text(IGNORED)
    cells = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": LEAKY.splitlines(True)}]
    book = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (tmp_path / "book.ipynb").write_text(json.dumps(book, indent=1))

    def run(*arguments):
        base = ["tflint-mem", "check", "--isolated", "--no-cache", "--select", "TFM101", "--exit-zero", "-q"]
        monkeypatch.setattr(
            sys, "argv", [*base, "--output-format", "sarif", "--output-file", "memory.sarif", *arguments]
        )
        assert run_command() == 0
        return json.loads((tmp_path / "memory.sarif").read_text())["runs"][0]

    return run


def state_of(run):
    return [
        (
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            result.get("baselineState"),
            [
                (each["kind"], each.get("justification"))
                for each in result.get("suppressions", ["none"])
                if each != "none"
            ],
        )
        for result in run["results"]
    ]


def test_what_comments_silence_is_there_with_the_reason(log):
    assert state_of(log()) == [
        ("book.ipynb", None, []),
        ("ignored.py", None, [("inSource", "see the wiki")]),
        ("leaky.py", None, []),
        ("quiet.py", None, [("inSource", "it is small")]),
    ]
    assert all("suppressions" in result for result in log()["results"]), "the standard: all of a run, or none"
    assert not any("suppressions" in result for result in log("leaky.py")["results"])


def test_a_service_that_shows_what_is_suppressed_does_not_get_it(log, monkeypatch):
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert state_of(log()) == [("book.ipynb", None, []), ("leaky.py", None, [])]


def test_the_baseline_tells_what_is_new(log, tmp_path, monkeypatch):
    monkeypatch.setattr(
        sys,
        "argv",
        ["tflint-mem", "check", "--isolated", "--select", "TFM101", "--write-baseline", "known.json", "leaky.py"],
    )
    assert run_command() == 0
    assert state_of(log("--baseline", "known.json")) == [
        ("book.ipynb", "new", []),
        ("ignored.py", "new", [("inSource", "see the wiki")]),
        ("leaky.py", "unchanged", [("external", "known to the baseline")]),
        ("quiet.py", "new", [("inSource", "it is small")]),
    ]


def test_the_rows_around(log, tmp_path):
    for name in ("leaky.py", "book.ipynb"):
        [result] = log(name)["results"]
        place = result["locations"][0]["physicalLocation"]
        rows = (tmp_path / name).read_text().split("\n")
        region, around = place["region"], place["contextRegion"]
        first, last = around["startLine"], around["endLine"]
        assert (first, last) == (region["startLine"] - 2, min(region["endLine"] + 2, len(rows) - (rows[-1] == "")))
        assert around["snippet"]["text"] == "\n".join(rows[first - 1 : last])
        flagged = rows[region["startLine"] - 1][region["startColumn"] - 1 : region["endColumn"] - 1]
        assert region["snippet"]["text"] == flagged and "load_model" in flagged


def test_what_services_ask_for(log, tmp_path, monkeypatch):
    """GitHub: rules with help, a category that tells projects of one repository apart.  Azure: the names of the tool, and
    which of its runs it was.
    """
    run = log()
    driver = run["tool"]["driver"]
    assert driver["fullName"].startswith("tflint-mem ") and driver["informationUri"].startswith("https://")
    assert all(rule["helpUri"].startswith("https://") and rule["help"]["markdown"] for rule in driver["rules"])
    assert run["automationDetails"] == {"id": "tflint-mem/"}
    assert all(0 <= result["rank"] <= 100 for result in run["results"])
    (tmp_path / "services/a").mkdir(parents=True)
    (tmp_path / "services/a/tflint-mem.toml").write_text("")
    (tmp_path / "services/a/b.py").write_text(LEAKY)
    monkeypatch.setattr(
        sys,
        "argv",
        ["tflint-mem", "check", "--exit-zero", "--output-format", "sarif:a.sarif", "--quiet", "services/a"],
    )
    assert run_command() == 0
    [one] = json.loads((tmp_path / "a.sarif").read_text())["runs"]
    assert one["automationDetails"] == {"id": "tflint-mem/services/a/"}
    for name, value in AZURE.items():
        monkeypatch.setenv(name, value)
    details = log()["automationDetails"]
    assert details["id"] == (
        "azuredevops/pipeline/build/org/A Team/12/3a3a2a60-14c7-570b-14a4-fa42ad92f52a/refs%2Fheads%2Fmain/77"
    )
    assert details["properties"] == {
        "azuredevops/pipeline/build/buildDefinitionId": "12",
        "azuredevops/pipeline/build/buildDefinitionName": "Memory",
        "azuredevops/pipeline/build/phaseId": "3a3a2a60-14c7-570b-14a4-fa42ad92f52a",
        "azuredevops/pipeline/build/phaseName": "Job",
    }


MULTITOOL = os.environ.get("SARIF_MULTITOOL") or shutil.which("sarif-multitool")


@pytest.mark.skipif(
    not MULTITOOL, reason="needs `npm install @microsoft/sarif-multitool`, as SARIF_MULTITOOL or in PATH"
)
@pytest.mark.parametrize("kinds, variables", [("Sarif;Ghas", {}), ("Sarif;Ado", AZURE)], ids=["GitHub", "Azure"])
def test_the_multitool_has_no_objection(kinds, variables, log, tmp_path, monkeypatch):
    """The schema, the rules of the standard, and those of the service."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "known.json").write_text('{"version": 1, "findings": []}')
    log("--baseline", "known.json")
    done = subprocess.run(
        [MULTITOOL, "validate", "memory.sarif", "--rule-kind", kinds, "--output", "said.sarif"],
        capture_output=True,
        text=True,
        env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert " error " not in done.stdout and " warning " not in done.stdout, done.stdout


@pytest.mark.parametrize(
    "path, windows, uri",
    [
        ("/usr/a b/ü.py", False, "file:///usr/a%20b/%C3%BC.py"),
        ("/usr/a:b\\c.py", False, "file:///usr/a%3Ab%5Cc.py"),
        ("C:\\a b\\ü.py", True, "file:///C:/a%20b/%C3%BC.py"),
        ("c:\\", True, "file:///c:/"),
        ("\\\\server\\share\\a#.py", True, "file://server/share/a%23.py"),
        ("\\\\?\\C:\\long\\a.py", True, "file:///C:/long/a.py"),
        ("\\\\?\\UNC\\server\\share\\a.py", True, "file://server/share/a.py"),
    ],
)
def test_addresses_of_files(path, windows, uri):
    assert file_uri(path, windows) == uri


@pytest.mark.parametrize(
    "row, said",
    [
        ("f(x)  # noqa", ""),
        ("f(x)  # noqa: TFM101, TFM2 for now", "for now"),
        ("f(x)  # noqa: TFM101 - for now", "for now"),
        ("f(x)  # tflint-mem: ignore: for now", "for now"),
        ("f(x)  # tflint-mem: ignore[TFM101]", ""),
        ("# tflint-mem: ignore[TFM101]   it is fine\nf(x)", "it is fine"),
        ("# why\n# tflint-mem: ignore[TFM101] it is fine\n# and more\nf(x)", "it is fine"),
        ("f(x)\n# tflint-mem: ignore-file[TFM101] a test", "a test"),
        ("# tflint-mem: skip-file made by a program\nf(x)", "made by a program"),
        ("f(x)", ""),
    ],
)
def test_the_reason_is_what_the_comment_says(row, said):
    from tflint_mem.finding import Finding

    rows = row.split("\n")
    at = rows.index(next(each for each in rows if each.startswith("f(x)"))) + 1
    finding = Finding(
        code="TFM101", name="x", group="leak", severity="error", message="", path="a.py", start=(at, 1), end=(at, 5)
    )
    assert reason(finding, lambda path: Source(path, row.encode())) == said
