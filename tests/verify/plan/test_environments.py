"""Environments for --verify: made from wheels that lie here, remembered for a project, used, and removed."""

import json
import os
import subprocess
import sys
import zipfile

import pytest

from support import ROOT
from tflint_mem.verify import helpful
from tflint_mem.verify.plan import environments, make_environment
from tflint_mem.verify.plan.options import OptionError

PROGRAM = """
import os
import tensorflow as tf

kept = []
for step in range(100000):
    kept.append(bytearray(300_000))  # here
    if step == 0:
        print("keras", os.environ.get("TF_USE_LEGACY_KERAS"))
"""


def wheel(folder, name, version, text=""):
    """A wheel with one module, which knows its version."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{name}/__init__.py", f"__version__ = {version!r}\n{text}")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Wheels of a TensorFlow that does nothing."""
    folder = tmp_path_factory.mktemp("wheels")
    stand_in = ROOT / "tests" / "verify" / "data" / "stand_in_tensorflow" / "tensorflow" / "__init__.py"
    text = stand_in.read_text().replace('__version__ = "0.0.stand-in"', "")
    for version in ("2.14.1", "2.15.1", "2.16.2", "2.21.0"):
        wheel(folder, "tensorflow", version, text)
        wheel(folder, "tf_keras", version)
    wheel(folder, "numpy", "1.26.4")
    wheel(folder, "segmentation_models", "1.0.1")
    return folder


@pytest.fixture
def run(shelf, tmp_path):
    """The command in a project with requirements; pip takes packages from the shelf alone."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text("[tool.tflint-mem]\n")
    (project / "app.py").write_text(PROGRAM.lstrip())
    environment = dict(
        os.environ,
        HOME=str(tmp_path / "home"),
        XDG_STATE_HOME=str(tmp_path / "state"),
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS=str(shelf),
        PIP_CONFIG_FILE=os.devnull,
        PATH=os.path.dirname(os.path.realpath(sys.executable)) + os.pathsep + os.defpath,
    )

    def call(*arguments):
        command = [sys.executable, "-m", "tflint_mem", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, env=dict(environment, PYTHONPATH=str(ROOT)), cwd=project
        )

    call.project = project
    return call


def test_made_by_the_requirements_used_by_verify_replaced_and_removed(run, tmp_path):
    (run.project / "requirements.txt").write_text(
        "tensorflow<2.16  # the last one with Keras 2\n"
        "--extra-index-url https://example.org/simple\n"
        "-e .\n"
        "segmentation-models>=1,<2\n"
    )
    made = run("env", "create", "--with-requirements")
    assert made.returncode == 0, made.stderr
    assert "TensorFlow 2.15.1, Python 3." in made.stdout
    assert made.stderr.count("left out, it is no name of a package") == 2
    (listed,) = json.loads(run("env", "list", "--output-format", "json").stdout)
    assert listed["project"] == str(run.project) and listed["works"] and not listed["legacy_keras"]
    packages = subprocess.run(
        [listed["interpreter"], "-c", "import segmentation_models as s; print(s.__version__)"],
        capture_output=True,
        text=True,
    )
    assert packages.stdout == "1.0.1\n", packages.stderr
    (run.project / "part").mkdir()
    measured = run("verify", "app.py:6", "--project", ".", "--verify-device", "cpu", "--output-format", "json")
    assert "under TensorFlow 2.15.1 on" in measured.stderr, measured.stderr
    assert json.loads(measured.stdout)[0]["verification"]["verdict"] == "confirmed"

    # one that cannot be made leaves everything as it was, one that can takes its place
    failed = run("env", "create", "--tensorflow", "2.17")
    assert failed.returncode == 2 and "2.17" in failed.stderr and "Traceback" not in failed.stderr
    assert os.path.exists(listed["interpreter"])
    assert run("env", "create", "--tensorflow", "2.16", "--legacy-keras").returncode == 0
    (second,) = json.loads(run("env", "list", "--output-format", "json").stdout)
    assert (second["tensorflow"], second["legacy_keras"]) == ("2.16.2", True)
    assert not os.path.exists(listed["interpreter"])
    folder = tmp_path / "state" / "tflint-mem" / "environments"
    assert len([name for name in os.listdir(folder) if not name.endswith(".json")]) == 1

    gone = run("env", "remove")
    assert gone.returncode == 0 and not os.path.exists(second["interpreter"])
    assert json.loads(run("env", "list", "--output-format", "json").stdout) == []
    assert run("env", "remove").returncode == 2


def test_uv_makes_it_where_it_is(run, shelf, tmp_path, monkeypatch):
    """What uv is asked for; it does the work of venv and pip here."""
    asked = tmp_path / "asked"
    uv = tmp_path / "bin" / "uv"
    uv.parent.mkdir()
    uv.write_text(
        f"#!{sys.executable}\n"
        "import subprocess, sys\n"
        f"with open({str(asked)!r}, 'a') as file: print(*sys.argv[1:], file=file)\n"
        "if sys.argv[1] == 'venv':\n"
        "    sys.exit(subprocess.call([sys.executable, '-m', 'venv', '--without-pip', sys.argv[-1]]))\n"
        "import glob, os, zipfile\n"
        "(place,) = glob.glob(os.path.dirname(sys.argv[4]) + '/../lib/python3*/site-packages')\n"
        f"zipfile.ZipFile({str(shelf / 'tensorflow-2.14.1-py3-none-any.whl')!r}).extractall(place)\n"
    )
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{uv.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    made = make_environment.create(str(run.project), "2.14", tell=lambda line: None)
    assert made.tensorflow == "2.14.1" and environments.of_project(str(run.project / "part")) == made
    rows = asked.read_text().splitlines()
    assert rows[0].startswith("venv --quiet --python 3.11 ")
    assert rows[1].endswith(" --compile-bytecode tensorflow==2.14.* numpy<2")


@pytest.mark.parametrize(
    "version, words",
    [("2.3", "TensorFlow 2.4 and later"), ("new", "give a version such as 2.15"), ("2.15.1", "has no other Keras")],
)
def test_what_cannot_be_made_is_said_before_anything_is_installed(tmp_path, monkeypatch, version, words):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with pytest.raises(OptionError, match=words):
        make_environment.create(str(tmp_path), version, legacy_keras=True)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize(
    "line, wanted",
    [
        ("tensorflow>=2.10,<3", [">=2.10,<3"]),
        ("tensorflow<2.16", ["==2.15.*"]),
        ("tensorflow==2.14.1", ["==2.14.*"]),
        ("tensorflow>=2.11", [">=2.11"]),
    ],
)
def test_what_requirements_admit(tmp_path, line, wanted):
    (tmp_path / "requirements.txt").write_text(line + "\n")
    assert [make_environment._required(str(tmp_path))[0]] == wanted


def test_hostile_requirements_are_read_in_no_time(tmp_path):
    (tmp_path / "requirements.txt").write_text(
        "a" + "!" * 5000 + "/\nnumpy>=1,<2\nscipy[all] == 1.* ; python_version > '3'\n"
    )
    told = []
    found = make_environment._requirements(str(tmp_path), told.append)
    assert found == ["numpy>=1,<2", "scipy[all] == 1.* ; python_version > '3'"] and len(told) == 1


def test_a_file_that_is_none_remembers_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = tmp_path / "tflint-mem" / "environments"
    folder.mkdir(parents=True)
    for text in ("", "[]", '{"environments": [{"project": "/x"}]}', '{"environments": 3}'):
        (folder / "environments.json").write_text(text)
        assert environments.known() == []
    stranger = environments.Environment("/x", str(tmp_path / "elsewhere"), "2.15.0", "3.11.1", False)
    (tmp_path / "elsewhere").mkdir()
    make_environment.remove(stranger)
    assert (tmp_path / "elsewhere").exists()


class Outcome:
    def __init__(self, *needs):
        self.results = [_result(each) for each in needs]


def _result(needs):
    class Finding:
        verification = {"needs": needs}

    class Result:
        finding = Finding

    return Result


def test_what_would_help_is_one_line_for_each_command(tmp_path):
    keras = "code that runs as it stands: x; Keras 2 has it: TensorFlow < 2.16, or tf_keras with TF_USE_LEGACY_KERAS=1"
    module = "module gym: installed for the interpreter of --verify-python, or put into sys.modules by verify.setup"
    outcome = Outcome([keras], [module], [])
    assert list(helpful.environments(outcome, None)) == [
        "1 of 3 places need TensorFlow < 2.16: tflint-mem env create --tensorflow 2.15"
    ]
    (tmp_path / "requirements.txt").write_text("gym\n")
    assert list(helpful.environments(outcome, str(tmp_path)))[1] == (
        "1 of 3 places need packages that are not there (gym): tflint-mem env create --with-requirements"
    )
    assert list(helpful.environments(Outcome([]), str(tmp_path))) == []
