"""From the exception that ended an attempt to the stand-in that lets the next one go on.  Python 3.8 syntax.

Order of preference: the project's own file, then a stand-in of the kind that the name or the message asks for.  Nothing
is guessed twice: an action that did not help is not proposed again.
"""

import ast
import builtins
import errno
import os
import posixpath
import re
import traceback

from tflint_mem.verify.standins import guess, modules, old_keras, old_numpy, standins
from tflint_mem.verify.standins.standins import Action

from . import prepared

_MOST_COPIED = 64 * 1024 * 1024
_PATH_MESSAGES = (
    r"No such file or directory:? '([^']+)'",
    r"SavedModel file does not exist at: ([^\s]+?)(?:[/\\]?\{|\s|$)",
    r"File not found: filepath=([^\n]+?)\. ",
    r"File format not supported: filepath=([^\n]+?)\. ",
    r"No file or directory found at (\S+)",
    r"Unable to (?:synchronously )?open file.*?name = '([^']+)'",
    r"Unable to open file \(unable to open file: name = '([^']+)'",
    r"Could not open '([^']+)'",
    r"(?:NewRandomAccessFile failed to Create/Open: |FindFirstFile failed for: )([^\n;]+?)(?: :|;|\s*$)",
    r"^([^\s;:]+); No such file or directory",
    r"Could not find directory ([^\s]+)",
    r"Failed to find any matching files for ([^\s:]+)",
    r"\[Errno 2\][^']*'([^']+)'",
    # in the words of a program's own checks: something with a slash or an ending, so that it is no mere name
    r"['\"`]?([\w.~-]*/[\w./~-]*\w|[\w~-]+\.\w{2,5})['\"`]?,? (?:is not a (?:valid )?(?:directory|folder|file|path)|does(?: not|n't) exist|not found"
    r"|could not be found|cannot be found)",
)
_WORDS = re.compile(r"StringLookup|TextVectorization|Tokenizer|dtype=['\"]string['\"]|tf\.string\b")
_CODE = ("tf.keras.", "types.SimpleNamespace(", "np.random.", "\n")  # rewrites of code, not of a string constant
_READERS_OF_WEIGHTS = ("load_weights", "read_weights", "restore")


class State:
    """What has been put in place so far.

    setup     code of the stand-ins, in order          project  folders to look for real files in, nearest first
    rewrites  (old, new) prefixes of string constants   snippet  path of the snippet file
    elements  {"source", "target", "file", "row"} of the loop, or None
    protected folders that cannot be written to         modules  relative names of the first-party files beside the snippet
    """

    def __init__(self, setup, project, rewrites, snippet, elements, protected, modules=()):
        self.setup, self.project = list(setup), list(project)
        self.rewrites, self.snippet = [tuple(pair) for pair in rewrites], snippet
        self.elements, self.protected = elements, list(protected)
        self.modules = tuple("/" + name for name in modules)
        self.shape, self.layer_names, self.outputs = None, [], 10
        self.arrays = []  # paths of stand-in arrays
        self.models, self.tried = [], set()

    def add(self, action):
        """Puts an action in place for the next attempt."""
        if action.rewrite is not None:
            self.rewrites.append(tuple(action.rewrite))
        if action.code and action.code not in self.setup:
            self.setup.append(action.code)

    def rewritten(self, text):
        """The snippet's text with rewritten code and with string constants that begin with a rewritten prefix replaced."""
        for old, new in self.rewrites:
            if old.startswith(_CODE):
                text = text.replace(old, new)
                continue
            text = re.sub(r"(['\"])" + re.escape(old), lambda match: match.group(1) + new, text)
        return text

    def text(self):
        """The snippet as it ran last."""
        with open(self.snippet, encoding="utf-8") as handle:
            return handle.read()

    def input_shape(self):
        """The shape that stand-in models take: learned from a mismatch, else what the snippet suggests."""
        return self.shape if self.shape is not None else standins.plausible_shape(self.text())


def repairable(errors, state):
    """The first of these exceptions that a stand-in could prevent, or None.  For exceptions that the snippet swallowed."""
    for error in errors:
        if getattr(error, "errno", None) != errno.EROFS and missing_path(error) or _missing_name(error):
            return error
    return None


def propose(error, state, handled=False):
    """Actions that may let the snippet pass this exception; empty when it needs something that has no stand-in.

    handled: the snippet's own `except` took it, so that no statement of its has failed for good.
    """
    for kind in _KINDS:
        if handled and kind is prepared.replaced:
            continue
        actions = [action for action in kind(error, state) or () if action is not None]
        key = (kind.__name__, tuple((action.code, action.rewrite) for action in actions))
        if actions and key not in state.tried:
            state.tried.add(key)
            return actions
    return []


def _module(error, state):
    """A module that is not installed."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        text = state.text()
        for action in modules.stand_in(error.name.split(".")[0], state.input_shape(), text):
            yield action


def _pictures(error, state):
    """Keras reads pictures by way of Pillow."""
    import sys

    if isinstance(error, ImportError) and "PIL" in str(error) and "PIL" not in sys.modules:
        for action in modules.stand_in("PIL", state.input_shape(), state.text()) + [modules.pillow_for_keras()]:
            yield action


def _environment_of_gym(error, state):
    """An environment that gym does not have here (a missing simulator, an old version of the game)."""
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    if "make" in names and re.search(r"\bgym(nasium)?\.make\(", state.text()):
        top = "gymnasium" if re.search(r"import gymnasium", state.text()) else "gym"
        yield standins.gym_environment(top, standins.observation_shape(state.text()), state.text())


def _first_tensorflow(error, state):
    """A name that TensorFlow 1 had at its top and TensorFlow 2 keeps in `compat.v1`."""
    match = re.search(r"module 'tensorflow' has no attribute '(\w+)'", str(error))
    if isinstance(error, AttributeError) and match:
        import sys

        first = getattr(getattr(sys.modules.get("tensorflow"), "compat", None), "v1", None)
        if first is not None and hasattr(first, match.group(1)):
            yield standins.first_tensorflow()


def _first_layers(error, state):
    """`tf.layers` goes with the older Keras, `tf.contrib` with TensorFlow 1."""
    if isinstance(error, AttributeError) and re.search(
        r"is not available with Keras 3|has no attribute '(contrib|layers)'", str(error)
    ):
        yield standins.substitute(
            "first_layers",
            "tf.layers, tf.contrib.layers: the same layers from plain operations, since Keras 3 has none",
        )


def missing_path(error):
    """The path that an exception misses, or None.  TensorFlow, Keras and HDF5 each say it in their own words."""
    # outside of the scratch folder nothing can be written to
    if isinstance(error, OSError) and getattr(error, "filename", None) and error.errno in (errno.ENOENT, errno.EROFS):
        return os.fsdecode(error.filename)
    message = str(error)
    if isinstance(error, (OSError, ValueError, KeyError)) or "NotFoundError" in type(error).__name__:
        for pattern in _PATH_MESSAGES:
            match = re.search(pattern, message)
            if match:
                return match.group(1).strip()
    return None


def _path(error, state):
    path = missing_path(error)
    if path is None:
        return
    names = _called(error, state)
    path = path.replace("\\", "/") if "\\" in path and "/" not in path else path
    home = os.path.expanduser("~")
    beside = os.environ.get("TFLINT_MEM_MODULES")
    if beside and path.startswith(beside + "/"):
        yield _beside_module(path, path[len(beside) + 1 :], names, state)
        return
    if os.path.isabs(path) and not (
        path.startswith(os.getcwd()) or path.startswith(home) or path.startswith(os.environ.get("TMPDIR", "/nowhere"))
    ):
        yield _relocated(path, state)
        return
    if path.startswith(os.getcwd() + "/"):
        path = path[len(os.getcwd()) + 1 :]
    real = _in_project(path, state)
    if real is not None:
        yield _from_project(path, real, state)
        return
    parent = posixpath.dirname(path)
    if parent and not os.path.isdir(parent):
        yield Action("import os\nos.makedirs(%r, exist_ok=True)\n" % parent, "%s: an empty folder" % parent)
        # something that is read there is missing as well; a file that is written only needed its folder
        if not _loads_model(names) and not _reads(error, names):
            return
    if names & set(_READERS_OF_WEIGHTS):
        yield standins.weights()
        return
    yield _made(path, names, state)


def _asserted_folder(error, state):
    """`assert os.path.isdir(path), path`: the message is the path, and nothing else."""
    path = str(error)
    if (
        isinstance(error, AssertionError)
        and re.match(r"[\w.~-][\w./~-]*$", path)
        and not os.path.isabs(path)
        and not os.path.exists(path)
    ):
        frames = traceback.extract_tb(error.__traceback__)
        if frames and re.search(r"\b(isdir|is_dir|exists)\(", frames[-1].line or ""):
            yield Action("import os\nos.makedirs(%r, exist_ok=True)\n" % path, "%s: an empty folder" % path)


def _dataset(error, state):
    """A folder that `tf.data.Dataset.load` reads."""
    match = re.search(r"element_spec file not found: (.+?)/dataset_spec\.pb", str(error))
    if match:
        yield standins.saved_dataset(match.group(1), state.input_shape())


def _format(error, state):
    """A guessed path that turns out to be one of a model."""
    if "File format not supported: filepath=%s." % guess.ANY_FILE in str(error) and guess.ANY_FILE in state.text():
        yield Action(
            "",
            "%s: named model.keras, since a model is loaded from it" % guess.ANY_FILE,
            (guess.ANY_FILE, "model.keras"),
        )


def _beside_module(path, relative, names, state):
    """A file that a module looks for beside itself (`os.path.dirname(__file__)`, package data): the project's, or a stand-in."""
    for folder in state.project:
        for _ in range(3):
            real = os.path.join(folder, relative)
            if os.path.exists(real):
                return standins.beside_module(relative, os.path.abspath(real), _can_link(real, state))
            folder = os.path.dirname(folder)
    made = _made(path, names, state)
    return Action(made.code, made.text.replace(path, relative), made.rewrite)


def _can_link(real, state):
    return any(real == folder or real.startswith(folder.rstrip("/") + "/") for folder in state.protected)


def _called(error, state):
    """Names of the functions that the exception came through, and of those called in the snippet's own line: Keras leaves
    its frames out of tracebacks."""
    frames = traceback.extract_tb(error.__traceback__)
    names = {frame.name for frame in frames}
    own = [frame.line for frame in frames if frame.filename == state.snippet and frame.line]
    return names | set(re.findall(r"(\w+)\(", own[-1] if own else ""))


def _made(path, names, state):
    kind = posixpath.splitext(path)[1].lower()
    if kind in standins.MODEL_TYPES or (not kind and _loads_model(names)):
        state.models.append(path)
        return standins.model_file(path, state.input_shape(), state.layer_names, _trains(state.text()), state.outputs)
    if not kind or path.endswith("/"):
        return standins.folder(path.rstrip("/"), _names_for_folder(state), _size(state))
    if kind in (".npy", ".npz"):
        state.arrays.append(path)
    text = state.text()
    return standins.for_path(
        path,
        state.input_shape(),
        columns=standins.columns_in(text),
        words=_WORDS.search(text) is not None,
        rows=standins.rows_for(text),
        lines=standins.rows_in(text),
    )


def _trains(text):
    """Is a model trained or scored that nothing here compiles?  It was compiled when it was saved."""
    return re.search(r"\.(fit|evaluate|train_on_batch|test_on_batch)\(", text) is not None and ".compile(" not in text


def _loads_model(names):
    return bool(
        names
        & {"load_model", "load", "load_partial", "load_internal", "resolve", "from_saved_model", "parse_saved_model"}
    )


def _reads(error, names):
    return bool(
        names & {"read", "imread", "load_img", "loadtxt", "read_csv", "genfromtxt", "listdir", "scandir", "imageio"}
    )


def _size(state):
    shape = state.input_shape()
    return tuple(shape[:2]) if len(shape) >= 2 else (64, 64)


def _names_for_folder(state):
    """File names for a folder that the snippet lists: of the kind that its text mentions."""
    text = state.text().lower()
    picked = re.search(r"\.endswith\(\s*\(?\s*['\"](\.\w+)['\"]", text)
    if picked:
        return ["%s%s" % (letter, picked.group(1)) for letter in "abc"]
    for kind in (".jpg", ".jpeg", ".png", ".npy", ".csv", ".txt", ".wav"):
        if kind in text:
            return ["%s%s" % (letter, kind) for letter in "abc"]
    return ["%s.jpg" % letter for letter in "abc"]


def _in_project(path, state):
    relative = path[2:] if path.startswith("./") else path
    if os.path.isabs(relative) or not relative:
        return None
    for folder in state.project:
        candidate = os.path.join(folder, relative)
        if os.path.exists(candidate):
            return os.path.abspath(candidate)
    return None


def _from_project(path, real, state):
    if _can_link(real, state):
        return standins.link(path, real)
    if os.path.isfile(real) and os.path.getsize(real) <= _MOST_COPIED:
        return standins.copy(path, real)
    return None


def _relocated(path, state):
    """An absolute path outside of the scratch folder: the constant that begins it is turned into a relative one."""
    text = state.text()
    best = None
    for match in re.finditer(r"['\"](/[^'\"\n{]+)", text):
        constant = match.group(1)
        if path.startswith(constant.rstrip("/")) and (best is None or len(constant) > len(best)):
            best = constant
    if best is None:
        return None
    return Action("", "%s: looked for in the scratch folder" % best, (best, best.lstrip("/")))


_MISMATCH = (
    r"could not broadcast input array from shape \(([^)]*)\) into shape \(\d+, ?\d+, ?\d+\)",
    r"expected shape=\(([^)]*)\), found shape=\(([^)]*)\)",
    r"Expected shape \(([^)]*)\), but input has incompatible shape \(([^)]*)\)",
    r"incompatible with the layer: expected (?:axis -1|min_ndim).*?(?:full shape|Full shape) received: \(([^)]*)\)",
    r"Expected input_shape.*?got \(([^)]*)\)",
)


def _shape(error, state):
    """A stand-in model got data of another shape than it takes: it is made again for that shape."""
    written = re.search(
        r"tf\.keras\.Sequential\(\[tf\.keras\.Input\(\([\d, ]*\)\)[^\n]*?activation='softmax'[^\n]*?\)\]\)",
        state.text(),
    )
    if (
        not (state.models or written)
        or not isinstance(error, (ValueError, TypeError))
        and "InvalidArgument" not in type(error).__name__
    ):
        return
    for pattern in _MISMATCH:
        match = re.search(pattern, str(error), re.IGNORECASE | re.DOTALL)
        if match is None:
            continue
        found = [word.strip() for word in match.group(match.lastindex).split(",") if word.strip()]
        if "broadcast" in pattern:
            found.insert(0, "1")  # one example, without the batch
        if any(not (word.isdigit() or word == "None") for word in found) or len(found) < 2:
            continue
        shape = tuple(int(word) if word.isdigit() else 16 for word in found[1:])
        if shape == state.shape:
            continue
        state.shape = shape
        for action in _remade(state):
            yield action
        if "broadcast" in pattern:
            state.setup = [
                code for code in state.setup if not any("np.save(%r" % path in code for path in state.arrays)
            ]
            for path in state.arrays:
                yield standins.array_file(path, (standins.rows_for(state.text()),) + shape)
        if written and not state.models:
            names = tuple(re.findall(r"name='([^']+)'", written.group(0)))
            yield Action(
                "",
                "the stand-in model takes inputs of shape %r" % (shape,),
                (written.group(0), standins.network(shape, layer_names=names)),
            )
        return


def _remade(state):
    """Actions that make all stand-in models anew; those for the old ones are dropped."""

    def makes(code, path):
        return any(form % path in code for form in (".save(%r)", ".export(%r)", "open(%r, 'wb')"))

    state.setup = [code for code in state.setup if not any(makes(code, path) for path in state.models)]
    return [
        standins.model_file(path, state.input_shape(), state.layer_names, _trains(state.text()), state.outputs)
        for path in state.models
    ]


def _rank(error, state):
    """A guessed array has too few dimensions for the user's own layers."""
    match = re.search(r"expected (?:min_)?ndim=(\d), found ndim=\d\. Full shape received: \(([\d, ]+)\)", str(error))
    sides = {3: (16, 8, 16), 4: (4, 64, 64, 3), 5: (2, 8, 32, 32, 3)}.get(int(match.group(1))) if match else None
    old = "np.random.rand(*(%s))" % match.group(2).strip() if match else ""
    if sides and old in state.text():
        yield Action(
            "",
            "random numbers of shape %r, since the code's own layers take as many dimensions" % (sides,),
            (old, "np.random.rand(*%r)" % (sides,)),
        )


def _outputs(error, state):
    """A stand-in model gives ten numbers for each example where the code has one."""
    if (
        state.models
        and state.outputs == 10
        and re.search(r"\[(\d+),10\] vs\.? \[\1(,1)?\]|\[(\d+)(,1)?\] vs\.? \[\3,10\]", str(error))
    ):
        state.outputs = 1
        for action in _remade(state):
            yield action


def _layer(error, state):
    """A layer that the snippet asks for by name: the stand-in model gets one of that name."""
    match = re.search(r"No such layer: (\S+?)\.? Existing layers", str(error))
    if match and state.models and match.group(1) not in state.layer_names:
        state.layer_names.append(match.group(1))
        for action in _remade(state):
            yield action


def _classes(error, state):
    """A stand-in model says a class for which the code has no label: it says one of two instead."""
    number = isinstance(error, KeyError) and error.args and re.match(r"(np\.int\d+\()?\d+\)?$", repr(error.args[0]))
    if (
        state.models
        and state.outputs > 2
        and (number or isinstance(error, IndexError) and "index out of range" in str(error))
    ):
        state.outputs = 2
        for action in _remade(state):
            yield action


def _missing_name(error):
    if isinstance(error, NameError):
        match = re.search(r"name '(\w+)' is not defined", str(error))
        if match and not hasattr(builtins, match.group(1)):
            return match.group(1)
    return None


def _name(error, state):
    """A name that is nowhere defined (a notebook's lost cell, a star import): a stand-in by what it is called."""
    name = _missing_name(error)
    if name:
        from tflint_mem.verify.standins import guess

        value = guess.value_for(name, state.text(), state.input_shape())
        if value is not None:
            yield Action("%s%s = %s\n" % (value.imports, name, value.source), "%s: %s" % (name, value.text))


def _option(error, state):
    """An option that is read in another function than the one whose parameter holds the options."""
    match = re.search(r"'types.SimpleNamespace' object has no attribute '(\w+)'", str(error))
    if isinstance(error, AttributeError) and match:
        from tflint_mem.verify.standins import guess

        name, text = match.group(1), state.text()
        uses = re.sub(r"(?<!\w)[\w.]+\.%s\b" % name, name, text)
        value = guess.value_for(name, uses, state.input_shape(), depth=1) or guess.Value("None")
        words = "%s: %s" % (name, value.text)
        opened = "types.SimpleNamespace("
        for code in [code for code in state.setup if opened in code and name + "=" not in code]:
            yield Action(value.imports + code.replace(opened, "%s%s=%s, " % (opened, name, value.source)), words)
        if opened in text and "%s%s=" % (opened, name) not in text:
            yield Action(value.imports, words, (opened, "%s%s=%s, " % (opened, name, value.source)))


def _environment(error, state):
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        frames = traceback.extract_tb(error.__traceback__)
        if (
            frames
            and frames[-1].filename == os.__file__.replace(".pyc", ".py")
            or "<frozen os>" in [f.filename for f in frames[-1:]]
        ):
            yield standins.environment_variable(error.args[0])


def _download(error, state):
    message = str(error)
    text = "".join(traceback.format_tb(error.__traceback__))
    if not re.search(
        r"URL fetch failure|urlopen error|Temporary failure in name resolution|Network is unreachable|Max retries",
        message,
    ):
        return
    match = re.search(r"/datasets/(\w+)\.py", text)
    if match:
        yield standins.keras_dataset(match.group(1))
    elif "applications" in text:
        yield Action(_NO_WEIGHTS, "pre-trained networks: random weights, numbered classes")


_NO_WEIGHTS = """\
import json
import sys
import tensorflow as tf

tf.keras.applications  # loads Keras
for _name in ("keras.src.utils.file_utils", "keras.src.utils.data_utils", "tf_keras.src.utils.data_utils"):
    if _name in sys.modules:
        def _get_file(fname=None, *arguments, _original=sys.modules[_name].get_file, **options):
            if "class_index" in str(fname):
                with open("class_index.json", "w") as _file:
                    json.dump({number: ["n%08d" % number, "class%d" % number] for number in range(1000)}, _file)
                return "class_index.json"
            return "none.weights.h5" if "weights" in str(fname) or str(fname).endswith(".h5") else _original(fname, *arguments, **options)
        sys.modules[_name].get_file = _get_file
tf.keras.Model.load_weights = lambda self, *arguments, **options: None
"""


def _arguments(error, state):
    if isinstance(error, SystemExit) and error.code == 2:
        yield standins.command_line()
    elif type(error).__name__ == "UnparsedFlagAccessError":
        yield Action(
            "from absl import flags\nflags.FLAGS(['snippet'], known_only=True)\n", "absl flags: their defaults"
        )


def _opencv(error, state):
    """OpenCV does not raise for a picture or a camera that is not there: something after it does, or the loop just ends."""
    import sys

    if "cv2" in sys.modules and re.search(r"imread|VideoCapture|imshow|waitKey|namedWindow", state.text()):
        if type(error).__name__ in ("NothingRepeated", "error") or "NoneType" in str(error):
            yield standins.opencv(state.input_shape())


def _nothing_to_run(error, state):
    """The loop ran over nothing: files for the patterns that the snippet looks for, else stand-in elements."""
    if type(error).__name__ != "NothingRepeated":
        return
    patterns = [
        text for text in _constants(state.text()) if "*" in text and not os.path.isabs(text) and len(text) < 200
    ]
    for pattern in patterns:
        for letter in "abc":
            path = pattern.replace("**", letter).replace("*", letter)
            if not re.search(r"[\[\]?\s]", path):
                yield _made(
                    path, {"load_model"} if posixpath.splitext(path)[1] in standins.MODEL_TYPES else set(), state
                )


def _files_named_in_text(error, state):
    """Last resort, when the message tells nothing (OpenCV returns None): every file that the snippet names and that is not there."""
    for text in _constants(state.text()):
        kind = posixpath.splitext(text)[1].lower()
        if kind in standins.IMAGE_TYPES + (".npy", ".npz", ".csv", ".json", ".txt") and not os.path.isabs(text):
            if not re.search(r"[*{}%\s]", text) and len(text) < 200 and not os.path.exists(text):
                real = _in_project(text, state)
                yield _from_project(text, real, state) if real else standins.for_path(text, state.input_shape())


def _constants(text):
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]


_KINDS = (
    _format,
    old_keras.actions,
    old_numpy.actions,
    _module,
    _pictures,
    _first_tensorflow,
    _first_layers,
    _environment_of_gym,
    _dataset,
    _asserted_folder,
    _path,
    _shape,
    _rank,
    _outputs,
    prepared.fitted,
    _layer,
    _classes,
    _name,
    _option,
    _environment,
    _download,
    _arguments,
    _opencv,
    _nothing_to_run,
    _files_named_in_text,
    prepared.replaced,
)
