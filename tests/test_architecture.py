"""`docs/architecture.md` against the code: the way of a finding is gone, and each recipe is followed in a copy of the package."""

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
NAMES = list(dict.fromkeys(re.findall(r"`(tflint_mem(?:\.\w+)+)`", TEXT)))
WAY = re.findall(r"`(tflint_mem(?:\.\w+)+)`", TEXT.partition("## One finding")[2].partition("`--fix` goes on")[0])
RECIPES = dict(re.findall(r"^### (.+?)\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL))
BLOCK = re.compile(r"^```(diff|python (?:new=\S+|check|stand-in))\n(.*?)^```", re.MULTILINE | re.DOTALL)

# prints each function of `sys.argv` at its first call, while the command runs
FOLLOW = """
import importlib, sys
wanted = {}
for name in sys.argv.pop(1).split():
    thing, parts = None, name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            thing = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        break
    for part in parts[length:]:
        thing = vars(thing)[part] if part in vars(thing) else getattr(thing, part)
    thing = getattr(thing, "callback", thing)
    thing = getattr(thing, "__func__", thing)
    wanted[thing.__code__] = name
def note(frame, event, argument):
    if event == "call" and frame.f_code in wanted:
        print(wanted.pop(frame.f_code), file=sys.stderr)
from tflint_mem.__main__ import run
sys.setprofile(note)
run()
"""


def test_every_name_is_there():
    for name in NAMES:
        parts = name.split(".")
        for length in range(len(parts), 0, -1):
            try:
                thing = importlib.import_module(".".join(parts[:length]))
            except ImportError:
                continue
            break
        for part in parts[length:]:
            assert hasattr(thing, part), name
            thing = getattr(thing, part)


def test_a_finding_goes_this_way():
    place = re.search(r"fixtures/\S+\.py", TEXT)[0]
    command = [
        sys.executable,
        "-c",
        FOLLOW,
        " ".join(WAY),
        "check",
        "--isolated",
        "--no-cache",
        "--no-project",
        "--select",
        "TFM101",
        place,
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert "TFM101" in done.stdout
    assert done.stderr.split() == WAY


@pytest.fixture
def copy(tmp_path):
    """A folder with a copy of the package as it is installed."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tflint_mem", tmp_path / "tflint_mem", ignore=ignored)
    shutil.copytree(ROOT / "rules", tmp_path / "tflint_mem" / "rules", ignore=ignored)
    return tmp_path


def follow(folder, text):
    """Does what the blocks of a recipe say, in a copy of the package; returns the blocks that try it out."""
    trials = []
    for kind, block in BLOCK.findall(text):
        if kind.startswith("python new="):
            path = re.sub("^rules/", "tflint_mem/rules/", kind.partition("=")[2])
            assert not (folder / path).exists()
            (folder / path).write_text(block)
        elif kind == "diff":
            first, *lines = block.splitlines()
            path = folder / first.removeprefix("+++ ")
            before = "".join(line[1:] + "\n" for line in lines if line[0] == " ")
            added = "".join(line[1:] + "\n" for line in lines if line[0] == "+")
            old = path.read_text()
            assert ("\n" + old).count("\n" + before) == 1, f"{first}: {before}"
            path.write_text(old.replace(before, before + added))
        else:
            trials.append((kind.partition(" ")[2], block))
    return trials


def run(folder, *command):
    environment = dict(os.environ, PYTHONPATH=str(folder), PYTHONDONTWRITEBYTECODE="1")
    return subprocess.run([sys.executable, *command], cwd=folder, capture_output=True, text=True, env=environment)


def marked(folder, block):
    """Rows and codes that the copy reports in a program, those that the program marks."""
    (folder / "program.py").write_text(block)
    done = run(
        folder, "-m", "tflint_mem", "check", "--isolated", "--no-cache", "--output-format", "concise", "program.py"
    )
    found = re.findall(r"^program\.py:(\d+):\d+: (TFM\d+)", done.stdout, re.MULTILINE)
    expected = [
        (str(row), code)
        for row, line in enumerate(block.splitlines(), 1)
        for code in re.findall(r"# expect: (TFM\d+)", line)
    ]
    assert done.returncode in (0, 1), done.stderr
    return [pair for pair in found if pair[1] != "TFM601"], expected


STAND_IN = """
import sys
from tflint_mem.verify.standins.missing_modules import stand_in
for action in stand_in(sys.argv[1], (4,), ""):
    exec(action.code)
exec(sys.stdin.read())
"""


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_does_what_it_promises(copy, name):
    before = {path.name: path for path in Path(copy).iterdir()}
    assert set(before) == {"tflint_mem"}
    blocks = [
        (kind.partition(" ")[2], block) for kind, block in BLOCK.findall(RECIPES[name]) if kind.startswith("python ")
    ]
    for kind, block in blocks:
        if kind == "check":
            found, expected = marked(copy, block)
            assert expected and found == [], "without the recipe nothing is found"
    trials = follow(copy, RECIPES[name])
    assert trials, "something is tried out"
    for kind, block in trials:
        if kind == "check":
            found, expected = marked(copy, block)
            assert found == expected
        else:
            module = re.search(r"import (\w+)", block)[1]
            environment = dict(os.environ, PYTHONPATH=str(copy))
            done = subprocess.run(
                [sys.executable, "-c", STAND_IN, module],
                input=block,
                cwd=copy,
                capture_output=True,
                text=True,
                env=environment,
            )
            assert done.returncode == 0, done.stderr


def test_files_that_contributors_are_sent_to_are_there():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_0-9]+/[a-z_0-9/]*(?:\.py)?)`|\]\(([\w./-]+)\)", text)
    for path in map("".join, named):
        assert (ROOT / path).exists() or (ROOT / "tflint_mem" / path).exists(), path
