"""Spelling names as the file does, and adding imports where it would."""

import json

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.cells import located
from tflint_mem.codemod.operations import clear_session_expression, ensure, framework_names, tf_name
from tflint_mem.sources.source import Source


def clear(text, row=None):
    code = Code(text)
    expression, edits = clear_session_expression(code.source, row)
    return expression, code.apply(edits)


@pytest.mark.parametrize(
    "text, expression",
    [
        ("import tensorflow as tf", "tf.keras.backend.clear_session()"),
        ("import tensorflow", "tensorflow.keras.backend.clear_session()"),
        ("import tensorflow.keras.layers", "tensorflow.keras.backend.clear_session()"),
        ("import tensorflow.compat.v1 as tf", "tf.keras.backend.clear_session()"),
        ("from tensorflow import keras", "keras.backend.clear_session()"),
        ("import keras", "keras.backend.clear_session()"),
        ("import tf_keras as k3", "k3.backend.clear_session()"),
        ("import tensorflow as tf\nfrom tensorflow.keras import backend as K", "K.clear_session()"),
        ("import tensorflow as tf\nfrom keras import backend", "backend.clear_session()"),
        ("from tensorflow.keras.backend import clear_session as cs", "cs()"),
        ("import tensorflow.keras.backend as KB", "KB.clear_session()"),
        ("from tensorflow.python.keras import backend as PK", "PK.clear_session()"),
        ("try:\n    import tensorflow as tf\nexcept ImportError:\n    tf = None", "tf.keras.backend.clear_session()"),
    ],
)
def test_clear_session_as_imported(text, expression):
    if "tf = None" in text:
        text = text.replace("\n    tf = None", "\n    raise")
    assert clear(text + "\n") == (expression, text + "\n")


@pytest.mark.parametrize(
    "text, added",
    [
        ("from tensorflow.keras.models import load_model\n", "from tensorflow.keras import backend as K"),
        ("from keras.models import load_model\n", "from keras import backend as K"),
        ("from tf_keras.models import *\n", "from tf_keras import backend as K"),
        ("from tensorflow.keras.models import load_model as K\n", "from tensorflow.keras import backend"),
    ],
)
def test_clear_session_added(text, added):
    expression, new = clear(text)
    assert expression == added.split()[-1] + ".clear_session()"
    assert new == added + "\n" + text


def test_clear_session_without_a_framework():
    with pytest.raises(NoFix, match="neither"):
        clear("import numpy\n")


def test_a_rebound_or_hidden_name_is_not_used():
    assert (
        clear("import tensorflow as tf\nfrom tensorflow import keras\ntf = fake()\n")[0]
        == "keras.backend.clear_session()"
    )
    text = "import tensorflow as tf\nfrom keras import backend as B\ndef f(tf):\n    x\n"
    assert clear(text, 4)[0] == "B.clear_session()"
    assert clear("import tensorflow as tf\ndef f():\n    x\n", 3)[0] == "tf.keras.backend.clear_session()"
    local = "def f():\n    import tensorflow as tf\n    x\ndef g():\n    y\n"
    assert clear(local, 3)[0] == "tf.keras.backend.clear_session()"
    assert clear(local, 5)[0] == "K.clear_session()"


def test_an_import_below_is_not_used_at_module_level():
    code = Code("import os\nfor x in y:\n    pass\nimport gc\ndef f():\n    z\n")
    assert ensure(code.source, "gc", row=6) == ("gc", [])
    assert ensure(code.source, "gc", row=3)[1] != []


def added(text, module="gc", name=None, row=None):
    code = Code(text)
    expression, edits = ensure(code.source, module, name, row)
    return expression, code.apply(edits)


PLACES = {
    "among imports in order": (
        "import os\nimport sys  # noqa\n\nx = 1\n",
        "import gc\nimport os\nimport sys  # noqa\n\nx = 1\n",
    ),
    "above a multi-line import": (
        "from a import (\n    b,\n)\nx = 1\n",
        "import gc\n\nfrom a import (\n    b,\n)\nx = 1\n",
    ),
    "docstring": ('"""Doc."""\nx = 1\n', '"""Doc."""\n\nimport gc\nx = 1\n'),
    "future": (
        '"""Doc."""\nfrom __future__ import annotations\nx = 1\n',
        '"""Doc."""\nfrom __future__ import annotations\n\nimport gc\nx = 1\n',
    ),
    "above a try block": (
        "try:\n    import a\nexcept ImportError:\n    a = None\nx = 1\n",
        "import gc\n\ntry:\n    import a\nexcept ImportError:\n    a = None\nx = 1\n",
    ),
    "above type checking": (
        "from typing_extensions import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nx = 1\n",
        "import gc\n\nfrom typing_extensions import TYPE_CHECKING\nif TYPE_CHECKING:\n    import a\nx = 1\n",
    ),
    "above settings between": (
        'import a\nos.environ["A"] = "1"\n__version__ = 3\nimport b\nx = 1\nimport late\n',
        'import gc\n\nimport a\nos.environ["A"] = "1"\n__version__ = 3\nimport b\nx = 1\nimport late\n',
    ),
    "within the standard library": (
        "import os\nfrom re import match\n\nimport a\nimport sys\n",
        "import gc\nimport os\nfrom re import match\n\nimport a\nimport sys\n",
    ),
    "no imports": ("#!/usr/bin/env python\n# about\nx = 1\n", "#!/usr/bin/env python\n# about\nimport gc\n\nx = 1\n"),
    "decorated first": ("@a\ndef f(): pass\n", "import gc\n\n@a\ndef f(): pass\n"),
    "main guard": (
        'import a\nif __name__ == "__main__":\n    import b\n    b.main()\n',
        'import gc\n\nimport a\nif __name__ == "__main__":\n    import b\n    b.main()\n',
    ),
    "semicolon": ("import a; x = 1\ny = 2\n", "import a; x = 1\nimport gc\ny = 2\n"),
    "no final line end": ("import a", "import gc\n\nimport a"),
    "carriage returns": ("import a\r\nx = 1\r\n", "import gc\r\n\r\nimport a\r\nx = 1\r\n"),
    "another function has it": (
        "import a\ndef f():\n    import gc\n",
        "import gc\n\nimport a\ndef f():\n    import gc\n",
    ),
    "behind unsorted imports": (
        "import sys\nimport os\n\nimport a\n",
        "import sys\nimport os\nimport gc\n\nimport a\n",
    ),
    "behind the standard library's part of a block": (
        "import os\nimport tensorflow as tf\n",
        "import gc\nimport os\nimport tensorflow as tf\n",
    ),
    "all sorted by module": (
        "from functools import reduce\nimport os\n\nimport a\n",
        "from functools import reduce\nimport gc\nimport os\n\nimport a\n",
    ),
}


@pytest.mark.parametrize("name", PLACES)
def test_place(name):
    before, after = PLACES[name]
    assert added(before) == ("gc", after)


@pytest.mark.parametrize(
    "text, args, expression",
    [
        ("import gc\n", ("gc",), "gc"),
        ("import gc as garbage\n", ("gc",), "garbage"),
        ("from functools import lru_cache as cache\n", ("functools", "lru_cache"), "cache"),
        ("import tensorflow as tf\n", ("tensorflow.keras", "Model"), "tf.keras.Model"),
        ("import tensorflow as tf\nfrom tensorflow.keras import Model\n", ("tensorflow.keras", "Model"), "Model"),
    ],
)
def test_present(text, args, expression):
    assert added(text, *args) == (expression, text)


@pytest.mark.parametrize(
    "text, row",
    [
        ("import a\ngc = 1\n", None),
        ("import a\ndef gc(): pass\n", None),
        ("from x import gc\n", None),
        ("import a\ndef f(gc):\n    pass\n", 3),
        ("import a\ndef f():\n    for gc in a: pass\n", 3),
        ("import a\ndef f():\n    global gc\n", None),
        ("for i in range(3): x()\n", 0),
    ],
)
def test_refused(text, row):
    with pytest.raises(NoFix):
        added(text, row=row)


def test_name_of_tensorflow():
    assert tf_name(Code("import tensorflow as t\n").source) == "t"
    assert tf_name(Code("import tensorflow.compat.v1 as tf1\n").source) == "tf1"
    assert tf_name(Code("import tensorflow.keras\n").source) == "tensorflow"
    with pytest.raises(NoFix):
        tf_name(Code("from tensorflow import keras\n").source)
    with pytest.raises(NoFix):
        tf_name(Code("x = 1\nimport tensorflow as tf\n").source, 1)


def test_framework_names():
    text = "import tensorflow as tf, numpy as np\nfrom keras import layers\nimport tensorflow_hub as hub\nimport gc\n"
    assert framework_names(Code(text).source) == {"tf", "layers", "hub"}


def notebook(*cells):
    cells = [
        {"cell_type": "code", "source": cell.splitlines(keepends=True), "metadata": {}, "outputs": []} for cell in cells
    ]
    return Source.from_bytes("n.ipynb", json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode())


def test_notebook():
    source = notebook("%pip install x", "# set up\nimport tensorflow as tf", "x = 1\nimport os")
    expression, edits = ensure(source, "gc", row=4)
    new = Source.from_bytes("n.ipynb", source.with_edits(located(source, edits)))
    assert new.notebook.cell_text(2) == "# set up\nimport gc\n\nimport tensorflow as tf"
    assert new.notebook.cell_text(3) == source.notebook.cell_text(3)


def test_notebook_does_not_write_over_magics():
    from tflint_mem.finding import Edit

    source = notebook("!ls", "x = 1")
    with pytest.raises(NoFix, match="magic"):
        located(source, [Edit(start=(1, 1), end=(1, 4), content="y")])
    with pytest.raises(NoFix, match="two notebook cells"):
        located(source, [Edit(start=(1, 1), end=(2, 1), content="y")])
