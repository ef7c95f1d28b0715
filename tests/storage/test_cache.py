"""An unchanged tree gives the findings of the run before, without reading its files; every change is noticed.

The engine is taken away where a stored result must do: what comes then can only come from the cache.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tflint_mem.__main__ import run as run_command
from tflint_mem.engine import engine
from tflint_mem.finding import Finding

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
        monkeypatch.setattr(
            sys,
            "argv",
            ["tflint-mem", "check", "--isolated", "--output-format", "json", *(arguments or ("--ignore", "TFM601"))],
        )
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
    (project / "leak.py").write_text(
        "import tensorflow as tf\n\nmodel = tf.keras.models.load_model('m.keras')\nmodel.predict([1.0])\n"
    )
    age(project)
    assert [finding["code"] for finding in check("--select", "TFM601")[1]] == ["TFM601"]
    (project / "requirements.txt").write_text("tensorflow-cpu==2.15\n")
    assert check("--select", "TFM601")[1] == []


def test_a_module_beside_the_importer_that_appears_is_noticed(project, check):
    """It stands outside of what is checked, and is what the import means from then on."""
    (project / "app").mkdir()
    (project / "tools").mkdir()
    (project / "tools/loading.py").write_text(
        "from tensorflow.keras.models import load_model\n\n\ndef get(path):\n    return load_model(path)\n"
    )
    (project / "app/main.py").write_text(
        "import sys\n\nimport tensorflow\nfrom tools.loading import get\n\nfor path in sys.argv[1:]:\n    print(get(path).summary())\n"
    )
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
    assert not list((project / ".tflint_mem_cache").glob("*.json"))
    assert "secret.py: skipped" in check()[2]


# -- a repository may bring a cache along


@pytest.fixture
def somebody(tmp_path_factory, monkeypatch):
    """Be another user, or nobody in particular: somebody(folder) sets the folder of what the user remembers."""

    def be(folder=None):
        folder = folder or tmp_path_factory.mktemp("somebody")
        monkeypatch.setenv("XDG_STATE_HOME", str(folder))
        return folder

    return be


def at(field):
    """Where a field of a finding is stored."""
    return Finding._fields.index(field)


def change(path, work):
    """Change what is stored, and sign it as the user's own run would."""
    secret = (Path(os.environ["XDG_STATE_HOME"]) / "tflint-mem" / "key").read_bytes()
    content = json.loads(path.read_text())
    del content["signature"]
    work(content)
    body = json.dumps(content, separators=(",", ":")).encode()[1:]
    signature = hashlib.blake2b(body, digest_size=32, key=secret, person=b"tflint-mem-cache").hexdigest().encode()
    path.write_bytes(b'{"signature":"' + signature + b'",' + body)


def test_a_result_that_another_user_has_signed_is_not_believed(project, check, somebody):
    """It has all that ours has, but the key: no finding is hidden, none invented, and no file of ours is printed."""
    first = check()
    (path,) = stored(project)
    somebody()
    check()
    change(path, lambda content: content.update(findings=[]))
    assert check()[1] == [], "signed by this user, it is believed: the test below means something"
    somebody()
    assert check() == first


def test_a_result_of_another_place_is_not_believed(project, check, tmp_path_factory, monkeypatch):
    (project / "leak.py").write_text(HOISTED)
    age(project)
    check()
    (path,) = stored(project)
    other = tmp_path_factory.mktemp("other")
    shutil.copytree(project, other, dirs_exist_ok=True)
    (other / "leak.py").write_text(LEAK)
    monkeypatch.chdir(other)
    assert len(check()[1]) == 1


@pytest.mark.parametrize("path", ["/etc/passwd", "../outside.py", "not-there.py"])
@pytest.mark.parametrize("step", [False, True])
def test_a_finding_in_a_file_that_was_not_checked_is_refused(project, check, path, step):
    first = check()

    def work(content):
        (finding,) = content["findings"]
        if step:
            finding[at("trace")][0][0] = path
        else:
            finding[at("path")] = path

    change(stored(project)[0], work)
    assert check() == first


@pytest.mark.parametrize("field", Finding._fields)
@pytest.mark.parametrize("value", [None, -1, 0, True, 1.5, "\x1b", [], [[]], {}, [1, 2], [None] * 3], ids=repr)
def test_findings_of_other_types_are_refused(project, check, field, value):
    """Either it could have been stored by us, or the files are analysed again; nothing else ever happens."""
    first = check()
    change(stored(project)[0], lambda content: content["findings"][0].__setitem__(at(field), value))
    code, found, told = check()
    assert told == first[2]
    if found != first[1]:
        assert code in (0, 1) and all(
            isinstance(finding["message"], str) and finding["location"]["row"] > 0 for finding in found
        )


@pytest.mark.parametrize("where", ["trace", "fix", "edits", "place"])
def test_records_of_another_length_are_refused(project, check, where):
    first = check()
    parts = {
        "trace": lambda f: f[at("trace")][0],
        "fix": lambda f: f[at("fix")],
        "edits": lambda f: f[at("fix")][2][0],
        "place": lambda f: f[at("start")],
    }
    change(stored(project)[0], lambda content: parts[where](content["findings"][0]).append(1))
    assert check() == first


def test_the_secret_is_the_users_alone(project, check, somebody, no_engine):
    key = somebody() / "tflint-mem" / "key"
    first = check()
    assert key.stat().st_mode & 0o777 == 0o600 and len(key.read_bytes()) == 32
    assert key.parent.stat().st_mode & 0o777 == 0o700
    key.chmod(0o644)
    change(stored(project)[0], lambda content: content.update(findings=[]))
    assert check() == first
    key.chmod(0o600)
    no_engine()
    assert check()[1] == []


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 33], ids=len)
def test_a_secret_of_another_length_is_none(project, check, somebody, content):
    folder = somebody() / "tflint-mem"
    folder.mkdir()
    (folder / "key").write_bytes(content)
    (folder / "key").chmod(0o600)
    assert len(check()[1]) == 1 and not (project / ".tflint_mem_cache").exists()


@pytest.mark.parametrize("home", ["/dev/null/home", "/proc/nowhere", ""])
def test_without_a_home_there_is_no_cache_and_no_error(project, check, monkeypatch, home):
    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setenv("HOME", home)
    code, found, told = check()
    assert (code, len(found), told) == (1, 1, "")
    assert not (project / ".tflint_mem_cache").exists()


def test_a_home_in_the_checked_tree_is_nobodys(project, check, somebody):
    somebody(project / "home")
    first = check()
    assert not (project / ".tflint_mem_cache").exists() and not (project / "home").exists()
    assert check() == first


def test_many_first_runs_make_one_secret(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    code = "import sys; from tflint_mem.storage import secret; print(secret.key('/nowhere').hex())"
    runs = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(6)]
    assert len({run.communicate()[0] for run in runs}) == 1
    assert os.listdir(tmp_path / "tflint-mem") == ["key"]


@pytest.mark.parametrize("link", ["folder", "ignore", "file", "fifo"])
def test_nothing_is_written_or_read_through_links(project, check, tmp_path_factory, link):
    first = check()
    folder, outside = project / ".tflint_mem_cache", tmp_path_factory.mktemp("outside")
    (path,) = stored(project)
    if link == "folder":
        folder.rename(outside / "cache")
        folder.symlink_to(outside / "cache")
        (outside / "cache" / path.name).write_text("mine")
    elif link == "fifo":
        path.unlink()
        os.mkfifo(path)
    else:
        there = path if link == "file" else folder / ".gitignore"
        there.rename(outside / "mine")
        there.symlink_to(outside / "mine")
    before = {name: name.read_bytes() for name in outside.rglob("*") if name.is_file()}
    (project / "leak.py").write_text(LEAK + "\n")
    found = check()
    assert [f["code"] for f in found[1]] == [f["code"] for f in first[1]] and found[2] == ""
    assert {name: name.read_bytes() for name in outside.rglob("*") if name.is_file()} == before


def test_a_dangling_gitignore_is_not_created(project, check, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")
    (project / ".tflint_mem_cache").mkdir()
    (project / ".tflint_mem_cache" / ".gitignore").symlink_to(outside / "made")
    assert len(check()[1]) == 1
    assert not list(outside.iterdir()) and not stored(project)


def test_a_file_of_the_same_size_and_time_from_an_archive_is_noticed(project, check):
    """Whoever packs an archive chooses the times of its files, but not when they are unpacked."""
    leak = project / "leak.py"
    leak.write_text(LEAK.replace("for path", "if  path"))
    age(project)
    status = leak.stat()
    assert check()[1] == []
    (path,) = stored(project)
    change(
        path,
        lambda content: [
            row.__setitem__(1, [s.st_size, s.st_mtime_ns, s.st_ctime_ns, s.st_ino])
            for row in content["files"]
            for s in [os.stat(row[0])]
        ],
    )
    leak.write_text(LEAK)
    os.utime(leak, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert leak.stat().st_size == status.st_size
    assert len(check()[1]) == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_where_requirements_are_looked_for_holds_nobody_up(project, somebody):
    """What a stored result depends on is read as everything else is: regular files only."""
    somebody()
    os.mkfifo(project / "requirements.txt")
    command = [
        sys.executable,
        "-m",
        "tflint_mem",
        "check",
        "--isolated",
        "--ignore",
        "TFM601",
        "--output-format",
        "json",
        ".",
    ]
    for _ in range(2):
        done = subprocess.run(command, cwd=project, capture_output=True, text=True, timeout=60)
        assert done.returncode == 1 and len(json.loads(done.stdout)) == 1, done.stderr


def test_a_secret_that_a_killed_run_left_unfinished_is_in_no_ones_way(project, check, somebody, no_engine, monkeypatch):
    folder = somebody() / "tflint-mem"
    folder.mkdir(mode=0o700)
    (folder / f"key.{os.getpid()}").write_bytes(b"unfinished")
    first = check()
    no_engine()
    assert check() == first
