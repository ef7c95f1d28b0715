"""What is shipped: metadata, hooks and licence agree with the code."""

import re

import tflint_mem
from support import ROOT


def test_every_folder_with_modules_is_shipped():
    text = (ROOT / "pyproject.toml").read_text()
    listed = set(re.findall(r'^    "(tflint_mem[\w.]*)",$', text, re.MULTILINE))
    folders = {path.parent for path in (ROOT / "tflint_mem").rglob("*.py")}
    names = {".".join(folder.relative_to(ROOT).parts) for folder in folders} | {"tflint_mem.rules"}
    assert listed == names


def test_rules_are_part_of_the_package():
    from importlib import import_module

    from tflint_mem.ruleset.registry import RULES

    for rule in RULES:
        assert import_module(f"tflint_mem.rules.{rule.module}").__doc__


def test_the_hooks_are_commands_of_ours():
    text = (ROOT / ".pre-commit-hooks.yaml").read_text()
    assert re.findall(r"^- id: (.*)$", text, re.MULTILINE) == ["tflint-mem", "tflint-mem-fix"]
    assert re.findall(r"^  entry: (.*)$", text, re.MULTILINE) == [
        "tflint-mem check --force-exclude",
        "tflint-mem check --force-exclude --fix",
    ]
    # Cross-file analysis needs all files in one process.
    assert text.count("require_serial: true") == 2


def test_changelog_and_version_agree():
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE).group(1) == tflint_mem.__version__


def test_every_key_of_the_configuration_is_documented():
    from tflint_mem.settings.tables import KEYS

    assert "(docs/configuration.md)" in (ROOT / "README.md").read_text()
    page = (ROOT / "docs" / "configuration.md").read_text()
    assert [key for key in KEYS if f"### `{key}`" not in page] == []
