"""Several findings at once, on other machines, and those that were measured before; children run under a stand-in for
TensorFlow."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import types

import pytest

from support.verify import STAND_IN, Project, options
from tflint_mem.verify import session, side_by_side
from tflint_mem.verify.containment import runner
from tflint_mem.verify.experiment import verify_finding
from tflint_mem.verify.plan import seat as seats
from tflint_mem.verify.plan.options import OptionError, Options
from tflint_mem.verify.report import text
from tflint_mem.verify.snippet.first_party import Files

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="children are supervised through /proc")

PROGRAM = """
    import os
    import tensorflow as tf

    kept = []
    for number in range(50):
        model = tf.Model()  # here
        kept.append(model)
"""
QUIET = """
    import tensorflow as tf

    model = tf.Model()
    for number in range(50):
        model.predict(number)  # here
"""


@pytest.fixture(scope="module")
def inspected():
    """What the interpreter has with the stand-in for TensorFlow: asked once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", STAND_IN)
        return runner.inspect(options())


@pytest.fixture
def project(tmp_path, monkeypatch, inspected):
    """Three programs, with the stand-in for TensorFlow where children find it, and an empty state folder."""
    monkeypatch.setenv("PYTHONPATH", STAND_IN)
    monkeypatch.setattr(runner, "inspect", lambda given: inspected)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    monkeypatch.chdir(tmp_path / "project")
    project = Project(tmp_path / "project")
    project.write("a.py", PROGRAM)
    project.write("b.py", QUIET)
    project.write("c.py", PROGRAM.replace("kept", "models"))
    return project


def said(outcome):
    return [(os.path.basename(found.path), found.verification["verdict"]) for found in outcome.findings]


VERDICTS = [("a.py", "confirmed"), ("b.py", "not-confirmed"), ("c.py", "confirmed")]


def test_two_at_a_time_say_what_one_says_and_have_a_processor_each(project, monkeypatch):
    ran, running, lock = [], [], threading.Lock()
    execute = runner.execute

    def listening(snippet, options, *more, **named):
        with lock:
            running.append(options.seat.cpus)
            ran.append(list(running))
        try:
            return execute(snippet, options, *more, **named)
        finally:
            with lock:
                running.remove(options.seat.cpus)

    monkeypatch.setattr(runner, "execute", listening)
    stages = []
    outcome = project.verify(options(jobs=2, seconds=0.3), lambda *told: stages.append(told[:2]))
    assert said(outcome) == VERDICTS and (outcome.skipped, outcome.interrupted) == (0, False)
    assert stages[-1] == (2, 3) and {total for _, total in stages} == {3}
    if len(seats.processors()) > 1:
        assert max(map(len, ran)) == 2
        assert all(len(set(at_once)) == len(at_once) and None not in at_once for at_once in ran)


def test_a_child_stays_on_its_processors(project):
    cpu = seats.processors()[-1]
    finding = project.findings()[0]
    given = options(seconds=0.3).at(seats.Seat((cpu,)))
    look = f"        assert os.sched_getaffinity(0) == {{{cpu}}}\n        kept.append"
    project.write("a.py", PROGRAM.replace("        kept.append", look))
    result = verify_finding(finding, Files(project.sources()), given, session.check_environment(given))
    assert result.verification["verdict"] == "confirmed"


@pytest.mark.parametrize(
    "jobs, gpus, expected",
    [
        (1, None, [(None, None)]),
        (2, None, [((0, 1), None), ((2, 3), None)]),
        (9, None, [((0,), None), ((1,), None), ((2,), None), ((3,), None)]),
        (4, ["0"], [(None, None)]),
        (4, ["GPU-a", "GPU-b"], [((0, 1), "GPU-a"), ((2, 3), "GPU-b")]),
    ],
)
def test_seats_share_nothing(jobs, gpus, expected, monkeypatch):
    monkeypatch.setattr(seats, "processors", lambda: [0, 1, 2, 3])
    assert [(seat.cpus, seat.gpu) for seat in seats.seats(jobs, gpus)] == expected
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-b,1")
    assert seats.visible_gpus(2) == ["3", "GPU-b"]


def test_on_gpus_each_has_one_and_what_is_about_all_comes_last(project, monkeypatch):
    """Two cards; which measurement sits where is seen by a stand-in for it."""
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(seats, "processors", lambda: [0, 1, 2, 3])
    both = {"gpus": ["GPU:0", "GPU:1"]}
    monkeypatch.setattr(runner, "inspect", lambda given: runner.Inspected({"gpus": [given.seat.gpu]}, None))
    (finding,) = project.findings()[:1]
    codes = ["TFM601", "TFM101", "TFM602", "TFM101", "TFM101"]
    seen, meet = [], threading.Barrier(2)

    def verify(finding, given, environment, tell):
        seen.append((finding.code, given.seat.gpu, environment["gpus"]))
        if finding.start in ((1, 1), (3, 1)):  # the first two: both cards are in use
            meet.wait(20)

    numbered = [(number, finding.replace(code=code, start=(number, 1))) for number, code in enumerate(codes)]
    found = list(side_by_side.results(verify, options(jobs=4, device="auto"), numbered, both, lambda *told: None))
    assert sorted(found) == [(number, None) for number in range(5)]
    assert {gpu for _, gpu, _ in seen[:2]} == {"0", "1"} and all(gpus == [gpu] for _, gpu, gpus in seen[:3])
    assert seen[3:] == [("TFM601", None, both["gpus"]), ("TFM602", None, both["gpus"])]


def test_ctrl_c_ends_all_children(project):
    """In the main thread, while two measure: both end, and what is done is kept."""
    began, measuring = time.monotonic(), []

    def progress(number, total, finding, stage):
        measuring.append(finding.path)
        if len(measuring) == min(2, len(seats.processors())):
            os.kill(os.getpid(), signal.SIGINT)

    outcome = project.verify(options(jobs=2, seconds=30, timeout=60), progress)
    assert outcome.interrupted and outcome.results == [] and time.monotonic() - began < 15
    assert not [thread for thread in threading.enumerate() if "sit" in thread.name]


def test_no_time_is_told_for_each(project):
    outcome = project.verify(options(jobs=2, total=1))
    assert (outcome.skipped, outcome.results) == (3, [])


def test_what_was_measured_before_is_not_run_again(project, monkeypatch):
    given = options(changed=True, jobs=2, seconds=0.3)
    first = project.verify(given)
    assert said(first) == VERDICTS
    assert not any("measured_before" in found.verification for found in first.findings)
    ran = []
    execute = runner.execute
    monkeypatch.setattr(runner, "execute", lambda *given, **named: ran.append(given) or execute(*given, **named))
    project.write("a.py", "# moved\n" + project.sources()[0].raw.decode())
    project.write("b.py", QUIET.replace("model.predict(number)", "model.predict(number + 1)"))
    second = project.verify(given)
    assert said(second) == VERDICTS and len(ran) == 1
    assert [found.verification.get("measured_before") for found in second.findings] == [True, None, True]
    assert "by an earlier run" in text.rows(second.results[0])[0]
    assert first.results[0].flagged.curves == second.results[0].flagged.curves
    (project.folder / "b.py").unlink()
    (project.folder / "c.py").unlink()
    project.verify(options(changed=True, seconds=0.4))
    assert len(ran) == 2  # a longer look is another measurement
    monkeypatch.setenv("XDG_STATE_HOME", str(project.folder / "brought"))
    project.verify(given)
    assert len(ran) == 3 and not (project.folder / "brought").exists()  # a tree may not bring what was measured


def test_on_the_command_line_only_what_is_new_is_measured(project):
    """Of two files with the same fault, the baseline knows one; the other is measured once."""
    program = """
        import tensorflow as tf

        for number in range(50):
            model = tf.keras.models.load_model("model.txt")
            print(model.predict(number))
    """
    for path in project.folder.glob("*.py"):
        path.unlink()

    def check(*arguments):
        command = [sys.executable, "-m", "tflint_mem", "check", "--isolated", "--select", "TFM101", "--no-cache"]
        return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120)

    project.write("known.py", program)
    assert check("--write-baseline", "known.json").returncode == 0
    project.write("new.py", program)
    config = "--config=verify.seconds=0.3"
    arguments = ["--verify-changed", "--verify-jobs=2", "--baseline=known.json", "--output-format=json", config]
    for number in range(2):
        done = check(*arguments)
        (found,) = json.loads(done.stdout)
        assert found["filename"].endswith("new.py") and found["verification"]["verdict"] == "confirmed"
        assert found["verification"].get("measured_before", False) is (number == 1)
        assert "Running 1 snippet of your code" in done.stderr and "each, 2 at the same time." in done.stderr


class Future:
    """What a task of the stand-in for Ray will give."""

    def __init__(self, work):
        self.work = work


def stand_in_for_ray(gpus=0, fails=None):
    """As much of Ray as we use; each task runs when somebody waits for it.  fails: the position of a task that dies."""
    ray, asked = types.ModuleType("ray"), []
    ray.asked, ray.cancelled, ray.running = asked, [], False
    ray.exceptions = types.SimpleNamespace(RayError=type("RayError", (Exception,), {}))

    class Task:
        def __init__(self, function, resources=None):
            self.function, self.resources = function, resources

        def options(self, **resources):
            return Task(self.function, resources)

        def remote(self, *given):
            asked.append(self.resources)
            number = len(asked)

            def work():
                if number == fails:
                    raise ray.exceptions.RayError("the worker died\nout of memory")
                return self.function(*(value.work() if isinstance(value, Future) else value for value in given))

            return Future(work)

    def init(**given):
        ray.running = True

    ray.init, ray.is_initialized, ray.remote = init, lambda: ray.running, Task
    ray.shutdown = lambda: setattr(ray, "running", False)
    ray.cluster_resources = lambda: {"CPU": 4.0, "GPU": float(gpus)}
    ray.nodes = lambda: [{"Resources": {"CPU": 4.0, "GPU": float(gpus)}}]
    ray.put = lambda value: Future(lambda: value)
    ray.get = lambda future: future.work()
    ray.wait = lambda futures, num_returns=1, timeout=None: (futures[:num_returns], futures[num_returns:])
    ray.cancel = ray.cancelled.append
    return ray


def test_on_ray_each_finding_is_a_task(project, monkeypatch):
    ray = stand_in_for_ray(fails=3)
    monkeypatch.setitem(sys.modules, "ray", ray)
    outcome = project.verify(options(on="ray", seconds=0.3))
    assert said(outcome) == [("a.py", "confirmed"), ("b.py", "not-runnable"), ("c.py", "confirmed")]
    assert outcome.results[1].verification["needs"] == ["a machine of the cluster that can run it: out of memory"]
    assert ray.asked == [{"num_cpus": 1, "max_retries": 0}] * 4 and not ray.running
    assert [found.path for found in outcome.findings] == [found.path for found in project.findings()]


def test_on_ray_with_gpus_a_task_asks_for_one(project, monkeypatch):
    ray = stand_in_for_ray(gpus=2)
    monkeypatch.setitem(sys.modules, "ray", ray)
    outcome = session.verify_findings(
        project.findings(code="TFM602"), project.sources(), None, options(on="ray", timeout=13)
    )
    assert [asked["num_gpus"] for asked in ray.asked] == [1, 2, 2, 2] and len(outcome.results) == 3


def test_what_a_cluster_lacks_is_told(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(OptionError, match=r"pip install 'tflint-mem\[ray\]'"):
        project.verify(options(on="ray"))
    ray = stand_in_for_ray(fails=1)
    monkeypatch.setitem(sys.modules, "ray", ray)
    with pytest.raises(OptionError, match="--verify-on ray: out of memory"):
        project.verify(options(on="ray"))
    with pytest.raises(OptionError, match="--verify-on must be one of ray"):
        Options(on="dask")
