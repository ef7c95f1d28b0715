"""Fixes that are wrong, each in a way of its own: the comparison of `check --fix --verify` lets none of them pass."""

import sys

import pytest

from support.verify import STAND_IN, Project, options

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are supervised through /proc")

HEAD = "import functools, time\nimport tensorflow as tf\n\n_kept, state = [], 0.0\n\n\n"
LOAD = '    net = tf.keras.models.load_model("model.txt")  # here'
LEAK = "    _kept.append(bytearray(200_000))  # here"
HOISTED = {"for k in range(50):": f"{LOAD.strip()}\nfor k in range(50):", LOAD: "    pass"}

# name: (what repeats, {row: what a fix makes of it}, what is said of the results, and of the cure)
WRONG = {
    "the loop writes the file": (
        f'for k in range(50):\n    open("model.txt", "w").write(str(k))\n{LOAD}\n    print(net.predict(k))\n',
        HOISTED,
        "other",
        "the file model.txt in repeat 2 is not read again, was written and read again",
    ),
    "it waits for another file": (
        f"while True:\n{LOAD}\n    print(net.predict(1))\n    time.sleep(60)\n",
        {"while True:": f"{LOAD.strip()}\nwhile True:", LOAD: "    pass"},
        "other",
        "the file model.txt in repeat 2 is not looked at again, was read again after a wait",
    ),
    "a global is frozen": (
        f"def step(x):\n    return x + state\n\n\nfor k in range(50):\n    state = k / 7\n{LEAK}\n    loss = step(1.0)\n",
        {"def step(x):": "@functools.lru_cache(maxsize=None)\ndef step(x):", LEAK: "    pass"},
        "other",
        "`loss` in repeat 2 is 1, was 1.14286",
    ),
    "state is carried on": (
        f"for k in range(50):\n    weights = [1.0]\n{LEAK}\n    weights[0] *= 0.9\n    print(k, weights[0])\n",
        {
            "for k in range(50):": "weights = [1.0]\nfor k in range(50):",
            "    weights = [1.0]": "    pass",
            LEAK: "    pass",
        },
        "other",
        "what is printed in repeat 2 is 1 0.81, was 1 0.9",
    ),
    "a handler answers otherwise": (
        f'def lambda_handler(event, context):\n{LEAK}\n    return {{"label": state}}\n',
        {LEAK: "    pass", '    return {"label": state}': '    return {"label": state + 1}'},
        "other",
        "`lambda_handler()['label']` in repeat 1 is 1, was 0",
    ),
    "the second call raises": (
        f"made = []\n\n\ndef step(x):\n    return x\n\n\nfor k in range(50):\n{LEAK}\n    step(k)\n",
        {
            "    return x": '    made.append(x)\n    if len(made) > 1:\n        raise ValueError("singleton")\n    return x'
        },
        "raises",
        "ValueError: singleton in `",
    ),
    "a list has no such method": (
        f"for k in range(50):\n    out = [float(k)]\n{LEAK}\n",
        {LEAK: "    _kept.append(out.numpy())"},
        "raises",
        "AttributeError: 'list' object has no attribute 'numpy'",
    ),
    "something is not written any more": (
        f'for k in range(50):\n{LEAK}\n    open("log.txt", "a").write("row")\n',
        {LEAK: "    pass", '    open("log.txt", "a").write("row")': "    pass"},
        "other",
        "the file log.txt in repeat 1 is not written, was written",
    ),
}


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", STAND_IN)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_fix_is_not_proven(project, name):
    text, fix, results, words = WRONG[name]
    project.write("app.py", HEAD + text)
    said = project.one(options(seconds=0.3), fix=fix).verification
    assert said["verdict"] == "confirmed", said
    assert said["fix"]["results"] == results and words in said["fix"]["message"], said["fix"]


def test_half_a_cure_changes_nothing_and_is_no_cure(project):
    both = f"{LEAK}\n    _kept.append(bytearray(300_000))\n"
    project.write("app.py", HEAD + f"for k in range(50):\n{both}")
    said = project.one(options(seconds=0.3), fix={LEAK: "    pass"}).verification
    assert (said["verdict"], said["fix"]["results"], said["fix"]["cures"]) == ("confirmed", "same", False), said


def test_the_right_fix_of_the_same_program_is_proven(project):
    project.write("model.txt", "weights")
    project.write("app.py", HEAD + f"for k in range(50):\n{LOAD}\n    print(net.predict(k))\n")
    said = project.one(options(seconds=0.3), fix=HOISTED).verification
    assert (said["verdict"], said["fix"]["results"], said["fix"]["cures"]) == ("confirmed", "same", True), said
