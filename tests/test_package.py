"""What is shipped: metadata, hooks and licence agree with the code."""

import re

import yaml

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
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    assert {hook["id"]: hook["entry"] for hook in hooks} == {
        "tflint-mem": "tflint-mem check --force-exclude",
        "tflint-mem-fix": "tflint-mem check --force-exclude --fix",
        "tflint-mem-project": "tflint-mem check",
    }
    for hook in hooks:
        assert hook["require_serial"], "analysis across files needs all files in one process"
        assert hook.get("pass_filenames", True) == (hook["id"] != "tflint-mem-project")


def test_changelog_and_version_agree():
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE).group(1) == tflint_mem.__version__


def test_every_key_of_the_configuration_is_in_the_pages():
    from tflint_mem.settings.tables import KEYS

    pages = "".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("configur*.md")))
    assert [key for key in KEYS if f"`{key}`" not in pages] == []
