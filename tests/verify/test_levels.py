"""Levels of a verification: as written, reduced to the flagged call, and the rule's own pattern."""

import html
import json

import pytest

from support.verify import STAND_IN, Project, options
from tflint_mem.command.proven import is_proven
from tflint_mem.report import text
from tflint_mem.verify import pattern_runs, work
from tflint_mem.verify.patterns.pattern import Pattern
from tflint_mem.verify.report import html_page
from tflint_mem.verify.report import text as verified_text

NEVER = """
    import tensorflow as tf

    for row in range(100):
        if row >= 0:
            raise ValueError("rows of another kind")
        model = tf.keras.models.load_model("model.txt")  # here
"""
PATTERN = '''"""Models are kept, instead of none."""

import tensorflow as tf

UNITS = 400000

kept = []

# flagged
kept.append(tf.Model(UNITS))

# fixed, once
model = tf.Model(UNITS)

# fixed
model.predict(1)
'''


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", STAND_IN)
    return Project(tmp_path)


@pytest.fixture
def pattern(monkeypatch):
    """A pattern for all rules that the stand-in for TensorFlow can run; counts its measurements."""
    measured = []

    def counted(*arguments):
        measured.append(arguments)
        return original(*arguments)

    original = pattern_runs._measure
    monkeypatch.setattr(pattern_runs, "pattern_of", lambda code: Pattern(code, PATTERN))
    monkeypatch.setattr(pattern_runs, "_measure", counted)
    return measured


def lines_of(snippet):
    return [line.text for line in [*snippet.prelude, *snippet.setup, *snippet.region]]


def test_what_cannot_run_has_the_cost_of_its_pattern(project, pattern):
    project.write("app.py", NEVER)
    project.write("other.py", NEVER)
    outcome = project.verify(options(level="mechanism"), code="TFM110")
    assert len(pattern) == 1, "one measurement for all findings of a rule"
    for result in outcome.results:
        said = json.loads(json.dumps(result.verification))
        assert (said["verdict"], said["level"], said["kind"]) == ("measured-pattern", "mechanism", "retained")
        assert said["message"].startswith("this pattern costs 3")
        assert "KiB per repeat that nothing returns, " in said["message"]
        assert "on TensorFlow 0.0.stand-in and CPU; your code itself was not run, because it needs" in said["message"]
        assert "ValueError: rows of another kind" in said["needs"][0] and "fix" not in said
        assert not is_proven(result.finding)
        assert "kept.append(tf.Model(UNITS))" in result.snippet and "kept.append(tf.Model(UNITS))" in result.kept
        for kept, what in ((result.kept, ""), (result.kept_fixed, ", fixed")):
            title, _, more, *_ = kept.split("\n")
            assert title == f'"""The pattern of TFM110 load-model-in-loop{what}.', kept
            assert "not the code at" in more and more.endswith("none of which is run.")
            assert "Verdict: measured-pattern, retained" in kept and "confirmed" not in kept, kept
        assert verified_text.rows(result)[0].startswith("verified: measured-pattern, retained")
        assert "mechanism, on CPU" in verified_text.rows(result)[0]
    page = html_page.render(outcome, lambda path: None, options())
    assert "Level: mechanism, the rule's own pair of programs, not this code." in html.unescape(page)
    assert '<b class="measured-pattern">2</b>measured pattern' in page


def test_levels_are_as_far_as_was_asked_for(project, pattern):
    project.write("app.py", NEVER)
    said = project.one(options(level="as-written")).verification
    assert (said["verdict"], said["level"]) == ("not-runnable", "as-written")
    result = project.one(options(level="reduced"))
    said = result.verification
    assert (said["verdict"], said["kind"], said["level"]) == ("confirmed", "deferred", "reduced")
    assert "this is the flagged call in a loop of its own, because as written it needs" in said["message"]
    assert "ValueError" in said["needs"][0] and not pattern and "fix" not in said
    kept = result.reproduction()
    assert "raise ValueError" not in result.snippet + kept and "app.py:6, cut to the flagged call in a loop" in kept
    assert "reduced" in text._verdict(result.finding)


def test_a_pattern_that_does_not_run_leaves_the_verdict(project, monkeypatch):
    project.write("app.py", NEVER)
    broken = PATTERN.replace("kept.append(tf.Model(UNITS))", "tf.not_there()")
    monkeypatch.setattr(pattern_runs, "pattern_of", lambda code: Pattern(code, broken))
    said = project.one(options(level="mechanism"), code="TFM110").verification
    assert (said["verdict"], said["level"]) == ("not-runnable", "as-written")
    monkeypatch.setattr(pattern_runs, "pattern_of", lambda code: None)
    assert project.one(options(level="mechanism"), code="TFM110").verification["verdict"] == "not-runnable"


def test_there_is_no_pattern_without_time(project, pattern, monkeypatch):
    project.write("app.py", NEVER)
    monkeypatch.setattr(work.Work, "_left", lambda self, options: 5.0)
    found = work.Work(project.sources(), [str(project.folder)], options(level="mechanism"))
    environment = {"tensorflow": "2", "gpus": [], "driver_gpus": []}
    result = found.patterns.instead(
        project.one(options(), code="TFM110"), "", options(), environment, 5.0, lambda: None
    )
    assert result.verification["verdict"] == "not-runnable" and not pattern
