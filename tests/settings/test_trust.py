"""What a repository that is being checked may not do: run something, raise limits, lead out of the tree, be believed."""

import os
import re
import stat
import subprocess
import sys

import pytest

from support import ROOT
from tflint_mem.settings import config, tables, trust
from tflint_mem.settings.settings import MAX_FILE_SIZE
from tflint_mem.storage import user
from tflint_mem.verify.plan.options import KEYS as VERIFY_KEYS

LEAK = """\
import sys

from tensorflow.keras.models import load_model

for path in sys.argv[1:]:
    print(load_model(path).summary())
"""
DOCUMENT = ROOT / "docs" / "configuration-trust.md"


@pytest.fixture
def tree(tmp_path, monkeypatch, nobody):
    """A checked repository in a folder of its own; the user's configuration is empty."""
    folder = tmp_path / "tree"
    (folder / ".git").mkdir(parents=True)
    (folder / "leak.py").write_text(LEAK)
    monkeypatch.chdir(folder)
    yield folder
    own(nobody, None)


def own(nobody, text):
    """Set the user's own configuration."""
    path = nobody / "config" / "tflint-mem" / "tflint-mem.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text)
    return path


def tflint(*arguments, **environment):
    return subprocess.run(
        [sys.executable, "-m", "tflint_mem", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def program(path):
    """A program that says that it ran, and is no Python.  What an interpreter prints last is in the message that it cannot serve."""
    path.write_text("#!/bin/sh\necho I am $0\nexit 3\n")
    path.chmod(0o755)
    return path


# -- every key is decided about


def test_every_key_is_decided_about_and_documented():
    keys = {*tables.KEYS, *(f"verify.{key}" for key in VERIFY_KEYS)} - {"verify"}
    assert keys <= set(trust.KEYS)
    text = DOCUMENT.read_text()
    for key in keys:
        [row] = [line for line in text.splitlines() if line.startswith("|") and f"`{key}`" in line.split("|")[1]]
        assert row.split("|")[2].strip() == trust.KEYS[key], key


def test_a_key_that_nobody_has_decided_about_is_the_users():
    kept, refused = trust.of_tree({"new-key": 1, "select": ["ALL"]}, "pyproject.toml", "/tree", config.Settings())
    assert kept == {"select": ["ALL"]} and [one.key for one in refused] == ["new-key"]


# -- nothing runs


@pytest.mark.parametrize("python", ["./runme", "runme", "sub/../runme", "~/runme"])
def test_the_configuration_of_the_tree_does_not_choose_the_interpreter(tree, nobody, python):
    program(tree / "runme")
    (tree / "pyproject.toml").write_text(f'[tool.tflint-mem.verify]\npython = "{python}"\n')
    own(nobody, '[verify]\npython = "/nowhere/python"\n')
    done = tflint("check", "--verify", PATH=f"{tree}{os.pathsep}.{os.pathsep}{os.environ['PATH']}", HOME=str(tree))
    [line] = [line for line in done.stderr.splitlines() if "verify.python" in line]
    assert line.startswith(f"tflint-mem: {tree}/pyproject.toml: `verify.python` is ignored: ")
    assert "--verify-python" in line and "--trust" in line
    assert "cannot start /nowhere/python" in done.stderr and "I am" not in done.stderr


def test_what_is_refused_is_told_only_where_it_would_have_mattered(tree):
    (tree / "pyproject.toml").write_text('[tool.tflint-mem.verify]\npython = "./runme"\n')
    assert tflint("check").stderr == ""
    assert "verify.python" not in tflint("check", "--verify", "--verify-python", "/nowhere/python").stderr


def test_trust_lets_the_tree_choose_the_interpreter(tree, nobody):
    theirs = program(tree / "runme")
    (tree / "pyproject.toml").write_text('[tool.tflint-mem.verify]\npython = "./runme"\n')
    own(nobody, '[verify]\npython = "/nowhere/python"\n')
    done = tflint("check", "--verify", "--trust")
    assert done.returncode == 2 and f"I am {theirs}" in done.stderr


def test_the_command_line_names_an_interpreter_from_the_current_folder(tree):
    program(tree / "runme")
    done = tflint("check", "--verify", "--verify-python", "./runme")
    assert done.returncode == 2 and f"I am {tree}/runme" in done.stderr


@pytest.mark.parametrize("entry", ["", ".", "{tree}", "{tree}/bin"])
def test_a_bare_name_is_not_looked_for_in_the_tree(tree, entry):
    (tree / "bin").mkdir()
    program(tree / "python-of-mine")
    program(tree / "bin" / "python-of-mine")
    search = os.pathsep.join((entry.format(tree=tree), "/usr/bin", "/bin"))
    done = tflint("check", "--verify", "--verify-python", "python-of-mine", PATH=search)
    assert done.returncode == 2 and "python-of-mine: not found on PATH" in done.stderr
    assert "I am" not in done.stderr


def test_nothing_is_imported_from_the_checked_folder(tree, tmp_path):
    for name in ("click", "pathspec", "libcst", "tomllib", "json", "hashlib", "hmac", "textwrap", "difflib", "pynvml"):
        (tree / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'a').write(__name__)\n")
    (tree / ".gitignore").write_text("*.tmp\n")
    (tree / "tflint-mem.toml").write_text('ignore = ["TFM601"]\n')
    for variables in ({}, {"PYTHONPATH": ""}, {"PYTHONPATH": f"{os.pathsep}{os.environ.get('PYTHONPATH', '')}"}):
        assert tflint("check", "--diff", "--unsafe-fixes", ".", **variables).returncode == 1
    assert not (tmp_path / "ran").exists()


def test_fix_in_a_configuration_does_nothing_by_itself(tree):
    (tree / "tflint-mem.toml").write_text("fix = true\nunsafe-fixes = true\n")
    done = tflint("check")
    assert "`fix` is ignored" in done.stderr and (tree / "leak.py").read_text() == LEAK
    assert "is ignored" not in tflint("check", "--no-fix").stderr
    tflint("check", "--trust")
    assert (tree / "leak.py").read_text() != LEAK


# -- limits


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("timeout = 61", "verify.timeout"),
        ("seconds = 7", "verify.seconds"),
        ('memory-limit = "900GiB"', "verify.memory-limit"),
        ("network = true", "verify.network"),
    ],
)
def test_limits_are_not_raised(tree, line, key):
    (tree / "tflint-mem.toml").write_text(f"[verify]\n{line}\n")
    settings = config.load(["."])
    assert settings.verify == {} and [one.key for one in settings.refused] == [key]
    assert config.load(["."], trust=True).verify


@pytest.mark.parametrize(
    "line",
    [
        "timeout = 60",
        "timeout = 5.5",
        "seconds = 1",
        'memory-limit = "200MiB"',
        "network = false",
        "total-timeout = 1e9",
        'device = "cpu"',
        'codes = ["TFM1"]',
    ],
)
def test_lower_limits_are_taken(tree, line):
    (tree / "tflint-mem.toml").write_text(f"[verify]\n{line}\n")
    settings = config.load(["."])
    assert settings.verify and not settings.refused


@pytest.mark.parametrize(
    "line",
    [
        "timeout = nan",
        "timeout = inf",
        "seconds = nan",
        "total-timeout = nan",
        "memory-limit = inf",
        'memory-limit = "1e999"',
        'memory-limit = "nan"',
    ],
)
def test_limits_are_numbers(tree, line):
    (tree / "tflint-mem.toml").write_text(f"[verify]\n{line}\n")
    done = tflint("check")
    assert done.returncode == 2 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1


def test_what_the_user_allows_is_the_limit(tree, nobody):
    own(nobody, "max-file-size = 50_000_000\n[verify]\ntimeout = 300\n")
    (tree / "tflint-mem.toml").write_text("max-file-size = 40_000_000\n[verify]\ntimeout = 200\nseconds = 3\n")
    settings = config.load(["."])
    assert (settings.verify, settings.max_file_size, settings.refused) == (
        {"timeout": 200, "seconds": 3},
        40_000_000,
        [],
    )
    own(nobody, None)
    settings = config.load(["."])
    assert (settings.verify, settings.max_file_size) == ({"seconds": 3}, MAX_FILE_SIZE)
    assert [one.key for one in settings.refused] == ["max-file-size", "verify.timeout"]


# -- paths


@pytest.mark.parametrize("value", ["../outside", "/tmp/outside", "~/outside", "link", "link/below", "a/../../outside"])
@pytest.mark.parametrize("key", ["cache-dir", "baseline", "verify.setup"])
def test_paths_stay_in_the_tree(tree, tmp_path, key, value):
    (tmp_path / "outside").mkdir()
    (tree / "link").symlink_to(tmp_path / "outside")
    (tree / "a").mkdir()
    value += ".py" if key == "verify.setup" and value != "link" else ""
    (tree / "tflint-mem.toml").write_text(f'{key} = "{value}"\n')
    settings = config.load(["."])
    assert [one.key for one in settings.refused] == [key]
    assert settings.cache_dir is settings.baseline is None and not settings.verify
    done = tflint(
        "check", *(["--verify", "--verify-level", "as-written"] if key == "verify.setup" else []), HOME=str(tmp_path)
    )
    assert f"`{key}` is ignored" in done.stderr
    assert not list((tmp_path / "outside").iterdir())


def test_paths_in_the_tree_are_taken(tree):
    (tree / "setup.py").write_text("VALUE = 1\n")
    (tree / "tflint-mem.toml").write_text(
        'cache-dir = "build/cache"\nbaseline = "known.json"\n[verify]\nsetup = "setup.py"\n'
    )
    settings = config.load(["."])
    assert not settings.refused
    assert (settings.cache_dir, settings.baseline) == (str(tree / "build/cache"), str(tree / "known.json"))
    assert settings.verify == {"setup": str(tree / "setup.py")}
    (tree / "tflint-mem.toml").write_text('[verify]\nsetup = "import os"\n')
    assert config.load(["."]).verify == {"setup": "import os"}


def test_files_behind_links_out_of_the_tree_are_not_read(tree, tmp_path):
    (tmp_path / "secret.py").write_text(LEAK + "password = 'tensorflow'\n")
    (tree / "sub").mkdir()
    (tree / "sub" / "inside.py").symlink_to(tree / "leak.py")
    (tree / "sub" / "outside.py").symlink_to(tmp_path / "secret.py")
    done = tflint("check", "sub", "--output-format", "concise", "--verbose")
    assert "sub/inside.py:6" in done.stdout and "outside.py" not in done.stdout
    assert "sub/outside.py: left out, a link that leads out of the tree" in done.stderr
    assert "outside.py:6" in tflint("check", "sub/outside.py", "--output-format", "concise").stdout


def snapshot(folder):
    return {str(path): path.lstat().st_mtime_ns for path in sorted(folder.rglob("*"))}


@pytest.mark.parametrize("marked", [True, False])
@pytest.mark.parametrize("where", [".", "..", "elsewhere"])
def test_a_check_writes_nothing_outside_of_the_tree(tree, tmp_path, monkeypatch, nobody, marked, where):
    if not marked:
        (tree / ".git").rmdir()
    for number in range(60):
        (tree / f"part{number}.py").write_text(f"VALUE = {number}\n")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir({".": tree, "..": tmp_path, "elsewhere": tmp_path / "elsewhere"}[where])
    before = {path: when for path, when in snapshot(tmp_path).items() if not path.startswith(str(tree) + "/")}
    assert tflint("check", tree, XDG_STATE_HOME=str(nobody / "other")).returncode == 1
    after = {path: when for path, when in snapshot(tmp_path).items() if not path.startswith(str(tree) + "/")}
    assert (tree / ".tflint_mem_cache").is_dir()
    before.pop(str(tree)), after.pop(str(tree))
    assert after == before
    assert [path.name for path in (nobody / "other").rglob("*")] == ["tflint-mem", "key"]
    assert stat.S_IMODE((nobody / "other/tflint-mem/key").stat().st_mode) == 0o600


# -- which files are configurations


def test_the_users_configuration_holds_where_the_project_has_none(tree, nobody):
    own(nobody, 'select = ["TFM2"]\nbaseline = "known.json"\n')
    settings = config.load(["."])
    assert {code[:4] for code in settings.enabled} == {"TFM2"}
    assert settings.project_root == str(tree)
    assert settings.baseline == str(nobody / "config" / "tflint-mem" / "known.json")
    (tree / "tflint-mem.toml").write_text('select = ["TFM1"]\n')
    settings = config.load(["."])
    assert {code[:4] for code in settings.enabled} == {"TFM1"} and settings.baseline.endswith("known.json")
    assert config.load(["."], isolated=True).baseline is None


def test_a_wrong_configuration_of_the_user_is_refused_with_its_place(tree, nobody):
    path = own(nobody, "selct = []\n")
    done = tflint("check")
    assert done.returncode == 2 and str(path) in done.stderr and "did you mean `select`?" in done.stderr


@pytest.mark.parametrize("name", ["XDG_CONFIG_HOME", "HOME"])
def test_a_configuration_of_the_user_within_the_tree_is_the_trees(tree, tmp_path, monkeypatch, name):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    monkeypatch.setenv(name, str(tree / "home"))
    folder = tree / "home" / ("tflint-mem" if name.startswith("XDG") else ".config/tflint-mem")
    folder.mkdir(parents=True)
    (folder / "tflint-mem.toml").write_text('ignore = ["ALL"]\n[verify]\nnetwork = true\n')
    assert user.config_file() == str(folder / "tflint-mem.toml")
    assert config.load(["."]).verify == {} and config.load(["."]).enabled


def test_a_relative_folder_of_the_user_is_none(monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    monkeypatch.setenv("HOME", "relative")
    assert user.config_file() is None and user.state_folder() is None


def test_a_named_configuration_is_the_trees_when_it_lies_there(tree, tmp_path):
    for folder in (tree, tmp_path):
        (folder / "named.toml").write_text("[verify]\nnetwork = true\n")
    assert config.load(["."], config=[str(tree / "named.toml")]).verify == {}
    assert config.load(["."], config=[str(tmp_path / "named.toml")]).verify == {"network": True}
    assert config.load(["."], config=["verify.network = true"]).verify == {"network": True}


@pytest.mark.parametrize("name", ["pyproject.toml", "tflint-mem.toml"])
def test_a_configuration_behind_a_link_out_of_the_tree_is_passed_over(tree, tmp_path, name):
    (tmp_path / "secret.toml").write_text("password_tflint-mem = 'x'\n")
    (tree / name).symlink_to(tmp_path / "secret.toml")
    done = tflint("check")
    assert done.returncode == 1 and "link that leads out of the tree" in done.stderr and "password" not in done.stderr
    (tree / "sub").mkdir()
    (tree / "shared.toml").write_text(
        '[tool.tflint-mem]\nignore = ["ALL"]\n' if name == "pyproject.toml" else 'ignore = ["ALL"]\n'
    )
    (tree / "sub" / name).symlink_to(tree / "shared.toml")
    assert not config.load(["sub"]).enabled


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root gives files away")
def test_a_configuration_of_somebody_else_above_the_tree_is_passed_over(tree, tmp_path):
    (tmp_path / "tflint-mem.toml").write_text('ignore = ["ALL"]\n')
    assert not config.load(["."]).enabled
    os.chown(tmp_path / "tflint-mem.toml", 12345, 12345)
    settings = config.load(["."])
    assert settings.enabled and "belongs to somebody else" in settings.passed_over[0]


# -- what is written has names that a repository can foresee


def test_pages_and_kept_snippets_do_not_follow_links(tmp_path):
    from tflint_mem.storage.new_file import put

    victim, page = tmp_path / "victim", tmp_path / "report.html"
    victim.write_text("mine")
    page.symlink_to(victim)
    (tmp_path / f"report.html.{os.getpid()}-0.part").symlink_to(victim)
    put(str(page), "new \udc80")
    assert victim.read_text() == "mine" and page.read_text() == "new \\udc80" and not page.is_symlink()
    assert re.fullmatch(r"0o6[046][04]", oct(stat.S_IMODE(page.stat().st_mode)))
