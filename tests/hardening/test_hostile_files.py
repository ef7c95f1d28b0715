"""Pipes, devices, folders and files without end where a file is looked for: nothing waits, nothing is drained, one line says so at most."""

import json
import os
import subprocess
import sys

import pytest

from support.faults import LEAKY

SECONDS = 20


def check(folder, *arguments, **more):
    return subprocess.run(
        [sys.executable, "-m", "tflint_mem", "check", "--no-cache", "--ignore", "TFM601", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        **more,
    )


def pipe(path):
    os.mkfifo(path)


def device(path):
    path.symlink_to("/dev/zero")


def folder(path):
    path.mkdir()


def nowhere(path):
    path.symlink_to(path)  # a link to itself


def sparse(path):
    with open(path, "wb") as file:
        file.truncate(20_000_000_000)


KINDS = (pipe, device, folder, nowhere, sparse)


@pytest.fixture
def tree(tmp_path):
    (tmp_path / ".git").mkdir()
    (tmp_path / "a.py").write_text(LEAKY)
    return tmp_path


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name",
    [
        "pyproject.toml",
        "tflint-mem.toml",
        ".gitignore",
        "requirements.txt",
        "setup.py",
        "environment.yml",
        ".git/info/exclude",
        "requirements/base.txt",
    ],
)
def test_a_file_that_is_looked_for(tree, name, kind):
    (tree / name).parent.mkdir(exist_ok=True)
    kind(tree / name)
    done = check(tree, "--output-format", "concise")
    if kind is sparse and name.endswith(".toml"):
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == f"tflint-mem: {tree / name}: larger than 4 MB, too much for a configuration\n"
    else:
        assert done.returncode == 1 and "a.py:6:17: TFM101" in done.stdout
        assert done.stderr == (
            ""
            if not (kind is sparse and name == "setup.py")
            else "tflint-mem: setup.py: skipped, 20000.0 MB is more than max-file-size (5 MB)\n"
        )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("option, told", [("--baseline", "baseline"), ("--config", "--config")])
def test_a_file_that_is_named_in_an_option(tree, option, told, kind):
    kind(tree / "odd")
    done = check(tree, option, "odd", "a.py")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tflint-mem: {told} odd: ") and line.endswith(
        {
            pipe: "not a regular file",
            device: "not a regular file",
            folder: "Is a directory",
            nowhere: "Too many levels of symbolic links",
            sparse: "larger than 200 MB" if option == "--baseline" else "larger than 4 MB",
        }[kind]
    )


@pytest.mark.parametrize(
    "kind, code, told",
    [
        (pipe, 2, "odd.py: not a regular file"),
        (device, 2, "odd.py: not a regular file"),
        (nowhere, 2, "odd.py: Too many levels of symbolic links"),
        (sparse, 1, "odd.py: skipped, 20000.0 MB is more than max-file-size (5 MB)"),
    ],
)
def test_a_file_that_is_to_be_checked(tree, kind, code, told):
    kind(tree / "odd.py")
    done = check(tree, "--output-format", "concise", "odd.py", "a.py")
    assert (done.returncode, done.stderr) == (code, f"tflint-mem: {told}\n")
    assert "a.py:6:17: TFM101" in done.stdout
    assert "a.py:6:17: TFM101" in check(tree, "--output-format", "concise").stdout


ODD_BASELINES = {
    "a list": b"[]",
    "a number": b"1",
    "null": b"null",
    "nothing": b"",
    "no JSON": b"{",
    "no UTF-8": b'{"version": 1, "findings": "\xff"}',
    "UTF-16": '{"version": 1, "findings": []}'.encode("utf-16"),
    "no findings": b'{"version": 1}',
    "another version": b'{"version": 7, "findings": []}',
    "version of 5,000 digits": b'{"version": ' + b"9" * 5000 + b"}",
    "a version that is a list": b'{"version": [1], "findings": []}',
    "a finding that is a number": b'{"version": 1, "findings": [1]}',
    "findings that are a table": b'{"version": 1, "findings": {"a": 1}}',
    "a finding without a path": b'{"version": 1, "findings": [{"code": "TFM101", "row": "x", "count": 1}]}',
    "a path that is a list": b'{"version": 1, "findings": [{"code": "TFM101", "path": [], "row": "x", "count": 1}]}',
    "a path that is a number": b'{"version": 1, "findings": [{"code": "TFM101", "path": 3, "row": "x", "count": 1}]}',
    "a count without end": b'{"version": 1, "findings": [{"code": "TFM101", "path": "a.py", "row": "x", "count": Infinity}]}',
    "a count that is none": b'{"version": 1, "findings": [{"code": "TFM101", "path": "a.py", "row": "x", "count": NaN}]}',
    "a count that is a text": b'{"version": 1, "findings": [{"code": "TFM101", "path": "a.py", "row": "x", "count": "many"}]}',
    "deep": b'{"version": 1, "findings": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "deep tables": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("name", ODD_BASELINES)
def test_odd_baselines(tree, name):
    (tree / "base.json").write_bytes(ODD_BASELINES[name])
    done = check(tree, "--baseline", "base.json")
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("tflint-mem: baseline base.json: ") and len(line) < 200


def test_a_baseline_with_odd_values_of_the_right_type(tree):
    entries = [
        {"code": "TFM101", "path": path, "row": "x", "count": count}
        for path, count in (("\0", 1), ("\ud800", 2), ("a" * 10_000, -1), ("a.py", 10**30))
    ]
    (tree / "base.json").write_text(json.dumps({"version": 1, "findings": entries}))
    done = check(tree, "--baseline", "base.json", "--output-format", "concise")
    assert done.returncode == 1 and "TFM101" in done.stdout and "Traceback" not in done.stderr


ODD_TOML = {
    "deep lists": b"x = " + b"[" * 100_000,
    "deep tables": b"x = " + b"{a=" * 100_000,
    "no UTF-8": b'select = ["\xff"]',
    "a number of 5,000 digits": b"max-file-size = " + b"9" * 5000,
    "dotted without end": b"a" + b".a" * 500_000 + b" = 1",
    "a header without end": b"[a" + b".a" * 500_000 + b"]",
    "NaN": b"timeout-per-file = nan",
    "not a time": b"timeout-per-file = -1",
    "a key of a megabyte": b"a" * 1_000_000 + b" = 1",
}


@pytest.mark.parametrize("name", ODD_TOML)
@pytest.mark.parametrize("file", ["tflint-mem.toml", "pyproject.toml"])
def test_odd_configurations(tree, name, file):
    head = b"[tool.tflint-mem]\n" if file == "pyproject.toml" else b""
    (tree / file).write_bytes(head + ODD_TOML[name] + b"\n")
    done = check(tree)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tflint-mem: {tree / file}: ") and len(line) < 500


@pytest.mark.parametrize("form", ["full", "concise", "json", "github", "sarif", "rdjson"])
def test_a_file_name_that_is_no_text(tree, form):
    name = os.fsdecode(b"caf\xe9.py")
    (tree / name).write_text(LEAKY)
    (tree / "a.py").unlink()
    for arguments in (
        (),
        ("--output-file", "report"),
        ("--statistics",),
        ("--diff", "--unsafe-fixes"),
        ("--write-baseline", "b.json"),
        ("--baseline", "b.json"),
        ("--fix", "--unsafe-fixes"),
    ):
        done = check(tree, "--output-format", form, *arguments)
        assert "Traceback" not in done.stderr and done.returncode in (0, 1), done.stderr
        if not arguments:
            assert "TFM101" in done.stdout
    assert "    model = tf.keras" in (tree / name).read_text()
