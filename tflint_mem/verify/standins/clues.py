"""What the name of a value, and its use, say about it: tables of patterns, the first that fits is taken."""

from __future__ import annotations

import os
import re

from .classes import ENVIRONMENT, TRIAL
from .models import network
from .values import NUMPY, TENSORFLOW, Value, array, dataset, model, request, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .hints import Shape

ANY_FILE = "data.txt"  # for a path of which nothing is known


class Asked:
    """What a value is asked for.  name: its name; text: the code that uses it; shape: what that works with."""

    __slots__ = ("name", "text", "shape")

    def __init__(self, name: str, text: str, shape: Shape) -> None:
        self.name, self.text, self.shape = name, text, shape


class Clue:
    """pattern: a regular expression; value: what is meant where it fits, or what makes that from the match."""

    __slots__ = ("pattern", "_value")

    def __init__(self, pattern: str, value: Value | Callable[[Asked, re.Match[str]], Value]) -> None:
        self.pattern, self._value = pattern, value

    def value(self, asked: Asked, match: re.Match[str]) -> Value:
        """The value for what is asked for."""
        return self._value if isinstance(self._value, Value) else self._value(asked, match)


def path_for(name: str, text: str) -> str:
    """A relative path of the kind that a name asks for."""
    low = name.lower()
    if re.search(r"dir|folder", low):
        return "data"
    if re.search(r"model|weights|ckpt|checkpoint|h5", low):
        match = re.search(r"['\"][\w./-]*(\.keras|\.h5|\.hdf5|\.tflite)['\"]", text)
        return "model" + (match.group(1) if match else ".h5" if "h5" in low or "weights" in low else ".keras")
    if re.search(r"im(a)?ge?|photo|picture|frame|face", low):
        return "image.jpg"
    if "csv" in low:
        return "data.csv"
    if "json" in low or "config" in low:
        return "data.json"
    if re.search(r"np[yz]|array", low):
        return "data.npy"
    return ANY_FILE


def text_for(name: str, text: str) -> Value:
    """A path, or any text, for a name that is known to be one of text."""
    if re.search(r"path|file|fname|dir|folder|ckpt|checkpoint|h5|model|weights", name.lower()):
        return Value(repr(path_for(name, text)))
    return Value("'a'")


_OPTIMIZER = Value("tf.keras.optimizers.SGD(0.01)", TENSORFLOW)


def _model(asked: Asked, match: re.Match[str]) -> Value:
    return model(asked.shape, asked.text)


def _dataset(asked: Asked, match: re.Match[str]) -> Value:
    return dataset(asked.shape, asked.name, asked.text)


def _array(asked: Asked, match: re.Match[str]) -> Value:
    return array(asked.name, asked.shape)


def _request(asked: Asked, match: re.Match[str]) -> Value:
    return request(asked.shape)


def _environment(asked: Asked, match: re.Match[str]) -> Value:
    return Value("_Environment(%r)" % (tuple(asked.shape),), ENVIRONMENT, "an environment with random observations")


def _path(asked: Asked, match: re.Match[str]) -> Value:
    return Value(repr(path_for(asked.name, asked.text)))


def _paths(asked: Asked, match: re.Match[str]) -> Value:
    stem, kind = os.path.splitext(path_for(re.sub(r"s$", "", asked.name), asked.text))
    return Value(repr([stem + letter + kind for letter in "abc"]))


def _paths_or_text(asked: Asked, match: re.Match[str]) -> Value:
    if re.search(r"(paths|files|filenames|dirs|directories|folders|images_list)$", asked.name.lower()):
        return _paths(asked, match)
    return text_for(asked.name, asked.text)


def _saved_model(asked: Asked, match: re.Match[str]) -> Value:
    """What `model_from_json(name)` or `model.set_weights(name)` takes; sixteen where the code takes one of several."""
    weights = match.group("taker") == "set_weights"
    source = "%s.%s" % (network(asked.shape), "get_weights()" if weights else "to_json()")
    what = "%s of a small Keras model" % ("the weights" if weights else "the JSON text")
    if match.group("one_of"):
        return Value("[%s] * 16" % source, TENSORFLOW, "sixteen times " + what)
    return Value(source, TENSORFLOW, what)


def _count(asked: Asked, match: re.Match[str]) -> Value:
    low = asked.name.lower()
    if "epoch" in low:
        return Value("1")
    return Value("64" if re.search(r"(^|_|img|image)(width|height)$|(img|image)_?size$", low) else "4")


def _shape(asked: Asked, match: re.Match[str]) -> Value:
    return Value(repr(tuple(asked.shape) if "input" in asked.name.lower() else (16, *asked.shape)))


def _batches(asked: Asked, match: re.Match[str]) -> Value:
    full = (16, 4, *asked.shape)
    return Value("np.random.rand(*%r).astype('float32')" % (full,), NUMPY, "random numbers of shape %r" % (full,))


# how the text uses it: NAME stands for the name
BY_USE = (
    Clue(
        r"NAME\s*(?:==|in\s*[\[(])\s*(?P<text>['\"][^'\"\n]*['\"])",
        lambda asked, match: Value(match.group("text")),
    ),
    Clue(
        r"NAME\.(predict|predict_on_batch|fit|evaluate|trainable_variables|get_layer|get_weights|set_weights"
        r"|train_on_batch|compile)\b",
        _model,
    ),
    Clue(r"(?P<taker>model_from_json|model_from_yaml|set_weights)\(\s*NAME\b(?P<one_of>\[)?", _saved_model),
    Clue(r"NAME\s*\([^)]*training\s*=", _model),
    Clue(r"NAME\.(suggest_\w+|should_prune|report)\b", Value("_Trial()", TRIAL, "a trial that suggests small values")),
    Clue(r"NAME\.(Int|Float|Choice|Boolean)\(", Value("_Trial()", TRIAL, "hyperparameters with small values")),
    Clue(r"NAME\.(get_json|files|form|GET|POST|FILES|query_params|args\.get)\b", _request),
    Clue(r"NAME\.(reset|step|action_space|observation_space)\b", _environment),
    Clue(r"NAME\.apply_gradients\b", _OPTIMIZER),
    Clue(
        r"(?:load_model|load_weights|open|imread|load_img|exists|isfile|saved_model\.load|np\.load|hub\.load)\(\s*NAME\b",
        _path,
    ),
    Clue(r"range\(\s*NAME\s*\)", Value("4")),
    Clue(
        r"NAME\.(sort_values|iloc|iterrows|groupby|dropna|fillna|loc\[|columns|to_numpy|itertuples|set_index"
        r"|reset_index)\b",
        lambda asked, match: table(asked.name, asked.text),
    ),
    Clue(r"NAME\.(shape|astype|reshape|numpy|mean|max|min|argmax|transpose)\b", _array),
    Clue(r"NAME\.(batch|shuffle|prefetch|take|repeat|map|cache)\(", _dataset),
    Clue(
        r"NAME\[\s*\w+\s*:\s*\w+\s*\+|NAME\[\s*:\s*\w+\s*\]",
        Value("np.random.rand(1024).astype('float32')", NUMPY, "1024 random numbers"),
    ),
    Clue(r"NAME\.(append|extend)\(", Value("[]")),
)

# what a name in lower case is called: paths and numbers
NUMBERS_BY_NAME = (
    Clue(
        r"path|file|filename|fname|(^|_)(dirs?|directory|directories)(_|$)|folder|ckpt|checkpoint|h5$|url$|uri$",
        _paths_or_text,
    ),
    Clue(
        r"^(n|k|m|i|j)$|^n_|^num|_num$|count|(^|_)size$|steps|epochs?$|length|^dim|_dim$|units|classes|width|height|"
        r"depth|batch_size|seed|index|idx|fold$|timesteps|iterations?|rounds|max_|min_|hidden|port|^filters?$|"
        r"channels?$|units$|levels?$",
        _count,
    ),
    Clue(r"^(reward|score|value|ret(urn)?|advantage|td_error|cost|loss|t|dt|time|temperature|weight)$", Value("0.5")),
    Clue(r"^(done|terminal|terminated|truncated)$", Value("False")),
    Clue(r"^(a|act|action)$", Value("0")),
    Clue(r"^(a|act|action)s$", Value("np.zeros(4, 'int32')", NUMPY)),
    Clue(
        r"rate$|^lr|_lr$|alpha|beta|gamma|dropout|epsilon|lambda|momentum|decay|threshold|conf|ratio|scale|prob|sigma"
        r"|tau",
        Value("0.1"),
    ),
)

# and all else
THINGS_BY_NAME = (
    Clue(r"model$|^model|net(work)?$|classifier|encoder|decoder|generator|discriminator|actor|critic|backbone", _model),
    Clue(r"optimi[sz]er|^opt$", _OPTIMIZER),
    Clue(r"loss(_fn|_object|_function)?$|criterion", Value("tf.keras.losses.MeanSquaredError()", TENSORFLOW)),
    Clue(r"^(input_?)?shape$|_shape$", _shape),
    Clue(r"^batches$", _batches),
    Clue(r"dataset|^ds$|_ds$|loader|train_data$|test_data$|val_data$", _dataset),
    Clue(r"^y$|^y_|labels?$|targets?$|classes_", Value("np.zeros(16, 'int32')", NUMPY, "16 labels")),
    Clue(
        r"^x$|^x_|^xs$|data$|input|im(a)?ge?s?$|img|frame|batch|feature|sample|arr(ay)?$|obs|state|window|signal|"
        r"vector|tensor|photo|picture|crop|face|audio|seq(uence)?s?$|point",
        _array,
    ),
    Clue(r"^(event|payload|message|body|doc|item|record|row)$", Value("{'body': '{}'}", "", "an empty event")),
    Clue(r"^_?(unused_)?argv$|^_$", Value("['snippet']")),
    Clue(r"^(context|ctx|user|token|response|background_tasks)$", Value("None")),
    Clue(r"^req(uest)?$", _request),
    Clue(r"^env$|environment", _environment),
    Clue(r"trial|^hp$", Value("_Trial()", TRIAL, "a trial that suggests small values")),
    Clue(r"texts$|sentences$|words$|names$|docs$|documents$|questions$", Value("['one', 'two', 'three']")),
    Clue(r"text|sentence|word|name$|mode|label|query|prompt|message|title|key$|tag$", Value("'a'")),
    Clue(r"verbose|debug|use_|is_|has_|train(ing)?$|flag|enable|shuffle|plot|save_", Value("False")),
    Clue(r"log(ger)?$|writer", Value("logging.getLogger('snippet')", "import logging\n", "a logger")),
)
