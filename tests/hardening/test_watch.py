"""A file whose analysis takes too long is left out with one line and exit code 2, wherever the time goes; the rest is reported."""

import json
import time

import pytest

from support.faults import GRAPHS, LEAKY, broken, found

SPIN = """
import time
def spin(seconds=60):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass
"""
IN_A_RULE = (
    SPIN
    + """
from tflint_mem.analysis.models import origins as _origins
whole = _origins.unreleased
def unreleased(context, m, *rest):
    if m.path == "b.py":
        try:
            spin()
        except Exception:
            pass
    return whole(context, m, *rest)
_origins.unreleased = unreleased
"""
)
IN_A_QUESTION = (
    SPIN
    + """
from tflint_mem.project.project import Project
whole = Project.apis
def apis(self, m, i):
    if m.path == "b.py":
        spin()
    return whole(self, m, i)
Project.apis = apis
"""
)
IN_READING = (
    SPIN
    + """
from tflint_mem import facts
whole = facts.collect
def collect(code, filename="<module>"):
    if filename == "b.py":
        spin()
    return whole(code, filename)
facts.collect = collect
"""
)
LINE = "tflint-mem: b.py: this file is left out: it takes longer than 0.3 s (--timeout-per-file)\n"


def timed(folder, fault, *arguments):
    start = time.monotonic()
    done = broken(folder, fault, "--no-cache", "--output-format", "json", "--timeout-per-file", "0.3", *arguments, ".")
    return done, time.monotonic() - start


@pytest.mark.parametrize("fault", [IN_A_RULE, IN_A_QUESTION, IN_READING])
def test_a_file_that_takes_too_long_is_left_out(project, fault):
    (project / "b.py").write_text(LEAKY + GRAPHS)
    done, seconds = timed(project, fault)
    assert (done.returncode, done.stderr) == (2, LINE)
    assert found(done) == [("a.py", "TFM101"), ("c.py", "TFM101")]
    assert seconds < 30


def test_what_was_found_before_stays(project):
    """The rule about loads is done with the file when the one about functions hangs on it; no fix is built from what is gone."""
    (project / "b.py").write_text(LEAKY + GRAPHS)
    fault = (
        SPIN
        + """
from tflint_mem.rules import tfm301_tf_function_in_loop as rule
whole = rule._checked
def checked(context, m, *rest):
    if m.path == "b.py":
        spin()
    return whole(context, m, *rest)
rule._checked = checked
"""
    )
    done, _ = timed(project, fault, "--unsafe-fixes")
    assert (done.returncode, done.stderr) == (2, LINE)
    assert found(done) == [("a.py", "TFM101"), ("b.py", "TFM101"), ("c.py", "TFM101")]
    assert [record["fix"] is None for record in json.loads(done.stdout)] == [False, True, False]


def test_a_fix_that_takes_too_long_costs_that_finding_alone(project):
    fault = (
        SPIN
        + """
from tflint_mem.codemod import view
whole = view.view_at
def view_at(source, *rest):
    if source.path == "b.py":
        spin()
    return whole(source, *rest)
view.view_at = view_at
"""
    )
    done, _ = timed(project, fault)
    assert done.returncode == 2
    assert (
        done.stderr
        == "tflint-mem: b.py: the fix of TFM101 in row 6 is left out: it takes longer than 0.3 s (--timeout-per-file)\n"
    )
    assert found(done) == [("a.py", "TFM101"), ("b.py", "TFM101"), ("c.py", "TFM101")]


def test_time_that_is_no_single_files_costs_the_rule(project):
    (project / "b.py").write_text(LEAKY + GRAPHS)
    fault = (
        SPIN
        + """
from tflint_mem.rules import tfm101_load_model_in_loop as rule
def find(context):
    spin()
    yield
rule.find = find
"""
    )
    done, _ = timed(project, fault)
    assert done.returncode == 2
    assert done.stderr == "tflint-mem: rule TFM101 is left out: it takes longer than 0.3 s (--timeout-per-file)\n"
    assert found(done) == [("b.py", "TFM301")]


def test_many_files_together_may_take_longer(tmp_path):
    """The limit is for one file: eight that take a quarter of it each are all looked at."""
    for number in range(8):
        (tmp_path / f"m{number:02}.py").write_text(LEAKY)
    fault = IN_A_RULE.replace('m.path == "b.py"', "True").replace("            spin()", "            spin(0.5)")
    done = broken(tmp_path, fault, "--no-cache", "--output-format", "json", "--timeout-per-file", "2", ".")
    assert (done.returncode, done.stderr) == (1, "")
    assert len(found(done)) == 8


def test_no_limit(project):
    fault = IN_A_RULE.replace("            spin()", "            spin(1)")
    done = broken(project, fault, "--no-cache", "--output-format", "json", "--timeout-per-file", "0", ".")
    assert (done.returncode, done.stderr, len(found(done))) == (1, "", 3)


def test_without_a_timer_the_file_is_left_out_of_the_rest(project):
    """As on Windows, or in a thread: nothing is interrupted, but no rule behind looks at the file again."""
    (project / "b.py").write_text(LEAKY + GRAPHS)
    fault = (
        IN_A_RULE.replace("            spin()", "            spin(1)")
        + "\nfrom tflint_mem.hardening import watch\nwatch._signals = lambda: None\n"
    )
    done, _ = timed(project, fault)
    assert (done.returncode, done.stderr) == (2, LINE)
    assert found(done) == [("a.py", "TFM101"), ("b.py", "TFM101"), ("c.py", "TFM101")]


@pytest.mark.parametrize("value", ["-1", "nan", "inf", "x"])
def test_odd_limits(project, value):
    done = broken(project, "", "--no-cache", "--timeout-per-file", value, ".")
    assert (done.returncode, "Traceback" in done.stderr) == (2, False) or value == "nan"


def test_a_left_out_file_is_not_remembered(tmp_path):
    for number in range(60):
        (tmp_path / f"m{number:02}.py").write_text(LEAKY)
    (tmp_path / "b.py").write_text(LEAKY)
    done = broken(tmp_path, IN_A_RULE, "--output-format", "json", "--timeout-per-file", "0.3", ".")
    assert (done.returncode, done.stderr, len(found(done))) == (2, LINE, 60)
    done = broken(tmp_path, "", "--output-format", "json", ".")
    assert (done.returncode, len(found(done))) == (1, 61)


def test_the_configuration_of_a_checked_tree_can_only_shorten_the_time(project):
    import subprocess
    import sys

    def limit(*arguments):
        program = (
            "import sys\nfrom tflint_mem.settings import config\n"
            "print(config.load(['.'], sys.argv[1:]).timeout_per_file)"
        )
        return float(
            subprocess.run(
                [sys.executable, "-c", program, *arguments], cwd=project, capture_output=True, text=True, check=True
            ).stdout
        )

    for said, is_ in (("10", 10.0), ("0", 30.0), ("300", 30.0), ("0.5", 0.5)):
        (project / "tflint-mem.toml").write_text(f"timeout-per-file = {said}\n")
        assert limit() == is_
    assert limit("timeout-per-file = 300") == 300.0
