"""Writes the pages of rules, and what others print and measure: `python docs/generate.py`.

The page of a rule is its docstring under a head from the table of rules, with the shapes that its fixtures hold;
nothing is written twice.  In the other pages it renews what is measured (measured.py) and what examples print
(examples.py).  A test fails when the pages are not what this script writes.
"""

import importlib.util
from pathlib import Path

from tflint_mem.ruleset.registry import RULES, explain

HERE = Path(__file__).parent
FIXTURES = HERE.parent / "fixtures"


def page(rule):
    """The page of one rule as markdown."""
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
        "## Tested on",
        "",
        f"[`leaky.py`](../../fixtures/{folder.name}/leaky.py) and "
        f"[`fixed.py`](../../fixtures/{folder.name}/fixed.py) run under TensorFlow; "
        f"{sum(s.startswith('bad_') for s in shapes)} further shapes are found and "
        f"{sum(s.startswith('ok_') for s in shapes)} look-alikes stay silent.",
        "",
    ]
    return "\n".join(lines)


def index():
    """The table of all rules as markdown."""
    lines = [
        "# Rules",
        "",
        "Groups: **leak** (memory that stays, or waits for a late garbage collection), **config** (GPU memory), "
        "**speed** "
        "(slow; memory flat as measured), **tf1**. Hints never make the exit code 1 unless they are selected by name "
        "or code.",
        "",
        "| code | name | group | severity | fix | what it finds |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for rule in RULES:
        fix = "" if rule.fixable == "never" else f"{rule.fixable}, {rule.fix_safety}"
        lines.append(
            f"| [{rule.code}](rules/{rule.code}.md) | {rule.name} | {rule.group} | {rule.severity} | {fix} | "
            f"{rule.summary} |"
        )
    return "\n".join(lines) + "\n"


def _beside(name):
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pages():
    """{path below docs/: text} of everything that this script writes."""
    found = {f"rules/{rule.code}.md": page(rule) for rule in RULES}
    found["rules.md"] = index()
    measured, examples = _beside("measured"), _beside("examples")
    for path in sorted(HERE.glob("*.md")):
        if path.name not in found:
            found[path.name] = examples.filled(measured.filled(path.read_text(encoding="utf-8")))
    return found


def main():
    (HERE / "rules").mkdir(exist_ok=True)
    wanted = pages()
    for old in (HERE / "rules").glob("*.md"):
        if f"rules/{old.name}" not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
