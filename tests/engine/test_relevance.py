"""Which files that name TensorFlow are worth parsing: all, but for unit tests in which nothing repeats."""

import pytest

from tflint_mem.engine import relevance

LICENSE = "# See the License for the specific language; while it lasts.\nimport tensorflow as tf\n"
CALL = "model = tf.keras.models.load_model(path)\n"


@pytest.mark.parametrize(
    "code",
    [
        "for path in paths:\n    " + CALL,
        "def test():\n\twhile(more()):\n\t\t" + CALL,
        "async def test():\n    async  for path in paths:\n        " + CALL,
        "models = [tf.keras.models.load_model(p) for p in paths]\n",
        "models = [\n    tf.keras.models.load_model(p)\n    for (\n        p\n    ) in paths\n]\n",
        "while True: load_model()\n",
    ],
)
def test_a_unit_test_with_a_loop_is_parsed(code):
    """Loops and comprehensions are seen however they are laid out."""
    assert relevance.matters("pkg/load_test.py", (LICENSE + code).encode())


def test_a_unit_test_without_a_loop_is_not():
    """The word "for" in a license or in the name of something is no loop."""
    code = LICENSE + "def test_for_loading():\n    " + CALL + "    forget, meanwhile = model, 1\n"
    assert not relevance.matters("pkg/load_test.py", code.encode())
    assert not relevance.matters("pkg/load_test.py", (LICENSE + "for x in y:\n    print(tf.add(x, x))\n").encode())


def test_any_other_file_is_parsed():
    """What stands in a program says nothing: a caller in another file may repeat it."""
    assert relevance.matters("pkg/load.py", (LICENSE + CALL).encode())


def test_a_long_row_is_looked_through_once():
    """A row of a megabyte with many a `for` and no `in` takes no time that grows with its square."""
    raw = b"import tensorflow\n# load_model\nx = '" + b"for " * 250_000 + b"'\n"
    assert not relevance.matters("load_test.py", raw)
