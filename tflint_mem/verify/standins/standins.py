"""Stand-ins for what a snippet lacks, as Python source: small, plausible, and readable in a kept reproduction.

Each function returns an `Action`: code to run before the snippet, one sentence for the report, and for absolute paths a
rewrite of the snippet's own text.  Nothing here touches the file system.  Python 3.8 syntax.
"""

import os
import posixpath
import re

IMAGE_TYPES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
RECORD_TYPES = (".tfrecord", ".tfrecords", ".tfrec")
MODEL_TYPES = (".keras", ".h5", ".hdf5", ".tflite", ".pb")


class Action:
    """code: source to run before the snippet; text: what it stands in for; rewrite: (old, new) prefix of string constants."""

    __slots__ = ("code", "text", "rewrite")

    def __init__(self, code, text, rewrite=None):
        self.code, self.text, self.rewrite = code, text, rewrite

    def __repr__(self):
        return "Action(%r, %r, %r)" % (self.code, self.text, self.rewrite)


def network(shape, outputs=10, layer_names=()):
    """Source of a small Keras model for inputs of `shape` (without the batch): convolution for images, recurrent for nothing.

    Every model has one hidden layer of 256 units, so that a copy of it weighs something and a leak of copies shows.
    """
    layers = ["tf.keras.Input(%r)" % (tuple(shape),)]
    names = list(layer_names)

    def name():
        return ", name=%r" % names.pop(0) if names else ""

    if len(shape) == 3:
        layers.append("tf.keras.layers.Conv2D(16, 3, strides=2, padding='same', activation='relu'%s)" % name())
        layers.append("tf.keras.layers.GlobalAveragePooling2D()")
    elif len(shape) == 4:
        layers.append("tf.keras.layers.Conv3D(8, 3, strides=2, padding='same', activation='relu'%s)" % name())
        layers.append("tf.keras.layers.GlobalAveragePooling3D()")
    elif len(shape) == 2:
        layers.append("tf.keras.layers.Conv1D(16, 3, padding='same', activation='relu'%s)" % name())
        layers.append("tf.keras.layers.GlobalAveragePooling1D()")
    elif not shape:
        layers.append("tf.keras.layers.Reshape((1,))")
    layers.append("tf.keras.layers.Dense(256, activation='relu'%s)" % name())
    while len(names) > 1:
        layers.append("tf.keras.layers.Dense(256, activation='relu'%s)" % name())
    layers.append(
        "tf.keras.layers.Dense(%d, activation='%s'%s)" % (outputs, "softmax" if outputs > 1 else "sigmoid", name())
    )
    return "tf.keras.Sequential([" + ", ".join(layers) + "])"


def model_file(path, shape, layer_names=(), compiled=False, outputs=10):
    """A small saved model at `path`, in the format that the name asks for; `compiled`: ready for training."""
    kind = posixpath.splitext(path)[1].lower()
    code = "import os\nimport tensorflow as tf\n" + _folder(path)
    if kind in (".keras", ".h5", ".hdf5"):
        code += "_model = %s\n" % network(shape, outputs, layer_names)
        code += "_model.compile('sgd', 'mse')\n" if compiled else ""
        code += "_model.save(%r)\n" % path
        form = "compiled Keras" if compiled else "Keras"
    elif kind == ".tflite":
        code += "open(%r, 'wb').write(tf.lite.TFLiteConverter.from_keras_model(%s).convert())\n" % (
            path,
            network(shape, outputs),
        )
        form = "TFLite"
    elif kind == ".pb":
        folder = posixpath.dirname(path) or "."
        code += "_model = %s\ntf.saved_model.save(_model, %r)\n" % (network(shape, outputs), folder)
        form = "SavedModel"
    else:
        code += "_model = %s\n_model.export(%r) if hasattr(_model, 'export') else _model.save(%r)\n" % (
            network(shape, outputs),
            path,
            path,
        )
        form = "SavedModel"
    return Action(code, "%s: a small %s model for inputs of shape %r" % (path, form, tuple(shape)))


def weights():
    """`load_weights` of a file that does not exist: the weights stay as they were initialised."""
    return Action(
        "import tensorflow as tf\ntf.keras.Model.load_weights = lambda self, *arguments, **options: None\n",
        "load_weights: the weights stay as they were initialised",
    )


def records_file(path):
    """A file of TFRecords."""
    code = (
        "import os\nimport tensorflow as tf\n%swith tf.io.TFRecordWriter(%r) as _file:\n"
        "    for _number in range(64):\n        _file.write(b'record %%d' %% _number)\n" % (_folder(path), path)
    )
    return Action(code, "%s: 64 short records" % path)


def saved_dataset(path, shape):
    """What `tf.data.Dataset.load` reads."""
    code = (
        "import numpy as np\nimport tensorflow as tf\n"
        "tf.data.Dataset.from_tensor_slices(np.random.rand(64, *%r).astype('float32')).batch(4).save(%r)\n"
        % (tuple(shape), path)
    )
    return Action(code, "%s: a saved data set of 64 random examples in batches" % path)


def image_file(path, size=(64, 64)):
    """An image of noise in the format that the name asks for."""
    kind = posixpath.splitext(path)[1].lower()
    encode = "encode_png" if kind in (".png", ".bmp", ".gif") else "encode_jpeg"
    code = (
        "import os\nimport tensorflow as tf\n%s"
        "with tf.device('CPU'):\n"
        "    tf.io.write_file(%r, tf.io.%s(tf.cast(tf.random.uniform(%r, 0, 255, 'int32'), 'uint8')))\n"
        % (_folder(path), path, encode, (size[0], size[1], 3))
    )
    return Action(code, "%s: a picture of noise, %d x %d" % (path, size[0], size[1]))


def rows_for(text):
    """Number of examples in stand-in arrays: two of the batches into which the code itself divides them, else eight."""
    sizes = [int(word) for word in re.findall(r"len\(\w+\)\s*//\s*(\d+)", text)]
    return max([8] + [2 * size for size in sizes if size <= 128])


def array_file(path, shape):
    """A `.npy` or `.npz` file."""
    code = "import os\nimport numpy as np\n" + _folder(path)
    if path.lower().endswith(".npz"):
        count = shape[0] if shape else 8
        code += (
            "_x, _y = np.random.rand(*%r).astype('float32'), np.arange(%d) %% 10\n"
            "np.savez(%r, x_train=_x, y_train=_y, x_test=_x, y_test=_y, x=_x, y=_y, arr_0=_x, arr_1=_y)\n"
            % (tuple(shape), count, path)
        )
    elif re.match(r"y([._-]|$)|labels?|targets?|classes", posixpath.splitext(posixpath.basename(path))[0].lower()):
        code += "np.save(%r, np.arange(%d) %% 2)\n" % (path, shape[0] if shape else 8)
        return Action(code, "%s: %d labels, 0 and 1" % (path, shape[0] if shape else 8))
    else:
        code += "np.save(%r, np.random.rand(*%r).astype('float32'))\n" % (path, tuple(shape))
    return Action(code, "%s: random numbers of shape %r" % (path, tuple(shape)))


def rows_in(text):
    """Number of rows for a stand-in table: as many as the code's own slices go up to, else 64."""
    ends = [int(word) for word in re.findall(r"\[[^\[\]\n]*:\s*(\d+)\b[^\[\]\n]*\]", text)]
    return max([64] + [end for end in ends if end <= 20000])


def text_file(path, columns=(), words=False, lines=64):
    """A small text file: CSV with the columns asked for (of numbers or of words), JSON, or lines."""
    zipped = path.lower().endswith(".zip")
    kind = posixpath.splitext(path[:-4] if zipped else path)[1].lower()
    code = "import os\n" + _folder(path)
    if kind in (".csv", ".tsv"):
        separator = "\t" if kind == ".tsv" else ","
        names = list(columns) or ["a", "b", "c", "label"]
        rows = [separator.join(names)]
        cell = "word%d" if words else "%.1f"
        # long tables begin anew after their first rows: the text that makes them stays short
        again = max(1, -(-lines // 64))
        rows += [
            separator.join(cell % ((row * 7 + column * 3) % 10) for column in range(len(names))) for row in range(64)
        ]
        kinds = "words" if words else "numbers"
        content, what = "\n".join(rows) + "\n", "%d rows of %s (%s)" % (64 * again, kinds, ", ".join(names))
        if again > 1 and not zipped:
            head, _, body = content.partition("\n")
            code += "with open(%r, 'w') as _file:\n    _file.write(%r + %r * %d)\n" % (path, head + "\n", body, again)
            return Action(code, "%s: %s" % (path, what))
    elif kind == ".json":
        content, what = "{}\n", "an empty object"
    elif kind in (".yaml", ".yml"):
        content, what = "{}\n", "an empty mapping"
    else:
        content, what = "".join("line %d of text\n" % number for number in range(256)), "256 lines of text"
    if zipped:
        code += "import zipfile\nwith zipfile.ZipFile(%r, 'w') as _file:\n    _file.writestr(%r, %r)\n" % (
            path,
            posixpath.basename(path)[:-4],
            content,
        )
        return Action(code, "%s: %s" % (path, what))
    code += "with open(%r, 'w') as _file:\n    _file.write(%r)\n" % (path, content)
    return Action(code, "%s: %s" % (path, what))


def folder(path, names, size):
    """A folder with a few files of the given names (pictures, arrays, text)."""
    code = "import os\nos.makedirs(%r, exist_ok=True)\n" % path
    for name in names:
        code += for_path(posixpath.join(path, name), size + (3,)).code
    return Action(code, "%s: a folder with %s" % (path, ", ".join(names) if names else "nothing in it"))


def link(path, real):
    """The project's own file, made visible in the scratch folder."""
    return Action(
        "import os\n%sos.path.lexists(%r) or os.symlink(%r, %r)\n" % (_folder(path), path, real, path),
        "%s: the project's own file" % path,
    )


def beside_module(relative, real, can_link):
    """The project's own file beside the module that looks for it; copied where it could be written to through a link."""
    put = (
        "os.symlink(%r, _path)" % real
        if can_link
        else "(shutil.copytree if os.path.isdir(%r) else shutil.copy)(%r, _path)" % (real, real)
    )
    return Action(
        "import os\nimport shutil\nimport tempfile\n"
        "_path = os.path.join(os.environ.setdefault('TFLINT_MEM_MODULES', tempfile.mkdtemp()), %r)\n"
        "os.makedirs(os.path.dirname(_path), exist_ok=True)\nos.path.lexists(_path) or %s\n" % (relative, put),
        "%s: the project's own" % relative,
    )


def copy(path, real):
    """A copy of the project's own file, where the project cannot be protected against writing through a link."""
    return Action(
        "import os\nimport shutil\n%sshutil.copy(%r, %r)\n" % (_folder(path), real, path),
        "%s: a copy of the project's own file" % path,
    )


def first_tensorflow():
    """TensorFlow 1 programs under TensorFlow 2: its names and its graph mode."""
    return Action(
        "import sys\nimport tensorflow.compat.v1 as _tensorflow\n_tensorflow.disable_v2_behavior()\n"
        "sys.modules['tensorflow'] = _tensorflow\n",
        "TensorFlow 1: tensorflow.compat.v1 of the installed version",
    )


def substitute(name, words):
    """A file of `substitutes/` as an Action: its names go into a module of their own, made once."""
    with open(
        os.path.join(os.path.dirname(os.path.abspath(__file__)), "substitutes", name + ".py"), encoding="utf-8"
    ) as handle:
        text = handle.read()
    quoted = "r'''\n%s'''" % text if "'''" not in text else repr(text)
    module = "_" + name
    return Action(
        "import sys\nimport types\nif %r not in sys.modules:\n    %s = sys.modules[%r] = types.ModuleType(%r)\n"
        "    exec(%s, %s.__dict__)\n" % (module, module, module, module, quoted, module),
        words,
    )


def opencv(shape):
    """Pictures and cameras that OpenCV does not find (it returns None and False instead of raising), and no windows."""
    size = tuple(shape) if len(shape) == 3 else (64, 64, 3)
    return Action(_OPENCV % (size,), "OpenCV: pictures and a camera of noise, %d x %d; no windows" % size[:2])


_OPENCV = """\
import cv2
import numpy as np
class _Camera:
    def __init__(self, *arguments): self.frame = np.random.randint(0, 255, %r).astype("uint8")
    def isOpened(self): return True
    def read(self): return True, self.frame.copy()
    def grab(self): return True
    def retrieve(self): return self.read()
    def get(self, number): return {3: self.frame.shape[1], 4: self.frame.shape[0], 5: 25.0, 7: 1000}.get(number, 0)
    def set(self, *arguments): return True
    def open(self, *arguments): return True
    def release(self): pass
def _imread(path, *arguments, _original=cv2.imread):
    found = _original(path, *arguments)
    return _Camera().frame if found is None else found
cv2.imread, cv2.VideoCapture = _imread, _Camera
cv2.imshow = cv2.namedWindow = cv2.destroyAllWindows = cv2.destroyWindow = cv2.moveWindow = lambda *arguments, **options: None
cv2.waitKey = lambda *arguments: -1
"""


def environment_variable(name):
    """A value for an environment variable that is not set."""
    lowered = name.lower()
    if re.search(r"port|num|count|size|rank|steps|epochs", lowered):
        value = "1"
    elif re.search(r"path|dir|file|folder", lowered):
        value = "data"
    else:
        value = "stand-in"
    return Action(
        "import os\nos.environ.setdefault(%r, %r)\n" % (name, value), "environment variable %s=%s" % (name, value)
    )


def keras_dataset(name):
    """What `keras.datasets.<name>.load_data()` would download."""
    shapes = {
        "mnist": ((28, 28), 10),
        "fashion_mnist": ((28, 28), 10),
        "cifar10": ((32, 32, 3), 10),
        "cifar100": ((32, 32, 3), 100),
    }
    if name in shapes:
        shape, classes = shapes[name]
        make = (
            "np.random.randint(0, 255, (256,) + %r).astype('uint8'), np.random.randint(0, %d, %s).astype('uint8')"
            % (shape, classes, "(256, 1)" if name.startswith("cifar") else "256")
        )
        what = "256 random pictures"
    elif name in ("boston_housing", "california_housing"):
        make, what = "np.random.rand(256, 13), np.random.rand(256)", "256 rows of random numbers"
    elif name in ("imdb", "reuters"):
        make = (
            "np.array([list(np.random.randint(1, 100, 20)) for _ in range(256)], dtype=object), "
            "np.random.randint(0, 2, 256)"
        )
        what = "256 random texts"
    else:
        return None
    return Action(
        "import numpy as np\nimport tensorflow as tf\n"
        "tf.keras.datasets.%s.load_data = lambda *arguments, **options: ((%s), (%s))\n" % (name, make, make),
        "keras.datasets.%s: %s" % (name, what),
    )


def command_line():
    """Values for the command-line arguments that argparse requires."""
    return Action(_ARGPARSE, "command line: defaults, and small values for required arguments")


_ARGPARSE = """\
import argparse

def _stand_in_value(action):
    if action.choices:
        return str(list(action.choices)[0])
    if action.type is int or action.type is float:
        return "2"
    return "data/" + action.dest

def _stand_in_arguments(parser):
    values = []
    for action in parser._actions:
        if action.required and action.nargs != 0:
            count = action.nargs if isinstance(action.nargs, int) else 1
            values += (action.option_strings[-1:] if action.option_strings else []) + [_stand_in_value(action)] * count
    return values

_parse_known_args = argparse.ArgumentParser.parse_known_args

def _parse(self, args=None, namespace=None):
    return _parse_known_args(self, _stand_in_arguments(self) if args is None else args, namespace)

argparse.ArgumentParser.parse_known_args = _parse
"""


def gym_environment(name, shape, text):
    """`gym.make` gives an environment with random observations, in the protocol (old or new) that the snippet speaks."""
    from .guess import ENVIRONMENT

    code = ENVIRONMENT + "import %s\n%s.make = lambda *arguments, **options: _Environment(%r, %r)\n" % (
        name,
        name,
        tuple(shape),
        speaks_new(text),
    )
    return Action(code, "%s.make: an environment with random observations of shape %r" % (name, tuple(shape)))


def observation_shape(text):
    """What an environment shows: what the code says, frames for code with convolutions, else a handful of numbers."""
    match = re.search(_SHAPE_HINTS[0], text)
    if match:
        return tuple(int(word) for word in re.findall(r"\d+", match.group(1)))
    return (84, 84, 3) if re.search(r"Conv2D|atari|Pong|Breakout|NoFrameskip", text) else (8,)


def speaks_new(text):
    """Does the code speak the newer protocol of gym, in which `reset` returns a pair and `step` five values?"""
    return bool(re.search(r"terminated|truncated|,\s*_?(info)?\s*=\s*\w+\.reset\(", text))


def columns_in(text):
    """Names of columns that the code takes from tables: `table["age"]`, `table[["age", "size"]]`, `for name in ("age", "size"): table[name]`."""
    found = re.findall(r"(?<!environ)(?<=\w)\[\s*['\"]([A-Za-z_][\w .-]*)['\"]\s*\]", text)
    listed = re.findall(r"\bfor (\w+) in (?:repeat\()?[(\[]([^()\[\]\n]*)[)\]]", text)
    for group in re.findall(r"\w\[\s*\[([^\]\n]*)\]\s*\]", text) + [
        names for name, names in listed if re.search(r"\w\[%s\]" % name, text)
    ]:
        found += re.findall(r"['\"]([^'\"]+)['\"]", group)
    return list(dict.fromkeys(found))[:40]


def for_path(path, shape, layer_names=(), columns=(), words=False, rows=8, lines=64):
    """The stand-in that a file name asks for; a name without an extension is a folder or a SavedModel: see the caller."""
    kind = posixpath.splitext(path)[1].lower()
    if kind in MODEL_TYPES:
        return model_file(path, shape, layer_names)
    if kind in IMAGE_TYPES:
        return image_file(path, _picture_size(shape))
    if kind in (".npy", ".npz"):
        return array_file(path, (rows,) + tuple(shape))
    if kind in RECORD_TYPES:
        return records_file(path)
    return text_file(path, columns, words, lines)


def _picture_size(shape):
    return tuple(shape[:2]) if len(shape) >= 2 else (64, 64)


def _folder(path):
    parent = posixpath.dirname(path)
    return "os.makedirs(%r, exist_ok=True)\n" % parent if parent else ""


_SHAPE_HINTS = (
    r"(?:input_dims|state_dim|obs_dim|state_size|n_features)\s*=\s*[\[(]?\s*(\d[\d,\s]*)",
    r"(?:input_shape|shape)\s*=\s*\(([\d,\s]+)\)",
    r"\bInput\(\s*\(([\d,\s]+)\)",
    r"(?:target_size|image_size|img_size|IMG_SIZE|IMAGE_SIZE|INPUT_SIZE)\s*=\s*[\[(]([\d,\s]+)[\])]",
    r"resize\([^()]*?[\[(]\s*(\d+\s*,\s*\d+)\s*[\])]",
    r"reshape\(\s*[\[(]?\s*-?1\s*,\s*([\d,\s]+)[\])]",
    r"(?:zeros|ones|normal|uniform|rand|randn|random)\(\s*(?:size\s*=\s*|shape\s*=\s*)?[\[(]?\s*1\s*,\s*([\d,\s]+)[\])]",
)


def plausible_shape(text):
    """The input shape (without the batch) that the snippet's own words suggest; pictures of 64 x 64 when they say nothing."""
    for pattern in _SHAPE_HINTS:
        match = re.search(pattern, text)
        if match:
            numbers = tuple(int(word) for word in re.findall(r"\d+", match.group(1)))
            if not numbers or 0 in numbers or len(numbers) > 4:
                continue
            if (
                len(numbers) == 2
                and not re.search(r"LSTM|GRU|Conv1D|timesteps|sequence", text)
                and "reshape" not in pattern
            ):
                return numbers + (3,)
            return numbers
    if re.search(r"image|img|frame|photo|picture|cv2|PIL", text, re.IGNORECASE):
        return (64, 64, 3)
    return (16,)
