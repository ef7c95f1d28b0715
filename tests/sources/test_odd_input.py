"""Odd but possible files, each beside an ordinary one: the place is told where something is wrong, and the ordinary one is checked."""

import json
import subprocess
import sys
import textwrap

import pytest

from support.faults import LEAKY

FORMATS = ("full", "concise", "json", "github", "sarif", "rdjson")
HEAD = b"import tensorflow as tf\n"

# bytes of a file -> (code, row, column) of what is to be said about it
PYTHON = {
    "a Latin-1 byte in a comment": (b"import tensorflow as tf\n\nx = 1  # caf\xe9\n", ("TFM000", 3, 13)),
    "a Latin-1 byte in a string": (b"import tensorflow as tf\nx = 'caf\xe9'\n", ("TFM000", 2, 9)),
    "a codec for text to text": (b"# coding: rot13\nimport tensorflow as tf\n", ("TFM000", 1, 3)),
    "a codec that always fails": (
        b"#!/usr/bin/env python\n# coding: undefined\nimport tensorflow as tf\n",
        ("TFM000", 2, 3),
    ),
    "a codec for bytes": (b"# coding: base64\nimport tensorflow as tf\n", ("TFM000", 1, 3)),
    "a codec of domain names": (b"# coding: idna\nimport tensorflow as tf\nx = '\xe9..a'\n", ("TFM000", None, None)),
    "no codec": (b"# coding: klingon\nimport tensorflow as tf\n", ("TFM000", None, None)),
    "a mark of UTF-8 before another codec": (
        b"\xef\xbb\xbf# coding: cp1252\nimport tensorflow as tf\n",
        ("TFM000", None, None),
    ),
    "a NUL": (b"import tensorflow as tf\nx = '\0'\n", ("TFM000", None, None)),
    "UTF-16": (HEAD.decode().encode("utf-16"), None),  # nobody's word is in it
    "a tf.function that is a class": (HEAD + b"@tf.function\nclass A(tf.Module):\n    pass\n", None),
    "a list that holds itself": (
        HEAD + b"import numpy as np\nx = [x, 1]\n@tf.function\ndef f(v):\n    return v + x\n",
        None,
    ),
    "lists that hold each other": (HEAD + b"x = [y, 1]\ny = [x, 2]\n@tf.function\ndef f(v):\n    return v + x\n", None),
    "an inner function that empties a list of the object": (
        HEAD
        + textwrap.dedent("""\
            class Ensemble:
                def fit(self, paths, data):
                    def reset():
                        self.models = []

                    for path in paths:
                        reset()
                        self.models.append(path)
                        for model in self.models:
                            print(tf.keras.models.load_model(model).predict(data))
            """).encode(),
        ("TFM101", 11, 23),
    ),
}


def cell(source, **more):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], **more}


def book(*cells, **more):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **more}).encode()


NOTEBOOKS = {
    "no language": (book(cell(LEAKY, language=None)), ("TFM101", 6, 17)),
    "a language that is a number": (book(cell(LEAKY, language=3)), ("TFM101", 6, 17)),
    "a NUL": (book(cell("import tensorflow as tf\nx = '\0'")), ("TFM000", 2, 6)),
    "a NUL in a broken cell": (book(cell("import tensorflow as tf"), cell("def (\0")), ("TFM000", 1, 6)),
    "half a surrogate pair": (
        book(
            cell(
                LEAKY.replace("(folder)", "(folder + '\ud800')", 2).replace(
                    "scores(folder + '\ud800')", "scores(folder)"
                )
            )
        ),
        ("TFM101", 6, 17),
    ),
    "cells that are a number": (b'{"worksheets": [{"cells": 5}], "x": "tensorflow"}', None),
    "a number of 5,000 digits": (b'{"cells": [], "x": "tensorflow", "n": ' + b"9" * 5000 + b"}", ("TFM000", 1, 1)),
    "deep JSON": (b'{"cells": [], "x": "tensorflow", "n": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", ("TFM000", 1, 1)),
}
ODD = [
    *((f"{name}.py", raw, said) for name, (raw, said) in PYTHON.items()),
    *((f"{name}.ipynb", raw, said) for name, (raw, said) in NOTEBOOKS.items()),
]


def check(folder, *arguments):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--no-cache",
            "--ignore",
            "TFM601",
            *arguments,
            ".",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("name, raw, said", ODD, ids=[name for name, _, _ in ODD])
def test_an_odd_file_costs_nobody_else_a_finding(tmp_path, name, raw, said):
    (tmp_path / name).write_bytes(raw)
    (tmp_path / "ordinary.py").write_text(LEAKY)
    for form in FORMATS:
        done = check(tmp_path, "--output-format", form)
        assert (done.returncode, done.stderr) == (1, ""), form
        assert "TFM101" in done.stdout and "ordinary.py" in done.stdout, form
        if form == "json":
            about = [
                (each["code"], each["location"]["row"], each["location"]["column"])
                for each in json.loads(done.stdout)
                if each["filename"].endswith(name)
            ]
    assert len(about) == (said is not None)
    if said is not None:
        assert about[0] == said if said[1] else about[0][0] == said[0]


def test_a_check_of_each_odd_file_fixes_and_silences_as_any_other(tmp_path):
    for name, raw, _ in ODD:
        (tmp_path / name).write_bytes(raw)
    for arguments in (
        ("--diff", "--unsafe-fixes"),
        ("--write-baseline", "baseline.json"),
        ("--baseline", "baseline.json"),
        ("--statistics",),
    ):
        done = check(tmp_path, *arguments)
        assert "Traceback" not in done.stderr and "internal error" not in done.stderr, arguments
        assert done.returncode in (0, 1), (arguments, done.stderr)
