"""`--since REV`: what concerns rows that changed, committed or not, in a repository whose configuration is a trap."""

import json
import os
import subprocess
import sys

import pytest

from tflint_mem.__main__ import run as run_command

LEAKY = """import tensorflow as tf


def scores(paths, data):
    for path in paths:
        model = tf.keras.models.load_model("best.keras")
        print(path, model.predict(data))
"""
CLEARED = LEAKY.replace("        print", "        tf.keras.backend.clear_session()\n        print")


def git(*arguments, cwd=".", check=True):
    identity = ("-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *identity, *arguments], cwd=cwd, check=check, capture_output=True, text=True)


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """A repository with one commit, tagged `base`."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    git("init", "-q", "-b", "main")
    (tmp_path / "old.py").write_text(LEAKY)
    (tmp_path / "two.py").write_text(LEAKY + "\n\n" + LEAKY.replace("scores", "more"))
    (tmp_path / "cleared.py").write_text(CLEARED)
    (tmp_path / "keep").mkdir()
    (tmp_path / "keep/moved.py").write_text(LEAKY + "# a\n# b\n# c\n")
    git("add", ".")
    git("commit", "-qm", "base")
    git("tag", "base")
    return tmp_path


@pytest.fixture
def check(monkeypatch, capsys):
    """(exit code, findings as `file:row` or `file:cell:row`, standard error) of the command."""

    def run(*arguments):
        base = ["tflint-mem", "check", "--isolated", "--no-cache", "--select", "TFM1", "--output-format", "json"]
        monkeypatch.setattr(sys, "argv", [*base, *arguments])
        code = run_command()
        done = capsys.readouterr()
        records = json.loads(done.out) if code < 2 else []
        places = [
            f"{os.path.basename(r['filename'])}:{'' if r['cell'] is None else str(r['cell']) + ':'}{r['location']['row']}"
            for r in records
        ]
        return code, places, done.err

    return run


def test_nothing_has_changed(repo, check):
    assert check("--since", "base")[:2] == (0, [])
    assert len(check()[1]) == 5


def test_changed_rows_only(repo, check):
    text = (repo / "two.py").read_text()
    at = text.rindex('load_model("best.keras")')
    (repo / "two.py").write_text(text[:at] + 'load_model("other.keras")' + text[at + len('load_model("best.keras")') :])
    assert check("--since", "base")[1] == ["two.py:15"]
    git("add", ".")
    assert check("--since", "base")[1] == ["two.py:15"], "staged"
    git("commit", "-qam", "more")
    assert check("--since", "base")[1] == ["two.py:15"], "committed"
    assert check("--since", "HEAD")[:2] == (0, [])
    assert check("--since", "HEAD~1", "two.py")[1] == ["two.py:15"]


def test_new_files_and_their_ways(repo, check):
    """An untracked file is new as a whole, and so is what a changed row of the way leads to."""
    (repo / "new.py").write_text(LEAKY)
    assert check("--since", "base")[1] == ["new.py:6"]
    (repo / "new.py").unlink()
    (repo / "old.py").write_text(LEAKY.replace("for path in paths", "for path in list(paths)"))
    assert check("--since", "base")[1] == ["old.py:6"]


def test_a_release_that_was_taken_out(repo, check):
    (repo / "cleared.py").write_text(LEAKY)
    code, found, _ = check("--since", "base")
    assert (code, found) == (1, ["cleared.py:6"])


def test_a_file_that_was_moved(repo, check):
    (repo / "other").mkdir()
    git("mv", "keep/moved.py", "other/moved.py")
    assert check("--since", "base")[:2] == (0, [])
    git("mv", "other/moved.py", "renamed.py")
    (repo / "renamed.py").write_text((repo / "renamed.py").read_text().replace("# b", "# changed"))
    assert check("--since", "base")[:2] == (0, [])
    (repo / "renamed.py").write_text(LEAKY.replace("best", "worst") + "# a\n# b\n# c\n")
    assert check("--since", "base")[1] == ["renamed.py:6"]


def test_many_files_that_were_moved_are_found_by_few_processes(repo, check, monkeypatch):
    text = "".join(f"# {{}} row {number}\n" for number in range(4))
    for name in "abcdefgh":
        (repo / f"{name}.py").write_text(LEAKY + text.format(*name * 4))
    git("add", ".")
    git("commit", "-qm", "more")
    for name in "abcdefgh":
        git("mv", f"{name}.py", f"new_{name}.py")
    (repo / "new_c.py").write_text(LEAKY.replace("best", "worst") + text.format(*"cccc"))
    started = []
    real = subprocess.Popen

    def counted(command, *arguments, **options):
        started.append(command)
        return real(command, *arguments, **options)

    monkeypatch.setattr("tflint_mem.sources.git.subprocess.Popen", counted)
    assert check("--since", "HEAD")[1] == ["new_c.py:6"]
    assert sum("--batch" in command for command in started) == 1 and len(started) < 20


def test_it_compares_with_the_common_ancestor(repo, check):
    git("checkout", "-qb", "work")
    (repo / "mine.py").write_text(LEAKY)
    git("add", ".")
    git("commit", "-qm", "mine")
    git("checkout", "-q", "main")
    (repo / "old.py").write_text(CLEARED)
    git("commit", "-qam", "theirs")
    git("checkout", "-q", "work")
    assert check("--since", "main")[1] == ["mine.py:6"], "that main has mended another file since is not our doing"


def book(*cells):
    made = [{"cell_type": "code", "metadata": {}, "outputs": [], "source": text.splitlines(True)} for text in cells]
    return json.dumps({"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1)


def test_notebooks_by_rows_of_cells(repo, check):
    loop = 'for path in "abc":\n    model = tf.keras.models.load_model("m.keras")\n    print(path)'
    (repo / "n.ipynb").write_text(book("import tensorflow as tf", loop, loop.replace("m.keras", "n.keras")))
    git("add", ".")
    git("commit", "-qm", "book")
    raw = (repo / "n.ipynb").read_text()
    (repo / "n.ipynb").write_text(raw.replace('"outputs": []', '"outputs": [{"text": ["1"]}]'))
    assert check("--since", "HEAD", "n.ipynb")[:2] == (0, []), "outputs are no code"
    changed = book("import tensorflow as tf", "# a new cell", loop, loop.replace("m.keras", "other.keras"))
    (repo / "n.ipynb").write_text(changed)
    assert check("--since", "HEAD", "n.ipynb")[1] == ["n.ipynb:4:2"]


def test_line_ends_are_no_change(repo, check):
    (repo / "old.py").write_bytes(LEAKY.replace("\n", "\r\n").encode())
    assert check("--since", "base")[:2] == (0, [])


def test_a_file_that_does_not_parse(repo, check):
    (repo / "old.py").write_text("import tensorflow as tf\n" + LEAKY.replace("paths:", "paths"))
    assert check("--since", "base")[1] == ["old.py:6"]
    git("commit", "-qam", "broken")
    assert check("--since", "HEAD")[:2] == (0, [])


def test_fixes_of_changed_rows_only(repo, check):
    before = (repo / "old.py").read_text()
    (repo / "new.py").write_text(LEAKY)
    code, left, _ = check("--since", "base", "--fix")
    assert (code, left) == (0, [])
    assert (repo / "old.py").read_text() == before and (repo / "new.py").read_text() != LEAKY


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--since", "nowhere"), "'nowhere' is no revision"),
        (("--since", "--output=x"), "'--output=x' is no revision"),
        (("--since", "base..HEAD"), "is no revision"),
        (("--since", ""), "is no revision"),
        (("--since", "alone"), "has no commit in common"),
        (("--since", "base", "--write-baseline", "b.json"), "--write-baseline is about all findings"),
    ],
)
def test_one_line_says_what_cannot_be(repo, check, arguments, words):
    git("checkout", "-q", "--orphan", "alone")
    git("commit", "-qm", "alone")
    git("checkout", "-q", "main")
    code, _, error = check(*arguments)
    assert code == 2 and words in error and error.count("\n") == 1
    assert not (repo / "x").exists()


def test_no_repository(tmp_path, monkeypatch, check):
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    code, _, error = check("--since", "HEAD")
    assert (code, error) == (2, "tflint-mem: --since: not in a git repository\n")


def test_a_repository_runs_nothing_of_its_own(repo, check, monkeypatch):
    """Each program that its configuration can name for a comparison would leave a file; so would a git in the tree."""
    trap = repo / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {repo}/sprung\n")
    trap.chmod(0o755)
    (repo / "git").write_text(trap.read_text())
    (repo / "git").chmod(0o755)
    for key in (
        "core.fsmonitor diff.external core.pager pager.diff core.sshCommand filter.f.clean filter.f.smudge "
        "filter.f.process diff.d.textconv diff.d.command core.hooksPath core.editor credential.helper"
    ).split():
        git("config", key, str(trap))
    git("config", "core.repositoryFormatVersion", "1")
    git("config", "extensions.partialClone", "origin")
    git("config", "remote.origin.url", f"ext::{trap}")
    git("config", "remote.origin.promisor", "true")
    git("config", "protocol.ext.allow", "always")
    (repo / ".gitattributes").write_text("*.py filter=f diff=d\n")
    (repo / "new.py").write_text(LEAKY)
    blob = git("rev-parse", "base:old.py").stdout.strip()
    os.remove(repo / ".git/objects" / blob[:2] / blob[2:])  # it would have to be fetched
    (repo / "sprung").unlink(missing_ok=True)
    monkeypatch.setenv("PATH", "." + os.pathsep + os.environ["PATH"])
    code, found, _ = check("--since", "base")
    assert code == 1 and "new.py:6" in found
    assert not (repo / "sprung").exists()
