"""The patterns of rules: each is what its rule finds, fixed it is not, and says what its fixture says."""

import ast

import pytest

from tflint_mem import api
from tflint_mem.ruleset.registry import RULES
from tflint_mem.verify.patterns.pattern import pattern_of
from tflint_mem.verify.patterns.sizes import sizes_in

PATTERNS = {rule.code: found for rule in RULES if (found := pattern_of(rule.code)) is not None}
ALL = api.Settings(pedantic=True)
# what the rule sees in a shape that cannot be taken into one repeat
ELSEWHERE = {"TFM206": "the block around the loop"}


def program(pattern, version):
    """The pattern as a program of its own."""
    snippet = pattern.snippet(version, "app.py:1", "name", {})
    rows = [line.text for line in [*snippet.prelude, *snippet.setup, *snippet.region]]
    return "\n".join(rows).replace("repeat(range(1000000000))", "range(1000)") + "\n"


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
    pattern = PATTERNS[code]
    for version in ("flagged", "fixed"):
        text = pattern.snippet(version, "app.py:1", "name", {}).render().text
        ast.parse(text)
        assert f"The pattern of {code} name" in text and "not the code at app.py:1" in text


def test_sizes_are_those_that_the_code_tells():
    text = "x = tf.keras.Input((28, 28, 1))\ny = Dense(512)(Dense(10)(x))\nmodel.fit(a, b, batch_size=32)\n"
    assert sizes_in(text, ("INPUTS", "UNITS", "ROWS")) == {"INPUTS": 784, "UNITS": 512, "ROWS": 32}
    assert sizes_in(text, ("UNITS",)) == {"UNITS": 512}
    assert sizes_in("Dense(1000000)", ("UNITS",)) == {"UNITS": 2048}
    assert sizes_in("print(1)", ("INPUTS", "UNITS", "ROWS")) == {}
    shown = PATTERNS["TFM102"].snippet("flagged", "a.py:1", "name", {"UNITS": 512}).render().text
    assert "UNITS = 512" in shown and "INPUTS = 16" in shown
