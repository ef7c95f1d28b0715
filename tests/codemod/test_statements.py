"""Removing, moving and closing statements."""

import json

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.cells import located
from tflint_mem.codemod.operations import close_at_end, move_up, remove_statement, with_rest
from tflint_mem.sources.source import Source


@pytest.mark.parametrize(
    "before, after",
    [
        ("a()\nreset()\nb()\n", "a()\nb()\n"),
        ("def f():\n    # clean\n    reset()\n\n    b()\n", "def f():\n    b()\n"),
        ("def f():\n    reset()\n", "def f():\n    pass\n"),
        ("if x: reset()\nelse: b()\n", "if x: pass\nelse: b()\n"),
        ("if x:\n\treset(); b()\n", "if x:\n\tb()\n"),
        ("a(); reset()\n", "a()\n"),
        ("def f():\n    a()\n    reset()", "def f():\n    a()"),
        (
            "def f():\n    a()\n    # about b\n\n    reset()\n    # tail\n",
            "def f():\n    a()\n    # about b\n\n    # tail\n",
        ),
        ("try:\n    reset()\nexcept E:\n    b()\n", "try:\n    pass\nexcept E:\n    b()\n"),
    ],
)
def test_remove(before, after):
    code = Code(before)
    view, call = code.call("reset(")
    assert code.apply(remove_statement(view, call)) == after


def test_remove_refused():
    code = Code("if reset():\n    a()\n")
    view, call = code.call("reset(")
    with pytest.raises(NoFix):
        remove_statement(view, call)


MOVES = {
    "top level": (
        """\
import tf
x = tf.zeros(1)
y = 2

# growth
gpus = tf.list()
for g in gpus:
    grow(g)
z = 3
""",
        [(6, 6), (7, 8)],
        2,
        """\
import tf
# growth
gpus = tf.list()
for g in gpus:
    grow(g)
x = tf.zeros(1)
y = 2

z = 3
""",
    ),
    "in a function, last in the file": (
        """\
def main():
    x = 1
    grow()""",
        [(3, 3)],
        2,
        """\
def main():
    grow()
    x = 1""",
    ),
}


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_move_up(name, newline):
    before, ranges, to_row, after = MOVES[name]
    code = Code(before.replace("\n", newline))
    assert code.apply(move_up(code.source, ranges, to_row)) == after.replace("\n", newline)


@pytest.mark.parametrize(
    "text, ranges, to_row, reason",
    [
        ("a()\nx = 1\ngrow(x)\n", [(3, 3)], 1, "x stands in the way"),
        ("use(x)\nx = 1\n", [(2, 2)], 1, "x stands in the way"),
        ("a()\nif b:\n    grow()\n", [(3, 3)], 1, "same block"),
        ("a()\nb(); grow()\n", [(2, 2)], 1, "same line"),
        ("a(); b()\ngrow()\n", [(2, 2)], 1, "same line"),
        ("grow()\na()\n", [(1, 1)], 2, "already"),
        ("a()\ngrow()\n", [(2, 2)], 5, "no statement"),
        ("a()\ngrow(\n)\n", [(2, 2)], 1, "same block"),
        ("from __future__ import annotations\ngrow()\n", [(2, 2)], 1, "above that"),
        ("'Doc.'\ngrow()\n", [(2, 2)], 1, "above that"),
    ],
)
def test_move_up_refused(text, ranges, to_row, reason):
    with pytest.raises(NoFix, match=reason):
        move_up(Code(text).source, ranges, to_row)


def test_move_up_between_notebook_cells():
    cells = [
        {"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in ("a()\nb()", "c()\ngrow()")
    ]
    source = Source.from_bytes("n.ipynb", json.dumps({"cells": cells, "metadata": {}}).encode())
    new = Source.from_bytes("n.ipynb", source.with_edits(located(source, move_up(source, [(4, 4)], 2))))
    assert new.notebook.cell_text(1) == "a()\ngrow()\nb()"
    assert new.notebook.cell_text(2) == "c()"


WITH = {
    "to the last use": (
        """\
def f(p):
    # write
    w = Writer(p)  # one

    for x in y:
        w.write(x)
    done()
""",
        """\
def f(p):
    # write
    with Writer(p) as w:  # one
        for x in y:
            w.write(x)
    done()
""",
    ),
    "multi-line strings keep their text": (
        """\
for p in q:
    w = Writer(
        p,
    )
    w.write('''
  text
''')
    # tail
""",
        """\
for p in q:
    with Writer(
        p,
    ) as w:
        w.write('''
  text
''')
    # tail
""",
    ),
}


@pytest.mark.parametrize("name", WITH)
def test_with_rest(name):
    before, after = WITH[name]
    code = Code(before)
    assert code.apply(with_rest(*code.call("Writer("))) == after


@pytest.mark.parametrize(
    "text, reason",
    [
        ("def f():\n    w = Writer(1)\n", "nothing follows"),
        ("def f():\n    w = Writer(1)\n    g()\n", "not used"),
        ("def f():\n    if a:\n        w = Writer(1)\n        w.x()\n    w.y()\n", "other places"),
        ("def f():\n    a, b = Writer(1)\n    a.x()\n", "one name"),
        ("def f():\n    a = 1; w = Writer(1)\n    w.x()\n", "same line"),
        ("if a: w = Writer(1); w.x()\n", "same line"),
        ("w = Writer(1)\nw.x()\n", "nothing follows"),
        ("if a:\n    w = Writer(1)\n    w.x()\nw.y()\n", "other places"),
    ],
)
def test_with_rest_refused(text, reason):
    code = Code(text)
    with pytest.raises(NoFix, match=reason):
        with_rest(*code.call("Writer("))


CLOSE = {
    "plain": (
        """\
for x in y:
    s = Session()
    s.run(x)
""",
        """\
for x in y:
    s = Session()
    s.run(x)
    s.close()
""",
    ),
    "a repeat may end early": (
        """\
def f():
    while x:
        s = Session()

        # work
        if s.run(x):
            continue
        g()
    return 1
""",
        """\
def f():
    while x:
        s = Session()

        # work
        try:
            if s.run(x):
                continue
            g()
        finally:
            s.close()
    return 1
""",
    ),
    "early end before it": (
        """\
for x in y:
    if x:
        continue
    s = Session()
    s.run(x)
""",
        """\
for x in y:
    if x:
        continue
    s = Session()
    s.run(x)
    s.close()
""",
    ),
}


def test_close_before_del():
    code = Code("for x in y:\n    s = Session()\n    s.run(x)\n    del s\n    collect()\n")
    view, call = code.call("Session(")
    assert code.apply(close_at_end(view, call, view.loops(call)[0])) == (
        "for x in y:\n    s = Session()\n    s.run(x)\n    s.close()\n    del s\n    collect()\n"
    )


@pytest.mark.parametrize("name", CLOSE)
def test_close_at_end(name):
    before, after = CLOSE[name]
    code = Code(before)
    view, call = code.call("Session(")
    assert code.apply(close_at_end(view, call, view.loops(call)[0])) == after


@pytest.mark.parametrize(
    "text, reason",
    [
        ("for x in y:\n    s = Session()\n    s.run(x)\ns.run(1)\n", "outside"),
        ("for x in y:\n    if x:\n        s = Session()\n        s.run(x)\n", "body of the loop"),
        ("for x in y:\n    s = Session()\n", "nothing follows"),
        ("for x in y:\n    s = Session()\n    s.run(x)\n    s = None\n", "bound again"),
        ("for x in y:\n    s = Session()\n    if s.run(x):\n        del s\n", "bound again"),
    ],
)
def test_close_refused(text, reason):
    code = Code(text)
    view, call = code.call("Session(")
    with pytest.raises(NoFix, match=reason):
        close_at_end(view, call, view.loops(call)[0])
