"""Applying fixes: rounds, conflicts, refusal of what does not hold, and bytes that must not change."""

import ast
import json
import os
import stat
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support import ROOT
from tflint_mem.finding import Edit, Finding, Fix
from tflint_mem.fixes.rounds import MOST_ROUNDS, fix_source
from tflint_mem.sources.source import Source, split_rows
from tflint_mem.storage.in_place import write_atomic


def finding(code, row, column=1, edits=(), applicability="safe", severity="error", cell=None):
    fix = Fix(applicability=applicability, message="fix", edits=tuple(edits)) if edits else None
    return Finding(
        code=code,
        name=code.lower(),
        group="leak",
        severity=severity,
        message="m",
        path="code.py",
        cell=cell,
        start=(row, column),
        end=(row, column + 1),
        noqa_row=row,
        fix=fix,
    )


def replace(row, old, new, column=1, cell=None):
    return Edit(start=(row, column), end=(row, column + len(old)), content=new, cell=cell)


class Linter:
    """Finds words on rows: each word has a code, a severity and what its fix puts in its place."""

    def __init__(self, **words):
        self.words = words
        self.checked = 0

    def __call__(self, raw, path="code.py"):
        self.checked += 1
        source = Source.from_bytes(path, raw)
        found = []
        for row, line in enumerate(source.lines, 1):
            for word, (new, *rest) in self.words.items():
                for column in [i + 1 for i in range(len(line)) if line.startswith(word, i)]:
                    edits = (
                        new(source, row, column)
                        if callable(new)
                        else [replace(row, word, new, column)]
                        if new is not None
                        else []
                    )
                    cell, row_there = source.locate(row)
                    if cell is not None:
                        edits = [
                            e.replace(cell=cell, start=(row_there, e.start[1]), end=(row_there, e.end[1]))
                            for e in edits
                        ]
                    severity = rest[0] if rest else "error"
                    applicability = rest[1] if len(rest) > 1 else "safe"
                    found.append(finding(word.upper(), row_there, column, edits, applicability, severity, cell))
        return found

    def fix(self, text, unsafe=False, path="code.py"):
        raw = text if isinstance(text, bytes) else text.encode()
        return fix_source(
            Source.from_bytes(path, raw), self(raw, path), unsafe=unsafe, recheck=lambda new: self(new, path)
        )


def reasons(result):
    return [(finding.code, reason) for finding, reason in result.skipped]


def test_several_fixes_in_one_round():
    result = Linter(bad=("good",), worse=("fine",)).fix("bad = 1\nx = worse\nbad2 = bad\n")
    assert result.new == b"good = 1\nx = fine\ngood2 = good\n"
    assert [f.code for f in result.applied] == ["BAD", "WORSE", "BAD", "BAD"]
    assert (result.skipped, result.rounds) == ([], 1)


def test_nothing_to_do():
    linter = Linter(bad=("good", "error", "unsafe"), hint=(None,))
    result = linter.fix("bad = hint\n")
    assert (result.new, result.applied, result.skipped, result.rounds) == (b"bad = hint\n", [], [], 0)
    assert linter.checked == 1
    assert linter.fix("bad = hint\n", unsafe=True).new == b"good = hint\n"


def test_overlapping_fixes_go_into_the_next_round():
    linter = Linter(
        aa=(lambda s, row, column: [Edit(start=(row, 1), end=(row, len(s.lines[row - 1]) + 1), content="bb")],),
        cc=("dd",),
    )
    result = linter.fix("aa = cc\nx = cc\n")
    assert result.new == b"bb\nx = dd\n"
    assert [f.code for f in result.applied] == ["AA", "CC"]
    result = Linter(one=("a",), two=("b",)).fix("x = onetwo\n")
    assert (result.new, result.rounds) == (b"x = ab\n", 2)


def importing(word, line):
    def edits(source, row, column):
        found = [replace(row, word, "ok", column)]
        if line not in source.text:
            found.insert(0, Edit(start=(1, 10), end=(1, 10), content="\n" + line))
        return found

    return edits


def test_the_same_import_is_inserted_once():
    linter = Linter(one=(importing("one", "import gc"),), two=(importing("two", "import gc"),))
    result = linter.fix("import os\nx = one\ny = two\n")
    assert result.new == b"import os\nimport gc\nx = ok\ny = ok\n"
    assert result.rounds == 1


def test_different_imports_at_one_place():
    linter = Linter(one=(importing("one", "import gc"),), two=(importing("two", "import re"),))
    result = linter.fix("import os\nx = one\ny = two\n")
    assert result.new == b"import os\nimport gc\nimport re\nx = ok\ny = ok\n"
    assert result.rounds == 1


def test_two_insertions_that_bring_one_name_do_not_go_together():
    linter = Linter(one=(importing("one", "import gc"),), two=(importing("two", "import re as gc"),))
    result = linter.fix("import os\nx = one\ny = two\n")
    assert result.rounds == 2


def test_a_fix_that_breaks_the_code_is_left_out():
    result = Linter(bad=("good",), worse=("(",)).fix("a = bad\nb = worse\nc = bad\n")
    assert result.new == b"a = good\nb = worse\nc = good\n"
    assert reasons(result) == [("WORSE", "the result would not compile")]
    assert [f.code for f in result.applied] == ["BAD", "BAD"]


@pytest.mark.parametrize(
    "text, new",
    [
        ("def f():\n    return bad\nx = 1\n", "return"),
        ("x = bad\n", "__debug__ = 1"),
        ("f(a=bad)\n", "1, a=2"),
    ],
)
def test_what_the_parser_accepts_but_not_the_compiler(text, new):
    if new == "return":
        text, new = "x = 1\nbad\n", "return"
    result = Linter(bad=(new,)).fix(text)
    assert result.new == text.encode()
    assert reasons(result) == [("BAD", "the result would not compile")]


def test_code_that_did_not_compile_before_may_be_fixed():
    assert Linter(bad=("good",)).fix("return bad\n").new == b"return good\n"


def test_a_fix_that_does_not_help_is_left_out():
    result = Linter(bad=("bad + bad",), worse=("fine",)).fix("a = bad\nb = worse\n")
    assert result.new == b"a = bad\nb = fine\n"
    assert reasons(result) == [("BAD", "the finding would still be there")]


def test_a_fix_that_moves_its_finding_is_left_out():
    linter = Linter(
        bad=(
            lambda s, row, column: (
                [Edit(start=(1, 1), end=(1, 1), content="a = bad\n"), replace(row, "bad", "a", column)]
                if row > 1
                else []
            ),
        )
    )
    result = linter.fix("x = 1\nb = bad\n")
    assert result.new == b"x = 1\nb = bad\n"
    assert reasons(result) == [("BAD", "the finding would still be there")]


@pytest.mark.parametrize("severity, kept", [("error", False), ("warning", False), ("hint", True)])
def test_a_fix_that_causes_another_finding(severity, kept):
    result = Linter(bad=("other",), other=(None, severity), third=("good",)).fix("a = bad\nb = third\nc = other\n")
    assert result.new == (b"a = other\nb = good\nc = other\n" if kept else b"a = bad\nb = good\nc = other\n")
    assert reasons(result) == ([] if kept else [("BAD", "it would cause OTHER other")])


def test_fixes_that_shift_other_findings():
    linter = Linter(bad=("x\ny",), keep=(None,), late=("z",))
    result = linter.fix("bad\nkeep; bad; keep\nlate = bad; keep\n")
    assert b"bad" not in result.new and b"late" not in result.new
    assert result.skipped == []


def test_a_left_out_fix_is_not_tried_again_when_it_has_moved():
    linter = Linter(
        bad=("(",), first=("a\nb",), second=(lambda s, r, c: [replace(r, "second", "c", c)] if r > 2 else [],)
    )
    result = linter.fix("first\nx = bad; second\n")
    assert result.new == b"a\nb\nx = bad; c\n"
    assert reasons(result) == [("BAD", "the result would not compile")]


def test_fixes_that_undo_each_other_end():
    linter = Linter(ping=("pong",), pong=("ping",))
    linter.words = {"ping": ("pong", "hint"), "pong": ("ping", "hint")}
    result = linter.fix("x = ping\n")
    assert result.rounds <= 2
    assert result.skipped[-1][1] == "the fixes undo each other"


def test_no_more_than_ten_rounds():
    counter = [0]

    def next_word(source, row, column):
        counter[0] += 1
        return [Edit(start=(row, 1), end=(row, len(source.lines[row - 1]) + 1), content=f"n{counter[0]} = 1")]

    codes = [0]

    def check(raw):
        codes[0] += 1
        source = Source.from_bytes("code.py", raw)
        return [finding(f"T{codes[0]}", 1, edits=next_word(source, 1, 1), severity="hint")]

    result = fix_source(Source.from_bytes("code.py", b"x = 1\n"), check(b"x = 1\n"), unsafe=False, recheck=check)
    assert result.rounds == MOST_ROUNDS
    assert result.skipped[-1][1] == f"still not settled after {MOST_ROUNDS} rounds"


def test_an_encoding_that_cannot_hold_the_fix():
    raw = "# coding: latin-1\nx = 'é' + bad\n".encode("latin-1")
    result = Linter(bad=("'漢'",)).fix(raw)
    assert result.new == raw
    assert "latin-1" in reasons(result)[0][1] or "iso-8859-1" in reasons(result)[0][1]
    assert Linter(bad=("'ü'",)).fix(raw).new == "# coding: latin-1\nx = 'é' + 'ü'\n".encode("latin-1")


def notebook(*texts):
    cells = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in texts]
    return json.dumps({"cells": cells, "metadata": {}}, indent=1).encode()


def test_notebook():
    raw = notebook("await f()\nx = bad", "!ls\ny = bad\nworse")
    result = Linter(bad=("good",), worse=("await (",)).fix(raw, path="n.ipynb")
    assert result.new == notebook("await f()\nx = good", "!ls\ny = good\nworse")
    assert reasons(result) == [("WORSE", "the result would not compile")]


def test_a_fix_over_a_magic_is_left_out():
    raw = notebook("!ls", "x = bad")
    broken = finding("A", 1, edits=[replace(1, "!ls", "y", cell=1)], cell=1)
    result = fix_source(Source.from_bytes("n.ipynb", raw), [broken], unsafe=False, recheck=lambda new: [])
    assert result.new == raw
    assert "magic" in result.skipped[0][1]


# --- properties ------------------------------------------------------------------------------------------------------

NAMES = ["bad", "good", "é", "x1"]
ROW = st.lists(
    st.sampled_from(["bad", "good", "x = 'é ü'", "f(bad)", "'\x0c\u2028'", "bad + bad"]), min_size=1, max_size=3
).map("; ".join)
ENCODINGS = st.sampled_from(["utf-8", "latin-1", "utf-8-sig", "cp1252"])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    rows=st.lists(ROW, min_size=1, max_size=6),
    newlines=st.lists(st.sampled_from(["\n", "\r\n", "\r"]), min_size=7, max_size=7),
    final=st.booleans(),
    encoding=ENCODINGS,
    new=st.sampled_from(["", "g", "'é'", "(1,\n 2)", "longer_name"]),
)
def test_bytes_outside_the_edits_stay(rows, newlines, final, encoding, new):
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    if codec != "utf-8":
        rows = [f"# -*- coding: {encoding} -*-"] + [row.replace("\u2028", "") for row in rows]
        newlines = ["\r\n", *newlines]
    text = "".join(row + newline for row, newline in zip(rows, newlines))
    if not final:
        text = text.rstrip("\r\n")
    raw = text.encode(encoding)
    result = Linter(bad=(new or "0",)).fix(raw)
    assert result.skipped == []
    assert result.new.replace((new or "0").encode(codec), b"") == raw.replace(b"bad", b"").replace(
        (new or "0").encode(codec), b""
    )
    assert b"bad" not in result.new or result.rounds == MOST_ROUNDS


@settings(max_examples=300, deadline=None)
@given(data=st.data(), newline=st.sampled_from(["\n", "\r\n", "\r"]), final=st.booleans())
def test_random_edits_splice_exactly(data, newline, final):
    rows = data.draw(
        st.lists(st.sampled_from(["", "x = 1", "é = 'ü'", "\ty = 2  # \u2028", "'''a", "b'''"]), min_size=1, max_size=8)
    )
    text = newline.join(rows) + newline * final
    source = Source.from_bytes("code.py", text.encode())
    rows = split_rows(text)
    offsets = [0]
    for row in rows[:-1]:
        offsets.append(offsets[-1] + len(row) + len(newline))
    places = sorted({data.draw(st.integers(0, len(text))) for _ in range(4)})
    places = [p for p in places if not (newline == "\r\n" and text[p - 1 : p + 1] == "\r\n")]
    pairs = list(zip(places[::2], places[1::2]))
    contents = [data.draw(st.sampled_from(["", "new", "é" + newline])) for _ in pairs]

    def place(offset):
        row = max(i for i, start in enumerate(offsets) if start <= offset)
        return row + 1, offset - offsets[row] + 1

    edits = [Edit(start=place(a), end=place(b), content=c) for (a, b), c in zip(pairs, contents)]
    group = [finding(f"C{i}", *edit.start, edits=[edit], severity="hint") for i, edit in enumerate(edits)]
    result = fix_source(source, group, unsafe=False, recheck=lambda raw: [])
    applied = sorted((e for f in result.applied for e in f.fix.edits), key=lambda e: e.start)
    expected, done = "", 0
    for (a, b), edit in zip(pairs, edits):
        if edit in applied:
            expected += text[done:a] + edit.content
            done = b
    assert result.new == (expected + text[done:]).encode()
    assert len(result.applied) + len(result.skipped) >= (len(edits) > 0)


# --- writing ---------------------------------------------------------------------------------------------------------


def test_write_atomic_keeps_mode_and_link(tmp_path):
    target = tmp_path / "real.py"
    target.write_bytes(b"old")
    target.chmod(0o751)
    link = tmp_path / "link.py"
    link.symlink_to(target)
    write_atomic(str(link), b"new\r\n")
    assert target.read_bytes() == b"new\r\n"
    assert link.is_symlink()
    assert stat.S_IMODE(os.stat(target).st_mode) == 0o751
    assert sorted(os.listdir(tmp_path)) == ["link.py", "real.py"]


def test_write_atomic_leaves_the_file_on_failure(tmp_path, monkeypatch):
    target = tmp_path / "code.py"
    target.write_bytes(b"old")

    def refuse(*args):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        write_atomic(str(target), b"new")
    assert target.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["code.py"]


def test_write_atomic_to_nowhere(tmp_path):
    with pytest.raises(OSError):
        write_atomic(str(tmp_path / "missing" / "code.py"), b"new")


def test_apply_needs_no_libcst():
    import subprocess
    import sys

    code = "import sys, tflint_mem.fixes.rounds; sys.exit('libcst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT).returncode == 0


def test_the_helper_linter_is_honest():
    assert ast.parse("x = bad\n") and [f.start for f in Linter(bad=("g",))(b"x = bad\n")] == [(1, 5)]


def test_a_file_that_another_files_fix_gives_something_to_fix_has_its_turn(tmp_path):
    """A finding that stood for a builder in one loop is mended; what it hid is mended by the same run."""
    (tmp_path / "__init__.py").write_text(
        "from tensorflow.keras.models import Model\n\n\ndef build(size):\n    for filters in (16, 8, 3):\n        x = Conv(filters)(x)\n\n\n"
        "for i in range(3):\n    import nets\n    nets.build()\n"
    )
    (tmp_path / "nets.py").write_text(
        "import tensorflow as tf\n\n\ndef build(width):\n    net = tf.keras.Sequential([Input((4,)), tf.keras(width), tf])\n"
        "    net.compile('sgd', 'mse')\n    shutil.copy(name, 'best.keras')\n    return net\n\n\ndef improve(width):\n"
        "    build(width).save('new.keras')\n\n\nfor width in range(2, 42):\n    improve(width)\n"
        "    best = tf.keras.models.load_model('best.keras')\n"
    )
    command = [
        sys.executable,
        "-m",
        "tflint_mem",
        "check",
        "--isolated",
        "--no-cache",
        "--pedantic",
        "--fix",
        "--unsafe-fixes",
        ".",
    ]
    states = []
    for _ in range(2):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode in (0, 1), done.stderr
        states.append([path.read_text() for path in sorted(tmp_path.glob("*.py"))])
    assert states[0] == states[1]
    assert all("gc.collect()" in text for text in states[0])
