"""Comments that silence findings, and the ones that do not."""

import json

import pytest

from tflint_mem.finding import Finding
from tflint_mem.silencing import comment_edits, noqa_comments
from tflint_mem.sources.source import Source


def finding(row, column=1, code="TFM101", name="load-model-in-loop", noqa_row=None, cell=None, path="a.py"):
    return Finding(
        code=code,
        name=name,
        group="leak",
        severity="error",
        message="m",
        path=path,
        cell=cell,
        start=(row, column),
        end=(row, column + 1),
        noqa_row=noqa_row or row,
    )


def silenced(text, *findings, warnings=None, path="a.py"):
    """For every finding whether it is silenced in a file with this text."""
    source = Source(path, text if isinstance(text, bytes) else text.encode())
    said = []
    kept = noqa_comments.apply(findings, lambda name: source if name == path else None, said.append)
    assert said == (warnings or [])
    return [item not in kept for item in findings]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "#noqa",
        "# NOQA",
        "# noqa: TFM101",
        "# noqa:TFM201,TFM101",
        "# noqa: E501 TFM101",
        "# noqa: tfm101",
        "# noqa: TFM1",
        "# noqa : TFM101",
        "# why not  # noqa: TFM101",
        "# noqa: TFM101 since it is fine",
        "# type: ignore # noqa",
        "# tflint-mem: ignore",
        "# tflint-mem:ignore[TFM101]",
        "# tflint-mem: ignore[load-model-in-loop] only three of them",
        "# tflint-mem: ignore[TFM102, TFM101]",
        "# tflint-mem: ignore[TFM1]",
    ],
)
def test_silences_its_row(comment):
    assert silenced(f"x = f()  {comment}\n", finding(1)) == [True]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: E501",
        "# noqa: TFM102",
        "# noqas",
        "# noqa: ",
        "# flake8: noqa",
        "# ruff: noqa",
        "# tflint-mem: ignore[TFM102]",
        "# tflint-mem: ignore[]",
        "# a noqa would do",
        "# see noqa.md",
    ],
)
def test_does_not_silence(comment):
    assert silenced(f"x = f()  {comment}\n", finding(1)) == [False]


def test_only_comments_count():
    assert silenced('x = f("# noqa")\ny = """\n# tflint-mem: skip-file\n"""\n', finding(1), finding(2)) == [
        False,
        False,
    ]


def test_first_and_last_row_of_the_flagged_statement():
    text = "x = f(  {0}\n    g(\n        1),  {1}\n)  {2}\ny = 1  {3}\n"
    for marked, expected in ((0, True), (1, False), (2, True), (3, False)):
        comments = ["# noqa" if i == marked else "" for i in range(4)]
        assert silenced(text.format(*comments), finding(2, 5, noqa_row=4)) == [expected]


def test_the_flagged_row_itself_counts():
    assert silenced("x = f(\n    g(1),  # noqa\n    2)\n", finding(2, 5, noqa_row=3)) == [True]


def test_an_ignore_on_its_own_row_counts_for_the_statement_below():
    text = "# tflint-mem: ignore[TFM101] three models\n\n# more\nx = f(\n  1)\ny = 2\n"
    assert silenced(text, finding(4), finding(6)) == [True, False]
    assert silenced("# noqa\nx = f()\n", finding(2)) == [False]


def test_a_body_is_not_its_header():
    text = "for p in q:  # noqa\n    f(p)\n"
    assert silenced(text, finding(1), finding(2)) == [True, False]


def test_whole_files():
    rows = finding(1), finding(2, code="TFM102", name="model-built-in-loop")
    assert silenced("a\nb\n# tflint-mem: skip-file\n", *rows) == [True, True]
    assert silenced("# tflint-mem: ignore-file[TFM101]\nb\n", *rows) == [True, False]
    assert silenced("# tflint-mem: ignore-file[model-built-in-loop] reason\nb\n", *rows) == [False, True]


def test_a_broken_file_can_be_skipped_but_not_argued_with():
    broken = finding(1, code="TFM000", name="syntax-error")
    assert silenced("x = (  # noqa\n", broken) == [False]
    assert silenced("# tflint-mem: skip-file\nx = (\n", broken) == [True]
    assert silenced(b"# noqa\n\xff", broken) == [False]


def test_a_comment_that_cannot_work_is_told():
    said = ["a.py:1: no rule is called `load-model-in-lop`; did you mean `load-model-in-loop`?"]
    assert silenced("x  # tflint-mem: ignore[load-model-in-lop]\n", finding(1), warnings=said) == [False]
    said = ["a.py:1: unknown comment `tflint-mem: skip`; known are ignore, ignore-file and skip-file"]
    assert silenced("x  # tflint-mem: skip\n", finding(1), warnings=said) == [False]


def test_rows_that_only_str_splitlines_would_see():
    assert silenced("x = '\x0c\u2028'\r\ny = f()  # noqa\rz = f()", finding(1), finding(2), finding(3)) == [
        False,
        True,
        False,
    ]


def book(*cells):
    return json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": cell} for cell in cells]})


def test_notebook_cells():
    text = book("a = f()", "!ls\nb = f()  # noqa\n", "c = f()")
    findings = [
        finding(1, cell=1, path="n.ipynb"),
        finding(2, cell=2, path="n.ipynb"),
        finding(1, cell=3, path="n.ipynb"),
    ]
    assert silenced(text, *findings, path="n.ipynb") == [False, True, False]


# -- --add-noqa


def add(tmp_path, text, *findings, name="a.py"):
    path = tmp_path / name
    path.write_bytes(text)
    found = [item.replace(path=str(path)) for item in findings]
    new, count = comment_edits.commented(
        Source.read(str(path)), found, lambda source, left: not noqa_comments.apply(left, lambda _: source, print)
    )
    return count, new


def test_add_noqa(tmp_path):
    text = b"x = f()\r\ny = f()  # note\r\nz = f(\r\n  1)   \r\n"
    count, new = add(
        tmp_path, text, finding(1), finding(1, 5, "TFM102", "model-built-in-loop"), finding(2), finding(3, noqa_row=4)
    )
    assert count == 3
    assert new == (
        b"x = f()  # noqa: TFM101, TFM102\r\ny = f()  # note  # noqa: TFM101\r\nz = f(\r\n  1)  # noqa: TFM101\r\n"
    )


def test_add_noqa_joins_the_comment_that_is_there(tmp_path):
    assert add(tmp_path, b"x = f()  # noqa: E501\n", finding(1))[1] == b"x = f()  # noqa: E501, TFM101\n"
    assert add(tmp_path, b"x = f()  # noqa: E501 long\n", finding(1))[1] == b"x = f()  # noqa: E501, TFM101 long\n"


def test_add_noqa_in_a_notebook(tmp_path):
    count, new = add(tmp_path, book("x = f()").encode(), finding(1, cell=1), name="a.ipynb")
    assert (count, new) == (1, book("x = f()  # noqa: TFM101").encode())


def test_what_add_noqa_wrote_silences(tmp_path):
    rows = finding(1), finding(3, noqa_row=4)
    _, new = add(tmp_path, b"x = f()  # noqa: E501\n\nz = f(\n  1)\n", *rows)
    assert silenced(new, *rows) == [True, True]


def test_add_noqa_fills_a_comment_without_codes(tmp_path):
    assert add(tmp_path, b"x = f()  # noqa:\n", finding(1))[1] == b"x = f()  # noqa: TFM101\n"


def test_a_string_is_no_comment(tmp_path):
    assert add(tmp_path, b'x = f("# noqa: E1")\n', finding(1))[1] == b'x = f("# noqa: E1")  # noqa: TFM101\n'


@pytest.mark.parametrize(
    "text, row, noqa_row, new",
    [
        ("x = f(); y = \\\n  3\n", 1, 1, "x = f(); y = \\\n  3  # noqa: TFM101\n"),
        ('x = f(), """a\nb"""\n', 1, 1, 'x = f(), """a\nb"""  # noqa: TFM101\n'),
        ('x = f(), f"""a\nb {1}\n"""\n', 1, 1, 'x = f(), f"""a\nb {1}\n"""  # noqa: TFM101\n'),
        ('"""a\n"""; x = f(); """b\n"""\n', 2, 2, '"""a\n"""; x = f(); """b\n"""  # noqa: TFM101\n'),
        (
            'if 1:\n  for x in [f(), """\n"""]: pass\n',
            2,
            2,
            'if 1:\n  for x in [f(), """\n"""]: pass  # noqa: TFM101\n',
        ),
        (
            "x = f()  # a comment that ends in \\\ny = 1\n",
            1,
            1,
            "x = f()  # a comment that ends in \\  # noqa: TFM101\ny = 1\n",
        ),
        ("x = f() + \\\n  1 + \\\n  2", 1, 2, "x = f() + \\\n  1 + \\\n  2  # noqa: TFM101"),
    ],
)
def test_add_noqa_puts_comments_where_they_are_legal(tmp_path, text, row, noqa_row, new):
    assert add(tmp_path, text.encode(), finding(row, noqa_row=noqa_row)) == (1, new.encode())


def test_add_noqa_above_a_statement(tmp_path):
    """Where the comment at the end says something else to another tool's parser, an own row is left."""
    text = b"if 1:\n    x = f()  # tflint-mem: ignore[TFM102] # noqa\n"
    row = finding(2)
    source = Source("a.py", text)
    refused = comment_edits.commented(source, [row], lambda new, found: False)
    assert refused is None
    new, count = comment_edits.commented(source, [row], lambda new, found: new.lines[1].startswith("    # tflint-mem"))
    assert (new, count) == (b"if 1:\n    # tflint-mem: ignore[load-model-in-loop]\n" + text[6:], 1)
    assert silenced(new, finding(3)) == [True]
