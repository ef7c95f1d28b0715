"""Which edits leave the facts of a file what they were, but for rows?"""

import pytest

from tflint_mem.facts import collect, packed
from tflint_mem.facts.moved import only_rows_differ
from tflint_mem.facts.pack import unpack

BEFORE = """import tensorflow as tf


@tf.function
def step(x):
    \"\"\"One.\"\"\"
    if x > 1 and x < 1.0:
        return [y for y in x if y]
    a = b = x[0]; c = x + 0.0
    with tf.device("GPU:0") as d:
        return step(a, key=(b, *c))
"""


def differ(before, after):
    """As a run finds them: what was stored, and what has just been made."""
    stored = packed.load(memoryview(packed.dump(collect(before.encode()))))
    return only_rows_differ(unpack(stored.packed), collect(after.encode()).body())


def test_nothing_differs():
    rows = differ(BEFORE, BEFORE)
    assert rows and all(row == now for row, now in rows.items())


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("import", "# first\n\nimport"),
        ("One.", "One.\n\n    More."),
        ('    """One."""\n', ""),
        ("\n\n\n@", "\n@"),
        ("    a = b", "    # a\n    a = b"),
        ("0.0\n", "0.0  # c\n\n\n"),
    ],
)
def test_only_rows_differ(old, new):
    assert old in BEFORE
    rows = differ(BEFORE, BEFORE.replace(old, new, 1))
    assert rows and list(rows.values()) != list(rows)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x > 1", "x > True"),
        ("x > 1", "x > 1.0"),
        ("x < 1.0", "x < 1"),
        ("0.0", "-0.0"),
        ("0.0", "0"),
        ("GPU:0", "GPU:1"),
        ("; c", "\n    c"),
        ("    return step", "     return step"),
        ("x[0]", "x[ 0]"),
        ("x > 1", "x >= 1"),
        ("key=", "value="),
        ("import tensorflow as tf\n", "import tensorflow as tf; import os\n"),
        ("@tf.function\n", ""),
        ("step(a", "step(a, a"),
    ],
)
def test_more_differs(old, new):
    assert old in BEFORE
    assert differ(BEFORE, BEFORE.replace(old, new, 1)) is None


def test_rows_that_come_together_or_apart_are_more_than_rows():
    apart, together = "a = 1\nb = 2\n", "a = 1; b = 2\n"
    assert differ(apart, together) is None and differ(together, apart) is None
    assert differ("f(\n    a)\n", "f(\n\n    a)\n") is not None
