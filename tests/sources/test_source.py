"""Source: bytes to text and rows, places of errors, and edits that leave every other byte alone."""

import ast
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tflint_mem.finding import Edit
from tflint_mem.sources.source import Source, SourceError, split_rows


def source(raw, path="code.py"):
    return Source.from_bytes(path, raw)


def error_of(raw, path="code.py"):
    with pytest.raises(SourceError) as caught:
        source(raw, path).text
    return caught.value


def test_only_python_line_ends_end_a_row():
    text = "a = '\x0b\x0c\x1c\x85\u2028'\r\nb = 1\rc = 2\nd"
    assert source(text.encode()).lines == ["a = '\x0b\x0c\x1c\x85\u2028'", "b = 1", "c = 2", "d"]


def test_rows_agree_with_pythons_parser():
    text = "x = '\x0c'\r\ny = '\u2028'\rz = (1,\n2)\n"
    rows = source(text.encode()).lines
    ends = [(node.lineno, node.end_lineno) for node in ast.parse(text.encode()).body]
    assert ends == [(1, 1), (2, 2), (3, 4)]
    assert rows[2:4] == ["z = (1,", "2)"]


@pytest.mark.parametrize(
    ("raw", "newline"),
    [
        (b"", "\n"),
        (b"a\nb\n", "\n"),
        (b"a\r\nb\r\nc\n", "\r\n"),
        (b"a\rb\r", "\r"),
        (b"a", "\n"),
    ],
)
def test_the_dominant_line_end(raw, newline):
    assert source(raw).newline == newline


def test_byte_order_mark_is_no_text_and_survives_an_edit():
    marked = source(b"\xef\xbb\xbfx = 1\n")
    assert (marked.text, marked.bom, marked.encoding) == ("x = 1\n", True, "utf-8")
    assert marked.with_edits([Edit(start=(1, 5), end=(1, 6), content="2")]) == b"\xef\xbb\xbfx = 2\n"


def test_declared_encoding():
    latin = source("# -*- coding: latin-1 -*-\nname = 'é'\n".encode("latin-1"))
    assert latin.lines[1] == "name = 'é'"
    assert latin.with_edits([Edit(start=(2, 1), end=(2, 5), content="nom")]).endswith("nom = 'é'\n".encode("latin-1"))


def test_a_fix_that_the_encoding_cannot_hold_is_refused():
    latin = source(b"# coding: latin-1\nx = 1\n")
    with pytest.raises(SourceError, match="does not fit into iso-8859-1"):
        latin.with_edits([Edit(start=(2, 5), end=(2, 6), content="'→'")])


def test_the_word_coding_in_code_declares_nothing():
    assert source(b"encoding = 'x'\ncoding = 'y'\n").encoding == "utf-8"


def test_unknown_encoding_has_a_place():
    error = error_of(b"# coding: klingon\n")
    assert (error.row, error.column) == (1, 1)
    assert "klingon" in error.message


def test_invalid_utf8_has_its_place():
    error = error_of("é = 1\r\nname = 'caf".encode() + b"\xe9'\n")
    assert (error.row, error.column) == (2, 12)
    assert "0xe9" in error.message
    assert not error.unreadable


def test_nul_byte_has_its_place():
    error = error_of(b"x = 1\n  \x00\n")
    assert (error.row, error.column) == (2, 3)
    assert "NUL" in error.message


def test_an_error_stays_the_same_and_becomes_a_finding():
    broken = source(b"\xff")
    for _ in range(2):
        with pytest.raises(SourceError):
            broken.text
    finding = error_of(b"x\n\xff").finding()
    assert (finding.code, finding.name, finding.severity, finding.start) == ("TFM000", "syntax-error", "error", (2, 1))


def test_what_cannot_be_read_is_unreadable(tmp_path):
    for path in (tmp_path / "missing.py", tmp_path):
        with pytest.raises(SourceError) as caught:
            Source.read(str(path))
        assert caught.value.unreadable


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_a_pipe_is_not_waited_for(tmp_path):
    path = tmp_path / "pipe.py"
    os.mkfifo(path)
    with pytest.raises(SourceError) as caught:
        Source.read(str(path))
    assert caught.value.unreadable


def test_edits_touch_nothing_else():
    raw = b"a = 1\r\nb = 2  \n\x0c\rlast"
    edited = source(raw).with_edits(
        [Edit(start=(2, 5), end=(2, 6), content="22"), Edit(start=(1, 1), end=(1, 1), content="# one\r\n")]
    )
    assert edited == b"# one\r\na = 1\r\nb = 22  \n\x0c\rlast"


@pytest.mark.parametrize(
    "edits",
    [
        [Edit(start=(1, 1), end=(1, 4), content=""), Edit(start=(1, 3), end=(1, 5), content="")],
        [Edit(start=(3, 1), end=(3, 1), content="x")],
        [Edit(start=(1, 9), end=(1, 9), content="x")],
        [Edit(start=(1, 4), end=(1, 2), content="x")],
    ],
)
def test_impossible_edits_are_refused(edits):
    with pytest.raises(ValueError):
        source(b"a = 1\nb").with_edits(edits)


@given(st.text("ab\r\n\x0c é→", max_size=40), st.data())
def test_an_edit_is_a_splice_at_the_character(text, data):
    rows = split_rows(text)
    row = data.draw(st.integers(1, len(rows)))
    column = data.draw(st.integers(1, len(rows[row - 1]) + 1))
    edited = source(text.encode()).with_edits([Edit(start=(row, column), end=(row, column), content="§")]).decode()
    assert edited.replace("§", "") == text
    before = split_rows(edited[: edited.index("§")])
    assert (len(before), len(before[-1]) + 1) == (row, column)
