"""Patterns made to take for ever take the time of text times pattern, and mean what git and the ordinary way say."""

import os
import random
import subprocess
import sys

import pytest

from support.faults import LEAKY
from tflint_mem.settings import wildcards
from tflint_mem.settings.config import Settings
from tflint_mem.settings.discovery import discover
from tflint_mem.settings.globs import Globs

HOSTILE = {
    "folders": "**/" * 22 + "x.py",
    "folders between": "a**/" * 22 + "x.py",
    "either": "{a,b}" * 22,
    "either, nearly": "{a,aa}" * 22 + "b",
    "stars": "*a" * 30 + "b",
    "stars in folders": "*/" * 30 + "b",
    "all": ("**/" + "{a,b}" + "*a") * 22,
    "question marks": "*?" * 40 + "b",
    "long": "*a" * 50_000,
    "braces without end": "{" * 5_000 + "," * 5_000,
}


@pytest.fixture
def tree(tmp_path):
    (tmp_path / ".git").mkdir()
    folder = tmp_path / ("a" * 60) / ("a" * 60)
    folder.mkdir(parents=True)
    (folder / ("a" * 100 + ".py")).write_text(LEAKY)
    (tmp_path / "x.py").write_text("")
    return tmp_path


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("where", [".gitignore", "exclude", "extend-exclude", "per-file-ignores", "entry-points"])
def test_hostile_patterns_end(tree, name, where):
    pattern = HOSTILE[name]
    if where == ".gitignore":
        (tree / ".gitignore").write_text(pattern + "\n")
    elif where == "per-file-ignores":
        (tree / "tflint-mem.toml").write_text(f'[per-file-ignores]\n"{pattern}" = ["TFM101"]\n')
    else:
        (tree / "tflint-mem.toml").write_text(f'{where} = ["{pattern}"]\n')
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", "--no-cache", "--output-format", "concise"],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=20,
    )
    assert done.returncode in (0, 1) and done.stderr == "", done.stderr
    assert "TFM101" in done.stdout or "no findings" in done.stdout


def test_hostile_patterns_on_the_command_line(tree):
    arguments = [word for pattern in HOSTILE.values() for word in ("--extend-exclude", pattern[:2_000])]
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", "--no-cache", *arguments],
        cwd=tree,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode in (0, 1) and done.stderr == ""


def test_what_heavy_patterns_match(tree):
    deep = os.path.join(tree, "a" * 60, "a" * 60, "a" * 100 + ".py")
    for pattern, fits in (
        ("**/" * 22 + "a*.py", True),
        ("**/" * 22 + "b*.py", False),
        ("{a,b}" * 60 + "/**/*.py", True),
        ("{b,c}" * 60 + "/**/*.py", False),
        ("**/" + "a**/" * 5 + "*.py", True),
        ("*{a,b}{a,c}{a,d}{a,e}{a,f}{a,g}{a,h}.py", True),
        ("*{b,c}{a,c}{a,d}{a,e}{a,f}{a,g}{a,h}.py", False),
    ):
        assert Globs([pattern], str(tree)).match(deep) is fits, pattern


def test_the_automaton_says_what_all_spellings_say():
    pick = random.Random(4)
    for _ in range(1_500):
        pattern = "".join(
            pick.choice(["a", "b", "/", "*", "?", "**/", "{a,b}", "{ab,b}", "[ab]", "[!a]"])
            for _ in range(pick.randrange(1, 7))
        )
        plain = Globs([pattern], "/r")
        for _ in range(6):
            name = "".join(pick.choice("aab") for _ in range(pick.randrange(1, 4)))
            path = "/r/" + "".join(pick.choice(["a/", "b/", ""]) for _ in range(3)) + name
            form = pattern.rstrip("/") or "/"
            whole = os.path.join("/r", form)
            automaton = any(
                wildcards.of_path(one).match(text)
                for one, text in ((form, name), (form, path), (whole, path), (os.path.normpath(whole), path))
            )
            assert automaton or not plain.match(path), (pattern, path)


def test_ignore_lines_mean_what_git_says(tmp_path):
    """Every line goes to the automaton here; git is asked about the same paths."""
    pick = random.Random(7)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    paths = sorted(
        {
            "/".join(
                "".join(pick.choice("ab") for _ in range(pick.randrange(1, 4))) for _ in range(pick.randrange(1, 4))
            )
            for _ in range(60)
        }
    )
    files = [path + ".py" for path in paths]
    for number in range(60):
        line = "".join(
            pick.choice(["a", "b", "*", "*", "?", "/", "**/", "[ab]", "[!a]", "\\a", ".py"])
            for _ in range(pick.randrange(1, 7))
        )
        if not line.strip("/") or line.startswith("//") or "//" in line or "***" in line:
            continue
        (tmp_path / ".gitignore").write_text(line + "\n")
        asked = subprocess.run(
            ["git", "check-ignore", "--no-index", "--stdin"],
            input="\n".join(files),
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        ignored = set(asked.stdout.split())
        one = wildcards.Ignoring(line)
        for file in files:
            parts = file.split("/")
            mine = any(one.match("/".join(parts[:depth]), depth < len(parts)) for depth in range(1, len(parts) + 1))
            assert mine == (file in ignored), (line, file)


def test_the_last_line_that_fits_counts(tmp_path):
    (tmp_path / ".git").mkdir()
    for name in ("aaaa.py", "aaab.py", "b.py"):
        (tmp_path / name).write_text("")

    def left(*lines):
        (tmp_path / ".gitignore").write_text("\n".join(lines) + "\n")
        settings = Settings()
        settings.project_root = str(tmp_path)
        return [os.path.basename(path) for path in discover([str(tmp_path)], settings).files]

    assert left("*a*a*a*a*") == ["aaab.py", "b.py"]
    assert left("*a*a*a*a*", "!aaaa.py") == ["aaaa.py", "aaab.py", "b.py"]
    assert left("*.py", "!*a*a*a*.*y") == ["aaaa.py", "aaab.py"]
    assert left("!*a*a*a*.*y", "*.py") == []
    assert left("*a*a*a*.*y/") == ["aaaa.py", "aaab.py", "b.py"]


def test_growth_is_that_of_text_times_pattern():
    steps = []
    for size in (100, 200, 400):
        automaton = wildcards.of_path("*a" * size + "b")
        left = automaton._left
        assert not automaton.match("a" * size)
        steps.append(left - automaton._left)
    assert steps[2] < 4.5 * steps[1] < 4.5**2 * steps[0]
