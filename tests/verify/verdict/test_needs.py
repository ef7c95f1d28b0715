"""What is said to make a place runnable."""

import pytest

from support.made_runs import result_of
from tflint_mem.verify.containment.run import Run
from tflint_mem.verify.verdict.needs import needs


def run(status="error", code=0):
    return Run(status, [], 1.0, 0, code, "")


def error(kind, message, **more):
    return dict(dict(event="error", type=kind, message=message, line="", row=None), **more)


@pytest.mark.parametrize(
    "event, words",
    [
        (
            error("ModuleNotFoundError", "No module named 'lidar'"),
            "module lidar: installed for the interpreter of --verify-python",
        ),
        (
            error("NameError", "name 'beacons' is not defined"),
            "a value for beacons: a comment `# tflint-mem: verify-with beacons=...`",
        ),
        (
            error("FileNotFoundError", "[Errno 2] No such file or directory: 'charts/a.map'"),
            "the file charts/a.map: beside the code",
        ),
        (
            error("ValueError", "bad  tide", row=2, line="tide = read()"),
            "ValueError: bad tide in `tide = read()`; or a value for tide",
        ),
        (
            error("ValueError", "bad tide", row=3, line="tide = read()"),
            "code that runs as it stands: ValueError: bad tide in `tide = read()`",
        ),
        (error("ValueError", "odd", hidden="OSError: gone"), "(its own `except` hid OSError: gone)"),
        (error("NothingRepeated", ""), "elements: the loop has nothing to run over"),
    ],
)
def test_each_error_says_what_to_give(event, words):
    text = "import sea\ntide = read()\n    tide = read()\n"
    (sentence,) = needs(run(), event, text)
    assert words in sentence
    assert ("or a value" in sentence) == (event["row"] == 2)


@pytest.mark.parametrize(
    "status, code, words",
    [
        ("timeout", None, "--verify-timeout"),
        ("memory", None, "verify.memory-limit"),
        ("crashed", -11, "SIGSEGV"),
        ("exhausted", 0, "elements"),
    ],
)
def test_ends_without_an_error(status, code, words):
    assert words in needs(run(status, code), None)[0]


@pytest.mark.parametrize(
    "code, kind, verdict",
    [
        ("TFM504", "AttributeError", "confirmed"),  # what TensorFlow 2 refuses
        ("TFM503", "TypeError", "not-runnable"),  # says nothing of a graph that grows
        ("TFM504", "NameError", "not-runnable"),  # missing from the snippet
    ],
)
def test_an_exception_confirms_what_the_rule_is_about_and_no_growth(code, kind, verdict):
    raised = error(kind, "name 'x' is gone", where="snippet", repeats=0, own=True, row=2, line="step()")
    found = result_of(Run("error", [raised], 1.0, 0, 0, ""), code, group="tf1").verification
    assert found["verdict"] == verdict, found
