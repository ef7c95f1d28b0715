"""Which files a run checks."""

import os
import subprocess

import pytest

from tflint_mem.settings.config import Settings
from tflint_mem.settings.discovery import discover


@pytest.fixture
def tree(tmp_path, monkeypatch):
    """Make files by name in an empty current folder."""
    monkeypatch.chdir(tmp_path)

    def make(*names, **texts):
        for name in names:
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("")
        return tmp_path

    return make


def files(*paths, **settings):
    chosen = Settings()
    for name, value in settings.items():
        setattr(chosen, name, value)
    found = discover(paths, chosen)
    assert not found.errors
    return found.files


def test_python_files_and_notebooks_in_sorted_order(tree):
    tree("b.py", "a.py", "c.ipynb", "d.txt", "e.pyi", "pkg/z.py", "pkg/a/x.py", "pkg/b.py")
    assert files(".") == ["a.py", "b.py", "c.ipynb", "pkg/b.py", "pkg/z.py", "pkg/a/x.py"]


def test_a_given_file_is_checked_whatever_its_name(tree):
    tree("script", "build/x.py")
    assert files("script", "build/x.py") == ["script", "build/x.py"]


def test_each_file_once(tree):
    root = tree("a.py", "src/b.py")
    assert files("src", "./src/b.py", "a.py", str(root / "a.py"), ".") == ["a.py", "src/b.py"]


def test_usual_folders_are_left_out(tree):
    tree(
        "a.py",
        ".git/x.py",
        ".venv/x.py",
        "venv/x.py",
        "node_modules/x.py",
        "build/x.py",
        "dist/x.py",
        "lib/site-packages/x.py",
        "__pycache__/x.py",
        ".ipynb_checkpoints/x.ipynb",
        ".tox/x.py",
    )
    assert files(".") == ["a.py"]


@pytest.mark.parametrize(
    ("pattern", "left"),
    [
        ("gen", ["a.py", "src/a.py", "src/deep/a_test.py"]),
        ("src/gen", ["a.py", "gen/x.py", "src/a.py", "src/deep/a_test.py"]),
        ("*_test.py", ["a.py", "gen/x.py", "src/a.py", "src/gen/x.py"]),
        ("src/**/x.py", ["a.py", "gen/x.py", "src/a.py", "src/deep/a_test.py"]),
        ("src/*.py", ["a.py", "gen/x.py"]),
        ("{gen,src}", ["a.py"]),
        ("a.py", ["gen/x.py", "src/deep/a_test.py", "src/gen/x.py"]),
    ],
)
def test_exclude_patterns(tree, pattern, left):
    tree("a.py", "src/a.py", "src/gen/x.py", "gen/x.py", "src/deep/a_test.py")
    assert files(".", extend_exclude=[pattern]) == left


def test_exclude_is_relative_to_the_project(tree, monkeypatch):
    root = tree("proj/src/gen/x.py", "proj/src/a.py")
    monkeypatch.chdir(root / "proj" / "src")
    assert files(".", exclude=["src/gen"], project_root=str(root / "proj")) == ["a.py"]


def test_a_folder_whose_path_looks_like_a_pattern(tree):
    root = tree("[x]/src/a.py", "[x]/src/gen/b.py")
    assert files("[x]", exclude=["src/*n"], project_root=str(root / "[x]")) == ["[x]/src/a.py"]


def test_force_exclude_holds_for_given_files(tree):
    tree("build/a.py", "src/b.py")
    assert files("build/a.py", "src/b.py", force_exclude=True) == ["src/b.py"]


def test_gitignore_files_nest(tree):
    root = tree("a.py", "out/x.py", "src/keep.py", "src/gen_a.py", "src/sub/gen_b.py", "src/sub/c.py")
    (root / ".gitignore").write_text("# comment\nout/\ngen_*.py\n")
    (root / "src" / "sub" / ".gitignore").write_text("!gen_b.py\n/c.py\n")
    assert files(".") == ["a.py", "src/keep.py", "src/sub/gen_b.py"]
    assert files(".", respect_gitignore=False) == [
        "a.py",
        "out/x.py",
        "src/gen_a.py",
        "src/keep.py",
        "src/sub/c.py",
        "src/sub/gen_b.py",
    ]


def test_gitignore_above_the_checked_folder_counts_inside_one_repository(tree):
    root = tree("repo/src/a.py", "repo/src/gen.py")
    (root / "repo" / ".gitignore").write_text("gen.py\n")
    assert files("repo/src") == ["repo/src/a.py", "repo/src/gen.py"]
    subprocess.run(["git", "init", "-q", "repo"], check=True)
    assert files("repo/src") == ["repo/src/a.py"]
    (root / "repo" / ".git" / "info" / "exclude").write_text("a.py\n")
    assert files("repo/src") == []


def test_an_ignored_folder_that_is_given_is_walked(tree):
    root = tree("repo/out/a.py", "repo/out/deep/b.py", "repo/.git/HEAD")
    (root / "repo" / ".gitignore").write_text("/out\n")
    assert files("repo") == []
    assert files("repo/out/deep", "repo/out") == ["repo/out/a.py", "repo/out/deep/b.py"]


def test_a_gitignore_line_without_sense_spoils_nothing(tree):
    root = tree("a.py", "b.py")
    (root / ".gitignore").write_bytes(b"!\nb.py\n\xff\xfe\n[\n[z-a]\n")
    assert files(".") == ["a.py"]


def test_links(tree):
    root = tree("a.py", "pkg/b.py")
    os.symlink(root, root / "pkg" / "loop")
    os.symlink("missing.py", root / "broken.py")
    os.symlink("me.py", root / "me.py")
    os.symlink("a.py", root / "link.py")
    assert files(".") == ["a.py", "link.py", "pkg/b.py"]
    assert files("pkg/loop/pkg") == ["pkg/loop/pkg/b.py"]


def test_a_folder_called_like_a_file_is_walked(tree):
    tree("x.py/inner.py", "y.ipynb/z.py")
    assert files(".") == ["x.py/inner.py", "y.ipynb/z.py"]


def test_what_does_not_exist_is_one_error_and_the_rest_goes_on(tree):
    tree("a.py")
    found = discover(["nothing", "a.py", "nul\0"], Settings())
    assert found.files == ["a.py"]
    assert found.errors[0] == ("nothing", "No such file or directory")
    assert found.errors[1][0] == "nul\0"
