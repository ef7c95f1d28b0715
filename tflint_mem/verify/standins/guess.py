"""A plausible value for a name that has none: a parameter of a handler, an argparse option, a notebook's lost cell.

The guess goes by annotation first, then by how the name is used, then by what it is called.
"""

from __future__ import annotations

import os
import re

from .classes import ENVIRONMENT, TRIAL
from .models import network
from .values import NUMPY, TENSORFLOW, Value, array, dataset, items, model, request, table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hints import Shape

ANY_FILE = "data.txt"  # for a path of which nothing is known


def value_for(
    name: str, text: str, shape: Shape = (16,), annotation: str | None = None, depth: int = 0
) -> Value | None:
    """A Value for `name`, judged by its annotation (source text) and by how `text` uses it; None when nothing fits.

    shape: what the code around it works with; depth: 0 for a name, 1 for a part of a value, which has no parts itself
    """
    if annotation:
        value = _by_annotation(annotation, name, text, shape)
        if value is not None:
            return value
    for guess in (_by_use, _by_name):
        value = guess(name, text, shape, depth)
        if value is not None:
            return value
    return None


def _by_annotation(annotation: str, name: str, text: str, shape: Shape) -> Value | None:
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
        return Value("tf.constant(%s, tf.float32)" % made.source, made.imports + TENSORFLOW, made.text)
    if outer in ("Model", "Sequential", "Functional"):
        return model(shape)
    if outer in ("Optimizer",):
        return Value("tf.keras.optimizers.SGD(0.01)", TENSORFLOW)
    if outer in ("Dataset", "DatasetV2"):
        return dataset(shape, name, text)
    if outer in ("Request", "HttpRequest", "WSGIRequest"):
        return request(shape)
    if outer in ("Namespace",):
        return _namespace(name, text, shape)
    if outer in ("dict", "Dict", "Mapping") and not items(name, text):
        return Value("{}")
    if outer in ("list", "List", "Sequence", "Iterable", "tuple", "Tuple"):
        inner = re.search(r"\[(.*)\]", plain)
        element = value_for(re.sub(r"s$", "", name), text, shape, inner.group(1).split(",")[0]) if inner else None
        if element is not None:
            return Value("[%s] * 3" % element.source, element.imports, "three of " + element.text)
    return None


def _by_use(name: str, text: str, shape: Shape, depth: int) -> Value | None:
    word = re.escape(name)

    def used(pattern: str) -> re.Match[str] | None:
        return re.search(pattern.replace("NAME", r"(?<![\w.])" + word + r"\b"), text)

    compared = used(r"NAME\s*(?:==|in\s*[\[(])\s*(['\"][^'\"\n]*['\"])")
    if compared:
        return Value(compared.group(1))
    if used(
        r"NAME\.(predict|predict_on_batch|fit|evaluate|trainable_variables|get_layer|get_weights|set_weights|train_on_batch|compile)\b"
    ):
        return model(shape, text)
    kept = used(r"(model_from_json|model_from_yaml|set_weights)\(\s*NAME\b(\[)?")
    if kept:
        small = network(shape)
        source = "%s.%s" % (small, "get_weights()" if kept.group(1) == "set_weights" else "to_json()")
        what = "%s of a small Keras model" % ("the weights" if kept.group(1) == "set_weights" else "the JSON text")
        return (
            Value("[%s] * 16" % source, TENSORFLOW, "sixteen times " + what)
            if kept.group(2)
            else Value(source, TENSORFLOW, what)
        )
    if used(r"NAME\s*\([^)]*training\s*="):
        return model(shape, text)
    if used(r"NAME\.(suggest_\w+|should_prune|report)\b"):
        return Value("_Trial()", TRIAL, "a trial that suggests small values")
    if used(r"NAME\.(Int|Float|Choice|Boolean)\("):
        return Value("_Trial()", TRIAL, "hyperparameters with small values")
    if used(r"NAME\.(get_json|files|form|GET|POST|FILES|query_params|args\.get)\b"):
        return request(shape)
    if used(r"NAME\.(reset|step|action_space|observation_space)\b"):
        return Value("_Environment(%r)" % (tuple(shape),), ENVIRONMENT, "an environment with random observations")
    if used(r"NAME\.apply_gradients\b"):
        return Value("tf.keras.optimizers.SGD(0.01)", TENSORFLOW)
    if used(
        r"(?:load_model|load_weights|open|imread|load_img|exists|isfile|saved_model\.load|np\.load|hub\.load)\(\s*NAME\b"
    ):
        return Value(repr(_path(name, text)))
    if used(r"range\(\s*NAME\s*\)"):
        return Value("4")
    if used(
        r"NAME\.(sort_values|iloc|iterrows|groupby|dropna|fillna|loc\[|columns|to_numpy|itertuples|set_index|reset_index)\b"
    ):
        return table(name, text)
    if used(r"NAME\.(shape|astype|reshape|numpy|mean|max|min|argmax|transpose)\b"):
        return array(name, shape)
    if used(r"NAME\.(batch|shuffle|prefetch|take|repeat|map|cache)\("):
        return dataset(shape, name, text)
    if used(r"NAME\[\s*\w+\s*:\s*\w+\s*\+|NAME\[\s*:\s*\w+\s*\]"):
        return Value("np.random.rand(1024).astype('float32')", NUMPY, "1024 random numbers")
    if used(r"NAME\.(append|extend)\("):
        return Value("[]")
    if depth == 0 and (
        used(r"NAME\.\w+")
        and _by_name(name, text, shape, depth) is None
        or re.match(
            r"(args?|opts?|options?|flags|cfg|conf(ig)?|params?|hparams|settings|hyperparams|FLAGS|hps?)$", name
        )
    ):
        if items(name, text):
            return _mapping(name, text, shape)
        return _namespace(name, text, shape)
    if depth == 0 and items(name, text):
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


def _by_name(
    name: str, text: str, shape: Shape, depth: int, numbers_only: bool = False, strings_only: bool = False
) -> Value | None:
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
        return Value("0" if not low.endswith("s") else "np.zeros(4, 'int32')", "" if not low.endswith("s") else NUMPY)
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
        return model(shape, text)
    if re.search(r"optimi[sz]er|^opt$", low):
        return Value("tf.keras.optimizers.SGD(0.01)", TENSORFLOW)
    if re.search(r"loss(_fn|_object|_function)?$|criterion", low):
        return Value("tf.keras.losses.MeanSquaredError()", TENSORFLOW)
    if re.search(r"^(input_?)?shape$|_shape$", low):
        return Value(repr(tuple(shape) if "input" in low else (16,) + tuple(shape)))
    if low == "batches":
        return Value(
            "np.random.rand(*%r).astype('float32')" % ((16, 4) + tuple(shape),),
            NUMPY,
            "random numbers of shape %r" % ((16, 4) + tuple(shape),),
        )
    if re.search(r"dataset|^ds$|_ds$|loader|train_data$|test_data$|val_data$", low):
        return dataset(shape, name, text)
    if re.search(r"^y$|^y_|labels?$|targets?$|classes_", low):
        return Value("np.zeros(16, 'int32')", NUMPY, "16 labels")
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
        return request(shape)
    if re.search(r"^env$|environment", low):
        return Value("_Environment(%r)" % (tuple(shape),), ENVIRONMENT, "an environment with random observations")
    if re.search(r"trial|^hp$", low):
        return Value("_Trial()", TRIAL, "a trial that suggests small values")
    if re.search(r"texts$|sentences$|words$|names$|docs$|documents$|questions$", low):
        return Value("['one', 'two', 'three']")
    if re.search(r"text|sentence|word|name$|mode|label|query|prompt|message|title|key$|tag$", low):
        return Value("'a'")
    if re.search(r"verbose|debug|use_|is_|has_|train(ing)?$|flag|enable|shuffle|plot|save_", low):
        return Value("False")
    if re.search(r"log(ger)?$|writer", low):
        return Value("logging.getLogger('snippet')", "import logging\n", "a logger")
    if re.search(r"args|kwargs|cfg|config|params|options|settings", low) and depth == 0:
        return _namespace(name, text, shape)
    return None


def _path(name: str, text: str) -> str:
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


def _mapping(name: str, text: str, shape: Shape) -> Value:
    parts, imports = [], ""
    for key in sorted(set(items(name, text))):
        if key in ("body", "payload", "data") and re.search(r"json\.loads\(\s*%s\[" % re.escape(name), text):
            keys = sorted(set(re.findall(r"\[\s*['\"](\w+)['\"]\s*\]", text)) - set(items(name, text)))
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
    return Value("{%s}" % ", ".join(parts), imports, "a dictionary with %s" % ", ".join(sorted(set(items(name, text)))))


def _namespace(name: str, text: str, shape: Shape) -> Value:
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
