"""An unchanged tree gives the findings of the run before, without reading its files; every change is noticed.

The engine is taken away where a stored result must do: what comes then can only come from the cache.
"""

import json
import os
import sys

import pytest

from tflint_mem import engine
from tflint_mem.__main__ import run as run_command

LEAK = """\
import sys

from tensorflow.keras.models import load_model

for path in sys.argv[1:]:
    print(load_model(path).summary())
"""
HOISTED = """\
from tensorflow.keras.models import load_model

model = load_model("a.keras")
"""
FILES = 60  # more than the least number for which the cache is used


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with one leak, its files older than the clock is coarse."""
    for number in range(FILES):
        (tmp_path / f"part{number}.py").write_text(f"VALUE = {number}\n")
    (tmp_path / "leak.py").write_text(LEAK)
    age(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def check(capsys, monkeypatch):
    """check(arguments) -> (exit code, findings as JSON, standard error)."""

    def check(*arguments):
        monkeypatch.setattr(sys, "argv", ["tflint-mem", "check", "--isolated", "--output-format", "json", *(arguments or ("--ignore", "TFM601"))])
        code = run_command()
        captured = capsys.readouterr()
        return code, json.loads(captured.out) if captured.out else None, captured.err

    return check


@pytest.fixture
def no_engine(monkeypatch):
    def analyze(*_):
        raise AssertionError("the files were analysed")

    def take_away():
        monkeypatch.setattr(engine, "analyze", analyze)

    return take_away


def age(folder, seconds=60):
    for path in folder.glob("*.*"):
        old = path.stat().st_mtime - seconds
        os.utime(path, (old, old))


def stored(project):
    return sorted(path for path in (project / ".tflint_mem_cache").iterdir() if path.suffix == ".json")


def test_second_run_gives_the_same_without_the_engine(project, check, no_engine):
    first = check()
    assert first[0] == 1 and [finding["code"] for finding in first[1]] == ["TFM101"]
    assert first[1][0]["fix"] and first[1][0]["trace"]
    no_engine()
    assert check() == first


def test_no_findings_are_an_answer_too(project, check, no_engine):
    (project / "leak.py").write_text(HOISTED)
    age(project)
    assert check()[:2] == (0, [])
    no_engine()
    assert check()[:2] == (0, [])


def test_the_folder_ignores_itself(project, check):
    check()
    assert (project / ".tflint_mem_cache" / ".gitignore").read_text().endswith("*\n")
    assert len(stored(project)) == 1


def test_a_changed_file_is_noticed(project, check):
    check()
    (project / "leak.py").write_text(HOISTED)
    assert check()[1] == []


def test_a_change_of_the_same_size_and_time_just_before_storing_is_noticed(project, check):
    leak = project / "leak.py"
    leak.write_text(LEAK)
    status = leak.stat()
    check()
    leak.write_text(LEAK.replace("for path", "if  path"))
    os.utime(leak, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert check()[1] == []


def test_a_new_time_alone_changes_nothing(project, check, no_engine):
    first = check()
    for path in project.glob("*.py"):
        path.touch()
    no_engine()
    assert check() == first


def test_files_that_come_and_go_are_noticed(project, check):
    check()
    (project / "second.py").write_text(LEAK)
    assert len(check()[1]) == 2
    (project / "leak.py").unlink()
    assert [os.path.basename(finding["filename"]) for finding in check()[1]] == ["second.py"]


def test_requirements_that_appear_are_noticed(project, check, monkeypatch):
    (project / "leak.py").write_text("import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\nmodel.predict([1.0])\n")
    age(project)
    assert [finding["code"] for finding in check("--select", "TFM601")[1]] == ["TFM601"]
    (project / "requirements.txt").write_text("tensorflow-cpu==2.15\n")
    assert check("--select", "TFM601")[1] == []


def test_a_module_beside_the_importer_that_appears_is_noticed(project, check):
    """It stands outside of what is checked, and is what the import means from then on."""
    (project / "app").mkdir()
    (project / "tools").mkdir()
    (project / "tools/loading.py").write_text("from tensorflow.keras.models import load_model\n\n\ndef get(path):\n    return load_model(path)\n")
    (project / "app/main.py").write_text(
        "import sys\n\nimport tensorflow\nfrom tools.loading import get\n\nfor path in sys.argv[1:]:\n    print(get(path).summary())\n")
    (project / "leak.py").unlink()
    age(project)
    options = ("--ignore", "TFM601", "--exclude", "app/tools")
    assert [f["code"] for f in check(*options)[1]] == ["TFM101"]
    (project / "app/tools").mkdir()
    (project / "app/tools/loading.py").write_text("def get(path):\n    return open(path)\n")
    assert check(*options)[1] == []


def test_other_settings_are_another_run(project, check):
    assert len(check()[1]) == 1
    assert check("--ignore", "TFM101,TFM601")[1] == []
    assert len(check()[1]) == 1


def test_suppression_and_the_baseline_are_applied_to_what_is_stored(project, check, no_engine):
    check()
    check("--ignore", "TFM601", "--write-baseline", "known.json")
    no_engine()
    assert check("--ignore", "TFM601", "--baseline", "known.json")[1] == []


@pytest.mark.parametrize("damage", ["", "[]", "{}", "nonsense", '{"key": 1}', "[" * 100_000], ids=repr)
def test_a_damaged_cache_is_passed_over(project, check, damage):
    first = check()
    (path,) = stored(project)
    path.write_text(damage)
    assert check() == first


def test_findings_of_another_form_are_passed_over(project, check):
    first = check()
    (path,) = stored(project)
    content = json.loads(path.read_text())
    content["findings"] = [[1, 2, 3]]
    path.write_text(json.dumps(content))
    assert check() == first


def test_a_folder_that_cannot_be_made_is_no_error(project, check):
    (project / "occupied").write_text("")
    first = check("--select", "TFM101", "--cache-dir", "occupied/cache")
    assert first[0] == 1 and first[2] == ""


def test_options(project, check):
    check("--no-cache")
    assert not (project / ".tflint_mem_cache").exists()
    check("--cache-dir", "elsewhere")
    assert list((project / "elsewhere").glob("*.json")) and not (project / ".tflint_mem_cache").exists()


def test_few_files_need_no_cache(tmp_path, monkeypatch, check):
    (tmp_path / "leak.py").write_text(LEAK)
    monkeypatch.chdir(tmp_path)
    assert len(check()[1]) == 1
    assert not (tmp_path / ".tflint_mem_cache").exists()


def test_a_fix_does_not_use_what_is_stored(project, check):
    check()
    check("--fix", "--unsafe-fixes")
    assert (project / "leak.py").read_text() != LEAK


def test_what_could_not_be_read_is_not_stored(project, check):
    (project / "broken.py").symlink_to(project / "nowhere.py")
    (project / "secret.py").write_bytes(b"import tensorflow\n" + b"#" * 6_000_000)
    code, _, told = check()
    assert "secret.py: skipped" in told
    assert not (project / ".tflint_mem_cache").exists()
    assert "secret.py: skipped" in check()[2]
