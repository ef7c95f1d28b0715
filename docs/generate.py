"""Writes the pages of rules and of the configuration, its JSON schema, and what others print and measure: `python
docs/generate.py`.

The page of a rule is its docstring under a head from the table of rules, with the shapes that its fixtures hold and
what they cost under each version of TensorFlow; nothing is written twice.  In the other pages it renews what is
measured (measured.py, versions.py) and what examples print (examples.py).  What was measured under each version goes
into the package, too.  A test fails when the pages are not what this script writes.
"""

import importlib.util
import json
from pathlib import Path

from tflint_mem.command import keys
from tflint_mem.ruleset.registry import LISTED, OF_FILES, explain
from tflint_mem.settings import manual, tables
from tflint_mem.settings.schema import schema

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"


def page(rule, versions):
    """The page of one rule as markdown.  versions: the module beside this one"""
    fix = "none" if rule.fixable == "never" else f"{rule.fixable} ({rule.fix_safety})"
    folder = FIXTURES / f"{rule.code}-{rule.name}"
    shapes = (
        sorted(p.name for p in folder.iterdir() if p.name.startswith(("bad_", "ok_")) and ".expected" not in p.name)
        if folder.is_dir()
        else []
    )
    lines = [
        f"# {rule.name} ({rule.code})",
        "",
        "| group | severity | fix |",
        "| --- | --- | --- |",
        f"| {rule.group} | {rule.severity} | {fix} |",
        "",
        explain(rule),
        "",
    ]
    if rule in OF_FILES:
        return "\n".join(lines)
    lines += [
        "## Tested on",
        "",
        f"[`leaky.py`](../../fixtures/{folder.name}/leaky.py) and "
        f"[`fixed.py`](../../fixtures/{folder.name}/fixed.py) run under TensorFlow; "
        f"{sum(s.startswith('bad_') for s in shapes)} further shapes are found and "
        f"{sum(s.startswith('ok_') for s in shapes)} look-alikes stay silent.",
        "",
        *versions.section(rule),
    ]
    return "\n".join(lines)


def index():
    """The table of all rules as markdown."""
    lines = [
        "# Rules",
        "",
        "Groups: **leak** (memory that stays, or waits for a late garbage collection), **config** (GPU memory), "
        "**speed** "
        "(slow; memory flat as measured), **tf1**; **syntax** and **comment** are about files as text. "
        "Hints never make the exit code 1 unless they are selected by name "
        "or code.",
        "",
        "| code | name | group | severity | fix | what it finds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in LISTED:
        fix = "" if rule.fixable == "never" else f"{rule.fixable}, {rule.fix_safety}"
        lines.append(
            f"| [{rule.code}](rules/{rule.code}.md) | {rule.name} | {rule.group} | {rule.severity} | {fix} | "
            f"{rule.summary} |"
        )
    return "\n".join(lines) + "\n"


def configuration():
    """All keys of the configuration as markdown."""
    lines = [
        "# Configuration",
        "",
        "`[tool.tflint-mem]` in the nearest `pyproject.toml`, or a `tflint-mem.toml` without the table's name.",
        "`tflint-mem config KEY` says the same on a terminal, and `tflint-mem check --show-settings` what holds in a",
        "folder. An editor that knows [the JSON schema](tflint-mem.schema.json), which `tflint-mem config --schema`",
        "prints, says what is wrong while you type.",
        "",
        "What a project may set, and what is the user's alone: [configuration-trust.md](configuration-trust.md). What",
        "stands for which key of ruff: [coming-from-ruff.md](coming-from-ruff.md).",
        "",
    ]
    groups = list(dict.fromkeys(keys.record(key)["group"] for key in tables.KEYS))
    for group in groups:
        lines += [f"## {group}", ""]
        for key in tables.KEYS:
            said = keys.record(key)
            if said["group"] == group:
                lines += _key(key, said)
    lines += ["### Keys of `verify`", "", "| key | kind | what it is for | who |", "| --- | --- | --- | --- |"]
    for key in manual.VERIFY:
        said = keys.record(f"verify.{key}")
        lines.append(f"| `{key}` | {said['kind']} | {said['text']} | {said['who']} |")
    return "\n".join(lines) + "\n"


def _key(key, said):
    """The rows about one key."""
    default = "" if said["default"] is None or key == "verify" else f" Default: `{json.dumps(said['default'])}`."
    return [
        f"### `{key}`",
        "",
        f"{said['text']}",
        "",
        f"{said['kind'][0].upper()}{said['kind'][1:]}; {said['who']}.{default}",
        "",
        "```toml",
        said["example"],
        "```",
        "",
    ]


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages():
    """{path below docs/: text} of everything that this script writes."""
    measured, examples, versions = _beside("measured"), _beside("examples"), _beside("versions")
    found = {f"rules/{rule.code}.md": page(rule, versions) for rule in LISTED}
    found["versions.svg"] = versions.picture(LISTED)
    found["../tflint_mem/ruleset/costs.json"] = versions.costs()
    found["rules.md"] = index()
    found["configuration.md"] = configuration()
    found["tflint-mem.schema.json"] = json.dumps(schema(), indent=2) + "\n"
    for path in sorted(HERE.glob("*.md")):
        if path.name not in found:
            found[path.name] = versions.filled(examples.filled(measured.filled(path.read_text(encoding="utf-8"))))
    return found


def main():
    (HERE / "rules").mkdir(exist_ok=True)
    wanted = pages()
    for old in (HERE / "rules").glob("*.md"):
        if f"rules/{old.name}" not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (HERE / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
