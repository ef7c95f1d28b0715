"""The hooks, by the real pre-commit, from a tag of this repository."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from support import ROOT
from support.faults import LEAKY
from support.recipes import blocks


def git(folder, *arguments):
    options = ("-c", "user.name=nobody", "-c", "user.email=nobody@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *options, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """What is shipped, as a repository with a tag."""
    folder = tmp_path_factory.mktemp("tool")
    for name in ("tflint_mem", "rules"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", ".pre-commit-hooks.yaml"):
        shutil.copy(ROOT / name, folder)
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "all")
    git(folder, "tag", "v0.1.0")
    return folder


@pytest.fixture(scope="module")
def commit(repository, tmp_path_factory):
    """Runs the configuration of README, with all our hooks, for a commit; returns what each hook said and its exit code.

    The package is built and installed as for everybody; what it needs comes from this interpreter and not from a registry.
    """
    home = tmp_path_factory.mktemp("home")
    folder = tmp_path_factory.mktemp("project")
    git(folder, "init", "--quiet")
    [block] = [block for block in blocks("yaml") if block.page.name == "README.md" and "repos:" in block.text]
    hooks = [hook["id"] for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())]
    text = re.sub("repo: .*", f"repo: {repository}", block.text)
    assert text.count("    - id: tflint-mem") == 1
    text = re.sub("( *- id: ).*", lambda row: "\n".join(row[1] + hook for hook in hooks), text)
    (folder / ".pre-commit-config.yaml").write_text(text)

    def run(hook):
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", hook, "--verbose"],
            cwd=folder,
            env={
                **os.environ,
                "PRE_COMMIT_HOME": str(home),
                "PYTHONPATH": os.pathsep.join(path for path in sys.path if path.endswith("site-packages")),
                "PIP_NO_DEPS": "1",
                "PIP_NO_INDEX": "1",
                "PIP_NO_BUILD_ISOLATION": "0",  # that is how pip's options say yes
            },
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert "An unexpected error" not in done.stdout, done.stdout
        return done.returncode, done.stdout

    run.folder = folder
    return run


def test_the_hooks_of_a_tag(commit):
    folder = commit.folder
    (folder / "words.txt").write_text("nothing to check\n")
    git(folder, "add", ".")
    code, said = commit("tflint-mem")
    assert code == 0 and "no files to check" in said

    (folder / "leaky.py").write_text(LEAKY)
    (folder / "clean.py").write_text("import tensorflow as tf\n")
    git(folder, "add", "clean.py")
    assert commit("tflint-mem")[0] == 0, "only what is in the commit"
    git(folder, "add", "leaky.py")
    code, said = commit("tflint-mem")
    assert code == 1 and "leaky.py:6:17: TFM101 load-model-in-loop" in said

    code, said = commit("tflint-mem-fix")
    assert code == 1
    fixed = (folder / "leaky.py").read_text()
    assert ("files were modified by this hook" in said) == (fixed != LEAKY)


def test_the_hook_for_the_project_sees_what_is_not_in_the_commit(commit):
    folder = commit.folder
    (folder / "leaky.py").write_text(LEAKY)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--no-verify", "-m", "all")
    (folder / "clean.py").write_text("import tensorflow\n")
    git(folder, "add", "clean.py")
    assert commit("tflint-mem")[0] == 0
    code, said = commit("tflint-mem-project")
    assert code == 1 and "leaky.py:6:17: TFM101" in said
