"""The package as a library: what it returns, what it writes, and that the process stays as it is."""

import concurrent.futures
import gc
import io
import json
import multiprocessing
import os
import pickle
import re
import shutil
import signal
import subprocess
import sys
import threading
import warnings

import pytest

import tflint_mem
from support import FIXTURES, ROOT
from tflint_mem import Finding, Settings, UsageError, apply_fixes, check_paths, check_source, settings_for

LEAKY = """\
import tensorflow as tf

for step in range(1000):
    model = tf.keras.models.load_model("m.keras")
    print(step, model(tf.zeros([1, 4])))
"""
FIXED = """\
import tensorflow as tf

model = tf.keras.models.load_model("m.keras")
for step in range(1000):
    print(step, model(tf.zeros([1, 4])))
"""
LOADS = Settings(select=["TFM101"])


def process_state():
    return {
        "recursion": sys.getrecursionlimit(),
        "collecting": gc.isenabled(),
        "frozen": gc.get_freeze_count(),
        "threshold": gc.get_threshold(),
        "filters": list(warnings.filters),
        "showwarning": warnings.showwarning,
        "signals": [signal.getsignal(number) for number in (signal.SIGALRM, signal.SIGINT, signal.SIGPROF)],
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "streams": (sys.stdin, sys.stdout, sys.stderr),
        "folder": os.getcwd(),
        "path": list(sys.path),
    }


@pytest.fixture(autouse=True)
def process_stays():
    """Every test leaves the process as it was."""
    before = process_state()
    yield
    assert process_state() == before


@pytest.fixture
def leaky(tmp_path):
    path = tmp_path / "leaky.py"
    path.write_text(LEAKY)
    return path


# -- check


def test_a_text():
    report = check_source(LEAKY, "serve.py", LOADS)
    [finding] = report.findings
    assert isinstance(finding, Finding)
    assert (finding.path, finding.code, finding.start, finding.fix.applicability) == (
        "serve.py",
        "TFM101",
        (4, 13),
        "safe",
    )
    assert (report.errors, report.notices, report.files) == ((), (), ("serve.py",))


def test_a_text_that_is_no_code():
    [finding] = check_source("import tensorflow as tf\nx = = 1\n").findings
    assert (finding.code, finding.path) == ("TFM000", "<text>")


def test_a_text_in_the_encoding_that_it_declares():
    text = "# coding: latin-1\n# é\n" + LEAKY
    report = check_source(text, settings=LOADS)
    assert [finding.start for finding in report.findings] == [(6, 13)]
    [change] = apply_fixes(report).changes
    assert change.new_text == "# coding: latin-1\n# é\n" + FIXED
    assert change.new == change.new_text.encode("latin-1")


def test_a_notebook():
    raw = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []}
    raw["cells"].append({"cell_type": "code", "source": LEAKY, "metadata": {}, "outputs": []})
    report = check_source(json.dumps(raw), "a.ipynb", LOADS)
    assert [(finding.cell, finding.start) for finding in report.findings] == [(1, (4, 13))]
    [change] = apply_fixes(report).changes
    assert json.loads(change.new_text)["cells"][0]["source"] == FIXED
    assert change.diff().startswith("diff --git a/a.ipynb b/a.ipynb\n--- a/a.ipynb\n")


def test_files_say_what_the_command_says(tmp_path):
    folder = tmp_path / "tree"
    shutil.copytree(FIXTURES / "TFM301-tf-function-in-loop", folder)
    command = [
        sys.executable,
        "-m",
        "tflint_mem",
        "check",
        "--isolated",
        "--no-cache",
        "--output-format",
        "json",
        str(folder),
    ]
    told = json.loads(subprocess.run(command, capture_output=True, text=True, cwd=tmp_path).stdout)
    found = check_paths(folder).findings
    assert [(each["filename"], each["code"], each["message"], each["location"]["row"]) for each in told] == [
        (os.path.abspath(each.path), each.code, each.message, each.start[0]) for each in found
    ]
    assert found


def test_what_cannot_be_read_is_an_error(tmp_path):
    report = check_paths([tmp_path / "none.py"])
    [error] = report.errors
    assert (error.kind, error.path) == ("unreadable", str(tmp_path / "none.py"))
    assert error.text.endswith(": No such file or directory")


def test_what_is_too_large_is_a_notice(leaky):
    report = check_paths(leaky, Settings(max_file_size=10))
    assert [notice.kind for notice in report.notices] == ["skipped"] and not report.findings and not report.errors


def test_a_fault_is_an_error(leaky, monkeypatch):
    from tflint_mem.rules import tfm101_load_model_in_loop as rule

    def find(context):
        raise KeyError("x")

    monkeypatch.setattr(rule, "find", find)
    report = check_paths(leaky, LOADS)
    assert {error.kind for error in report.errors} == {"fault"} and "KeyError" in report.errors[0].text


# -- settings


def test_the_machine_has_no_part_in_the_defaults(leaky, nobody, monkeypatch):
    (leaky.parent / "tflint-mem.toml").write_text('ignore = ["ALL"]\n')
    own = nobody / "config" / "tflint-mem"
    own.mkdir(exist_ok=True)
    (own / "tflint-mem.toml").write_text('ignore = ["ALL"]\n')
    try:
        monkeypatch.chdir(leaky.parent)
        assert check_paths(leaky, LOADS).findings and check_source(LEAKY, settings=LOADS).findings
        assert settings_for(leaky).enabled == frozenset()
        assert Settings.from_file(leaky.parent / "tflint-mem.toml").enabled == frozenset()
        assert not check_paths(leaky, settings_for(leaky)).findings
    finally:
        shutil.rmtree(own)
        monkeypatch.undo()
    assert not (leaky.parent / ".tflint_mem_cache").exists()


@pytest.mark.parametrize(
    "given, text",
    [
        ({"select": ["TFM9"]}, "no rule is called `TFM9`"),
        ({"select": "TFM1"}, "`select` should be a list of strings, not a string"),
        ({"max_file_size": -1}, "`max-file-size` should be a number of bytes"),
        ({"per_file_ignores": {"a": "b"}}, "`per-file-ignores` should be a table of lists of strings"),
    ],
)
def test_what_cannot_be_is_told(given, text):
    with pytest.raises(UsageError, match=re.escape(text)):
        Settings(**given)


def test_settings_are_values():
    one, other = Settings(select=("TFM1",), pedantic=True), Settings(select=["TFM1"], pedantic=True)
    assert one == other and one.enabled == other.enabled and one == pickle.loads(pickle.dumps(one))
    assert one != Settings(select=["TFM1"]) and one.replace(pedantic=False) == Settings(select=["TFM1"])
    assert one.pedantic and "pedantic=True" in repr(one)


# -- fixes


def test_nothing_is_written_unless_asked_for(leaky):
    report = check_paths(leaky, LOADS)
    fixes = apply_fixes(report)
    [change] = fixes.changes
    assert (change.old_text, change.new_text, fixes.written) == (LEAKY, FIXED, False)
    assert not fixes.left.findings and [finding.code for finding in change.applied] == ["TFM101"]
    assert leaky.read_text() == LEAKY
    fixes = apply_fixes(report, write=True)
    assert fixes.written and leaky.read_text() == FIXED and os.listdir(leaky.parent) == ["leaky.py"]
    assert apply_fixes(report, write=True).changes == ()  # it is fixed by now


def test_only_some(tmp_path):
    for name in ("a.py", "b.py"):
        (tmp_path / name).write_text(LEAKY)
    fixes = apply_fixes(check_paths(tmp_path, LOADS), only=lambda finding: finding.path.endswith("b.py"))
    assert [os.path.basename(change.path) for change in fixes.changes] == ["b.py"]
    assert [os.path.basename(finding.path) for finding in fixes.left.findings] == ["a.py"]


def test_unsafe_ones_are_asked_for():
    path = FIXTURES / "TFM101-load-model-in-loop"
    report = check_paths(path, Settings(project=False))
    safe = {finding.fix.applicability for change in apply_fixes(report).changes for finding in change.applied}
    both = {
        finding.fix.applicability for change in apply_fixes(report, unsafe=True).changes for finding in change.applied
    }
    assert safe <= {"safe"} and "unsafe" in both


def test_a_read_only_file_is_refused(leaky):
    leaky.chmod(0o444)
    fixes = apply_fixes(check_paths(leaky, LOADS), write=True)
    [refusal] = fixes.refused
    assert (refusal.path, refusal.finding, refusal.reason) == (str(leaky), None, "not written: the file is read-only")
    assert (fixes.written, fixes.changes, len(fixes.left.findings)) == (False, (), 1)


def test_a_text_has_no_file():
    with pytest.raises(ValueError, match="there is no file to write"):
        apply_fixes(check_source(LEAKY), write=True)


# -- values, threads, processes


def test_reports_are_values(leaky):
    report = check_paths(leaky, LOADS)
    assert report == check_paths(leaky, LOADS) == pickle.loads(pickle.dumps(report))
    assert report != report.replace(findings=())
    assert len({*report.findings, *check_paths(leaky, LOADS).findings}) == 1
    with pytest.raises(AttributeError):
        report.findings[0].code = "TFM102"
    fixes = apply_fixes(report)
    assert fixes == pickle.loads(pickle.dumps(fixes))


def test_every_public_name_is_there():
    assert set(tflint_mem.__all__) <= set(dir(tflint_mem))
    assert all(getattr(tflint_mem, name) is not None for name in tflint_mem.__all__)
    with pytest.raises(AttributeError):
        tflint_mem.nothing


def test_importing_the_package_imports_nothing():
    program = "import sys; before = set(sys.modules); import tflint_mem; print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-S", "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "['__future__', 'tflint_mem']\n"


DEEP = "import tensorflow as tf\nx = " + "-" * 700 + "1\n"  # deeper than the usual limit of recursion allows
REMARKS = 'import tensorflow as tf\nprint("\\d" is 1)\n'


def trees():
    return sorted(path for path in FIXTURES.iterdir() if path.is_dir())[:8]


def found_in(tree):
    return check_paths(tree, Settings(project=False)).findings


def test_threads_find_what_one_finds(tmp_path, capfd):
    """Eight threads, each with a tree of its own, over and over; also code that is deep, and code that the compiler remarks on."""
    serial = {tree: found_in(tree) for tree in trees()}
    deep, remarks = check_source(DEEP).findings, check_source(REMARKS).findings
    fixed = apply_fixes(check_source(LEAKY, settings=LOADS))
    before, interval = process_state(), sys.getswitchinterval()
    wrong, ended = [], []

    def work(tree):
        for number in range(20):
            if number % 10 == 0 and found_in(tree) != serial[tree]:
                wrong.append(tree)
            if (check_source(DEEP).findings, check_source(REMARKS).findings) != (deep, remarks):
                wrong.append(number)
            if apply_fixes(check_source(LEAKY, settings=LOADS)) != fixed:
                wrong.append("fix")
        ended.append(tree)

    threads = [threading.Thread(target=work, args=(tree,)) for tree in trees()]
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # a remark that got through would be an error
        sys.setswitchinterval(1e-4)
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            sys.setswitchinterval(interval)
    assert (wrong, sorted(ended)) == ([], sorted(trees()))
    assert process_state() == before and capfd.readouterr() == ("", "")


def test_remarks_of_the_compiler_to_others_are_heard():
    """While a check goes on in one thread, another one hears what it is warned of."""
    from tflint_mem.hardening.parsing import SILENCE

    with SILENCE, warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with SILENCE:
            warnings.warn("from here", stacklevel=1)
            other = threading.Thread(target=warnings.warn, args=("from there",))
            other.start()
            other.join()
    assert [str(warning.message) for warning in heard] == ["from there"]


def test_the_limit_of_recursion_is_kept_while_somebody_needs_it():
    from tflint_mem.hardening.depth import DEEP, RECURSION

    before = sys.getrecursionlimit()
    with DEEP:
        with DEEP:
            assert sys.getrecursionlimit() == RECURSION
        assert sys.getrecursionlimit() == RECURSION
    assert sys.getrecursionlimit() == before
    with DEEP:
        sys.setrecursionlimit(7000)  # somebody else's
    assert sys.getrecursionlimit() == 7000
    sys.setrecursionlimit(before)


def test_a_thread_needs_no_timer(leaky):
    """A limit of time holds in a thread, too; it is that thread's own time."""
    found = []
    thread = threading.Thread(
        target=lambda: found.append(check_paths(leaky, Settings(select=["TFM101"], timeout_per_file=5)))
    )
    thread.start()
    thread.join()
    assert [len(report.findings) for report in found] == [1] and not found[0].errors


def test_processes(tmp_path):
    for number in range(3):
        (tmp_path / f"m{number}.py").write_text(LEAKY)
    paths = sorted(map(str, tmp_path.glob("*.py")))
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=spawn) as pool:
        reports = list(pool.map(check_paths, paths, [LOADS] * 3))
    assert reports == [check_paths(path, LOADS) for path in paths]
    assert all(len(report.findings) == 1 for report in reports)


# -- the document


def example():
    text = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
    code, printed = re.findall(r"^```(?:python|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)[:2]
    return code, printed


@pytest.mark.parametrize("options", [[], ["-O"], ["-W", "error"]], ids=" ".join)
def test_the_example_in_the_document_runs(tmp_path, options):
    code, printed = example()
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == printed


def test_nothing_is_printed(leaky, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    apply_fixes(check_paths([leaky, leaky.parent / "none.py"]), unsafe=True, write=True)
    assert capsys.readouterr() == ("", "")
    monkeypatch.undo()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
def test_a_process_that_is_forked_while_another_thread_checks(leaky):
    """Locks that were held there are free here."""
    from tflint_mem.hardening.depth import DEEP
    from tflint_mem.hardening.parsing import SILENCE

    inside, done = threading.Event(), threading.Event()

    def hold():
        with DEEP, SILENCE, SILENCE.building:
            inside.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    inside.wait()
    child = os.fork()
    if not child:
        signal.alarm(60)
        os._exit(len(check_paths(leaky, LOADS).findings) if sys.getrecursionlimit() < 6000 else 7)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
