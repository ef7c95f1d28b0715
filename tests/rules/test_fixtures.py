"""Every fixture through the real command line: flagged rows are the marked ones, fixes are the expected files.

Adding a rule is adding files: folders and files are found by globbing.
"""

import json
import re
import shutil
import subprocess
import sys

import pytest

from support import FIXTURES
from tflint_mem.__main__ import run as run_command

MARK = re.compile(r"# expect: ((?:TFM\d{3})(?:, *TFM\d{3})*)")


def items():
    """(folder, file or project folder) of every fixture."""
    for folder in sorted(p for p in FIXTURES.iterdir() if p.is_dir()):
        for item in sorted(folder.iterdir()):
            if item.name.startswith(("__", ".")) or item.name.endswith((".expected.py", ".expected.ipynb", ".md")):
                continue
            yield folder, item


ITEMS = list(items())
IDS = [f"{folder.name.split('-')[0]}/{item.name}" for folder, item in ITEMS]


def run(*arguments, cwd=None):
    """(exit code, standard output, standard error) of a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", *map(str, arguments)], capture_output=True, text=True, cwd=cwd
    )
    return done.returncode, done.stdout, done.stderr


def run_here(capsys, monkeypatch, *arguments, cwd):
    """The same command line without a new process, for the many small files."""
    monkeypatch.chdir(cwd)
    monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", *map(str, arguments)])
    code = run_command()
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def options(folder, item):
    """The configuration of a project folder counts; everything else is checked by itself.

    Fixtures are small: what would hardly add up in them counts as well.
    Most fixtures are entry points that set no memory growth: that is one rule's business and noise in all other folders.
    """
    own = item.is_dir() and any((item / name).exists() for name in ("pyproject.toml", "tflint-mem.toml"))
    return [
        "--pedantic",
        "--no-project",  # all fixtures are one repository
        *([] if own else ["--isolated"]),
        *([] if folder.name.startswith("TFM601") else ["--ignore", "TFM601"]),
    ]


def expected(item):
    """{(path, cell, row, code)} that the marks in the files ask for."""
    found = set()
    files = (
        [item]
        if item.is_file()
        else sorted(p for p in item.rglob("*") if p.suffix in (".py", ".ipynb") and "expected" not in p.name)
    )
    for path in files:
        if path.suffix == ".ipynb":
            notebook = json.loads(path.read_text(encoding="utf-8"))
            cells = (
                notebook["cells"]
                if "cells" in notebook
                else [c for sheet in notebook["worksheets"] for c in sheet["cells"]]
            )
            texts = [
                (n, "".join(cell.get("source", cell.get("input"))))
                for n, cell in enumerate(cells, 1)
                if cell["cell_type"] == "code"
            ]
        else:
            texts = [(None, path.read_bytes().decode("utf-8", "replace"))]
        for cell, text in texts:
            for row, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
                match = MARK.search(line)
                for code in re.findall(r"TFM\d{3}", match.group(1)) if match else ():
                    found.add((str(path.resolve()), cell, row, code))
    return found


@pytest.mark.parametrize(("folder", "item"), ITEMS, ids=IDS)
def test_flags_exactly_the_marked_rows(folder, item, capsys, monkeypatch):
    arguments = ("--output-format", "json", *options(folder, item), item.name)
    if item.name == "leaky.py":
        code, out, err = run(*arguments, cwd=folder)
    else:
        code, out, err = run_here(capsys, monkeypatch, *arguments, cwd=folder)
    assert code in (0, 1), err
    found = {(f["filename"], f["cell"], f["location"]["row"], f["code"]) for f in json.loads(out)}
    places = {(p["filename"], p["cell"], p["row"], f["code"]) for f in json.loads(out) for p in f["places"]}
    wanted = expected(item)
    assert found <= wanted and wanted - found <= places
    if item.name.startswith(("ok_", "advice_")) or item.name in ("fixed.py", "lookalikes"):
        assert not wanted, "a look-alike marks nothing"
    if item.name.startswith("bad_") or item.name == "leaky.py":
        assert wanted, "a flagged fixture marks at least one row"


FIXED = [(folder, item) for folder, item in ITEMS if item.with_name(item.stem + ".expected" + item.suffix).exists()]


@pytest.mark.parametrize(
    ("folder", "item"), FIXED, ids=[f"{folder.name.split('-')[0]}/{item.name}" for folder, item in FIXED]
)
def test_codemod_gives_the_expected_file(folder, item, tmp_path, capsys, monkeypatch):
    """The rule's own fixes, applied: the expected text, which compiles, has nothing left to fix and changes no more."""
    copy = tmp_path / item.name
    shutil.copy(item, copy)
    code = folder.name.split("-")[0]
    arguments = ("--isolated", "--select", code, "--fix", "--unsafe-fixes", "--quiet", copy)
    exit, _, err = run_here(capsys, monkeypatch, *arguments, cwd=tmp_path)
    assert exit in (0, 1), err
    wanted = item.with_name(item.stem + ".expected" + item.suffix)
    assert copy.read_bytes() == wanted.read_bytes()
    if copy.suffix == ".py":
        compile(copy.read_bytes(), str(copy), "exec")
    exit, _, err = run_here(capsys, monkeypatch, *arguments, cwd=tmp_path)
    assert exit in (0, 1), err
    assert copy.read_bytes() == wanted.read_bytes()


ADVICE = [(folder, item) for folder, item in ITEMS if item.name.startswith("advice_")]


@pytest.mark.parametrize(
    ("folder", "item"), ADVICE, ids=[f"{folder.name.split('-')[0]}/{item.name}" for folder, item in ADVICE]
)
def test_advice_is_what_the_rule_says(folder, item, capsys, monkeypatch):
    """Each advice fixture follows words that the rule says about its own leaky fixture: when the words change, so must the fixture."""
    advice = re.search(r"^Advice: (.+)$", item.read_text(encoding="utf-8"), re.M).group(1)
    _, out, err = run_here(
        capsys, monkeypatch, "--isolated", "--no-project", "--select", folder.name[:6], "leaky.py", cwd=folder
    )
    assert advice in " ".join(out.split()), err


def test_every_rule_has_its_fixtures():
    from tflint_mem.ruleset.registry import RULES

    for rule in RULES:
        folder = FIXTURES / f"{rule.code}-{rule.name}"
        names = {p.name for p in folder.iterdir()} if folder.is_dir() else set()
        assert {"leaky.py", "fixed.py"} <= names, rule.code
        assert any(n.startswith("bad_") for n in names) and any(n.startswith("ok_") for n in names), rule.code
        if rule.fixable != "never":
            assert any(".expected." in n for n in names), f"{rule.code} has a fix but no expected file"
