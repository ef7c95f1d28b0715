"""`check --fix --verify` and `--fix-proven`: only what is measured to cure and to change nothing else."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from support import ROOT
from support.verify import STAND_IN
from tflint_mem.command import proven
from tflint_mem.command.check import Run
from tflint_mem.finding import SAFE, UNSAFE, Edit, Finding, Fix

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are supervised through /proc")

CURED = """\
import tensorflow as tf

for number in range(50):
    model = tf.keras.models.load_model("model.txt")
    print(model.predict(number))
"""
NOT_RUN = CURED.replace('"model.txt"', '"other.txt"').replace("print(", "tf.raw_ops.NoSuchOperation(")


def check(folder, *arguments):
    environment = dict(os.environ, PYTHONPATH=os.pathsep.join([STAND_IN, str(ROOT)]))
    command = [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--no-cache", "--select", "TFM101"]
    return subprocess.run(
        [*command, "--verify", "--verify-device", "cpu", *arguments, "."],
        capture_output=True,
        text=True,
        env=environment,
        cwd=folder,
    )


def test_exactly_the_proven_fixes_are_applied(tmp_path):
    (tmp_path / "cured.py").write_text(CURED)
    (tmp_path / "not_run.py").write_text(NOT_RUN)
    offered = check(tmp_path, "--fix-proven", "--output-format", "json")
    by_file = {os.path.basename(row["filename"]): row for row in json.loads(offered.stdout)}
    fix = by_file["cured.py"]["fix"]
    assert by_file["cured.py"]["verification"]["fix"]["results"] == "same", offered.stdout
    assert fix["applicability"] == "safe" and "per repeat before, " in fix["message"]
    assert fix["message"].endswith("after, same results)")
    said = by_file["not_run.py"]["verification"]
    assert by_file["not_run.py"]["fix"] is None and (said["verdict"], said["level"]) == ("confirmed", "reduced")
    assert (tmp_path / "cured.py").read_text() == CURED

    done = check(tmp_path, "--fix", "--output-format", "json")
    fixed = (tmp_path / "cured.py").read_text()
    assert fixed.index("load_model") < fixed.index("for number"), done.stdout + done.stderr
    assert (tmp_path / "not_run.py").read_text() == NOT_RUN
    (left,) = json.loads(done.stdout)
    assert left["filename"].endswith("not_run.py") and left["verification"]["level"] == "reduced"


def test_fix_proven_needs_verify(tmp_path):
    (tmp_path / "cured.py").write_text(CURED)
    command = [sys.executable, "-m", "tflint_mem", "check", "--fix-proven", "."]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=dict(os.environ, PYTHONPATH=ROOT))
    assert done.returncode == 2 and "--fix-proven needs --verify" in done.stderr


def finding(row, verification=None, content="x = 1\n", message="m"):
    fix = Fix(applicability=UNSAFE, message="move it", edits=(Edit(start=(row, 1), end=(row, 1), content=content),))
    return Finding(
        code="TFM101",
        name="load-model-in-loop",
        group="leak",
        severity="error",
        message=message,
        path="a.py",
        start=(row, 1),
        end=(row, 2),
        fix=fix,
        verification=verification,
    )


def said(cures=True, results="same", verdict="confirmed", **more):
    return dict(
        verdict=verdict, kind="retained", mechanism=None, meters=[], fix=dict(cures=cures, results=results), **more
    )


@pytest.mark.parametrize(
    "verification, good",
    [
        (said(), True),
        (said(cures=False), False),
        (said(cures=None), False),
        (said(results="other"), False),
        (said(results="unknown"), False),
        (said(results="raises"), False),
        (said(verdict="not-confirmed"), False),
        (None, False),
    ],
)
def test_what_is_proven(verification, good):
    one = finding(3, verification)
    assert proven.is_proven(one) == good
    assert proven.only_proven([one])(one.replace(start=(9, 1), end=(9, 2))) == good
    (shown,) = proven.offered([one])
    assert (shown.fix is not None) == good and (not good or shown.fix.applicability == SAFE)


def test_fixes_that_write_the_same_stand_and_fall_together():
    good, bad = finding(3, said()), finding(9, said(results="other"))
    may = proven.only_proven([good, bad])
    assert not may(good) and not may(bad)
    may = proven.only_proven([good, finding(9, said(results="other"), content="y = 1\n")])
    assert may(good)


def test_the_measurement_of_what_decided():
    meters = [
        {
            "name": "rss",
            "unit": "bytes/repeat",
            "flagged": {"raw": 10, "retained": 5},
            "fixed": {"raw": 1, "retained": 0},
        },
        {"name": "nvml", "unit": "bytes/repeat", "flagged": {"raw": None, "retained": 2 << 20}, "fixed": None},
    ]
    (shown,) = proven.offered([finding(3, dict(said(), meters=meters))])
    assert shown.fix.message == "move it (measured: 5 B per repeat before, 0 B after, same results)"
    (shown,) = proven.offered([finding(3, dict(said(), meters=meters, meter="nvml"))])
    assert shown.fix.message == "move it (measured: cured, same results)"
    times = {"unit": "seconds/repeat", "flagged": 0.04, "fixed": 0.01}
    (shown,) = proven.offered([finding(3, dict(said(), mechanism="time", time=times))])
    assert shown.fix.message == "move it (measured: 4.0 times as fast, same results)"


def test_what_is_left_keeps_what_was_measured():
    before = [finding(3, said()), finding(5, said(), message="twice"), finding(7, said(), message="twice")]
    moved = [finding(4), finding(6, message="twice"), finding(8, message="new")]
    state = SimpleNamespace(verified={each.key(): f"curve of row {each.start[0]}" for each in before}, findings=[])
    Run._keep_measured(state, proven.as_before(moved, before))
    assert [bool(each.verification) for each in state.findings] == [True, False, False]
    assert state.verified == {moved[0].key(): "curve of row 3"}, "where it stands now, and for no other one"
