"""An import whose last use a fix takes away goes with it, and any other one stays."""

import pytest

from support.codemod import Code
from tflint_mem.codemod.operations import remove_statement
from tflint_mem.codemod.unused_imports import without_unused

USE = "\n\ndef free(epoch):\n    print(epoch)\n    K.clear_session()\n"


def removed(text, gone="K.clear_session()", elsewhere=(), path="code.py"):
    """The file without the statement `gone`, and what goes with it."""
    code = Code(text, path)
    edits = remove_statement(*code.call(gone))
    return code.apply(without_unused(code.source, edits, lambda name: name in elsewhere))


@pytest.mark.parametrize(
    "before, after",
    [
        ("import os\nfrom keras import backend as K\n", "import os\n"),
        ("from keras import backend as K, layers\n", "from keras import layers\n"),
        ("from keras import layers, backend as K\n", "from keras import layers\n"),
        ("from keras import (\n    backend as K,\n    layers,\n)\n", "from keras import (\n    layers,\n)\n"),
        ("import os, keras.backend as K\n", "import os\n"),
        ("# the back end\nimport keras.backend as K\nimport os\n", "# the back end\nimport os\n"),
        ('"""Doc."""\n\nimport keras.backend as K\n\nimport mine\n', '"""Doc."""\n\nimport mine\n'),
    ],
)
def test_goes_with_its_last_use(before, after):
    assert removed(before + USE) == after + USE.replace("    K.clear_session()\n", "")


def test_goes_out_of_the_function_that_imports_it():
    text = "def free(epoch):\n    from keras import backend as K\n\n    print(epoch)\n    K.clear_session()\n"
    assert removed(text) == "def free(epoch):\n    print(epoch)\n"


@pytest.mark.parametrize(
    "head",
    [
        "from keras import backend as K  # noqa: F401\n",
        "from keras import (\n    backend as K,  # for others\n)\n",
        "try:\n    from keras import backend as K\nexcept ImportError:\n    raise\n",
        "from keras import backend as K\n\nPHASE = K.learning_phase()\n",
        'from keras import backend as K\n\n__all__ = ["K"]\n',
        'from keras import backend as K\n\n\ndef f(x: "K.Tensor"):\n    pass\n',
        "from keras import backend as K\n\nx = None  # type: K.Tensor\n",
        "from mine import K\n",
        "import tensorflow_text as K\n",
        "from . import K\n",
        "import K as K\n",
        "from keras import backend as K\nfrom tf_keras import backend as K\n",
        "from keras import layers; from keras import backend as K\n",
    ],
)
def test_stays_where_it_may_be_wanted(head):
    assert removed(head + USE) == head + USE.replace("    K.clear_session()\n", "")


def test_stays_where_others_may_take_it():
    text = "from keras import backend as K\n" + USE
    kept = text.replace("    K.clear_session()\n", "")
    assert removed(text, elsewhere={"K"}) == kept
    assert removed(text, path="package/__init__.py") == kept


def test_what_was_unused_before_is_none_of_its_business():
    text = "import gc\nimport keras.backend as K\n" + USE
    assert removed(text).startswith("import gc\n\n\ndef free")


def test_stays_where_nothing_else_is_left_of_its_block():
    text = "def free(epoch):\n    from keras import backend as K\n    K.clear_session()\n"
    assert removed(text) == "def free(epoch):\n    from keras import backend as K\n"
