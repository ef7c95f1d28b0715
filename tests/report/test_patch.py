"""`--diff` is a patch that `git apply` takes, for whatever file, and what it makes is what `--fix` writes."""

import io
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

from tflint_mem.__main__ import run as run_command
from tflint_mem.report.unified import patch
from tflint_mem.sources.difference import changes

LEAKY = """import tensorflow as tf

def scores(paths, data):
    for path in paths:
        model = tf.keras.models.load_model("best.keras")
        print(path, model.predict(data))
"""


def book(lines, **style):
    """A notebook: prose, an import, and a cell that leaks."""
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["über\n", "alles"]},
        {"cell_type": "code", "metadata": {}, "outputs": [{"text": ["a\n"] * 30}], "source": lines[:2]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "source": lines[2:]},
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, **style).encode()


ROWS = LEAKY.splitlines(keepends=True)
FILES = {
    b"plain.py": LEAKY.encode(),
    b"bom.py": b"\xef\xbb\xbf" + LEAKY.encode(),
    b"crlf.py": LEAKY.replace("\n", "\r\n").encode(),
    b"cr.py": LEAKY.replace("\n", "\r").encode(),
    b"mixed.py": LEAKY.replace("\n", "\r\n", 3).replace("paths:\n", "paths:\r").encode(),
    b"endless.py": LEAKY.rstrip("\n").encode(),
    b"cr_endless.py": LEAKY.replace("\n", "\r").rstrip("\r").encode(),
    b"latin.py": b"# coding: latin-1\n# \xe9\n" + LEAKY.encode(),
    b"separators.py": (LEAKY + "# \x0c \x1c \u2028 \x85\n").encode(),
    b"markers.py": ('"""\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n\\ No newline at end of file\n"""\n' + LEAKY).encode(),
    b'quo"te.py': LEAKY.encode(),
    b"apo'strophe.py": LEAKY.encode(),
    b"spa ce.py": LEAKY.encode(),
    b"end .py": LEAKY.encode(),
    "näme_日本.py".encode(): LEAKY.encode(),
    b"back\\slash.py": LEAKY.encode(),
    b"t\tab.py": LEAKY.encode(),
    b"new\nline.py": LEAKY.encode(),
    b"latin\xe9.py": LEAKY.encode(),
    b"-dash.py": LEAKY.encode(),
    b"a/b/deep.py": LEAKY.encode(),
    b"site/site/twice.py": LEAKY.encode(),
    b"indented.ipynb": book(ROWS, indent=1) + b"\n",
    b"unicode.ipynb": book(ROWS, indent=1, ensure_ascii=False),
    b"one row.ipynb": book(ROWS),
    b"bom.ipynb": b"\xef\xbb\xbf" + book(ROWS, indent=2) + b"\n",
    b"crlf.ipynb": book(ROWS, indent=1).replace(b"\n", b"\r\n"),
}


def tree(folder):
    """The files in a new repository."""
    for name, raw in FILES.items():
        path = os.path.join(os.fsencode(folder), name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        pathlib.Path(os.fsdecode(path)).write_bytes(raw)
    subprocess.run(["git", "init", "-q", folder], check=True)
    return folder


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }


def command(monkeypatch, folder, *arguments):
    """(exit code, bytes on standard output) of the command in the folder."""
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--isolated", "--no-cache", *arguments])
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
    monkeypatch.setattr(sys, "stdout", out)
    code = run_command()
    out.flush()
    return code, out.buffer.getvalue()


def git_apply(folder, raw, *options):
    done = subprocess.run(["git", "apply", *options, "-"], cwd=folder, input=raw, capture_output=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("level", [(), ("--unsafe-fixes",)], ids=["safe", "unsafe"])
def test_git_applies_what_fix_writes(level, tmp_path, monkeypatch):
    patched, fixed = tree(tmp_path / "patched"), tree(tmp_path / "fixed")
    before = contents(patched)
    code, raw = command(monkeypatch, patched, "--diff", *level)
    assert code == 1 and contents(patched) == before
    command(monkeypatch, fixed, "--fix", *level)
    after = contents(fixed)
    assert [name for name in after if after[name] == before[name]] == [], "every file has something to fix"
    git_apply(patched, raw, "--check")
    git_apply(patched, raw)
    assert contents(patched) == after


@pytest.mark.parametrize("inside", ["a", "a/b", "site", "site/site"])
def test_it_applies_where_it_was_made(inside, tmp_path, monkeypatch):
    whole = tree(tmp_path / "whole")
    before = contents(whole)
    code, raw = command(monkeypatch, whole / inside, "--diff")
    assert code == 1 and raw.count(b"diff --git") == 1
    git_apply(whole / inside, raw)
    assert [name for name, was in before.items() if contents(whole)[name] != was] == [
        "a/b/deep.py" if inside[0] == "a" else "site/site/twice.py"
    ]


def test_outside_of_a_repository_names_count_from_the_folder(tmp_path, monkeypatch):
    whole = tree(tmp_path / "whole")
    shutil.rmtree(whole / ".git")
    (whole / ".git").mkdir()  # is none
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    code, raw = command(monkeypatch, whole / "a", "--diff")
    assert code == 1 and b"--- a/b/deep.py\n" in raw
    git_apply(whole / "a", raw)
    code, elsewhere = command(monkeypatch, whole / "a", "--diff", str(whole / "site"))
    git_apply("/", elsewhere, "--unsafe-paths", "--directory=/", "--check")


def test_a_file_with_two_names_is_patched_once(tmp_path, monkeypatch):
    (tmp_path / "a.py").write_text(LEAKY)
    (tmp_path / "b.py").symlink_to("a.py")
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    _, raw = command(monkeypatch, tmp_path, "--diff")
    assert raw.count(b"diff --git a/a.py b/a.py") == raw.count(b"diff --git") == 1
    git_apply(tmp_path, raw)


def test_any_two_versions(tmp_path, monkeypatch):
    """Rows that come, go and stay, and files of many rows, are what git makes of the patch."""
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    choose = random.Random(7)
    made, patches = {}, []
    for number in range(60):
        old = [choose.choice("abcde\r") for _ in range(choose.randrange(12))]
        new = [choose.choice("abcde\r") for _ in range(choose.randrange(12))]
        made[f"{number}.py"] = ["\n".join(rows).encode() for rows in (old, new)]
    rows = [b"%d\n" % (number % 700 if number % 3 else number) for number in range(20_000)]
    moved = rows[:500] + rows[700:9_000] + [b"new\n"] * 4_000 + rows[9_000:19_000] + rows[500:700] + rows[19_001:]
    made["long.py"] = [b"".join(rows), b"".join(moved)]
    for name, (old, new) in made.items():
        (tmp_path / name).write_bytes(old)
        if old and new:  # a file that appears or goes is none that a fix makes
            patches += patch(name, old, new)
    git_apply(tmp_path, b"".join(patches), "--whitespace=nowarn")
    for name, (old, new) in made.items():
        assert (tmp_path / name).read_bytes() == (new if old and new else old), name
    assert sum(change.last - change.first for change in changes(rows, moved)) < 1_000
