"""--verify contains what it runs: hostile programs through the real command, and the layers one by one."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import ROOT
from support.verify import STAND_IN, Project, options
from tflint_mem.finding import Finding
from tflint_mem.verify import session
from tflint_mem.verify.containment import channel, mounts, runner, scratch, seccomp, supervisor, variables, view
from tflint_mem.verify.report import text
from tflint_mem.verify.verdict.result import Result, not_runnable

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="what contains programs elsewhere is in docs/verify-protection.md"
)
sys.path.insert(0, str(ROOT))
from fuzz import hostile_verify  # noqa: E402

BY_NAME = {program.name: program for program in hostile_verify.PROGRAMS}
# one of each kind; `python fuzz/hostile_verify.py` runs all of them, in all modes
SHORT = (
    "write-project",
    "write-shm",
    "umount",
    "read-keys",
    "environment",
    "environment-of-others",
    "path-socket",
    "loopback",
    "daemon",
    "daemon-tool-killed",
    "inherited-descriptors",
    "closes-descriptors",
    "allocate-in-children",
    "delete-scratch",
    "links",
    "leaves-quietly",
    "leaves-at-once",
)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project folder, with the stand-in for TensorFlow where children find it."""
    monkeypatch.setenv("PYTHONPATH", STAND_IN)
    monkeypatch.chdir(tmp_path)
    return Project(tmp_path)


@pytest.fixture(scope="module")
def protections() -> dict:
    """What holds on this system."""
    facts, reason = runner.inspect(options())
    assert reason is None or "TensorFlow" in reason
    return (facts or {}).get("isolated", {}).get("protections", {})


def contained(name: str, mode: str) -> None:
    """A protection may be missing only where the kernel itself, asked beside the code under test, does not give it."""
    unread = hostile_verify.out_of_reach(mode)
    if unread:
        pytest.skip(f"another user cannot read {unread}")
    found = hostile_verify.run(BY_NAME[name], mode)
    if found["unprotected"] and not hostile_verify.given_by_system(mode):
        pytest.skip(f"this system does not give {', '.join(found['unprotected'])}")
    assert (found["unprotected"], found["wrong"]) == ({}, []), found


@pytest.mark.parametrize("name", SHORT)
def test_hostile_programs_are_contained(name: str) -> None:
    contained(name, "root")


@pytest.mark.parametrize(
    "name",
    [
        "write-project",
        "write-shm",
        "read-keys",
        "read-project-secrets",
        "environment-of-others",
        "loopback",
        "path-socket",
        "daemon",
        "daemon-tool-killed",
        "kill-all",
    ],
)
def test_they_are_contained_where_namespaces_are_refused(name: str) -> None:
    contained(name, "no-namespaces")


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("name", ["umount", "daemon", "fill-disk-unlinked"])
def test_they_are_contained_for_a_user_without_privileges(name: str) -> None:
    contained(name, "user")


def test_the_child_has_no_capability_and_can_gain_none(project: Project) -> None:
    project.write(
        "app.py",
        """
        for number in range(50):
            facts = dict(line.split(":", 1) for line in open("/proc/self/status") if ":" in line)
            powers = [facts[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")]
            assert number < 3 or (int("".join(powers[:3]) + powers[4], 16), facts["NoNewPrivs"].strip()) == (0, "1"), powers
            assert number < 3 or int(powers[3], 16) == 0, "bounding set " + powers[3]  # here
    """,
    )
    outcome = project.verify()
    if "processes" in outcome.environment["unprotected"] and not hostile_verify.given_by_system("root"):
        pytest.skip(
            "no namespaces: without privileges the bounding set stays, and no-new-privileges makes it worthless"
        )
    assert outcome.results[0].verification["verdict"] == "not-confirmed", outcome.results[0].verification


def test_one_finding_that_destroys_its_folder_ends_itself_alone(project: Project) -> None:
    project.write(
        "a.py",
        """
        import os, shutil
        for number in range(50):
            shutil.rmtree(os.path.dirname(os.getcwd()), ignore_errors=True)  # here
    """,
    )
    project.write(
        "b.py",
        """
        import tensorflow as tf
        kept = []
        for number in range(50):
            kept.append(tf.Model())  # here
    """,
    )
    outcome = project.verify()
    assert [result.verification["verdict"] for result in outcome.results][1] == "confirmed"
    assert outcome.results[0].verification["verdict"] in ("not-confirmed", "not-runnable")


def test_a_run_that_cannot_be_started_is_a_result(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("app.py", "for number in range(50):\n    print(number)  # here\n")
    real = runner.execute
    monkeypatch.setattr(
        runner, "execute", lambda *given, **more: (_ for _ in ()).throw(OSError(28, "No space left on device"))
    )
    found = project.one().verification
    assert found["verdict"] == "not-runnable" and "No space left" in found["needs"][0]
    assert real is not runner.execute


def test_a_guard_that_fails_in_its_namespaces_tries_without_them(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    project.write("app.py", "for number in range(50):\n    assert number >= 0  # here\n")
    real = supervisor.marshal

    class Spoiled:
        """The guard's part of a job with a size that its first process cannot halve."""

        @staticmethod
        def dumps(own: dict) -> bytes:
            return real.dumps(dict(own, memory="nonsense"))

    monkeypatch.setattr(supervisor, "marshal", Spoiled)
    outcome = project.verify()
    isolated = outcome.environment["isolated"]
    if isolated["reason"] == "namespaces: Operation not permitted" and not hostile_verify.given_by_system("root"):
        pytest.skip("no namespaces here")
    assert isolated["reason"] == "namespaces: not usable here" and isolated["protections"]["system calls"] == "on"
    assert outcome.results[0].verification["verdict"] == "not-confirmed"


@pytest.mark.parametrize(
    "line, repeats", [("os._exit(0)", 30), ("os._exit(0)", 0), ("os.kill(os.getpid(), 9)", 12), ("sys.exit(0)", 30)]
)
def test_a_program_that_ends_early_is_not_acquitted(project: Project, line: str, repeats: int) -> None:
    project.write(
        "app.py",
        f"""
        import os, sys
        waste = []
        for number in range(5000):
            if number < 8:
                waste.append(bytearray(3000000))
            elif number == 9:
                waste.clear()
            if number >= {repeats}:
                {line}  # here
    """,
    )
    found = project.one().verification
    assert found["verdict"] == "not-runnable" and found["needs"], found


def test_the_interpreter_is_contained_before_it_does_anything(
    project: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`verify.python` may name a program of the project: it too runs behind the guard."""
    outside = tmp_path_factory.mktemp("outside")
    evil = project.write(
        "runme",
        f"""
        #!/bin/sh
        echo changed > {outside}/file
        echo changed >> {project.folder}/runme
        env
        ls {outside}
        exit 3
    """,
    )
    evil.chmod(0o755)
    before = evil.read_text()
    os.environ["SOME_CANARY"] = "hush"
    try:
        facts, reason = runner.inspect(options(python=str(evil)))
    finally:
        del os.environ["SOME_CANARY"]
    assert facts is None and "cannot run a verification" in reason and "hush" not in reason
    assert os.listdir(outside) == [] and evil.read_text() == before


def test_nothing_of_the_tools_own_process_changes() -> None:
    def state() -> list[object]:
        handlers = [signal.getsignal(number) for number in sorted(signal.valid_signals())]
        mask = os.umask(0o022)
        os.umask(mask)
        limits = [resource.getrlimit(number) for number in (resource.RLIMIT_CPU, resource.RLIMIT_NPROC)]
        descriptors = len(os.listdir("/dev/fd"))
        return [
            handlers,
            mask,
            dict(os.environ),
            os.getcwd(),
            sys.getrecursionlimit(),
            list(sys.path),
            limits,
            descriptors,
        ]

    before = state()
    facts, reason = runner.inspect(options())
    assert facts is not None, reason
    assert state() == before


def test_what_passes_of_the_environment() -> None:
    given = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "CUDA_VISIBLE_DEVICES": "1",
        "OMP_NUM_THREADS": "2",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "VIRTUAL_ENV": "/v",
        "XLA_FLAGS": "--xla",
        "KERAS_BACKEND": "jax",
        "LD_LIBRARY_PATH": "/cuda",
        "HOME": "/home/me",
    }
    secret = {
        "OPENAI": "x",
        "JWT": "x",
        "JDBC": "x",
        "PASS": "x",
        "STRIPE": "x",
        "NVIDIA_API_KEY": "x",
        "TF_VAR_password": "x",
        "MONKEY": "x",
        "OMP_TOKEN": "x",
        "PYTHONSTARTUP": "x",
        "LD_PRELOAD": "x",
        "HTTPS_PROXY": "x",
        "SSH_AUTH_SOCK": "x",
        "DBUS_SESSION_BUS_ADDRESS": "x",
        "TZ": "https://me:secret@host/",
        "LANG": "eyJhbGciOiJI.eyJzdWIiOiIx",
    }
    kept = variables.clean_environment({**given, **secret}, "/scratch")
    assert set(given) <= set(kept) and not set(secret) & set(kept)
    assert kept["HOME"] == "/scratch/home" and kept["PYTHONUSERBASE"] == "/home/me/.local"
    assert "MONKEY" in variables.clean_environment(secret, "/scratch", more=["MONKEY"])


def test_the_command_line_alone_lets_more_pass(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    project.write("pyproject.toml", "[tool.tflint-mem.verify]\nseconds = 0.4\n")
    script = project.write(
        "app.py",
        """
        import os
        for number in range(50):
            assert os.environ.get("MY_WISH") == "granted"  # here
    """,
    )
    monkeypatch.setenv("MY_WISH", "granted")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([STAND_IN, str(ROOT)]))

    def verdict(*more: str) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "tflint_mem", "verify", f"{script}:3", "--output-format", "json", *more],
            capture_output=True,
            text=True,
            check=False,
        )
        return json.loads(done.stdout)[0]["verification"]["verdict"] if done.stdout else done.stderr

    assert verdict() == "not-runnable"
    assert verdict("--verify-env", "OTHER", "--verify-env", "MY_WISH") == "not-confirmed"
    project.write("pyproject.toml", '[tool.tflint-mem.verify]\nseconds = 0.4\nenv = ["MY_WISH"]\n')
    assert "unknown key 'env'" in verdict()


def test_events_count_with_key_and_number_alone() -> None:
    pipe = channel.Channel()
    ours = os.dup(pipe.events)
    pipe.begin()
    lines = [
        '{"event": "end"}',
        f'{pipe.key} 0 {{"event": "begin"}}',
        f'{pipe.key} 0 {{"event": "end"}}',
        "0" * 32 + ' 1 {"event": "end"}',
        f"{pipe.key} 1 [1]",
        f'{pipe.key} 7 {{"event": "end"}}',
        f'{pipe.key} 1 {{"event": "sample"}}',
        f'{pipe.key} 2 {{"event"',
    ]
    os.write(ours, "\n".join(lines).encode())
    os.close(ours)
    pipe.end()
    assert [event["event"] for event in pipe.read_events()] == ["begin", "sample"]


def test_what_a_child_prints_without_end_is_kept_to_its_tail() -> None:
    pipe = channel.Channel()
    ours = os.dup(pipe.output)
    pipe.begin()
    for _ in range(200):
        os.write(ours, b"x" * 50000)
    os.write(ours, b"the end")
    os.close(ours)
    pipe.end()
    assert pipe.tail().endswith("the end") and len(pipe.tail()) == 4000


def test_homes_and_shared_folders_are_no_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    code = home / "code"
    (code / ".git").mkdir(parents=True)
    (code / ".env").write_text("KEY=1")
    link = tmp_path / "link"
    link.symlink_to(code)
    monkeypatch.setenv("HOME", str(home))
    plan = view.plan(
        sys.executable, [str(code), str(home), "/", "/tmp"], {"PYTHONPATH": str(link)}, str(tmp_path / "scratch")
    )
    assert plan["wide"] == [str(home), "/", "/tmp"]
    assert str(code) in plan["read"] and not {"/", "/tmp", str(home)} & set(plan["read"])
    assert {str(code / ".git"), str(code / ".env"), str(link / ".env")} <= set(plan["hide"])
    shown = mounts.without_hidden(dict(plan, read=[str(code)]))
    whole, listed = shown.whole, shown.listed
    assert whole == [] and listed == [str(code)]


def test_a_scratch_folder_is_removed_whatever_was_made_of_it(tmp_path: Path) -> None:
    with scratch.Scratch() as made:
        top = os.path.dirname(made.root)
        (tmp_path / "kept").write_text("kept")
        os.symlink(tmp_path, made.path("work", "link"))
        os.mkdir(made.path("work", "locked"))
        Path(made.path("work", "locked", "file")).write_text("x")
        os.chmod(made.path("work", "locked"), 0)
        os.chmod(made.path("work"), 0)
    assert not os.path.exists(top) and (tmp_path / "kept").read_text() == "kept"


def test_folders_of_killed_runs_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch.tempfile, "tempdir", str(tmp_path))
    code = "from tflint_mem.verify.containment.scratch import Scratch; import os; s = Scratch(); print(s.root, flush=True); os.kill(os.getpid(), 9)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        check=False,
    )
    (tmp_path / "tflint-mem-verify-of-mine").mkdir()
    with scratch.Scratch() as alive:
        assert os.path.isdir(done.stdout.strip())
        scratch.sweep()
        assert not os.path.exists(os.path.dirname(done.stdout.strip()))
        assert os.path.isdir(alive.root) and (tmp_path / "tflint-mem-verify-of-mine").is_dir()


def test_what_is_not_contained_is_said(project: Project) -> None:
    facts = {
        "tensorflow": "2.21.0",
        "gpus": [],
        "driver_gpus": [],
        "isolated": {
            "network": "on: refused",
            "protections": {
                "files": "off: namespaces: refused",
                "network": "off: as configured",
                "processes": "on",
                "sockets": "off: namespaces: refused",
            },
        },
    }
    facts["unprotected"] = runner.unprotected(facts["isolated"])
    assert facts["unprotected"] == {"files": "namespaces: refused", "sockets": "namespaces: refused"}
    project.write("app.py", "for number in range(5):\n    print(number)  # here\n")
    said = session.announcement(project.findings(), options(), facts)
    assert "Not contained here: files, sockets (namespaces: refused)." in said
    finding = Finding(
        code="TFM101", name="x", group="leak", severity="error", message="m", path="app.py", start=(1, 1), end=(1, 2)
    )
    result = not_runnable(finding, options(), facts, time.monotonic(), ["luck"])
    assert isinstance(result, Result) and result.verification["unprotected"] == facts["unprotected"]
    assert "  not contained: files, sockets" in text.rows(result)
    assert (
        "unprotected"
        not in not_runnable(finding, options(), dict(facts, unprotected={}), time.monotonic(), ["luck"]).verification
    )


def test_the_filter_is_for_known_machines() -> None:
    assert seccomp.program("riscv64", (1,)) is None
    for machine in ("x86_64", "aarch64"):
        assert len(seccomp.program(machine, (1, 2), guard=4711)) % 8 == 0
