"""A plausible value for a name that has none: a parameter of a handler, an argparse option, a notebook's lost cell.

The guess goes by annotation first, then by how the name is used, then by what it is called.  Python 3.8 syntax: the
child guesses too.
"""

import os
import re

from .standins import network, rows_in

ANY_FILE = "data.txt"  # for a path of which nothing is known
_NUMPY = "import numpy as np\n"
_TENSORFLOW = "import tensorflow as tf\n"


class Value:
    """source: an expression; imports: lines that it needs first; text: what it is, for the report."""

    __slots__ = ("source", "imports", "text")

    def __init__(self, source, imports="", text=None):
        self.source, self.imports, self.text = source, imports, text or source

    def __repr__(self):
        return "Value(%r, %r, %r)" % (self.source, self.imports, self.text)


def value_for(name, text, shape=(16,), annotation=None, depth=0):
    """A Value for `name`, judged by its annotation (source text or None) and by how `text` uses it; None when nothing fits."""
    if annotation:
        value = _by_annotation(annotation, name, text, shape)
        if value is not None:
            return value
    for guess in (_by_use, _by_name):
        value = guess(name, text, shape, depth)
        if value is not None:
            return value
    return None


def _by_annotation(annotation, name, text, shape):
    plain = annotation.strip("'\" ")
    outer = re.split(r"[\[|]", plain)[0].strip().split(".")[-1]
    if outer in ("Optional", "Union"):
        return _by_annotation(re.split(r"[\[,\]|]", plain)[1], name, text, shape)
    if outer == "int":
        return _by_name(name, text, shape, 0, numbers_only=True) or Value("4")
    if outer == "float":
        return Value("0.5")
    if outer == "bool":
        return Value("False")
    if outer in ("str", "Path", "PathLike", "PurePath"):
        value = _by_name(name, text, shape, 0, strings_only=True) or Value("'a'")
        return Value("pathlib.Path(%s)" % value.source, "import pathlib\n", value.text) if outer == "Path" else value
    if outer == "bytes":
        return Value("b'abc'")
    if outer in ("ndarray", "NDArray", "ArrayLike"):
        return array(name, shape)
    if outer in ("Tensor", "EagerTensor", "TensorLike"):
        made = array(name, shape)
        return Value("tf.constant(%s, tf.float32)" % made.source, made.imports + _TENSORFLOW, made.text)
    if outer in ("Model", "Sequential", "Functional"):
        return _model(shape)
    if outer in ("Optimizer",):
        return Value("tf.keras.optimizers.SGD(0.01)", _TENSORFLOW)
    if outer in ("Dataset", "DatasetV2"):
        return _dataset(shape, name, text)
    if outer in ("Request", "HttpRequest", "WSGIRequest"):
        return _request(shape)
    if outer in ("Namespace",):
        return _namespace(name, text, shape, 0)
    if outer in ("dict", "Dict", "Mapping") and not _items(name, text):
        return Value("{}")
    if outer in ("list", "List", "Sequence", "Iterable", "tuple", "Tuple"):
        inner = re.search(r"\[(.*)\]", plain)
        element = value_for(re.sub(r"s$", "", name), text, shape, inner.group(1).split(",")[0]) if inner else None
        if element is not None:
            return Value("[%s] * 3" % element.source, element.imports, "three of " + element.text)
    return None


def _by_use(name, text, shape, depth):
    word = re.escape(name)

    def used(pattern):
        return re.search(pattern.replace("NAME", r"(?<![\w.])" + word + r"\b"), text)

    compared = used(r"NAME\s*(?:==|in\s*[\[(])\s*(['\"][^'\"\n]*['\"])")
    if compared:
        return Value(compared.group(1))
    if used(
        r"NAME\.(predict|predict_on_batch|fit|evaluate|trainable_variables|get_layer|get_weights|set_weights|train_on_batch|compile)\b"
    ):
        return _model(shape, text)
    kept = used(r"(model_from_json|model_from_yaml|set_weights)\(\s*NAME\b(\[)?")
    if kept:
        small = network(shape)
        source = "%s.%s" % (small, "get_weights()" if kept.group(1) == "set_weights" else "to_json()")
        what = "%s of a small Keras model" % ("the weights" if kept.group(1) == "set_weights" else "the JSON text")
        return (
            Value("[%s] * 16" % source, _TENSORFLOW, "sixteen times " + what)
            if kept.group(2)
            else Value(source, _TENSORFLOW, what)
        )
    if used(r"NAME\s*\([^)]*training\s*="):
        return _model(shape, text)
    if used(r"NAME\.(suggest_\w+|should_prune|report)\b"):
        return Value("_Trial()", _TRIAL, "a trial that suggests small values")
    if used(r"NAME\.(Int|Float|Choice|Boolean)\("):
        return Value("_Trial()", _TRIAL, "hyperparameters with small values")
    if used(r"NAME\.(get_json|files|form|GET|POST|FILES|query_params|args\.get)\b"):
        return _request(shape)
    if used(r"NAME\.(reset|step|action_space|observation_space)\b"):
        return Value("_Environment(%r)" % (tuple(shape),), ENVIRONMENT, "an environment with random observations")
    if used(r"NAME\.apply_gradients\b"):
        return Value("tf.keras.optimizers.SGD(0.01)", _TENSORFLOW)
    if used(
        r"(?:load_model|load_weights|open|imread|load_img|exists|isfile|saved_model\.load|np\.load|hub\.load)\(\s*NAME\b"
    ):
        return Value(repr(_path(name, text)))
    if used(r"range\(\s*NAME\s*\)"):
        return Value("4")
    if used(
        r"NAME\.(sort_values|iloc|iterrows|groupby|dropna|fillna|loc\[|columns|to_numpy|itertuples|set_index|reset_index)\b"
    ):
        return _table(name, text)
    if used(r"NAME\.(shape|astype|reshape|numpy|mean|max|min|argmax|transpose)\b"):
        return array(name, shape)
    if used(r"NAME\.(batch|shuffle|prefetch|take|repeat|map|cache)\("):
        return _dataset(shape, name, text)
    if used(r"NAME\[\s*\w+\s*:\s*\w+\s*\+|NAME\[\s*:\s*\w+\s*\]"):
        return Value("np.random.rand(1024).astype('float32')", _NUMPY, "1024 random numbers")
    if used(r"NAME\.(append|extend)\("):
        return Value("[]")
    if depth == 0 and (
        used(r"NAME\.\w+")
        and _by_name(name, text, shape, depth) is None
        or re.match(
            r"(args?|opts?|options?|flags|cfg|conf(ig)?|params?|hparams|settings|hyperparams|FLAGS|hps?)$", name
        )
    ):
        if _items(name, text):
            return _mapping(name, text, shape)
        return _namespace(name, text, shape, depth)
    if depth == 0 and _items(name, text):
        return _mapping(name, text, shape)
    if used(r"\bfor\b[^:\n]+\bin\s+NAME\b") and _by_name(name, text, shape, 1) is None:
        return array(name, shape)
    if used(r"\bNAME\(") and not re.search(r"model|net", name, re.IGNORECASE):
        return Value(
            "lambda *arguments, **options: arguments[0] if arguments else None",
            "",
            "a function that returns what it gets",
        )
    return None


def _by_name(name, text, shape, depth, numbers_only=False, strings_only=False):
    low = name.lower()
    if strings_only or re.search(
        r"path|file|filename|fname|(^|_)(dirs?|directory|directories)(_|$)|folder|ckpt|checkpoint|h5$|url$|uri$", low
    ):
        if re.search(r"(paths|files|filenames|dirs|directories|folders|images_list)$", low) and not strings_only:
            single = re.sub(r"s$", "", name)
            stem, kind = os.path.splitext(_path(single, text))
            return Value(repr([stem + letter + kind for letter in "abc"]))
        return Value(
            repr(_path(name, text))
            if re.search(r"path|file|fname|dir|folder|ckpt|checkpoint|h5|model|weights", low)
            else "'a'"
        )
    if re.search(
        r"^(n|k|m|i|j)$|^n_|^num|_num$|count|(^|_)size$|steps|epochs?$|length|^dim|_dim$|units|classes|width|height|"
        r"depth|batch_size|seed|index|idx|fold$|timesteps|iterations?|rounds|max_|min_|hidden|port|^filters?$|channels?$|units$|levels?$",
        low,
    ):
        return Value(
            "1"
            if "epoch" in low
            else "64"
            if re.search(r"(^|_|img|image)(width|height)$|(img|image)_?size$", low)
            else "4"
        )
    if re.search(r"^(reward|score|value|ret(urn)?|advantage|td_error|cost|loss|t|dt|time|temperature|weight)$", low):
        return Value("0.5")
    if re.search(r"^(done|terminal|terminated|truncated)$", low):
        return Value("False")
    if re.search(r"^(a|act|action)s?$", low):
        return Value("0" if not low.endswith("s") else "np.zeros(4, 'int32')", "" if not low.endswith("s") else _NUMPY)
    if re.search(
        r"rate$|^lr|_lr$|alpha|beta|gamma|dropout|epsilon|lambda|momentum|decay|threshold|conf|ratio|scale|prob|sigma|tau",
        low,
    ):
        return Value("0.1")
    if numbers_only:
        return None
    if re.search(
        r"model$|^model|net(work)?$|classifier|encoder|decoder|generator|discriminator|actor|critic|backbone", low
    ):
        return _model(shape, text)
    if re.search(r"optimi[sz]er|^opt$", low):
        return Value("tf.keras.optimizers.SGD(0.01)", _TENSORFLOW)
    if re.search(r"loss(_fn|_object|_function)?$|criterion", low):
        return Value("tf.keras.losses.MeanSquaredError()", _TENSORFLOW)
    if re.search(r"^(input_?)?shape$|_shape$", low):
        return Value(repr(tuple(shape) if "input" in low else (16,) + tuple(shape)))
    if low == "batches":
        return Value(
            "np.random.rand(*%r).astype('float32')" % ((16, 4) + tuple(shape),),
            _NUMPY,
            "random numbers of shape %r" % ((16, 4) + tuple(shape),),
        )
    if re.search(r"dataset|^ds$|_ds$|loader|train_data$|test_data$|val_data$", low):
        return _dataset(shape, name, text)
    if re.search(r"^y$|^y_|labels?$|targets?$|classes_", low):
        return Value("np.zeros(16, 'int32')", _NUMPY, "16 labels")
    if re.search(
        r"^x$|^x_|^xs$|data$|input|im(a)?ge?s?$|img|frame|batch|feature|sample|arr(ay)?$|obs|state|window|signal|vector|tensor|"
        r"photo|picture|crop|face|audio|seq(uence)?s?$|point",
        low,
    ):
        return array(name, shape)
    if re.search(r"^(event|payload|message|body|doc|item|record|row)$", low):
        return Value("{'body': '{}'}", "", "an empty event")
    if re.search(r"^_?(unused_)?argv$|^_$", low):
        return Value("['snippet']")
    if re.search(r"^(context|ctx|user|token|response|background_tasks)$", low):
        return Value("None")
    if re.search(r"^req(uest)?$", low):
        return _request(shape)
    if re.search(r"^env$|environment", low):
        return Value("_Environment(%r)" % (tuple(shape),), ENVIRONMENT, "an environment with random observations")
    if re.search(r"trial|^hp$", low):
        return Value("_Trial()", _TRIAL, "a trial that suggests small values")
    if re.search(r"texts$|sentences$|words$|names$|docs$|documents$|questions$", low):
        return Value("['one', 'two', 'three']")
    if re.search(r"text|sentence|word|name$|mode|label|query|prompt|message|title|key$|tag$", low):
        return Value("'a'")
    if re.search(r"verbose|debug|use_|is_|has_|train(ing)?$|flag|enable|shuffle|plot|save_", low):
        return Value("False")
    if re.search(r"log(ger)?$|writer", low):
        return Value("logging.getLogger('snippet')", "import logging\n", "a logger")
    if re.search(r"args|kwargs|cfg|config|params|options|settings", low) and depth == 0:
        return _namespace(name, text, shape, depth)
    return None


def _path(name, text):
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


def array(name, shape):
    """A Value: one example for a singular name, sixteen for any other."""
    single = re.match(
        r"(img|image|frame|photo|picture|crop|face|obs(ervation)?|state|window|sample|point|vector)$", name.lower()
    )
    full = tuple(shape) if single else (16,) + tuple(shape)
    return Value("np.random.rand(*%r).astype('float32')" % (full,), _NUMPY, "random numbers of shape %r" % (full,))


def _model(shape, text=""):
    names = tuple(dict.fromkeys(re.findall(r"get_layer\(\s*(?:name\s*=\s*)?['\"]([\w/.-]+)['\"]", text)))[:6]
    source = network(shape, layer_names=names)
    if re.search(r"get_layer|\.outputs?\b|\.inputs?\b|\.layers\b", text):
        source = "(lambda made: tf.keras.Model(made.inputs, made.outputs))(%s)" % source
    return Value(source, _TENSORFLOW, "a small Keras model for inputs of shape %r" % (tuple(shape),))


def _dataset(shape, name, text):
    """Examples with labels; without them where a loop takes each element as one thing."""
    single = re.search(r"\bfor\s+\w+\s+in\s+%s(?:\.\w+\([^()]*\))*\s*:" % re.escape(name), text)
    if single and not re.search(r"\.(fit|evaluate)\(\s*%s\b" % re.escape(name), text):
        return Value(
            "tf.data.Dataset.from_tensor_slices(np.random.rand(16, *%r).astype('float32')).batch(4)" % (tuple(shape),),
            _NUMPY + _TENSORFLOW,
            "a dataset of 16 random examples",
        )
    return Value(
        "tf.data.Dataset.from_tensor_slices((np.random.rand(16, *%r).astype('float32'), np.zeros(16, 'float32'))).batch(4)"
        % (tuple(shape),),
        _NUMPY + _TENSORFLOW,
        "a dataset of 16 random examples",
    )


def _table(name, text):
    columns = list(dict.fromkeys(_items(name, text) + ["a", "b", "c", "label"]))
    rows = rows_in(text)
    return Value(
        "pd.DataFrame({name: np.arange(%d) %% 10 / 2 for name in %r})" % (rows, columns),
        _NUMPY + "import pandas as pd\n",
        "a table of %d rows (%s)" % (rows, ", ".join(columns)),
    )


def _items(name, text):
    return re.findall(r"(?<![\w.])%s\[\s*['\"](\w+)['\"]\s*\]" % re.escape(name), text)


def _mapping(name, text, shape):
    parts, imports = [], ""
    for key in sorted(set(_items(name, text))):
        if key in ("body", "payload", "data") and re.search(r"json\.loads\(\s*%s\[" % re.escape(name), text):
            keys = sorted(set(re.findall(r"\[\s*['\"](\w+)['\"]\s*\]", text)) - set(_items(name, text)))
            count = 1
            for side in shape:
                count *= side
            fields = ", ".join('"%s": %s' % (field, [0.5] * min(count, 4096)) for field in keys)
            parts.append("%r: %r" % (key, "{%s}" % fields))
            continue
        value = value_for(key, "", shape, depth=1) or Value("'a'")
        if re.search(
            r"array\(\s*%s\[\s*['\"]%s['\"]" % (re.escape(name), re.escape(key)), text
        ) and not value.source.startswith(("np.", "[")):
            value = Value("[0.5] * 16")
        parts.append("%r: %s" % (key, value.source))
        imports += value.imports
    return Value(
        "{%s}" % ", ".join(parts), imports, "a dictionary with %s" % ", ".join(sorted(set(_items(name, text))))
    )


def _namespace(name, text, shape, depth):
    found = sorted(set(re.findall(r"(?<![\w.])%s\.(\w+)\b(?!\()" % re.escape(name), text)))
    parts, imports = [], "import types\n"
    for key in found:
        own = re.sub(r"(?<![\w.])%s\.%s\b" % (re.escape(name), key), "\n" + key, text)
        uses = "\n".join(row for row in own.split("\n") if row.startswith(key))
        value = value_for(key, uses, shape, depth=1) or Value("None")
        parts.append("%s=%s" % (key, value.source))
        imports += value.imports
    return Value(
        "types.SimpleNamespace(%s)" % ", ".join(parts),
        imports,
        "options with %s" % (", ".join(found) if found else "nothing in them"),
    )


def _request(shape):
    return Value("_Request(%r)" % (tuple(shape),), REQUEST, "a request with a small picture and numbers in it")


_TRIAL = '''\
class _Trial:
    """Suggests the lowest value of each range."""
    number, params = 0, {}
    def suggest_int(self, name, low, high, *a, **k): return low
    def suggest_float(self, name, low, high, *a, **k): return low
    suggest_uniform = suggest_loguniform = suggest_discrete_uniform = suggest_float
    def suggest_categorical(self, name, choices): return list(choices)[0]
    def Int(self, name, min_value=1, max_value=4, *a, **k): return min_value
    def Float(self, name, min_value=0.1, max_value=1.0, *a, **k): return min_value
    def Choice(self, name, values, *a, **k): return list(values)[0]
    def Boolean(self, name, *a, **k): return False
    def report(self, *a, **k): pass
    def should_prune(self): return False
    def set_user_attr(self, *a, **k): pass
'''

ENVIRONMENT = '''\
import numpy as np
import types
class _Part:
    """What only a real game has: further parts, and 0 wherever a number is wanted."""
    def __getattr__(self, name):
        if name.startswith('__'): raise AttributeError(name)
        return _Part()
    def __getitem__(self, key): return 0.0
    def __call__(self, *a, **k): return 0.0
    def __float__(self): return 0.0
class _Environment:
    """Random observations; an episode ends after eight steps."""
    spec = None
    def __init__(self, shape, new=False):
        self.shape, self.new, self.steps = shape, new, 0
        self.action_space = types.SimpleNamespace(n=4, shape=(4,), sample=lambda: 0, high=np.ones(4), low=-np.ones(4))
        self.observation_space = types.SimpleNamespace(shape=shape, n=16, high=np.ones(shape), low=-np.ones(shape))
    def reset(self, *a, **k):
        self.steps = 0
        return (self._seen(), {}) if self.new else self._seen()
    def step(self, action):
        self.steps += 1
        ends = (self.steps % 8 == 0, False) if self.new else (self.steps % 8 == 0,)
        return (self._seen(), 0.0) + ends + ({},)
    def _seen(self): return np.random.rand(*self.shape).astype('float32')
    unwrapped = property(lambda self: self)
    def __getattr__(self, name):
        if name.startswith('__') or name in ('shape', 'new', 'steps'): raise AttributeError(name)
        return _Part()
    metadata, reward_range, _max_episode_steps, num_envs, n_actions, ale = {}, (-1.0, 1.0), 8, 1, 4, types.SimpleNamespace(lives=lambda: 3)
    def get_action_meanings(self): return ["NOOP", "FIRE", "RIGHT", "LEFT"]
    def seed(self, *a): pass
    def render(self, *a, **k): pass
    def close(self): pass
'''

REQUEST = '''\
import io
import json
import struct
import zlib
class _Anything(dict):
    """A mapping that has every key."""
    def __missing__(self, key): return self._make(key)
    def get(self, key, default=None, type=None): return self[key]
    def getlist(self, key): return [self[key]]
    def __contains__(self, key): return True
class _Fields(_Anything):
    def _make(self, key): return [0.5] * 16 if any(part in key.lower() for part in ('value', 'feature', 'data', 'input', 'inst')) else 'text'
class _File(io.BytesIO):
    filename = name = 'image.png'
    content_type = 'image/png'
    file = property(lambda self: self)
    def save(self, target): open(target, 'wb').write(self.getvalue()) if isinstance(target, (str, bytes)) else target.write(self.getvalue())
    def chunks(self): return [self.getvalue()]
class _Files(_Anything):
    def _make(self, key): return _File(_picture())
def _picture(side=64):
    rows = b''.join(b'\\0' + bytes(side * 3) for _ in range(side))
    def chunk(kind, data): return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
    return b'\\x89PNG\\r\\n\\x1a\\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)) + chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b'')
class _Request:
    method, path, headers, is_json = 'POST', '/', _Fields(), True
    def __init__(self, shape):
        self.shape = shape
        self.json = self.form = self.args = self.values = self.query_params = self.GET = self.POST = _Fields(values=[0.5] * (shape[0] if shape else 1))
        self.files = self.FILES = _Files()
        self.data = self.body = json.dumps({'values': [0.5] * 16}).encode()
    def get_json(self, *a, **k): return self.json
    def get_data(self, *a, **k): return self.data
'''
