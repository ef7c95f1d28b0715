"""Notebooks: cells as one module, magics masked in place, and fixes that change one cell's source and nothing else."""

import ast
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tflint_mem.finding import Edit
from tflint_mem.sources.magics import mask
from tflint_mem.sources.source import Source, SourceError


def code(*lines, **more):
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": [line + "\n" for line in lines[:-1]] + [lines[-1]] if lines else [],
        **more,
    }


def prose(text):
    return {"cell_type": "markdown", "metadata": {}, "source": [text]}


def notebook(*cells, **metadata):
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def source(document, indent=1, **style):
    raw = document if isinstance(document, bytes) else (json.dumps(document, indent=indent, **style) + "\n").encode()
    return Source.from_bytes("book.ipynb", raw)


def test_code_cells_are_one_module_and_cells_count_over_all_cells():
    book = source(notebook(prose("# Title"), code("import tensorflow as tf", "x = 1"), prose("text"), code("y = x")))
    assert book.text == "import tensorflow as tf\nx = 1\ny = x"
    assert [book.locate(row) for row in (1, 2, 3)] == [(2, 1), (2, 2), (4, 1)]
    assert [book.module_row(*place) for place in ((2, 1), (2, 2), (4, 1))] == [1, 2, 3]
    assert book.rows(4) == ["y = x"]


def test_nbformat_3():
    old = {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [
            {
                "cells": [
                    {"cell_type": "heading", "source": ["x"]},
                    {"cell_type": "code", "language": "python", "input": ["a = 1\n", "b = 2"], "outputs": []},
                ]
            }
        ],
    }
    book = source(old)
    assert (book.text, book.locate(2)) == ("a = 1\nb = 2", (2, 2))
    edited = json.loads(book.with_edits([Edit(start=(2, 5), end=(2, 6), content="3", cell=2)]))
    assert edited["worksheets"][0]["cells"][1]["input"] == ["a = 1\n", "b = 3"]


def test_source_may_be_one_string():
    document = notebook(code("x"))
    document["cells"][0]["source"] = "a = 1\nb = 2"
    edited = source(document).with_edits([Edit(start=(2, 1), end=(2, 2), content="c", cell=1)])
    assert json.loads(edited)["cells"][0]["source"] == "a = 1\nc = 2"


def test_cells_of_another_language_are_no_code():
    kernel = {"kernelspec": {"language": "R", "name": "ir"}}
    assert source(notebook(code("library(keras)"), **kernel)).text == ""


def test_half_a_surrogate_pair_keeps_columns():
    book = source(b'{"cells": [{"cell_type": "code", "source": ["a = \'\\ud800\'; b = 1"]}], "nbformat": 4}')
    assert book.text.index("b = 1") == len("a = 'x'; ")
    book.code_bytes()
    assert b"\\ud800" in book.with_edits([Edit(start=(1, 14), end=(1, 15), content="2", cell=1)])


@pytest.mark.parametrize(
    ("raw", "place", "words"),
    [
        (b'{"cells": [\n  {"cell_type": }]}', (2, 17), "invalid JSON"),
        (b"", (1, 1), "invalid JSON"),
        (b"[1, 2]", (1, 1), "no object"),
        (b'{"nbformat": 4}', (1, 1), "no list of cells"),
        (b'{"cells": [1]}', (1, 1), "cell 1"),
        (b'{"cells": [{"cell_type": "code", "source": [1]}]}', (1, 1), "source of cell 1"),
        (b'{"cells":\n "\xff"}', (2, 3), "not UTF-8"),
        (b"[" * 100_000, (1, 1), "nested too deeply"),
    ],
)
def test_a_broken_notebook_is_one_error_with_a_place(raw, place, words):
    with pytest.raises(SourceError, match=words) as caught:
        source(raw).text
    assert (caught.value.row, caught.value.column) == place


def test_nul_in_a_cell_has_its_place():
    with pytest.raises(SourceError, match="NUL") as caught:
        source(notebook(prose("x"), code("a = 1", "b\0"))).text
    assert (caught.value.cell, caught.value.row, caught.value.column) == (2, 2, 2)


# -- writing


def replace(old, new, cell, row, column):
    return Edit(start=(row, column), end=(row, column + len(old)), content=new, cell=cell)


@pytest.mark.parametrize(
    "style",
    [
        {"indent": 1},
        {"indent": 4},
        {"indent": "\t"},
        {"indent": None},
        {"indent": 1, "ensure_ascii": False},
        {"indent": None, "separators": (",", ":")},
    ],
)
def test_only_the_line_changes(style):
    book = source(notebook(prose("über"), code("a = 'ä'", "b = 2", "c = 3", id="x"), code("d = '→'")), **style)
    edited = book.with_edits([replace("b = 2", "b = 20", 2, 2, 1)])
    assert edited == book.raw.replace(b'"b = 2\\n"', b'"b = 20\\n"')


def test_new_lines_take_the_files_layout():
    book = source(notebook(code("a = 1", "b = 2"), code("only")))
    edited = book.with_edits(
        [
            Edit(start=(2, 1), end=(2, 1), content="new = 'é'\n", cell=1),
            Edit(start=(1, 5), end=(1, 5), content="\nmore", cell=2),
        ]
    )
    expected = notebook(code("a = 1", "new = 'é'", "b = 2"), code("only", "more"))
    assert edited == (json.dumps(expected, indent=1) + "\n").encode()


def test_unusual_spellings_elsewhere_stay():
    raw = b'\xef\xbb\xbf{ "cells":[{"source":["\\u0061 = 1\\n",\r\n"b = 2"] ,"cell_type":"code" , "x":1.50e+1 }],"nbformat":4}'
    book = source(raw)
    assert book.with_edits([replace("2", "3", 1, 2, 5)]) == raw.replace(b"b = 2", b"b = 3")


def test_an_edit_that_would_write_over_a_magic_is_refused():
    book = source(notebook(code("for x in y:", "    !nvidia-smi", "    f(x)")))
    with pytest.raises(ValueError, match="magic in cell 1, row 2"):
        book.with_edits([Edit(start=(1, 1), end=(3, 9), content="g()", cell=1)])
    assert b"g(x)" in book.with_edits([replace("f", "g", 1, 3, 5)])


def test_programs_that_know_no_cells_get_places_in_the_json():
    book = source(notebook(prose("x"), code("a = 'ä\\t'; b = 1", "c = 2")))
    rows = book.raw.decode().split("\n")
    row, column = book.file_place(2, 1, 12)
    assert rows[row - 1][column - 1 :].startswith("b = 1")
    row, column = book.file_place(2, 2, 5)
    assert rows[row - 1][column - 1 :].startswith("2")
    [edit] = book.file_edits([replace("c", "d", 2, 2, 1)])
    assert Source.from_bytes("x.py", book.raw).with_edits([edit]) == book.with_edits([replace("c", "d", 2, 2, 1)])


@given(st.lists(st.text("ab'\"\\é\n ", max_size=12), min_size=1, max_size=4), st.data())
def test_cells_round_trip_through_edits(texts, data):
    document = notebook(*(code() | {"source": text.splitlines(keepends=True)} for text in texts))
    book = source(document)
    number = data.draw(st.integers(1, len(texts)))
    new = data.draw(st.text('xy\n"', max_size=8))
    rows = texts[number - 1].split("\n")
    whole = Edit(start=(1, 1), end=(len(rows), len(rows[-1]) + 1), content=new, cell=number)
    edited = json.loads(book.with_edits([whole]))
    assert ["".join(cell["source"]) for cell in edited["cells"]] == [*texts[: number - 1], new, *texts[number:]]


# -- cells that are not as they should be


def test_an_indented_cell_is_read_without_its_margin_and_keeps_its_columns():
    book = source(notebook(code("x = 1"), code("", "  for a in b:", "      f(a)", "", "# note", "  g()")))
    ast.parse(book.text)
    assert book.text == "x = 1\n\nfor a in b:\n    f(a)\n\n# note\ng()"
    assert [book.margin(row) for row in range(1, 8)] == [0, 0, 2, 2, 0, 0, 2]


def test_cells_that_do_not_parse_are_left_out():
    book = source(
        notebook(code("x = 1"), code("y =", "", "z = 3"), prose("text"), code("def f(", "    a):"), code("w = 2"))
    )
    with pytest.raises(SyntaxError):
        ast.parse(book.text)
    assert [(error.lineno, book.locate(error.lineno)) for error in book.drop_broken_cells()] == [
        (2, (2, 1)),
        (6, (4, 2)),
    ]
    assert book.lines == ["x = 1", "# =", "", "# = 3", "#ef f(", "#   a):", "w = 2"]
    assert book.rows(2) == ["y =", "", "z = 3"]
    assert source(notebook(code("x = 1"))).drop_broken_cells() == []


# -- magics


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("%matplotlib inline\nx = 1", ["x = 1"]),
        ("!pip install a \\\n    b\nx = 1", ["x = 1"]),
        ("pip install tensorflow\nx = 1", ["x = 1"]),
        ("ls ./data\ncd 'my files'\nrm -rf out\nx = 1", ["x = 1"]),
        ("# pictures\n%%html\n<img src=a>", ["# pictures"]),
        ("if x:\n    !ls\nelse:\n    %cd ..\ny = 1", ["if x:", "else:", "y = 1"]),
        ("for p in q:\n    !l\n", ["for p in q:"]),
        ("files = !ls *.h5\nx = %env HOME\nz = 1", ["files =", "x =", "z = 1"]),
        ("model.fit?\n?model\nmodel??\nx = 1", ["x = 1"]),
        ("%time model = load_model(p)", ["model = load_model(p)"]),
        ("%timeit -n 10 -r 3 f(\n    x)", ["f(", "    x)"]),
        ("%time for x in y: f(x)", []),
        ("\n%%time\nx = 1", ["x = 1"]),
        ("%%capture out --no-stderr\n!ls\nx = 1", ["x = 1"]),
        ("%%bash\nfor f in *; do echo $f; done", []),
        ("%%writefile train.py\nimport os\n\nx = (", []),
    ],
)
def test_magics_become_python_of_the_same_shape(text, kept):
    masked, places = mask(text)
    ast.parse(masked)
    assert [len(row) for row in masked.split("\n")] == [len(row) for row in text.split("\n")]
    assert places
    for row in kept:
        assert row in masked
    for row in re.findall(r"^.*(?:load_model|f\().*$", text, re.MULTILINE):
        column = row.find("load_model")
        if column >= 0:
            assert masked.find("load_model") == text.find("load_model")


@pytest.mark.parametrize(
    "text",
    [
        "x = (a\n     % b)",
        "x = '''\n!not a command\n%nor this\n'''",
        "x = a \\\n    % b",
        "ls = 3\ncat += 1\nman(2)\nmv in ls\ncp -= 1\nrm.x",
        "s = 'is it?'",
        "ok = a != b  # really?",
        "s = 'a = !b'",
        's = f"{a}" "= %s"',
        "a %= 2",
        "print('%d' % 3)  # x = !y",
        "s = 'it\\\n% s?'",
        'x = "\\"" # ?',
    ],
)
def test_what_only_looks_like_a_magic_stays(text):
    assert mask(text) == (text, {})
    ast.parse(text)


@given(st.text("%!?=#'\"()\\ \nabx:", max_size=30))
def test_masking_never_moves_anything(text):
    masked, places = mask(text)
    assert [len(row) for row in masked.split("\n")] == [len(row) for row in text.split("\n")]
    rows, old = masked.split("\n"), text.split("\n")
    for number, (row, before) in enumerate(zip(rows, old), 1):
        first, behind = places.get(number, (1, 1))
        assert row[: first - 1] == before[: first - 1] and row[behind - 1 :] == before[behind - 1 :]
