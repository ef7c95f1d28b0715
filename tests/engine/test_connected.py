"""Which files of a large project are read to judge a few of them."""

import pytest

from tflint_mem.engine import connected
from tflint_mem.sources.source import Source

LARGEST = 1_000_000  # bytes


@pytest.fixture
def tree(tmp_path):
    def written(**files):
        for name, text in files.items():
            path = tmp_path / (name.replace("__", "/") + ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return tmp_path

    return written


def around(folder, given):
    paths = sorted(str(path) for path in folder.rglob("*.py") if path.name != given)
    found = connected.by_imports([Source.read(str(folder / given))], paths, LARGEST)
    return {path[len(str(folder)) + 1 :] for path in found}


def test_files_that_import_each_other_hang_together_both_ways(tree):
    folder = tree(
        train="import loader\n",
        loader="import paths\n",
        paths="",
        evaluate="from loader import load\n",
        other="import json\n",
    )
    assert around(folder, "train.py") == {"loader.py", "paths.py", "evaluate.py"}


@pytest.mark.parametrize("name", ["tensorflow", "keras", "numpy"])
def test_a_stub_of_a_framework_joins_nothing(tree, name):
    folder = tree(
        train=f"import {name}\nimport loader\n",
        loader=f"import {name}\n",
        other=f"import {name}\n",
    )
    (folder / "stubs" / name).mkdir(parents=True)
    (folder / "stubs" / name / "__init__.py").write_text("")
    assert around(folder, "train.py") == {"loader.py"}
