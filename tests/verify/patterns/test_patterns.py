"""The patterns of rules: each is what its rule finds, fixed it is not, and says what its fixture says."""

import ast

import pytest

from tflint_mem import api
from tflint_mem.finding import Finding
from tflint_mem.ruleset.registry import RULES
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.patterns.pattern import pattern_of
from tflint_mem.verify.patterns.sizes import sizes_in
from tflint_mem.verify.plan.options import Options
from tflint_mem.verify.reproduction.file import STAND_INS, written
from tflint_mem.verify.verdict.result import Result
from tflint_mem.verify.verdict.runs import Runs

PATTERNS = {rule.code: found for rule in RULES if (found := pattern_of(rule.code)) is not None}
ALL = api.Settings(pedantic=True)
# what the rule sees in a shape that cannot be taken into one repeat
ELSEWHERE = {"TFM206": "the block around the loop"}


def program(pattern, version):
    """The pattern as a program of its own."""
    snippet = pattern.snippet(version, "app.py:1", "name", {})
    rows = [line.text for line in [*snippet.prelude, *snippet.setup, *snippet.region]]
    return "\n".join(rows).replace("repeat(range(1000000000))", "range(1000)") + "\n"


def kept(code, snippet):
    """The file that is kept of a pattern that was measured and showed no growth."""
    finding = Finding(
        code=code,
        name="name",
        group="leak",
        severity="error",
        message="",
        path="app.py",
        start=(1, 1),
        end=(1, 2),
        verification={
            "verdict": "not-confirmed",
            "kind": None,
            "mechanism": None,
            "device": "CPU",
            "iterations": 9,
            "seconds": 1.0,
            "meters": [],
            "stand_ins": [],
            "needs": [],
            "message": "no growth over 9 repeats",
            "level": snippet.level,
        },
    )
    environment = dict.fromkeys(("tensorflow", "keras", "numpy", "python", "system"), "1")
    runs = Runs(snippet, Run("done", [], 1.0, 0, 0, ""))
    return written(Result(finding), runs, Options(device="cpu"), environment, cut=STAND_INS)


def region(text):
    """The statements of the loop that repeats."""
    return next(
        node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.For) and "repeat" in ast.dump(node.iter)
    ).body


def test_every_rule_about_leaks_has_one():
    assert {rule.code for rule in RULES if rule.group == "leak"} <= set(PATTERNS)
    assert pattern_of("TFM601") is pattern_of("-") is pattern_of("../x") is None


@pytest.mark.parametrize("code", sorted(set(PATTERNS) - set(ELSEWHERE)))
def test_a_pattern_is_what_its_rule_finds(code):
    found = {finding.code for finding in api.check_source(program(PATTERNS[code], "flagged"), settings=ALL).findings}
    fixed = {finding.code for finding in api.check_source(program(PATTERNS[code], "fixed"), settings=ALL).findings}
    assert code in found and code not in fixed


@pytest.mark.parametrize("code", sorted(PATTERNS))
def test_a_pattern_is_a_program(code):
    """What is measured is, and so is what is kept, which says that none of the user's code is in it."""
    for version in ("flagged", "fixed"):
        snippet = PATTERNS[code].snippet(version, "app.py:1", "name", {})
        ast.parse(snippet.render().text)
        text = kept(code, snippet)
        assert [*map(ast.dump, region(text))] == [*map(ast.dump, region(snippet.render().text))], text
        assert text.startswith(f'"""The pattern of {code} name') and "not the code at app.py:1" in text
        assert (
            "TensorFlow, and imports matplotlib; an" if code == "TFM705" else "TensorFlow and nothing else; "
        ) in text


def test_sizes_are_those_that_the_code_tells():
    text = "x = tf.keras.Input((28, 28, 1))\ny = Dense(512)(Dense(10)(x))\nmodel.fit(a, b, batch_size=32)\n"
    assert sizes_in(text, ("INPUTS", "UNITS", "ROWS")) == {"INPUTS": 784, "UNITS": 512, "ROWS": 32}
    assert sizes_in(text, ("UNITS",)) == {"UNITS": 512}
    assert sizes_in("Dense(1000000)", ("UNITS",)) == {"UNITS": 2048}
    assert sizes_in("print(1)", ("INPUTS", "UNITS", "ROWS")) == {}
    shown = PATTERNS["TFM102"].snippet("flagged", "a.py:1", "name", {"UNITS": 512}).render().text
    assert "UNITS = 512" in shown and "INPUTS = 16" in shown
