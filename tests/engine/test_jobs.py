"""Several processes find what one finds; what goes wrong in one of them costs as little as it does in one.

The program runs as a process of its own, with what makes small trees large set before.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from support import FIXTURES

SMALL = """\
import os, sys, time
from tflint_mem.checking import check
from tflint_mem.command import progress
from tflint_mem.engine import ahead, reading, side_by_side
from tflint_mem.project import project
ahead.ENOUGH = 1
check._FEWEST_TO_CACHE = 1
reading.LARGE = project.LARGE = project.KEEP_IN_LARGE = 15
side_by_side.KEPT_DECODED = 16
"""
END = """
from tflint_mem.__main__ import main
main()
"""
DIES = """
from tflint_mem import facts
whole, parent = facts.collect, os.getpid()
def collect(code, path):
    if path.endswith("killer.py") and os.getpid() != parent:
        os.kill(os.getpid(), 9)
    return whole(code, path)
facts.collect = collect
"""
SLOW = """
from tflint_mem import facts
whole = facts.collect
def collect(code, path):
    while path.endswith("killer.py"):
        pass
    return whole(code, path)
facts.collect = collect
"""
RULE_DIES = """
from tflint_mem.ruleset.registry import RULES, module_of
rule = module_of(next(each for each in RULES if each.code == "TFM601"))
find, parent = rule.find, os.getpid()
rule.find = lambda context: find(context) if os.getpid() == parent else os.kill(os.getpid(), 11)
"""
FINISH_DIES = """
from tflint_mem.engine import engine
from tflint_mem.ruleset.registry import RULES, module_of
rule = module_of(next(each for each in RULES if each.code == "TFM101"))
find, finished, parent = rule.find, engine.finished_or_none, os.getpid()
def fails(context):
    for draft in find(context):
        if draft.m.path.endswith("killer.py"):
            raise ValueError("odd")
        yield draft
rule.find = fails
def dies(running, draft, *rest):
    if draft.code == "TFM101" and os.getpid() != parent:
        os.kill(os.getpid(), 11)
    return finished(running, draft, *rest)
engine.finished_or_none = dies
"""
STUCK = """
from tflint_mem import facts
def collect(code, path):
    print("busy", flush=True)
    time.sleep(60)
facts.collect = collect
"""
pytestmark = pytest.mark.skipif(not hasattr(os, "fork") or sys.platform == "darwin", reason="no process is forked here")


def program(*arguments, more=""):
    return [sys.executable, "-c", SMALL + more + END, "check", "--isolated", *arguments]


def check(tree, *arguments, more=""):
    """(exit code, findings, standard error) of one run."""
    done = subprocess.run(
        program("--output-format", "json", *arguments, more=more), cwd=tree, capture_output=True, text=True
    )
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Fixtures of several rules as one tree, which has findings, notebooks and files that do not parse."""
    tree = tmp_path_factory.mktemp("jobs")
    for rule in ("TFM101", "TFM202"):
        (folder,) = FIXTURES.glob(f"{rule}-*")
        for path in [*folder.glob("bad_[a-h]*"), *folder.glob("bad_n*.ipynb")]:
            (shutil.copytree if path.is_dir() else shutil.copy)(path, tree / f"{rule}_{path.name}")
    (tree / "broken.py").write_text("import keras\nfor x in y:\n")
    (tree / "killer.py").write_text("import keras\n\nfor n in range(9):\n    keras.models.load_model('m.keras')\n")
    return tree


@pytest.fixture(scope="module")
def alone(tree):
    """What one process says."""
    return check(tree, "--no-cache", "--jobs", "1", "--verbose")


def test_one_two_and_four_processes_say_the_same_with_and_without_the_cache(tree, alone):
    code, findings, _ = alone
    assert code == 1 and len(findings) > 30 and {each["code"] for each in findings} >= {"TFM000", "TFM101", "TFM202"}
    for arguments in (("--no-cache", "--jobs", "2"), ("--jobs", "4"), ("--jobs", "2", "--select", "ALL")):
        assert check(tree, *arguments, "--verbose") == alone


def test_a_process_that_dies_costs_the_file_it_was_at(tree, alone):
    _, alone, _ = alone
    code, findings, told = check(tree, "--no-cache", "--jobs", "2", more=DIES)
    assert code == 2
    assert findings == [each for each in alone if not each["filename"].endswith("killer.py")] != alone
    (line,) = told.splitlines()
    assert line.startswith("tflint-mem: killer.py: this file failed and is left out here") and "signal 9" in line


def test_a_file_that_takes_too_long_is_left_out_there_too(tree):
    code, findings, told = check(tree, "--no-cache", "--jobs", "2", "--timeout-per-file", "0.3", more=SLOW)
    assert code == 2 and len(findings) > 30
    assert "killer.py: this file is left out: it takes longer than 0.3 s (--timeout-per-file)" in told


def test_a_rule_over_which_a_process_dies_is_told_and_the_others_are_reported(tree, alone):
    _, alone, _ = alone
    code, findings, told = check(tree, "--no-cache", "--jobs", "2", more=RULE_DIES)
    others = {each["code"] for each in alone} - {"TFM601"}
    assert code == 2 and {each["code"] for each in findings} == others
    assert "rule TFM601 failed and is left out here" in told and "signal 11" in told


def test_a_process_that_dies_at_the_end_takes_along_none_of_what_it_has_told(tree, alone):
    _, alone, _ = alone
    code, findings, told = check(tree, "--no-cache", "--jobs", "2", more=FINISH_DIES)
    assert code == 2 and {each["code"] for each in findings} >= {each["code"] for each in alone} - {"TFM101", "TFM601"}
    assert "killer.py: rule TFM101 failed and is left out here: ValueError: odd" in told
    assert "rule TFM101 failed and is left out here" in told and "signal 11" in told


def test_ctrl_c_leaves_no_word_no_process_and_no_file(tree):
    process = subprocess.Popen(
        program("--jobs", "2", "--cache-dir", str(tree / "cache"), more=STUCK),
        cwd=tree,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout.readline() == "busy\n"  # one of the processes is at work
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=30)
    assert (process.returncode, told.strip()) == (130, "")  # Click ends the row with the `^C` of the terminal
    for _ in range(100):
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            break
        time.sleep(0.05)
    else:
        raise AssertionError("a process is left")
    assert not (tree / "cache").exists()


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_terminal_is_shown_a_bar_which_goes_at_the_end(tree, jobs):
    shown = on_terminal(tree, "--jobs", jobs)
    assert "checking [" in shown and " files" in shown and " steps of the rules" in shown
    assert shown.endswith("\r")
    assert set(shown.split("\r")[-2]) == {" "}
    assert on_terminal(tree, "--jobs", jobs, "--quiet") == ""


def on_terminal(tree, *arguments):
    """What a run writes to standard error, when that is a terminal."""
    parent, child = os.openpty()
    process = subprocess.Popen(
        program("--no-cache", *arguments, more="progress.PATIENCE = progress._PAUSE = 0.0\n"),
        cwd=tree,
        stdout=subprocess.DEVNULL,
        stderr=child,
    )
    os.close(child)
    shown = b""
    while True:
        try:
            some = os.read(parent, 4096)
        except OSError:  # the other end is gone
            break
        if not some:
            break
        shown += some
    process.wait()
    os.close(parent)
    return shown.decode()
