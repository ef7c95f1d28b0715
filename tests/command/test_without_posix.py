"""The command where only POSIX systems have what is taken away here: see support/without_posix/sitecustomize.py."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from support import ROOT

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="what is open is read from /proc")

WINDOWS = str(ROOT / "tests" / "support" / "without_posix")
LEAK = 'import tensorflow as tf\n\nfor step in range(1000):\n    model = tf.keras.models.load_model("größe.keras")\n    print(model.predict_on_batch(step))\n'


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a leak across files, a notebook, and enough files for a cache."""
    root = tmp_path_factory.mktemp("tree")
    (root / ".git").mkdir()
    (root / "pyproject.toml").write_text('[tool.tflint-mem]\nexclude = ["old"]\n')
    (root / "old").mkdir()
    (root / "old" / "left_out.py").write_text(LEAK, encoding="utf-8")
    (root / ".gitignore").write_text("made/*.py\n")
    (root / "made").mkdir()
    (root / "made" / "ignored.py").write_text(LEAK, encoding="utf-8")
    (root / "app").mkdir()
    for number in range(60):
        (root / "app" / f"m{number}.py").write_text(f"import keras\nvalue = {number}\n")
    (root / "app" / "train.py").write_bytes(LEAK.replace("\n", "\r\n").encode())
    (root / "app" / "loader.py").write_text(
        "import tensorflow as tf\n\n\ndef load():\n    return tf.keras.models.load_model('m')\n"
    )
    (root / "app" / "main.py").write_text(
        "from loader import load\n\nfor step in range(9999):\n    load().predict(step)\n"
    )
    cell = {
        "cell_type": "code",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
        "source": LEAK.splitlines(True),
    }
    document = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (root / "app" / "n.ipynb").write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    return root


def run(folder: Path, *arguments: str, given: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONPATH": WINDOWS, "LOCALAPPDATA": os.environ["XDG_STATE_HOME"]}
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem", *arguments], cwd=folder, env=environment, input=given, capture_output=True
    )
    assert b"Traceback" not in done.stderr and b"bug" not in done.stderr, done.stderr.decode()
    return done


def test_a_check_and_its_cache(tree: Path) -> None:
    first = run(tree, "check", ".", "--output-format", "json")
    assert first.returncode == 1, first.stderr
    found = json.loads(first.stdout.decode("utf-8"))
    assert {(Path(f["filename"]).name, f["code"]) for f in found if f["code"] == "TFM101"} == {
        ("train.py", "TFM101"),
        ("loader.py", "TFM101"),
        ("n.ipynb", "TFM101"),
    }
    assert list((tree / ".tflint_mem_cache").glob("*.json"))
    assert run(tree, "check", ".", "--output-format", "json").stdout == first.stdout
    text = run(tree, "check", "app")
    assert b"\r\n" in text.stdout and b"gr\xf6\xdfe" in text.stdout  # the console's own way


def test_baseline_and_comments(tree: Path) -> None:
    known = tree / "known.json"
    assert run(tree, "check", ".", "--write-baseline", str(known)).returncode == 0
    assert "app/train.py" in known.read_text() and "\\\\" not in known.read_text()
    assert run(tree, "check", ".", "--baseline", str(known)).returncode == 0
    copy = tree / "noqa.py"
    copy.write_bytes((tree / "app" / "train.py").read_bytes())
    assert run(tree, "check", "noqa.py", "--add-noqa").returncode == 0
    assert b"# noqa: TFM101\r\n" in copy.read_bytes()
    copy.unlink()


def test_fixes_and_diffs(tree: Path) -> None:
    work = tree / "work"
    work.mkdir()
    for name in ("train.py", "n.ipynb"):
        (work / name).write_bytes((tree / "app" / name).read_bytes())
    diff = run(tree, "check", "work", "--diff")
    assert "größe".encode() in diff.stdout and b"\r\r\n" not in diff.stdout
    fixed = run(tree, "check", "work", "--fix")
    assert b"2 fixed" in fixed.stdout + fixed.stderr or b"fixed" in fixed.stdout, (fixed.stdout, fixed.stderr)
    text = (work / "train.py").read_bytes()
    assert text.index(b"load_model") < text.index(b"for step") and text.count(b"\r\n") == text.count(b"\n")
    assert not [name for name in os.listdir(work) if name.endswith(".tmp")]
    (work / "train.py").write_bytes(LEAK.encode())
    os.chmod(work / "train.py", 0o444)
    refused = run(tree, "check", "work/train.py", "--fix")
    assert refused.returncode in (1, 2)
    if os.geteuid():
        assert b"read-only" in refused.stderr
    given = run(tree, "check", "-", "--stdin-filename", "work/train.py", "--fix", given=LEAK.encode())
    assert given.stdout.index(b"load_model") < given.stdout.index(b"for step")


def test_measuring_is_refused_and_the_findings_stay(tree: Path) -> None:
    done = run(tree, "check", "app/train.py", "--verify")
    assert done.returncode == 2 and b"TFM101" in done.stdout
    assert b"--verify: needs a POSIX system (Linux, macOS or WSL)" in done.stderr


def test_a_reader_that_goes_away(tree: Path) -> None:
    """`tflint-mem check | head`: what a pipe says on Windows is "invalid argument"."""
    code = (
        "import errno, sys\n"
        "from tflint_mem import __main__\n"
        "def write(text): raise OSError(errno.EINVAL, 'Invalid argument')\n"
        "sys.stdout.write = write\n"
        "sys.argv = ['tflint-mem', 'check', 'app/train.py']\n"
        "sys.exit(__main__.run())\n"
    )
    environment = {**os.environ, "PYTHONPATH": WINDOWS}
    done = subprocess.run([sys.executable, "-c", code], cwd=tree, env=environment, capture_output=True)
    assert done.returncode == 0 and not done.stderr, done.stderr.decode()
