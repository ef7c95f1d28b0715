"""What the command does when the system refuses: full disks, closed streams, a working folder that is gone.  One line and exit code 2."""

import subprocess
import sys

import pytest

from support.faults import LEAKY

COMMAND = f"{sys.executable} -m tflint_mem"
CHECK = f"{COMMAND} check --isolated --no-cache --ignore TFM601"
ALL = (
    f"{CHECK} a.py",
    f"{CHECK} --output-format json a.py",
    f"{CHECK} --statistics a.py",
    f"{CHECK} --diff --unsafe-fixes a.py",
    f"{COMMAND} rules",
    f"{COMMAND} rule TFM101",
    f"{COMMAND} --help",
    f"{CHECK} --fix --unsafe-fixes - < a.py",
)


def shell(folder, line):
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=60)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.py").write_text(LEAKY)
    return tmp_path


@pytest.mark.parametrize("line", ALL)
@pytest.mark.parametrize("where, why", [(">/dev/full", "No space left on device"), (">&-", "Bad file descriptor")])
def test_a_report_that_cannot_be_written(folder, line, where, why):
    done = shell(folder, f"{line} {where}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.splitlines()[-1] == f"tflint-mem: standard output: {why}"
    assert "Traceback" not in done.stderr
    assert (folder / "a.py").read_text() == LEAKY


@pytest.mark.parametrize("where", ["2>&-", "2>/dev/full", "<&- 2>&-"])
def test_messages_that_cannot_be_written_cost_no_finding(folder, where):
    done = shell(folder, f"{CHECK} a.py missing.py {where}")
    assert done.returncode == 2
    assert "TFM101" in done.stdout


def test_a_closed_standard_output_does_no_harm_to_a_report_in_a_file(folder):
    done = shell(folder, f"{CHECK} --output-file report.txt a.py >&-")
    assert (done.returncode, done.stderr) == (1, "")
    assert "TFM101" in (folder / "report.txt").read_text()
    done = shell(folder, f"{CHECK} --fix --unsafe-fixes a.py >&- 2>&-")
    assert done.returncode == 2
    assert (
        (folder / "a.py")
        .read_text()
        .startswith("import tensorflow as tf\n\n\ndef scores(folder, images):\n    model = ")
    )


def test_a_closed_standard_input(folder):
    done = shell(folder, f"{CHECK} - <&-")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tflint-mem: standard input: Bad file descriptor\n"
    assert shell(folder, f"{CHECK} a.py <&-").returncode == 1


def test_endless_standard_input(folder):
    done = shell(folder, f"{CHECK} - </dev/zero")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tflint-mem: standard input: more than 100 MB, which is 20 times max-file-size\n"


@pytest.mark.parametrize(
    "paths", ["", "a.py", "FOLDER", "FOLDER/a.py", "--cache-dir cache FOLDER", "--output-file out a.py"]
)
def test_a_working_folder_that_is_gone(folder, paths):
    command = f"{sys.executable} -c 'from tflint_mem.__main__ import main; main()' check {paths.replace('FOLDER', str(folder))}"
    done = shell(folder, f"mkdir gone && cd gone && rmdir ../gone && {command}")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "tflint-mem: the current folder cannot be used: No such file or directory\n"


@pytest.mark.parametrize(
    "mode", [("--diff", "--unsafe-fixes"), ("--fix", "--unsafe-fixes"), ("--add-noqa",), ()], ids=" ".join
)
def test_what_the_compiler_thinks_of_the_code_is_not_printed(tmp_path, mode):
    (tmp_path / "main.py").write_text(
        "import tensorflow as tf\n\nsize = 1if True else 2\npattern = '\\d'\nfor name in open('names'):\n"
        "    model = tf.keras.models.load_model('a.keras')\n    print(model.predict(name), name is 'x')\n"
    )
    command = [
        sys.executable,
        "-W",
        "always",
        "-m",
        "tflint_mem",
        "check",
        "--isolated",
        "--no-cache",
        *mode,
        "main.py",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode in (0, 1) and "Warning" not in done.stderr, done.stderr
