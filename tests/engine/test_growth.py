"""The work of each rule grows with the program, not faster; and it ends, whatever the program is like."""

import os
import subprocess
import sys
import time

import pytest

from support import ROOT

sys.path.insert(0, str(ROOT / "bench"))

import growth
from programs import PROGRAMS

from tflint_mem.facts import Call, Name, Pos
from tflint_mem.hardening.budget import Searches, settle

QUICK = 10  # seconds that one command may take, on a slow machine


@pytest.mark.parametrize("name", PROGRAMS)
def test_steps_grow_with_the_program(name):
    result = growth.growth(name)
    assert result["rules"], "no rule looks at this program"
    assert not result["wrong"]


def checked(folder, files, *options):
    for name, text in files.items():
        (folder / name).write_text(text)
    start = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "tflint_mem",
            "check",
            "--isolated",
            "--no-cache",
            "--output-format",
            "concise",
            *options,
            str(folder),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONUTF8": "1"},
    )
    assert done.returncode in (0, 1), done.stderr
    assert time.monotonic() - start < QUICK
    return done


# Programs that never ended when their searches kept no answers.
@pytest.mark.parametrize(
    ("name", "size", "code"),
    [
        ("rebindings in a loop", 50, "TFM402"),
        ("new names in a loop", 50, "TFM402"),
        ("doubled tuples", 40, "TFM101"),
        ("doubled dictionaries", 40, "TFM101"),
        ("generators of one name", 9, "TFM102"),
        ("star imports", 24, "TFM101"),
        ("recursion", 12, "TFM106"),
        ("diamonds", 40, "TFM101"),
    ],
)
def test_the_command_ends_and_still_finds_it(tmp_path, name, size, code):
    assert code in checked(tmp_path, PROGRAMS[name][0](size)).stdout


LOADS = "import tensorflow as tf\nfrom tensorflow.keras.models import load_model\n\n\n"
LOOP = "def last(x):\n    return load_model(x)\n\n\nfor row in rows:\n    f0(row).predict(row)\n"


@pytest.mark.parametrize("levels", [4, 9, 50])
@pytest.mark.parametrize("body", ["return {next}(x)", "if x:\n        return {next}(x)\n    return {next}(x + 1)"])
def test_long_ways_and_many_ways_lead_to_the_loop(tmp_path, levels, body):
    names = [*(f"f{k}" for k in range(levels)), "last"]
    functions = "".join(f"def {name}(x):\n    {body.format(next=after)}\n\n\n" for name, after in zip(names, names[1:]))
    done = checked(tmp_path, {"a.py": LOADS + functions + LOOP}, "--verbose")
    assert "TFM101" in done.stdout
    assert "given up" not in done.stderr


def test_a_long_way_that_leads_to_no_loop_is_no_finding(tmp_path):
    names = [*(f"f{k}" for k in range(12)), "last"]
    functions = "".join(f"def {name}(x):\n    return {after}(x)\n\n\n" for name, after in zip(names, names[1:]))
    once = LOOP.replace(
        "for row in rows:\n    f0(row).predict(row)", "model = f0(rows)\nfor row in rows:\n    model.predict(row)"
    )
    assert "TFM101" not in checked(tmp_path, {"a.py": LOADS + functions + once}).stdout


def clique(n):
    """Functions that all call each other and the one that configures the GPU."""
    return (
        "import tensorflow as tf\n\n\ndef setup(x):\n    tf.config.experimental.set_memory_growth(x, True)\n"
        + "".join(f"\n\ndef f{i}(x):\n    setup(x)\n" + "".join(f"    f{j}(x)\n" for j in range(n)) for i in range(n))
    )


def test_a_search_that_is_given_up_is_told_in_one_line(tmp_path):
    told = [
        line for line in checked(tmp_path, {"a.py": clique(14)}, "--verbose").stderr.splitlines() if "given up" in line
    ]
    assert len(told) == 1
    assert "a.py:5: unknown: the search for the ways to a call was given up" in told[0]


def test_without_verbose_it_is_not_told(tmp_path):
    assert checked(tmp_path, {"a.py": clique(14)}).stderr == ""


class _Place:
    path, calls = "a.py", [Call(Name("f"), (), (), 0, -1, 0, Pos(7, 0, 7, 3))]


def test_a_search_spends_its_own_budget_and_all_steps_are_counted():
    searches = Searches()
    first, second = searches.begin("kind", _Place, 0, 2), searches.begin("kind", _Place, 0, 2)
    assert [first.step(), first.step(), first.step()] == [True, True, False]
    assert first.spent
    assert second.step()
    assert not second.spent
    assert searches.steps == {"kind": 4}
    assert searches.lines() == []
    first.give_up()
    assert searches.lines() == ["a.py:7: unknown: the search for kind was given up after 2 steps"]


GRAPH = {"a": "b", "b": "ca", "c": "de", "d": "", "e": "e", "f": "d"}


def settled(root, own, **more):
    memo = {}
    settle(root, lambda question: (own.get(question, 0), GRAPH[question]), memo, **more)
    return memo


def test_settle_gives_a_cycle_one_answer_whichever_is_asked_first():
    for own in ("a", "b"):
        for root in ("a", "b"):
            found = settled(root, {own: 1}, top=2)
            assert (found["a"], found["b"], found["c"]) == (1, 1, 0)
    assert settled("a", {"d": 1})["a"] == 1


def test_settle_tells_what_asks_itself():
    found = settled("a", {}, cycle=1)
    assert found == {"a": 1, "b": 1, "c": 1, "d": 0, "e": 1}
    assert settled("f", {}, cycle=1) == {"f": 0, "d": 0}


def test_settle_looks_at_each_question_once_and_needs_no_recursion():
    looked = []

    def look(number):
        looked.append(number)
        return 0, (number + 1, number + 2) if number < 50_000 else ()

    assert settle(0, look, {}) == 0
    assert len(looked) == len(set(looked)) == 50_002
