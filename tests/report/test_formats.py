"""The formats for services and for people who read file by file, through the command line: each says what JSON says."""

import json
import os
import re
import subprocess
import sys
from pathlib import PurePath
from xml.etree import ElementTree

import pytest

from support.faults import GRAPHS, LEAKY

HINT = """\
from tensorflow import keras

model = keras.Sequential([keras.layers.Dense(1)])


def explain(images):
    for image in images:
        part = keras.Model(model.inputs, model.layers[0].output)
        print(part.predict_on_batch(image))
"""
BOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["words"]},
        {"cell_type": "code", "source": [row + "\n" for row in LEAKY.splitlines()]},
    ],
}


def tflint(folder, *arguments):
    """The finished command; hints are no findings to fail for, unless one is selected."""
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--ignore", "TFM601", "--no-cache", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert not done.stderr
    return done


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A repository with two leaks of one kind in a file, a notebook, a hint, a warning, and a file that does not parse."""
    folder = tmp_path_factory.mktemp("repository")
    (folder / ".git").mkdir()
    (folder / "src").mkdir()
    (folder / "src/twice.py").write_text(LEAKY + LEAKY.partition("\n")[2].replace("scores", "again"))
    (folder / "src/book.ipynb").write_text(json.dumps(BOOK, indent=1))
    (folder / "src/slow.py").write_text(HINT)
    (folder / "graphs.py").write_text(GRAPHS)
    (folder / "broken.py").write_text("import tensorflow\ndef (\n")
    return folder


@pytest.fixture(scope="module")
def findings(project):
    """What JSON says, with paths below the repository and rows of the file itself."""
    records = json.loads(tflint(project, "--output-format", "json", "--pedantic").stdout)
    for record in records:
        record["path"] = os.path.relpath(record["filename"], project)
        record["line"] = record["location"]["row"]
        if record["cell"]:
            text = (project / record["path"]).read_text().splitlines()
            first = next(number for number, row in enumerate(text, 1) if '"import tensorflow as tf' in row)
            record["line"] += first - 1
            record["message"] = f"cell {record['cell']}, row {record['location']['row']}: {record['message']}"
    assert len(records) > 5 and {record["severity"] for record in records} == {"error", "warning", "hint"}
    assert any(record["cell"] for record in records)
    return records


@pytest.fixture(scope="module")
def report(project):
    """The report of a format, rendered once."""
    known = {}

    def of(form):
        if form not in known:
            done = tflint(project, "--output-format", form, "--pedantic")
            assert done.returncode == 1
            known[form] = done.stdout
        return known[form]

    return of


def test_json_lines(report):
    assert [json.loads(row) for row in report("json-lines").splitlines()] == json.loads(report("json"))


def test_gitlab(report, findings):
    severities = {"error": "major", "warning": "minor", "hint": "info"}
    issues = json.loads(report("gitlab"))
    assert [
        {key: value for key, value in issue.items() if key not in ("fingerprint", "location")} for issue in issues
    ] == [
        {
            "description": f"{one['code']} {one['name']}: {one['message']}",
            "check_name": one["code"],
            "severity": severities[one["severity"]],
        }
        for one in findings
    ]
    assert [(issue["location"]["path"], issue["location"]["lines"]["begin"]) for issue in issues] == [
        (one["path"], one["line"]) for one in findings
    ]
    assert all(not PurePath(issue["location"]["path"]).is_absolute() for issue in issues)
    prints = [issue["fingerprint"] for issue in issues]
    assert len(set(prints)) == len(prints) and all(prints)


def test_fingerprints_stay_when_rows_move_and_twins_differ(tmp_path):
    def prints():
        return [issue["fingerprint"] for issue in json.loads(tflint(tmp_path, "--output-format", "gitlab").stdout)]

    twins = LEAKY + LEAKY.partition("\n")[2].replace("scores", "again")
    (tmp_path / "a.py").write_text(twins)
    before = prints()
    assert len(set(before)) == 2
    (tmp_path / "a.py").write_text('"""Words."""\n\n' + twins)
    assert prints() == before


def test_azure(report, findings):
    commands = [row for row in report("azure").splitlines() if row.startswith("##vso")]
    listed = report("azure").splitlines()[len(commands) :]
    assert [re.match(r"(.*?):(?:cell \d+:)?\d+:\d+: (\w+)", row).groups() for row in listed] == [
        (one["path"], one["code"]) for one in findings
    ]
    for command, one in zip(commands, findings):
        properties, _, text = command.removeprefix("##vso[task.logissue ").partition("]")
        column = r"\d+" if one["cell"] else one["location"]["column"]
        assert re.fullmatch(
            f"type={'error' if one['severity'] == 'error' else 'warning'};sourcepath={re.escape(one['path'])};"
            f"linenumber={one['line']};columnnumber={column};code={one['code']};",
            properties,
        )
        shown = text.replace("%3B", ";").replace("%5D", "]")
        assert shown == f"{one['code']} {one['name']}: {one['message']}"


def test_pylint(report, findings):
    assert report("pylint").splitlines() == [
        f"{one['path']}:{one['line']}: [{one['code']}] {one['message']}" for one in findings
    ]


def test_grouped(report, findings):
    *groups, last = report("grouped").rstrip("\n").split("\n\n")
    assert last.startswith(f"Checked 5 files: {len(findings)} findings (")
    shown = []
    for group in groups:
        head, *rows = group.split("\n")
        starts = {len(re.match(r"  (?:cell \d+:)?\d+:\d+ +", row).group()) for row in rows}
        assert len(starts) == 1, "columns"
        shown += [(head.removesuffix(":"), *row.split()) for row in rows]
    assert len(shown) == len(findings)
    for (path, *words), one in zip(shown, findings):
        place = f"{one['location']['row']}:{one['location']['column']}"
        place = f"cell {one['cell']}:{place}" if one["cell"] else place
        fixable = ["[*]"] if one["fix"] and one["fix"]["applicability"] == "safe" else []
        message = one["message"].split(": ", 1)[1] if one["cell"] else one["message"]
        assert path == one["path"]
        assert words == [*place.split(), one["code"], one["name"], f"[{one['severity']}]", *fixable, *message.split()]


def test_markdown(report, findings):
    rows = re.findall(r"^\| \S+ (\w+) \| <code>(.*?)</code> \| (\w+) (\S+) \| ", report("markdown"), re.MULTILINE)
    assert [(severity, code, name) for severity, _, code, name in rows] == [
        (one["severity"], one["code"], one["name"]) for one in findings
    ]
    assert [place.split("&#58;")[0] for _, place, _, _ in rows] == [one["path"] for one in findings]
    assert report("markdown").startswith("### tflint-mem\n\n| | Place | Rule | Finding |\n|---|---|---|---|\n")
    assert report("markdown").splitlines()[-1].startswith("Checked 5 files: ")


# What Jenkins' and Surefire's schemas and Ant's have in common, as far as it is used here:
# element -> (attributes, kinds of children)
JUNIT = {
    "testsuites": ({"name", "tests", "failures", "errors", "time"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time"}, {"testcase"}),
    "testcase": ({"name", "classname", "time"}, {"failure", "error", "system-out"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "system-out": (set(), set()),
}


def check_junit(text):
    """The tests of a document that readers of JUnit's XML take, by how they ended."""
    root = ElementTree.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= children
    for suite in (root, *root):
        cases = list(suite.iter("testcase"))
        assert len(cases) == int(suite.get("tests")) > 0
        for kind, count in (("failure", "failures"), ("error", "errors")):
            assert len(list(suite.iter(kind))) == int(suite.get(count))
    assert all(len(case) <= 1 for case in root.iter("testcase"))
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(set(names)) == len(names), "services keep one of those that share a name"
    return root


def test_junit(report, findings):
    root = check_junit(report("junit"))
    cases = list(root.iter("testcase"))
    assert [suite.get("name") for suite in root] == list(dict.fromkeys(one["path"] for one in findings))
    for case, one in zip(cases, findings):
        assert case.get("name").startswith(f"{one['code']} {one['name']}")
        kind = "error" if one["code"] == "TFM000" else "system-out" if one["severity"] == "hint" else "failure"
        [inner] = case
        assert inner.tag == kind
        assert inner.text.startswith(f"{one['path']}:") and one["message"].split(": ")[-1] in inner.text
    assert "(2)" in "".join(case.get("name") for case in cases)
    assert {"broken", "src.twice", "src.book_ipynb"} <= {case.get("classname") for case in cases}


def test_a_hint_that_is_selected_is_a_failed_test(project, findings):
    code, path = next((one["code"], one["path"]) for one in findings if one["severity"] == "hint")
    done = tflint(project, "--output-format", "junit", "--select", code, path)
    root = check_junit(done.stdout)
    assert (done.returncode, bool(list(root.iter("failure")))) == (1, True)


NOTHING = {
    "grouped": "Checked 3 files: no findings.\n",
    "markdown": "### tflint-mem\n\nChecked 3 files: no findings.\n",
    "json-lines": "",
    "gitlab": "[]\n",
    "azure": "",
    "pylint": "",
}


@pytest.mark.parametrize("form", NOTHING)
def test_nothing_found_is_a_report_too(project, form):
    done = tflint(project, "--output-format", form, "--select", "TFM501", "src")
    assert (done.returncode, done.stdout) == (0, NOTHING[form])


def test_junit_without_findings_has_a_test_that_passes(project):
    done = tflint(project, "--output-format", "junit", "--select", "TFM501", "src")
    [case] = check_junit(done.stdout).iter("testcase")
    assert (done.returncode, len(case), case.get("name")) == (0, 0, "no findings")
