"""Values that a guess can be, as source: numbers of a shape, a model, a data set, a table, a request."""

from __future__ import annotations

import re

from .classes import REQUEST
from .hints import rows_in
from .models import network

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hints import Shape

NUMPY = "import numpy as np\n"
TENSORFLOW = "import tensorflow as tf\n"


class Value:
    """source: an expression; imports: lines that it needs first, "" for none; text: what it is, for the report."""

    __slots__ = ("source", "imports", "text")

    def __init__(self, source: str, imports: str = "", text: str | None = None) -> None:
        self.source, self.imports, self.text = source, imports, text or source

    def __repr__(self) -> str:
        return "Value(%r, %r, %r)" % (self.source, self.imports, self.text)


def array(name: str, shape: Shape) -> Value:
    """Random numbers: one example for a singular name, sixteen for any other."""
    single = re.match(
        r"(img|image|frame|photo|picture|crop|face|obs(ervation)?|state|window|sample|point|vector)$", name.lower()
    )
    full = tuple(shape) if single else (16, *shape)
    return Value("np.random.rand(*%r).astype('float32')" % (full,), NUMPY, "random numbers of shape %r" % (full,))


def model(shape: Shape, text: str = "") -> Value:
    """A small Keras model, with the layers and outputs that `text` asks it for by name."""
    names = tuple(dict.fromkeys(re.findall(r"get_layer\(\s*(?:name\s*=\s*)?['\"]([\w/.-]+)['\"]", text)))[:6]
    source = network(shape, layer_names=names)
    if re.search(r"get_layer|\.outputs?\b|\.inputs?\b|\.layers\b", text):
        source = "(lambda made: tf.keras.Model(made.inputs, made.outputs))(%s)" % source
    return Value(source, TENSORFLOW, "a small Keras model for inputs of shape %r" % (tuple(shape),))


def dataset(shape: Shape, name: str, text: str) -> Value:
    """Examples with labels; without them where a loop takes each element as one thing."""
    single = re.search(r"\bfor\s+\w+\s+in\s+%s(?:\.\w+\([^()]*\))*\s*:" % re.escape(name), text)
    if single and not re.search(r"\.(fit|evaluate)\(\s*%s\b" % re.escape(name), text):
        return Value(
            "tf.data.Dataset.from_tensor_slices(np.random.rand(16, *%r).astype('float32')).batch(4)" % (tuple(shape),),
            NUMPY + TENSORFLOW,
            "a dataset of 16 random examples",
        )
    return Value(
        "tf.data.Dataset.from_tensor_slices((np.random.rand(16, *%r).astype('float32'), "
        "np.zeros(16, 'float32'))).batch(4)" % (tuple(shape),),
        NUMPY + TENSORFLOW,
        "a dataset of 16 random examples",
    )


def table(name: str, text: str) -> Value:
    """A pandas table with the columns that `text` takes from it, and a few more."""
    columns = list(dict.fromkeys(items(name, text) + ["a", "b", "c", "label"]))
    rows = rows_in(text)
    return Value(
        "pd.DataFrame({name: np.arange(%d) %% 10 / 2 for name in %r})" % (rows, columns),
        NUMPY + "import pandas as pd\n",
        "a table of %d rows (%s)" % (rows, ", ".join(columns)),
    )


def items(name: str, text: str) -> list[str]:
    """Keys that `text` takes from a name: `name["key"]`."""
    return re.findall(r"(?<![\w.])%s\[\s*['\"](\w+)['\"]\s*\]" % re.escape(name), text)


def request(shape: Shape) -> Value:
    """What a handler of a web server gets."""
    return Value("_Request(%r)" % (tuple(shape),), REQUEST, "a request with a small picture and numbers in it")
