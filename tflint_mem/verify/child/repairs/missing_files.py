"""Files and folders that are not there: the project's own, or a stand-in of the kind that the name asks for."""

from __future__ import annotations

import ast
import errno
import os
import posixpath
import re
import traceback

from tflint_mem.verify.standins import files, hints, models
from tflint_mem.verify.standins.action import Action, Rewrite
from tflint_mem.verify.standins.clues import ANY_FILE

from .stand_in_models import model_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .state import State

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
    r"['\"`]?([\w.~-]*/[\w./~-]*\w|[\w~-]+\.\w{2,5})['\"`]?,? (?:is not a (?:valid )?(?:directory|folder|file|path)"
    r"|does(?: not|n't) exist|not found|could not be found|cannot be found)",
)
_WORDS = re.compile(r"StringLookup|TextVectorization|Tokenizer|dtype=['\"]string['\"]|tf\.string\b")
# functions that read what a path leads to
_READERS_OF_WEIGHTS = frozenset(("load_weights", "read_weights", "restore"))
_LOADERS_OF_MODELS = frozenset(
    ("load_model", "load", "load_partial", "load_internal", "resolve", "from_saved_model", "parse_saved_model")
)
_READERS = frozenset(
    ("read", "imread", "load_img", "loadtxt", "read_csv", "genfromtxt", "listdir", "scandir", "imageio")
)


def missing_path(error: BaseException) -> str | None:
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


def path(error: BaseException, state: State) -> Iterator[Action]:
    """A path that is not there."""
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
    ours = (os.getcwd(), home, os.environ.get("TMPDIR", "/nowhere"))
    if os.path.isabs(path) and not path.startswith(ours):
        relocated = _relocated(path, state)
        if relocated is not None:
            yield relocated
        return
    if path.startswith(os.getcwd() + "/"):
        path = path[len(os.getcwd()) + 1 :]
    real = _in_project(path, state)
    if real is not None:
        found = _from_project(path, real, state)
        if found is not None:
            yield found
        return
    parent = posixpath.dirname(path)
    if parent and not os.path.isdir(parent):
        yield Action("import os\nos.makedirs(%r, exist_ok=True)\n" % parent, "%s: an empty folder" % parent)
        # something that is read there is missing as well; a file that is written only needed its folder
        if not names & _LOADERS_OF_MODELS and not names & _READERS:
            return
    if names & _READERS_OF_WEIGHTS:
        yield models.weights()
        return
    yield _made(path, names, state)


def asserted_folder(error: BaseException, state: State) -> Iterator[Action]:
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


def saved_dataset(error: BaseException, state: State) -> Iterator[Action]:
    """A folder that `tf.data.Dataset.load` reads."""
    match = re.search(r"element_spec file not found: (.+?)/dataset_spec\.pb", str(error))
    if match:
        yield files.saved_dataset(match.group(1), state.input_shape())


def guessed_path(error: BaseException, state: State) -> Iterator[Action]:
    """A guessed path that turns out to be one of a model."""
    if "File format not supported: filepath=%s." % ANY_FILE in str(error) and ANY_FILE in state.text():
        yield Action(
            "",
            "%s: named model.keras, since a model is loaded from it" % ANY_FILE,
            Rewrite(ANY_FILE, "model.keras"),
        )


def nothing_to_run(error: BaseException, state: State) -> Iterator[Action]:
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
                yield _made(path, {"load_model"} if posixpath.splitext(path)[1] in models.MODEL_TYPES else set(), state)


def files_named_in_text(error: BaseException, state: State) -> Iterator[Action]:
    """Last resort, when the message tells nothing (OpenCV returns None): every file that the snippet names and that is
    not there."""
    for text in _constants(state.text()):
        kind = posixpath.splitext(text)[1].lower()
        if kind in files.IMAGE_TYPES + (".npy", ".npz", ".csv", ".json", ".txt") and not os.path.isabs(text):
            if not re.search(r"[*{}%\s]", text) and len(text) < 200 and not os.path.exists(text):
                real = _in_project(text, state)
                found = _from_project(text, real, state) if real else files.for_path(text, state.input_shape())
                if found is not None:
                    yield found


def _beside_module(path: str, relative: str, names: set[str], state: State) -> Action:
    """A file that a module looks for beside itself (`os.path.dirname(__file__)`, package data): the project's, or a
    stand-in."""
    for folder in state.project:
        for _ in range(3):
            real = os.path.join(folder, relative)
            if os.path.exists(real):
                return files.beside_module(relative, os.path.abspath(real), _can_link(real, state))
            folder = os.path.dirname(folder)
    made = _made(path, names, state)
    return Action(made.code, made.text.replace(path, relative), made.rewrite)


def _can_link(real: str, state: State) -> bool:
    """Is it where nobody can write to it through a link?"""
    return any(real == folder or real.startswith(folder.rstrip("/") + "/") for folder in state.protected)


def _called(error: BaseException, state: State) -> set[str]:
    """Names of the functions that the exception came through, and of those called in the snippet's own line: Keras
    leaves its frames out of tracebacks."""
    frames = traceback.extract_tb(error.__traceback__)
    names = {frame.name for frame in frames}
    own = [frame.line for frame in frames if frame.filename == state.snippet and frame.line]
    return names | set(re.findall(r"(\w+)\(", own[-1] if own else ""))


def _made(path: str, names: set[str], state: State) -> Action:
    """A stand-in for a path.  names: functions that looked for it"""
    kind = posixpath.splitext(path)[1].lower()
    if kind in models.MODEL_TYPES or (not kind and names & _LOADERS_OF_MODELS):
        state.models.append(path)
        return model_for(path, state)
    if not kind or path.endswith("/"):
        return files.folder(path.rstrip("/"), _names_for_folder(state), files.picture_size(state.input_shape()))
    if kind in (".npy", ".npz"):
        state.arrays.append(path)
    text = state.text()
    return files.for_path(
        path,
        state.input_shape(),
        columns=hints.columns_in(text),
        words=_WORDS.search(text) is not None,
        rows=hints.rows_for(text),
        lines=hints.rows_in(text),
    )


def _names_for_folder(state: State) -> list[str]:
    """File names for a folder that the snippet lists: of the kind that its text mentions."""
    text = state.text().lower()
    picked = re.search(r"\.endswith\(\s*\(?\s*['\"](\.\w+)['\"]", text)
    if picked:
        return ["%s%s" % (letter, picked.group(1)) for letter in "abc"]
    for kind in (".jpg", ".jpeg", ".png", ".npy", ".csv", ".txt", ".wav"):
        if kind in text:
            return ["%s%s" % (letter, kind) for letter in "abc"]
    return ["%s.jpg" % letter for letter in "abc"]


def _in_project(path: str, state: State) -> str | None:
    relative = path[2:] if path.startswith("./") else path
    if os.path.isabs(relative) or not relative:
        return None
    for folder in state.project:
        candidate = os.path.join(folder, relative)
        if os.path.exists(candidate):
            return os.path.abspath(candidate)
    return None


def _from_project(path: str, real: str, state: State) -> Action | None:
    """The project's own file at a path; None for what can be neither linked nor copied."""
    if _can_link(real, state):
        return files.link(path, real)
    if os.path.isfile(real) and os.path.getsize(real) <= _MOST_COPIED:
        return files.copy(path, real)
    return None


def _relocated(path: str, state: State) -> Action | None:
    """An absolute path outside of the scratch folder: the constant that begins it is turned into a relative one."""
    text = state.text()
    best: str | None = None
    for match in re.finditer(r"['\"](/[^'\"\n{]+)", text):
        constant = match.group(1)
        if path.startswith(constant.rstrip("/")) and (best is None or len(constant) > len(best)):
            best = constant
    if best is None:
        return None
    return Action("", "%s: looked for in the scratch folder" % best, Rewrite(best, best.lstrip("/")))


def _constants(text: str) -> list[str]:
    try:
        tree = ast.parse(text)
    except SyntaxError:
        return []
    return [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
