"""Notebooks: a program cut into cells, then damage to types, keys, text and bytes of the JSON."""

import copy
import json
from random import Random

from fuzz import material, programs
from fuzz.case import Case

MAGICS = (
    "%matplotlib inline",
    "!pip install tensorflow",
    "%%time",
    "%%timeit -n 3",
    "%%bash\nls",
    "%%javascript",
    "files = !ls",
    "x = %time f()",
    "%run a.ipynb",
    "%run -i ../x.py",
    "%run 'a b.ipynb'",
    "%time model = tf.keras.models.load_model(x)",
    "%timeit -r 3 -n 2 model.predict(x)",
    "model?",
    "model??",
    "?model",
    "pip install x",
    "ls -l",
    "cat x",
    "!for i in 1; do \\\n  ls; \\\ndone",
    "%load_ext x \\\n y",
    "%",
    "!",
    "?",
    "%%",
    "%%\n",
    "!!ls",
    "%%capture out",
    "x = !",
    "x = %",
    "%%writefile x.py\nimport tensorflow",
    "# %%",
    "%%time\n%%time",
    "  %%time",
    "%%sh --out x",
    "if x:\n    !ls\nelse:\n    %time f()",
    "@magic",
    "/f x",
    ",f x",
    ";f x",
    "await f()",
    "def f():\n    %time x\n    !ls",
    "x = '''\n%time\n'''",
    "f(\n%time\n)",
    "%time(x)",
    "cd ..",
    "cp x y",
    "env",
    "!ls {x}",
    "%%html\n<script>",
    "from x import *;%time",
)
ODD_TEXTS = (
    "",
    "\n",
    "\r",
    "\r\n",
    "\0",
    "\ud800",
    "\udc00x",
    "\ufeff",
    "\x0c",
    "\x1b[31m",
    "x = '\ud83d'",
    "\u2028",
    "x\r",
    " ",
    "\t",
    "    x = 1\n  y",
    "\\",
    "\\\n",
    "'''",
    "(",
    "#",
    "x = 1\\",
    "\u0085",
    "\x85x",
    "# coding: latin-1\n",
    "# coding: undefined\nx",
)
ODD_VALUES = (
    None,
    True,
    0,
    -1,
    1.5,
    10**400,
    float("inf"),
    float("nan"),
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"": None},
    ["x", 1],
    "code",
    "python",
    {"name": None},
    [""],
    ["\n"],
    ["x", "y"],
    "\ud800",
    "\0",
)


def make(rng: Random) -> Case:
    """One notebook."""
    return Case(
        "notebooks", {"case.ipynb": of_program(rng, programs.program(rng, rng.choice((0, 0, 0, 1, 3))), broken=True)}
    )


def of_program(rng: Random, raw: bytes, broken: bool = False) -> bytes:
    """The program as a notebook; `broken` damages it in one of many ways, or in none."""
    document = _document(rng, raw.decode("utf-8", "replace"))
    chance = rng.random() if broken else 1.0
    if chance < 0.5:
        for _ in range(rng.choice((1, 1, 2, 5))):
            document = _mutated(rng, document)
    spelled = json.dumps(
        document,
        ensure_ascii=rng.random() < 0.5,
        **rng.choice(
            (
                {},
                {"indent": 1},
                {"indent": 2},
                {"separators": (",", ":")},
                {"indent": "\t"},
                {"sort_keys": True} if _sortable(document) else {},
            )
        ),
    )
    text = spelled.encode("utf-8", "surrogatepass")
    return _damaged(rng, text) if 0.4 < chance < 0.65 else text


def _sortable(document) -> bool:
    try:
        json.dumps(document, sort_keys=True)
    except TypeError:
        return False
    return True


def _document(rng: Random, text: str) -> dict:
    pieces = material.pieces(text)
    spans = [span for span in pieces.statements if span[2] == 0] if pieces is not None else []
    starts = sorted({0, *(span[0] for span in spans if rng.random() < 0.5)})
    raw = pieces.raw if pieces is not None else text.encode("utf-8", "surrogatepass")
    parts = [raw[a:b].decode("utf-8", "replace") for a, b in zip(starts, [*starts[1:], len(raw)])]
    cells = []
    for part in parts:
        if rng.random() < 0.25:
            magic = rng.choice(MAGICS)
            part = magic + "\n" + part if rng.random() < 0.6 else part.rstrip("\n") + "\n" + magic
        if rng.random() < 0.05:
            part = rng.choice(ODD_TEXTS) + part
        if rng.random() < 0.05:
            part = part.rstrip("\n") + rng.choice(ODD_TEXTS)
        if rng.random() < 0.1:
            margin = rng.choice((" ", "    ", "\t"))
            part = "\n".join(margin + row for row in part.split("\n"))
        cells.append(_cell(rng, part))
        if rng.random() < 0.2:
            cells.append(
                {
                    "cell_type": rng.choice(("markdown", "raw", "heading")),
                    "metadata": {},
                    "source": [rng.choice(MAGICS)],
                }
            )
    return rng.choice((_four, _four, _four, _three))(rng, cells)


def _cell(rng: Random, part: str) -> dict:
    how = rng.randrange(6)
    if how == 0:
        source = part
    elif how == 1:
        source = list(part)[:400] if len(part) < 400 else [part]
    elif how == 2:
        source = [part[i : i + 17] for i in range(0, len(part), 17)]
    else:
        source = (
            part.splitlines(keepends=True)
            if how == 3
            else [row + "\n" for row in part.split("\n")[:-1]] + [part.split("\n")[-1]]
        )
    return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": source}


def _four(rng: Random, cells: list) -> dict:
    metadata = rng.choice(
        (
            {},
            {"kernelspec": {"language": "python", "name": "python3", "display_name": "Python 3"}},
            {"language_info": {"name": "python"}},
            {"kernelspec": {"language": "R"}},
        )
    )
    return {"cells": cells, "metadata": copy.deepcopy(metadata), "nbformat": 4, "nbformat_minor": 5}


def _three(rng: Random, cells: list) -> dict:
    for cell in cells:
        cell["input"] = cell.pop("source")
        cell["language"] = "python"
    half = rng.randrange(len(cells) + 1)
    return {
        "metadata": {"name": ""},
        "nbformat": 3,
        "nbformat_minor": 0,
        "worksheets": [{"cells": cells[:half]}, {"cells": cells[half:]}],
    }


def _places(value, found: list) -> list:
    """Every (container, key) of the document; long lists of single characters only in part."""
    if len(found) < 3000 and isinstance(value, (dict, list)):
        for key in value if isinstance(value, dict) else range(len(value)):
            found.append((value, key))
            _places(value[key], found)
    return found


def _mutated(rng: Random, document):
    document = copy.deepcopy(document)
    places = _places(document, [])
    if not places:
        return rng.choice(ODD_VALUES)
    container, key = rng.choice(places)
    how = rng.randrange(8)
    if how <= 3:
        container[key] = copy.deepcopy(rng.choice(ODD_VALUES))
    elif how == 4:
        del container[key]
    elif how == 5:
        other, name = rng.choice(places)
        container[key] = (
            copy.deepcopy(other[name]) if name in other or isinstance(other, list) and name < len(other) else None
        )
    elif how == 6 and isinstance(container, dict):
        container[
            rng.choice(
                (
                    "language",
                    "cell_type",
                    "source",
                    "input",
                    "cells",
                    "worksheets",
                    "metadata",
                    "nbformat",
                    "kernelspec",
                    "language_info",
                    "outputs",
                    "id",
                    "",
                )
            )
        ] = copy.deepcopy(rng.choice(ODD_VALUES))
    elif isinstance(container, list):
        container.insert(key, copy.deepcopy(rng.choice((*ODD_VALUES, container[key]))))
    else:
        container[key] = [container[key]]
    return document if rng.random() < 0.98 else rng.choice((None, [], [document], "x", 0))


def _damaged(rng: Random, text: bytes) -> bytes:
    how, place = rng.randrange(12), rng.randrange(len(text) + 1)
    if how == 0:
        return text[:place]
    if how == 1:
        return (
            text[:place]
            + rng.choice(
                (
                    b"\x00",
                    b"\xff",
                    b"\\u0000",
                    b"\\ud800",
                    b'"',
                    b"}",
                    b"]",
                    b",",
                    b"\\",
                    b"\n",
                    b"NaN",
                    b"-Infinity",
                    b"\xe2\x80\xa8",
                    b"\x1b",
                )
            )
            + text[place:]
        )
    if how == 2:
        return b"\xef\xbb\xbf" * rng.choice((1, 1, 2)) + text
    if how == 3:
        return text.replace(
            b"\\n",
            rng.choice((b"\\r\\n", b"\\r", b"\\u000a", b"\\u2028", b"\\u0000", b"\\f", b"\\n\\n")),
            rng.choice((1, 3, -1)),
        )
    if how == 4:
        return text.replace(
            b'"cells"',
            rng.choice((b'"cells": [], "cells"', b'"cells": null, "cells"', b'"c\\u0065lls"', b'"Cells"')),
            1,
        )
    if how == 5:
        return text.replace(
            b'"source"',
            rng.choice(
                (b'"source": "x", "source"', b'"s\\u006furce"', b'"source": null, "source"', b'"source": 1, "input"')
            ),
            rng.choice((1, -1)),
        )
    if how == 6:
        return text.replace(
            b"null",
            rng.choice(
                (
                    b"[" * 3000 + b"]" * 3000,
                    b"[" * 100000,
                    b"1" * 5000,
                    b"1e999",
                    b'{"a":' * 900 + b"1" + b"}" * 900,
                    b"-0",
                    b"tru",
                )
            ),
            1,
        )
    if how == 7:
        return text.replace(
            b"  ", rng.choice((b"\\u0020\\u0020", b"\\t", b"\t\t", b"\r\n", b"\xc2\xa0")), rng.choice((1, 9))
        )
    if how == 8:
        return text.replace(b"{", b" \r\n\t{", -1).replace(b":", b" : ", rng.choice((3, 30)))
    if how == 9:
        return text.decode("utf-8", "replace").encode(
            rng.choice(("utf-16", "utf-32", "latin-1", "utf-16-le")), "replace"
        )
    if how == 10:
        return text.replace(b"\\n", b"\\n\\n", -1) + rng.choice((b"", b"\n", b"\x00", b"{}", b" x"))
    return text.replace(b'"', b"'", rng.choice((2, 4)))
