"""A plausible value for a name that has none: a parameter of a handler, an argparse option, a notebook's lost cell.

The guess goes by annotation first, then by how the name is used, then by what it is called.
"""

from __future__ import annotations

import re

from .clues import BY_USE, NUMBERS_BY_NAME, THINGS_BY_NAME, Asked, text_for
from .values import TENSORFLOW, Value, array, dataset, items, model, request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from .clues import Clue
    from .hints import Shape


def value_for(
    name: str, text: str, shape: Shape = (16,), annotation: str | None = None, depth: int = 0
) -> Value | None:
    """A Value for `name`, judged by its annotation (source text) and by how `text` uses it; None when nothing fits.

    shape: what the code around it works with; depth: 0 for a name, 1 for a part of a value, which has no parts itself
    """
    shape = _as_taken_apart(name, text, shape)
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
        return _first(NUMBERS_BY_NAME, name, text, shape) or Value("4")
    if outer == "float":
        return Value("0.5")
    if outer == "bool":
        return Value("False")
    if outer in ("str", "Path", "PathLike", "PurePath"):
        value = text_for(name, text)
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
    word = r"(?<![\w.])" + re.escape(name) + r"\b"

    def used(pattern: str) -> re.Match[str] | None:
        return re.search(pattern.replace("NAME", word), text)

    asked = Asked(name, text, shape)
    for clue in BY_USE:
        match = used(clue.pattern)
        if match:
            return clue.value(asked, match)
    if depth == 0 and items(name, text):
        return _mapping(name, text, shape)
    if depth == 0 and (
        used(r"NAME\.\w+")
        and _by_name(name, text, shape, depth) is None
        or re.match(
            r"(args?|opts?|options?|flags|cfg|conf(ig)?|params?|hparams|settings|hyperparams|FLAGS|hps?)$", name
        )
    ):
        return _namespace(name, text, shape)
    if used(r"\bfor\b[^:\n]+\bin\s+NAME\b") and _by_name(name, text, shape, 1) is None:
        return array(name, shape)
    if used(r"\bNAME\(") and not re.search(r"model|net", name, re.IGNORECASE):
        return Value(
            "lambda *arguments, **options: arguments[0] if arguments else None",
            "",
            "a function that returns what it gets",
        )
    return None


def _by_name(name: str, text: str, shape: Shape, depth: int) -> Value | None:
    number = _first(NUMBERS_BY_NAME, name, text, shape)
    gone_through = r"\bfor\s[^:\n]+\sin\s+%s\s*[:\]]" % re.escape(name)
    if number is not None and re.fullmatch(r"[\d.]+", number.source) and re.search(gone_through, text):
        number = Value("list(range(4))")  # what is gone through is no number, whatever its name
    value = number or _first(THINGS_BY_NAME, name, text, shape)
    if value is None and depth == 0 and re.search(r"args|kwargs|cfg|config|params|options|settings", name.lower()):
        return _namespace(name, text, shape)
    return value


def _as_taken_apart(name: str, text: str, shape: Shape) -> Shape:
    """The shape, with as many sides as the code takes apart or names in an index: `rows, steps, width = x.shape`."""
    word = r"(?<![\w.])%s" % re.escape(name)
    parts = re.search(
        r"((?:\w+\s*,\s*)+\w+)\s*=\s*(?:np\.shape\(\s*%s\s*\)|%s\.shape\s*$)" % (word, word), text, re.MULTILINE
    )
    sides = parts.group(1).count(",") if parts else 0  # without the one of the batch
    for index in re.findall(word + r"\[((?:[^\[\],]*,)+[^\[\],]*)\]", text):
        if ":" in index:
            sides = max(sides, index.count(","))
    if not 0 < sides <= 4 or sides == len(shape):
        return shape
    return tuple(shape[-sides:]) if sides < len(shape) else (8,) * (sides - len(shape)) + tuple(shape)


def _first(clues: Sequence[Clue], name: str, text: str, shape: Shape) -> Value | None:
    """What the first clue says that fits the name."""
    low = name.lower()
    for clue in clues:
        match = re.search(clue.pattern, low)
        if match:
            return clue.value(Asked(name, text, shape), match)
    return None


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
