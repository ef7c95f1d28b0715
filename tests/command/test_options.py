"""Options of `check` and commands around it: what they say, write and exit with; and the list of what ruff has."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import click
import pytest

from support import ROOT
from support.faults import LEAKY
from support.terminal import Terminal
from tflint_mem.command.cli import cli
from tflint_mem.settings.tables import KEYS

UNSAFE = "import tensorflow as tf\n\nfor path in open('p'):\n    model = tf.keras.models.load_model(path)\n    print(model)\n"
BROKEN = "import tensorflow as tf\nx = 1 +\n"
CALL = "tf.keras.models.load_model(folder)"


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.py").write_text(LEAKY)
    (tmp_path / "tflint-mem.toml").write_text('ignore = ["TFM601"]\n')
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_WORKSPACE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def terminal(here, capsys, monkeypatch):
    return Terminal(capsys, monkeypatch)


# -- exit codes


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--fail-on", "error"), 0),
        (("--fail-on", "warning"), 1),
        (("--severity", "TFM101=hint"), 0),
        (("--severity", "TFM101=hint", "--fail-on", "hint"), 1),
        (("--severity", "TFM101=error", "--fail-on", "error"), 1),
        (("--severity", "load-model-in-loop=hint,TFM1=error"), 0),
        (("--config", 'fail-on = "error"'), 0),
        (("--config", 'fail-on = "error"', "--fail-on", "hint"), 1),
        (("-e",), 0),
        (("--per-file-ignores", "a.py:TFM101"), 0),
        (("--per-file-ignores", "b.py:TFM101, {a,c}.py:TFM1"), 0),
        (("--extend-per-file-ignores", "b.py:TFM101"), 1),
        (("--severity", "TFM101"), 2),
        (("--severity", "TFM101=info"), 2),
        (("--verify=TFM999",), 2),
        (("--verify=load-model-in-lop,TFM1",), 2),
        (("--per-file-ignores", "a.py"), 2),
        (("--per-file-ignores", "a.py:TFM999"), 2),
        (("--fail-on", "never"), 2),
        (("--ignore-noqa", "--add-noqa"), 2),
        (("--watch", "--diff"), 2),
        (("--fix-only", "--add-ignore"), 2),
    ],
)
def test_exit_codes(terminal, arguments, code):
    assert terminal("check", *arguments).code == code


def test_silent_leaves_only_the_exit_code(terminal, here):
    assert terminal("check", "-s") == (1, "", "")
    assert terminal("check", "-s", "-o", "out.json", "--output-format", "json") == (1, "", "")
    assert json.loads((here / "out.json").read_text())[0]["code"] == "TFM101"
    assert terminal("check", "--silent", "missing.py") == (2, "", "")


# -- fixes


def test_fix_only_and_its_exit_codes(terminal, here):
    (here / "b.py").write_text(BROKEN)
    done = terminal("check", "--fix-only", "--exit-non-zero-on-fix")
    assert done.code == 1 and done.out == "Fixed 1 finding.\n"
    assert CALL not in (here / "a.py").read_text().partition("for ")[2]
    assert terminal("check", "--fix-only").code == 0, "what is left is not told"
    assert terminal("check").code == 1
    (here / "a.py").write_text(LEAKY)
    assert terminal("check", "--fix", "a.py").code == 0
    (here / "a.py").write_text(LEAKY)
    assert terminal("check", "--fix", "--exit-non-zero-on-fix", "a.py").code == 1
    (here / "a.py").write_text(LEAKY)
    assert terminal("check", "--fix", "--exit-non-zero-on-fix", "--exit-zero", "a.py").code == 0


def test_fixes_are_listed(terminal, here):
    listed = "Fixed 1 finding:\n- a.py:\n    1 × TFM101 (load-model-in-loop)\n"
    assert terminal("check", "--diff", "--show-fixes").err.startswith("Would fix" + listed[5:])
    assert terminal("check", "--fix", "--show-fixes").out.startswith(listed)


def test_which_fixes_are_offered(terminal, here):
    def fix(*arguments):
        (record,) = json.loads(terminal("check", "--output-format", "json", *arguments).out)
        return record["fix"] and record["fix"]["applicability"]

    assert fix() == fix("--fixable", "TFM1") == fix("--unfixable", "TFM1", "--extend-fixable", "TFM101") == "safe"
    assert fix("--unfixable", "TFM101") is fix("--fixable", "TFM2") is None
    assert fix("--config", 'extend-unsafe-fixes = ["TFM101"]') == "unsafe"
    assert terminal("check", "--diff", "--unfixable", "ALL").code == 0
    (here / "a.py").write_text(UNSAFE)
    assert fix() == "unsafe" and fix("--config", 'extend-safe-fixes = ["TFM1"]') == "safe"
    assert terminal("check", "--fix", "--config", 'extend-safe-fixes = ["TFM1"]').code == 0
    assert "clear_session" in (here / "a.py").read_text()


# -- comments and baselines


@pytest.mark.parametrize(
    ("option", "comment"),
    [
        ("--add-noqa", "  # noqa: TFM101\n"),
        ("--add-noqa=three at most", "  # noqa: TFM101 three at most\n"),
        ("--add-ignore", "  # tflint-mem: ignore[load-model-in-loop]\n"),
        ("--add-ignore=three at most", "  # tflint-mem: ignore[load-model-in-loop] three at most\n"),
    ],
)
def test_comments_with_reasons(terminal, here, option, comment):
    (here / "b.py").write_text(BROKEN)
    done = terminal("check", option)
    assert (done.code, done.err.strip()) == (0, f"tflint-mem: added 2 {option[6:].partition('=')[0]} comments")
    assert CALL + comment in (here / "a.py").read_text()
    reason = option.partition("=")[2]
    head = f"# tflint-mem: ignore-file[syntax-error]{' ' * bool(reason)}{reason}\n"
    assert (here / "b.py").read_text() == head + BROKEN
    done = terminal("check")
    assert done.code == 0 and "no findings" in done.out
    assert terminal("check", "--ignore-noqa").code == 1


def test_ignores_are_added_to_those_that_are_there(terminal, here):
    (here / "a.py").write_text(LEAKY.replace(CALL, f"{CALL}  # tflint-mem: ignore[TFM102] old"))
    assert terminal("check", "--add-ignore=new", "--ignore", "TFM001").code == 0
    assert "ignore[TFM102, load-model-in-loop] old\n" in (here / "a.py").read_text()


@pytest.mark.parametrize("reason", ["a\nb", "TFM102 is why", "a # b"])
def test_reasons_that_cannot_be(terminal, here, reason):
    done = terminal("check", f"--add-noqa={reason}")
    assert done.code == 2 and "a reason is one row" in done.err
    assert (here / "a.py").read_text() == LEAKY


def test_a_file_that_does_not_parse_can_be_lived_with(terminal, here):
    (here / "a.py").write_text(BROKEN)
    for arguments in ((), ("--select", "TFM2"), ("--select", "TFM000")):
        assert terminal("check", *arguments).code == 1, arguments
    for arguments in (("--ignore", "TFM000"), ("--ignore", "syntax-error"), ("--per-file-ignores", "a.py:TFM000")):
        done = terminal("check", *arguments)
        assert (done.code, done.err) == (0, "") and "no findings" in done.out, arguments
    assert terminal("check", "--write-baseline", "known.json").code == 0
    assert "1 in the baseline" in terminal("check", "--baseline", "known.json").out
    (here / "a.py").write_text(BROKEN.replace("1", "2"))
    assert terminal("check", "--baseline", "known.json").code == 1


def test_a_broken_notebook_gets_a_comment_too(terminal, here):
    os.remove("a.py")
    cells = ["%matplotlib inline\nimport tensorflow as tf\nx = tf.zeros(3) +", "x = 1"]
    book = {"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (here / "n.ipynb").write_text(json.dumps(book))
    assert terminal("check").code == 1
    assert terminal("check", "--add-ignore").code == 0
    first = json.loads((here / "n.ipynb").read_text())["cells"][0]["source"]
    assert first == cells[0].replace("import", "# tflint-mem: ignore-file[syntax-error]\nimport")
    assert terminal("check").code == 0


# -- around a check


def test_files_are_listed(terminal, here):
    (here / "b.txt").write_text("")
    assert terminal("check", "--show-files") == (0, f"{here / 'a.py'}\n", "")
    assert terminal("check", "--show-files", "missing").code == 2
    assert terminal("check", "--show-files", "--config", "selct = 1").code == 2


def test_the_environment_stands_for_options(terminal, here, monkeypatch):
    monkeypatch.setenv("TFLINT_MEM_OUTPUT_FORMAT", "json")
    assert json.loads(terminal("check").out)[0]["code"] == "TFM101"
    assert terminal("check", "--output-format", "concise").out.startswith("a.py:")
    monkeypatch.setenv("TFLINT_MEM_OUTPUT_FILE", "out.json")
    assert terminal("check").out == "" and json.loads((here / "out.json").read_text())
    monkeypatch.setenv("TFLINT_MEM_OUTPUT_FORMAT", "jsn")
    assert terminal("check").code == 2


def test_caches_are_deleted_and_nothing_else(terminal, here, monkeypatch):
    monkeypatch.setattr("tflint_mem.checking.check._FEWEST_TO_CACHE", 1)
    (here / "sub").mkdir()
    (here / "sub" / "setup.py").write_text(LEAKY)
    terminal("check")
    monkeypatch.setenv("TFLINT_MEM_CACHE_DIR", str(here / "elsewhere"))
    terminal("check")
    monkeypatch.setenv("TFLINT_MEM_NO_CACHE", "1")
    monkeypatch.setenv("TFLINT_MEM_CACHE_DIR", str(here / "never"))
    terminal("check", "sub")
    made = [here / ".tflint_mem_cache", here / "elsewhere"]
    assert all(folder.is_dir() for folder in made) and not (here / "never").exists()
    stranger = here / "sub" / ".tflint_mem_cache"
    stranger.mkdir()
    (here / "link").mkdir()
    (here / "link" / ".tflint_mem_cache").symlink_to(made[0])
    monkeypatch.setenv("TFLINT_MEM_CACHE_DIR", str(here / "elsewhere"))
    done = terminal("clean")
    assert done.code == 0 and sorted(done.err.splitlines()) == [
        f"tflint-mem: deleted {folder}" for folder in sorted(made)
    ]
    assert stranger.is_dir() and (here / "a.py").exists() and not any(folder.exists() for folder in made)
    assert terminal("clean") == (0, "", "")


def test_small_commands(terminal):
    from tflint_mem import __version__
    from tflint_mem.ruleset.registry import LISTED

    assert terminal("version").out == f"tflint-mem {__version__}\n"
    assert json.loads(terminal("version", "--output-format", "json").out) == {"version": __version__}
    text = terminal("rule", "--all").out
    assert re.findall(r"^# .* \((TFM\d{3})\)$", text, re.MULTILINE) == [rule.code for rule in LISTED]
    records = json.loads(terminal("rule", "--all", "--output-format", "json").out)
    assert [record["code"] for record in records] == [rule.code for rule in LISTED]
    assert terminal("rule").code == terminal("rule", "TFM101", "--all").code == 2
    for shell in ("bash", "zsh", "fish"):
        script = terminal("generate-shell-completion", shell).out
        assert "_TFLINT_MEM_COMPLETE" in script and f"{shell}_complete" in script
    assert terminal("generate-shell-completion", "csh").code == 2


def test_completion_completes(here):
    done = subprocess.run(
        [sys.executable, "-m", "tflint_mem"],
        env={**os.environ, "_TFLINT_MEM_COMPLETE": "bash_complete", "COMP_WORDS": "tflint-mem cl", "COMP_CWORD": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert "clean" in done.stdout


def test_watching(here):
    """A change is checked, what is no source is not, and Ctrl-C ends it without a word."""
    watcher = subprocess.Popen(
        [sys.executable, "-m", "tflint_mem", "check", "--watch", "--output-format", "concise"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert "a.py:" in watcher.stdout.readline()
        assert watcher.stdout.readline().startswith("Checked 1 file: 1 finding")
        deadline = time.monotonic() + 60
        changed = ""
        while not changed and time.monotonic() < deadline:  # until the watcher listens
            (here / "a.py").write_text(f"x = {time.monotonic()}\n")
            os.set_blocking(watcher.stdout.fileno(), False)
            time.sleep(0.2)
            changed = watcher.stdout.readline()
        os.set_blocking(watcher.stdout.fileno(), True)
        assert changed == "Checked 1 file: no findings.\n"
        watcher.send_signal(signal.SIGINT)
        _, said = watcher.communicate(timeout=60)
    finally:
        watcher.kill()
        watcher.wait()
    assert watcher.returncode == 130
    assert said and set(said.splitlines()) == {"tflint-mem: a.py changed"}


def test_watching_needs_its_library(terminal, monkeypatch):
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    done = terminal("check", "--watch")
    assert done.code == 2 and "tflint-mem[watch]" in done.err


# -- docs/coming-from-ruff.md


def rows(heading):
    """`(ruff, here)` of a table: names, or None for what there is not."""
    text = (ROOT / "docs" / "coming-from-ruff.md").read_text(encoding="utf-8")
    part = text.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    for line in part.splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and cells[0].startswith("`"):
            assert cells[1] == "no" or re.fullmatch(r"`[\w-]+`", cells[1]), line
            yield cells[0].strip("`"), None if cells[1] == "no" else cells[1].strip("`")


@pytest.mark.parametrize(("ruff", "ours"), list(rows("Options of `ruff check`")))
def test_options_of_ruff(terminal, ruff, ours):
    command = cli.commands["check"]
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    if ours is None:
        assert ruff not in options
        refused = terminal("check", ruff)
        assert refused.code == 2 and f"No such option: {ruff}" in refused.err.replace("option '", "option: ")
    else:
        assert ours in options and ours in command.get_help(click.Context(command))


def test_commands_of_ruff():
    table = dict(rows("Commands"))
    assert {ours for ours in table.values() if ours} <= set(cli.commands)
    assert not {ruff for ruff, ours in table.items() if ours is None} & set(cli.commands)


def test_keys_of_ruff():
    table = list(rows("Keys of the configuration"))
    assert len(table) > 40
    for ruff, ours in table:
        if ours is None:
            assert ruff not in KEYS and ruff.removeprefix("lint.") not in {*KEYS} - {"exclude"}, ruff
        else:
            assert ours in KEYS, ruff
