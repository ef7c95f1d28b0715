"""Comments that silence nothing are told, and taken away; those that might silence something are not."""

import json

import pytest

from support.terminal import Terminal
from tflint_mem import Settings, apply_fixes, check_paths, check_source
from tflint_mem.settings.selection import every_code
from tflint_mem.silencing import comments, unused
from tflint_mem.sources.source import Source

LEAK = """\
import tensorflow as tf

for path in open("paths"):
    model = tf.keras.models.load_model(path.strip())
    print(model)
"""
LOAD = "load_model(path.strip())"


def told(text, path="a.py", used=(), runs=lambda code: True):
    """`(message, new text)` of the findings about the comments of a text that silence nothing but the words `used`."""
    source = Source(path, text.encode())
    said = comments.read(source)
    for directive in said.directives if said else ():
        for selector in directive.selectors:
            selector.used = selector.word in used
    found = list(unused.findings(said, runs)) if said else []
    return [(finding.message, source.with_edits(finding.fix.edits).decode()) for finding in found]


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("x = 1  # noqa: TFM101\n", "x = 1\n"),
        ("x = 1  # noqa: TFM101 since it is fine\n", "x = 1\n"),
        ("x = 1  # noqa: E501, TFM101\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: TFM101 E501\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: TFM101, E501, TFM2 long\n", "x = 1  # noqa: E501 long\n"),
        ("x = 1  # noqa: TFM999\n", "x = 1\n"),
        ("x = 1  # why not  # noqa: TFM101\n", "x = 1  # why not\n"),
        ("x = 1  # noqa: TFM101  # type: ignore\n", "x = 1  # type: ignore\n"),
        ("x = 1  # tflint-mem: ignore\n", "x = 1\n"),
        ("x = 1  # tflint-mem: ignore[]\n", "x = 1\n"),
        ("x = 1  # tflint-mem: ignore[load-model-in-loop] see #12\n", "x = 1\n"),
        ("x = 1  # tflint-mem: ignore[nope, kept] why\n", "x = 1  # tflint-mem: ignore[kept] why\n"),
        ("    # tflint-mem: ignore[TFM101]\nx = 1\n", "x = 1\n"),
        ("# tflint-mem: ignore-file[TFM101, TFM2]\nx = 1\n", "x = 1\n"),
        ("# tflint-mem: skip-file\nx = 1\n", "x = 1\n"),
        ("x = 1  # tflint-mem: ignore[TFM101] why  # noqa: E501\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: TFM101\r\ny = 2\r\n", "x = 1\r\ny = 2\r\n"),
    ],
)
def test_what_silences_nothing_is_told_and_taken_away(monkeypatch, text, new):
    known = comments._names_a_rule
    monkeypatch.setattr(comments, "_names_a_rule", lambda word: word == "kept" or known(word))
    ((_, fixed),) = told(text, used=("kept",))
    assert fixed == new


@pytest.mark.parametrize(
    "text",
    [
        "x = 1  # noqa\n",
        "x = 1  # noqa: E501\n",
        "x = 1  # noqa: \n",
        "x = 1  # flake8: noqa: TFM101\n",
        "x = '# noqa: TFM101'\n",
        "x = 1  # noqa: TFM101, TFM001\n",
        "# tflint-mem: ignore-file[unused-suppression]\nx = 1  # noqa: TFM101\n",
        "x = 1  # tflint-mem: what\n",
    ],
)
def test_what_is_not_ours_to_judge_is_left(text):
    assert told(text) == []


def test_only_what_ran_is_judged():
    """A comment may silence what was not asked about; a name of no rule is wrong whatever ran."""
    text = "x = 1  # noqa: TFM101, TFM2\ny = 2  # tflint-mem: ignore\n"
    assert told(text, runs=lambda code: code != "TFM201")[0][1].startswith("x = 1  # noqa: TFM2\n")
    assert told(text, runs=lambda code: False) == []
    assert len(told(text, runs=(every_code() - {"TFM001"}).__contains__)) == 2
    ((message, _),) = told("x = 1  # tflint-mem: ignore[load-modle-in-loop]\n", runs=lambda code: False)
    assert "no rule is called `load-modle-in-loop`" in message


def test_messages_name_the_words():
    ((message, _),) = told("x = 1  # noqa: TFM101, TFM2, TFM999\n")
    assert message == "`noqa` is not needed: no rule is called `TFM999`, and `TFM101`, `TFM2` silence nothing here"
    ((message, _),) = told("# tflint-mem: skip-file\n")
    assert message == "`tflint-mem: skip-file` is not needed: it silences nothing"


def test_a_whole_check(tmp_path, monkeypatch, capsys):
    """Used comments stay, idle ones go, and the next check is silent; the same from the cache."""
    monkeypatch.chdir(tmp_path)
    terminal = Terminal(capsys, monkeypatch)
    (tmp_path / "a.py").write_text(LEAK.replace(LOAD, LOAD + "  # noqa: TFM101") + "x = 1  # noqa: TFM101\n")
    (tmp_path / "plain.py").write_text("# tflint-mem: skip-file\nx = 1\n")
    found = json.loads(terminal("check", "--output-format", "json").out)
    places = [(f["filename"].rpartition("/")[2], f["code"], f["location"]["row"]) for f in found]
    assert places == [("a.py", "TFM001", 6), ("plain.py", "TFM001", 1)]
    assert terminal("check").code == 0, "a hint"
    assert terminal("check", "--extend-select", "TFM001").code == 1
    for arguments in (
        ("--select", "TFM1"),
        ("--ignore", "TFM0"),
        ("--ignore", "TFM001"),
        ("--ignore-noqa",),
        ("--ignore", "unused-suppression"),
    ):
        assert "TFM001" not in terminal("check", *arguments, "--output-format", "concise").out, arguments
    assert "TFM101" in terminal("check", "--ignore-noqa", "--output-format", "concise").out
    assert terminal("check", "--fix").code == 0
    assert (tmp_path / "a.py").read_text().endswith(LOAD + "  # noqa: TFM101\n    print(model)\nx = 1\n")
    assert (tmp_path / "plain.py").read_text() == "x = 1\n"
    assert "no findings" in terminal("check").out


def test_a_cached_answer_tells_the_same(tmp_path, monkeypatch):
    monkeypatch.setattr("tflint_mem.checking.check._FEWEST_TO_CACHE", 1)
    (tmp_path / "a.py").write_text(LEAK + "x = 1  # noqa: TFM101\n")
    settings = Settings(cache=True, project_root=tmp_path)
    cold = check_paths(tmp_path, settings)
    assert (tmp_path / ".tflint_mem_cache").is_dir()
    read = Source.read.__func__
    seen = []
    monkeypatch.setattr(Source, "read", classmethod(lambda cls, *given: seen.append(given) or read(cls, *given)))
    warm = check_paths(tmp_path, settings)
    assert [finding.code for finding in warm.findings] == ["TFM101", "TFM001"]
    assert warm.findings == cold.findings and len(seen) == 1, "only the file with a comment is read"


def test_what_a_fix_makes_idle_is_taken_away_too():
    """And a finding that only --pedantic shows is silenced by its comment."""
    hidden = (
        LEAK.replace(f"tf.keras.models.{LOAD}", "tf.zeros(3)").replace("print(model)", "pass")
        + "x = 1  # noqa: TFM101\n"
    )
    fixes = apply_fixes(check_source(hidden))
    assert fixes.changes[0].new_text.endswith("x = 1\n") and fixes.left.findings == ()


def test_files_that_do_not_parse_are_not_judged():
    broken = "import tensorflow as tf\nx = 1  # noqa: TFM101\nx = 1 +\n"
    assert [finding.code for finding in check_source(broken).findings] == ["TFM000"]
    assert check_source(broken, settings=Settings(ignore=["TFM000"])).findings == ()


def test_notebooks():
    cells = ["import tensorflow as tf\n", "%time\nx = 1  # noqa: TFM101\n", "# tflint-mem: ignore[TFM101]"]
    text = json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})
    report = check_source(text, "n.ipynb")
    assert [(f.code, f.cell, f.start) for f in report.findings] == [("TFM001", 2, (2, 8)), ("TFM001", 3, (1, 1))]
    new = json.loads(apply_fixes(report).changes[0].new)
    assert [cell["source"] for cell in new["cells"]] == [cells[0], "%time\nx = 1\n", ""]
