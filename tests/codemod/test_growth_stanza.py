"""GPU memory growth: stanza and loop."""

import json

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.cells import located
from tflint_mem.codemod.operations import growth_loop, growth_stanza
from tflint_mem.sources.source import Source

STANZAS = {
    "behind the imports": (
        """\
import tensorflow as tf
import numpy as np

x = tf.zeros(1)
""",
        """\
import tensorflow as tf
import numpy as np

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)

x = tf.zeros(1)
""",
    ),
    "nothing between import and code": (
        """\
'''Doc.'''
import tensorflow
gpu = 1
def f():
	pass
""",
        """\
'''Doc.'''
import tensorflow

for gpu_2 in tensorflow.config.list_physical_devices("GPU"):
	tensorflow.config.experimental.set_memory_growth(gpu_2, True)

gpu = 1
def f():
	pass
""",
    ),
    "only keras is imported": (
        """\
import os
from tensorflow.keras.models import load_model
m = load_model("a")
""",
        """\
import os
import tensorflow as tf
from tensorflow.keras.models import load_model

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)

m = load_model("a")
""",
    ),
    "imported late": (
        """\
import os
x = os.getcwd()
import tensorflow as tf
y = 1
""",
        """\
import os
x = os.getcwd()
import tensorflow as tf

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)

y = 1
""",
    ),
    "end of the file": (
        "import tensorflow as tf",
        """\
import tensorflow as tf

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)""",
    ),
    "in a try block": (
        """\
try:
    import tensorflow as tf
except ImportError:
    raise
y = 1
""",
        """\
try:
    import tensorflow as tf
except ImportError:
    raise

for gpu in tf.config.list_physical_devices("GPU"):
    tf.config.experimental.set_memory_growth(gpu, True)

y = 1
""",
    ),
}


# A file of one line shows no line end: there is no second case of it.
@pytest.mark.parametrize(
    "name, newline",
    [(name, newline) for name in STANZAS for newline in ("\n", "\r\n") if newline == "\n" or "\n" in STANZAS[name][0]],
)
def test_stanza(name, newline):
    before, after = (text.replace("\n", newline) for text in STANZAS[name])
    code = Code(before)
    row = code.place("tensorflow")[0]
    assert code.apply(growth_stanza(code.source, row)) == after


@pytest.mark.parametrize(
    "text, row",
    [
        ("def f():\n    import tensorflow as tf\n", 2),
        ("tf = 1\nfrom tensorflow import keras\n", 2),
        ("x = 1\n", 1),
        ("import os\n\nif __name__ == '__main__':\n    from tensorflow import keras\n", 4),
    ],
)
def test_stanza_refused(text, row):
    with pytest.raises(NoFix):
        growth_stanza(Code(text).source, row)


def test_stanza_in_a_notebook():
    texts = ["%matplotlib inline\nimport os", "import tensorflow as tf", "x = 1"]
    cells = [{"cell_type": "code", "source": text, "metadata": {}, "outputs": []} for text in texts]
    source = Source.from_bytes("n.ipynb", json.dumps({"cells": cells, "metadata": {}}).encode())
    new = Source.from_bytes("n.ipynb", source.with_edits(located(source, growth_stanza(source, 3))))
    assert new.notebook.cell_text(2) == (
        'import tensorflow as tf\n\nfor gpu in tf.config.list_physical_devices("GPU"):\n'
        "    tf.config.experimental.set_memory_growth(gpu, True)"
    )
    assert [new.notebook.cell_text(n) for n in (1, 3)] == [texts[0], texts[2]]


LOOPS = {
    "top level": (
        """\
gpus = tf.list()
# growth
tf.set_memory_growth(gpus[0], True)  # first only
""",
        """\
gpus = tf.list()
# growth
for gpu in gpus:
    tf.set_memory_growth(gpu, True)  # first only
""",
    ),
    "if": (
        """\
if gpus:
    tf.set_memory_growth(gpus[0], enable=True)
""",
        """\
if gpus:
    for gpu in gpus:
        tf.set_memory_growth(gpu, enable=True)
""",
    ),
    "on the line of the if": (
        """\
if len(gpus) > 0: tf.set_memory_growth(device=gpus[0], enable=True)  # one
""",
        """\
if len(gpus) > 0:
    for gpu in gpus:
        tf.set_memory_growth(device=gpu, enable=True)  # one
""",
    ),
    "try": (
        """\
def f(gpu):
  try:
    tf.set_memory_growth(physical_devices[-1], True)
  except RuntimeError as e:
    print(e)
""",
        """\
def f(gpu):
  try:
    for gpu_2 in physical_devices:
      tf.set_memory_growth(gpu_2, True)
  except RuntimeError as e:
    print(e)
""",
    ),
    "neighbours": (
        """\
if gpus:
    tf.set_memory_growth(gpus[0], True)
    tf.set_memory_growth(gpus[1], True)
    go()
""",
        """\
if gpus:
    for gpu in gpus:
        tf.set_memory_growth(gpu, True)
    go()
""",
    ),
    "neighbours at top level": (
        """\
tf.set_memory_growth(gpus[0], True)
tf.set_memory_growth(gpus[1], True)
go()
""",
        """\
for gpu in gpus:
    tf.set_memory_growth(gpu, True)
go()
""",
    ),
    "called list": (
        """\
tf.set_memory_growth(tf.list("GPU")[0], True)
""",
        """\
for gpu in tf.list("GPU"):
    tf.set_memory_growth(gpu, True)
""",
    ),
    "slice": (
        """\
for g in gpus[:1]:
    tf.set_memory_growth(g, True)
""",
        """\
for g in gpus:
    tf.set_memory_growth(g, True)
""",
    ),
}


@pytest.mark.parametrize("name", LOOPS)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_loop(name, newline):
    before, after = (text.replace("\n", newline) for text in LOOPS[name])
    code = Code(before)
    assert code.apply(growth_loop(*code.call("tf.set_memory_growth("))) == after


@pytest.mark.parametrize(
    "text",
    [
        "tf.set_memory_growth(gpu, True)\n",
        "tf.set_memory_growth(gpus[i], True)\n",
        "tf.set_memory_growth(*args)\n",
        "tf.set_memory_growth()\n",
        "x = tf.set_memory_growth(gpus[0], True)\n",
        "a(); tf.set_memory_growth(gpus[0], True)\n",
        "if a: b(); tf.set_memory_growth(gpus[0], True)\n",
        "for g in gpus:\n    tf.set_memory_growth(g, True)\n",
    ],
)
def test_loop_refused(text):
    code = Code(text)
    with pytest.raises(NoFix):
        growth_loop(*code.call("tf.set_memory_growth("))


def test_the_second_of_two_calls_is_left_to_the_first():
    code = Code("if a:\n    tf.set_memory_growth(gpus[0], True)\n    tf.set_memory_growth(gpus[1], True)\n")
    with pytest.raises(NoFix, match="above"):
        growth_loop(*code.call("tf.set_memory_growth(", 1))
