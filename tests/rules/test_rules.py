"""The table of rules agrees with the rules' modules, and every rule is documented in the same shape."""

import re

import pytest

from tflint_mem.ruleset.registry import BY_NAME, LISTED, OF_FILES, RULES, explain, find, module_of

SECTIONS = ["What it does", "Why is this bad?", "What was measured", "Example", "Fix safety"]
IDS = [rule.code for rule in RULES]


def test_codes_and_names_are_unique_and_sorted():
    assert [rule.code for rule in LISTED] == sorted({rule.code for rule in LISTED})
    assert len(BY_NAME) == len(LISTED)


def test_rules_about_files_are_documented():
    for rule in OF_FILES:
        text = explain(rule)
        assert text.partition("\n")[0].endswith(".") and "## What it does" in text and "## Why is this bad?" in text
        assert find(rule.code.lower()) is rule and find(rule.name) is rule


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_row_matches_the_module(rule):
    module = module_of(rule)
    assert module.CODE == rule.code
    assert callable(module.find)
    assert rule.group in ("leak", "config", "speed", "tf1")
    assert rule.severity in ("error", "warning", "hint")
    assert rule.fixable in ("always", "sometimes", "never")
    assert (rule.fix_safety in ("safe", "unsafe")) == (rule.fixable != "never")
    assert re.fullmatch(r"TFM\d{3}", rule.code) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule.name)
    assert rule.summary and rule.summary[0].islower() and not rule.summary.endswith(".")
    assert rule.triggers
    assert find(rule.code.lower()) is rule and find(rule.name) is rule


@pytest.mark.parametrize("rule", RULES, ids=IDS)
def test_documentation_has_the_shape(rule):
    text = explain(rule)
    first, _, rest = text.partition("\n")
    assert first.endswith(".") and len(first) <= 120
    headings = re.findall(r"^## (.+)$", rest, re.MULTILINE)
    assert headings == SECTIONS
    assert text.count("```python") >= 2 or rule.group == "config", "an example and what to use instead"
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        compile(block, rule.code, "exec", flags=0x1000 | 0x2000, dont_inherit=True)
    measured = text.partition("## What was measured")[2].partition("## ")[0]
    assert re.search(r"\d", measured), "the measurement is named with its numbers"
