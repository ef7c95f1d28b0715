"""A reproduction as somebody gets it: it runs by itself, says what it is, and shows what was measured."""

import subprocess
import sys

import pytest

from tflint_mem.finding import Finding
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.plan.options import Options
from tflint_mem.verify.reproduction.file import NOTHING, written
from tflint_mem.verify.reproduction.meter import meter, with_loop
from tflint_mem.verify.reproduction.shows import shown
from tflint_mem.verify.snippet.lines import Line
from tflint_mem.verify.snippet.snippet import Snippet
from tflint_mem.verify.standins.noted import sum_of
from tflint_mem.verify.verdict.measured import Measured
from tflint_mem.verify.verdict.result import Result
from tflint_mem.verify.verdict.runs import Runs

ENVIRONMENT = {
    "python": "3.11.7",
    "system": "Linux-6",
    "tensorflow": "2.21.0",
    "keras": "3.15.1",
    "numpy": "2.4.6",
    "gpus": [],
    "driver_gpus": [],
}


def lines(text):
    return [Line(row, ("/a/app.py", number)) for number, row in enumerate(text.strip("\n").split("\n"), 1)]


def said(**more):
    numbers = {"raw": 300_000.0, "retained": 290_000.0}
    found = {
        "verdict": "confirmed",
        "kind": "retained",
        "mechanism": "Python objects",
        "device": "CPU",
        "iterations": 40,
        "seconds": 12.3,
        "meters": [{"name": "rss", "unit": "bytes/repeat", "flagged": numbers, "fixed": None}],
        "stand_ins": [],
        "needs": [],
        "message": "283 KiB stay per repeat after a collection",
        "level": "as-written",
    }
    return {**found, **more}


SNIPPET = {
    "prelude": """
from kit.core import size
kept = []


def step(number):
    if number < 0:
        print("never")
    kept.append(bytearray(b"x" * size()))
""",
    "region": """
for number in repeat(range(5)):
    step(number)
    figure.plot(number)
""",
    "module": """
import json


def size():
    return 300_000


def other():
    return json.dumps(1)
""",
}
FIGURE = "class figure:\n    @staticmethod\n    def plot(number):\n        pass\n"
OLD = "class figure:\n    pass\n"


@pytest.fixture
def case():
    """A Result and its Runs, as a measured process leaves them behind."""
    finding = Finding(
        code="TFM102",
        name="model-built-in-loop",
        group="leak",
        severity="error",
        message="builds a model",
        path="app.py",
        start=(8, 1),
        end=(8, 5),
    )
    snippet = Snippet(
        "TFM102",
        "model-built-in-loop",
        "app.py:8",
        lines(SNIPPET["prelude"]),
        lines(SNIPPET["region"]),
        ("/a/app.py", 8),
        modules={"kit/__init__.py": [], "kit/core.py": lines(SNIPPET["module"])},
        stand_ins=["number: 4"],
    )
    rows = snippet.render().text.split("\n")
    never = rows.index('        print("never")') + 1
    events = [
        {"event": "stand-in", "code": OLD, "text": "figure: the first try", "rewrite": None},
        {"event": "stand-in", "code": FIGURE, "text": "figure: plots nothing", "rewrite": None},
        {"event": "attempt", "number": 1},
        {
            "event": "ran",
            "setup": [sum_of(FIGURE)],
            "stand_ins": [(sum_of(FIGURE), 0, row) for row in (1, 2, 3, 4)],
            "rows": [("__main__", row) for row in range(1, len(rows)) if row != never]
            + [("kit/core.py", row) for row in (1, 4, 5, 8)],
        },
        {"event": "begin", "wall": 0.0, "tensorflow": True},
        *({"event": "sample", "phase": "loop", "t": n / 10, "busy": 0.1, "rss": n, "heap": n} for n in range(9)),
        {"event": "end", "reason": "done", "repeats": 9, "extended": False, "limit": False, "slow": False},
    ]
    runs = Runs(snippet, Run("done", events, 1.0, 0, 0, ""))
    result = Result(finding.replace(verification=said()), Measured(runs.run.attempt()))
    return result, runs


def alone(text, tmp_path, *arguments):
    path = tmp_path / "kept.py"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-I", str(path), *arguments], capture_output=True, text=True, timeout=60, cwd=tmp_path
    )
    return done


def test_it_has_what_ran_and_runs_by_itself(case, tmp_path):
    result, runs = case
    text = written(result, runs, Options(device="cpu"), ENVIRONMENT)
    assert "never" not in text and "json" not in text and "def other" not in text and "first try" not in text
    assert text.startswith('"""Reproduction of TFM102 model-built-in-loop at app.py:8.\n')
    for words in (
        "tflint-mem verify app.py:8",
        "confirmed, retained (Python objects); as written: 283 KiB stay",
        "40 repeats in 12 s; rss per repeat 293 KiB until a collection, 283 KiB after one",
        "TensorFlow 2.21.0, Keras 3.15.1, NumPy 2.4.6, Python 3.11.7, CPU, Linux-6",
        "- number: 4\n- figure: plots nothing\n",
    ):
        assert words in text, text
    done = alone(text, tmp_path, "12")
    assert done.returncode == 0, done.stderr
    found = shown(Run("left", [], 1.0, 0, 0, done.stdout), result.verification, False)
    assert found.agrees and "stay after one" in found.words, done.stdout
    assert done.stdout.count("repeat ") > 5
    whole = written(result, runs, Options(device="cpu"), ENVIRONMENT, cut=NOTHING, shown=found.words)
    assert "never" in whole and "json" in whole and f"This file: {found.words.split(',')[0]}" in whole
    assert alone(whole, tmp_path, "8").returncode == 0 and text.count("\n") < whole.count("\n")


def test_tensorflow_is_there_before_stand_ins_for_modules(case):
    result, runs = case
    code = "import sys\nsys.modules['_anything'].install('tqdm', shape=(16,))\n"
    runs.setup.append(code)
    ran = runs.run.last("ran")
    ran["setup"].append(sum_of(code))
    ran["stand_ins"] += [(sum_of(code), 0, 1), (sum_of(code), 0, 2)]
    runs.snippet.prelude += lines("import tensorflow\nimport tqdm\ntqdm.tqdm(tensorflow)")
    text = written(result, runs, Options(device="cpu"), ENVIRONMENT, cut=NOTHING)
    assert "TensorFlow and nothing else" in text
    assert text.index("import tensorflow  # first") < text.index("# Stand-ins for what was missing")


DEFERRED = """
class Cycle:
    def __init__(self):
        self.own, self.data = self, bytearray(b"x" * 400_000)


if __name__ == "__main__":
    while again():
        for number in repeat(range(7)):
            Cycle()
"""


def test_garbage_that_waits_shows_until_a_collection_and_not_after(tmp_path):
    head = "import gc, os, sys\n"
    text = head + meter("memory", 30, once_through=False, goes_on=False, behind=False) + with_loop(DEFERRED, "memory")
    done = alone(text, tmp_path)
    assert done.returncode == 0, done.stderr
    run = Run("left", [], 1.0, 0, 0, done.stdout)
    deferred = said(kind="deferred", meters=[{**said()["meters"][0], "flagged": {"raw": 400_000.0, "retained": 0.0}}])
    assert shown(run, deferred, False).agrees, done.stdout
    assert not shown(run, said(), False).agrees  # nothing is retained
    assert not shown(Run("error", [], 1.0, 0, 1, "Traceback\n"), deferred, False).agrees


@pytest.mark.parametrize(
    "kind, once_through, goes_on, printed",
    [
        ("time", False, False, ["ms per repeat (median of"]),
        ("memory", True, False, ["seen 0 1 2 3 4", "KiB stay after"]),
        ("memory", True, True, ["seen 0 1 2 3 4 5 6", "KiB stay after"]),
        ("once", False, False, ["seen 0 1 2 3 4\n"]),
    ],
)
def test_how_elements_are_served(kind, once_through, goes_on, printed, tmp_path):
    program = """
seen = []

if __name__ == "__main__":
    while again():
        for number in repeat(range(5)):
            seen.append(number)
            print("seen", *seen)
"""
    head = "import gc, itertools, os, sys, time\n"
    text = head + meter(kind, 20, once_through, goes_on, False) + with_loop(program, kind)
    done = alone(text, tmp_path)
    assert done.returncode == 0, done.stderr
    assert all(words in done.stdout for words in printed), done.stdout
    assert kind != "memory" or ("5 6" in done.stdout) == goes_on


def test_what_raises_is_shown_by_raising(tmp_path):
    raises = said(mechanism="raises RuntimeError", kind=None)
    assert shown(Run("crashed", [], 1.0, 0, 1, "x\nRuntimeError: too late\n"), raises, False).agrees
    assert not shown(Run("left", [], 1.0, 0, 0, "fine\n"), raises, False).agrees
