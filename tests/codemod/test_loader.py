"""The cached loader above a request handler."""

import pytest

from support.codemod import Code
from tflint_mem.codemod import NoFix
from tflint_mem.codemod.operations import cached_loader

CASES = {
    "constant path": (
        """\
import os
from flask import Flask
from keras.models import load_model

app = Flask(__name__)

# predictions
@app.route("/predict")
def predict():
    model = load_model("m.keras", compile=False)  # each time
    return model.predict(x)
""",
        """\
import functools
import os
from flask import Flask
from keras.models import load_model

app = Flask(__name__)


@functools.lru_cache(maxsize=None)
def _load_model():
    return load_model("m.keras", compile=False)


# predictions
@app.route("/predict")
def predict():
    model = _load_model()  # each time
    return model.predict(x)
""",
    ),
    "module-level names move into the loader": (
        """\
import os, functools
import tensorflow as tf
DIR = "models"
async def predict(request):
    return tf.keras.models.load_model(
        os.path.join(DIR, "m"),  # the best
    ).predict(request.json)
""",
        """\
import os, functools
import tensorflow as tf
DIR = "models"


@functools.lru_cache(maxsize=None)
def _load_model():
    return tf.keras.models.load_model(
        os.path.join(DIR, "m"),  # the best
    )


async def predict(request):
    return _load_model().predict(request.json)
""",
    ),
    "names of the handler become parameters": (
        """\
from functools import lru_cache as cached
from keras.models import load_model

def predict(name, compile):
	full = name + ".keras"
	return load_model(full, compile=compile).predict(1)
""",
        """\
from functools import lru_cache as cached
from keras.models import load_model


@cached(maxsize=8)
def _load_model(full, compile):
	return load_model(full, compile=compile)


def predict(name, compile):
	full = name + ".keras"
	return _load_model(full, compile).predict(1)
""",
    ),
    "a chain over several lines": (
        """\
import functools
def f():
    return (loader()
            .load_model("a"))
""",
        """\
import functools


@functools.lru_cache(maxsize=None)
def _load_model():
    return (loader()
            .load_model("a"))


def f():
    return (_load_model())
""",
    ),
    "computed path in a method": (
        """\
import functools
from keras.models import load_model
_load_model = None
class View:
    def post(self, request):
        model = load_model(f"{self.dir}/{request.name}.keras")
        return model.predict(1)
""",
        """\
import functools
from keras.models import load_model
_load_model = None


@functools.lru_cache(maxsize=8)
def _load_model_2(path):
    return load_model(path)


class View:
    def post(self, request):
        model = _load_model_2(f"{self.dir}/{request.name}.keras")
        return model.predict(1)
""",
    ),
}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_loader(name, newline):
    before, after = (text.replace("\n", newline) for text in CASES[name])
    code = Code(before)
    start = next(start for start in ("tf.keras.models.load_model(", "loader()", "load_model(") if start in before)
    view, call = code.call(start)
    if start == "loader()":
        call = view.call_at(code.place("))", 0)[:1] + (code.place("))")[1] + 1,))
    new = code.apply(cached_loader(code.source, view, call))
    assert new == after
    compile(new, "new", "exec")


@pytest.mark.parametrize(
    "text, reason",
    [
        ("m = load_model('a')\n", "not stand in a function"),
        ("def f():\n    from k import load_model\n    return load_model('a')\n", "bound in the handler"),
        ("def f(load_model):\n    return load_model('a')\n", "bound in the handler"),
        ("def f(*a):\n    return load_model(*a)\n", "starred"),
        ("def f(a):\n    return load_model([a])\n", "cache key"),
        ("def f(a):\n    return load_model('a', custom_objects={'x': a})\n", "cache key"),
        ("async def f(a):\n    return load_model(await a)\n", "waits"),
        ("async def f(a):\n    return await load_model(a)\n", "awaited"),
        ("def f(a):\n    return lambda: load_model(a)\n", "lambda"),
        ("functools = 1\ndef f(a):\n    return load_model(a)\n", "taken"),
    ],
)
def test_refused(text, reason):
    code = Code("import load_model\n" + text)
    view, call = code.call("load_model(")
    with pytest.raises(NoFix, match=reason):
        cached_loader(code.source, view, call)


def test_dictionary_of_module_names_stays_inside():
    code = Code(
        "import functools\nfrom keras.models import load_model\ndef f():\n    return load_model('a', custom_objects={'x': X})\n"
    )
    view, call = code.call("load_model(")
    new = code.apply(cached_loader(code.source, view, call))
    assert "    return load_model('a', custom_objects={'x': X})\n" in new and "    return _load_model()\n" in new


def test_a_coding_comment_stays_first():
    head = "#!/usr/bin/env python\n# coding: utf-8\nfrom k import load_model\n# about f\ndef f(functools):\n    "
    code = Code(head + "return load_model('a')\n")
    view, call = code.call("load_model(")
    new = code.apply(cached_loader(code.source, view, call))
    assert new.startswith(
        "#!/usr/bin/env python\n# coding: utf-8\nimport functools\n\nfrom k import load_model\n\n\n@functools."
    )
    assert new.endswith("# about f\ndef f(functools):\n    return _load_model()\n")
    compile(new, "new", "exec")
