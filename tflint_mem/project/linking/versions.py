"""Which TensorFlow a project runs on, and whether a file is TF1 code.

Evidence, strongest first: the `tensorflow-version` setting, pinned requirements of the project, the API that the file uses.
"""

import os

from tflint_mem import facts as F

from .module import dotted as parts_of
from .module import tail_of, walk

_FILES = (
    "requirements.txt",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "environment.yml",
    "environment.yaml",
    "Pipfile",
    "requirements-gpu.txt",
    "requirements_gpu.txt",
    "requirements/base.txt",
    "requirements/requirements.txt",
    "conda.yml",
    "conda.yaml",
)
_MOST = 200_000  # bytes of such a file
_PACKAGES = ("tensorflow", "tensorflow-gpu", "tensorflow-cpu", "tensorflow_gpu", "tensorflow-macos", "tf-nightly")

_CPU_PACKAGES = frozenset(
    ("tensorflow-cpu", "tensorflow_cpu", "intel-tensorflow", "tflite-runtime", "tflite_runtime", "ai-edge-litert")
)
_GPU_PACKAGES = frozenset(_PACKAGES) - _CPU_PACKAGES

_V1_NAMES = frozenset(
    (
        "tf.Session",
        "tf.InteractiveSession",
        "tf.placeholder",
        "tf.global_variables_initializer",
        "tf.get_variable",
        "tf.variable_scope",
        "tf.disable_v2_behavior",
        "tf.disable_eager_execution",
        "tf.train.Saver",
        "tf.get_default_graph",
        "tf.ConfigProto",
        "tf.app.run",
        "tf.train.AdamOptimizer",
        "tf.train.GradientDescentOptimizer",
        "tf.layers.dense",
        "tf.layers.conv2d",
        "tf.set_random_seed",
        "tf.assign",
        "tf.train.MonitoredTrainingSession",
        "tf.summary.FileWriter",
        "tf.flags.DEFINE_string",
        "tf.GPUOptions",
        "tf.train.RMSPropOptimizer",
        "tf.train.get_or_create_global_step",
        "tf.train.create_global_step",
        "tf.train.get_global_step",
        "keras.backend.get_session",
        "keras.backend.set_session",
        "tf.summary.merge_all",
        "tf.trainable_variables",
        "tf.get_collection",
    )
)
_GRAPH_SWITCHES = frozenset(("tf.disable_v2_behavior", "tf.disable_eager_execution"))
# What does nothing useful outside of a graph; a `tf.function` beside several of these is a part of one.
_GRAPH_ONLY = frozenset(
    (
        "tf.get_collection",
        "tf.placeholder",
        "tf.summary.merge_all",
        "tf.trainable_variables",
        "tf.train.Saver",
        "tf.Session",
        "tf.train.get_or_create_global_step",
        "tf.global_variables_initializer",
        "tf.get_default_graph",
    )
)
_V2_NAMES = frozenset(
    (
        "tf.function",
        "tf.GradientTape",
        "tf.config.list_physical_devices",
        "tf.config.set_memory_growth",
        "tf.random.set_seed",
        "tf.distribute.MirroredStrategy",
        "tf.data.Dataset.from_tensor_slices_v2",
        "tf.summary.create_file_writer",
        "tf.saved_model.load",
        "tf.train.Checkpoint",
        "tf.config.list_logical_devices",
        "tensor.numpy",
        "variable.numpy",
    )
)


_REMOVED = (("keras", "wrappers", "scikit_learn"), ("tensorflow", "contrib"))  # gone since TensorFlow 2.13 and 2.0


_OLD_METHODS = (
    "fit_generator",
    "predict_generator",
    "evaluate_generator",
    "predict_classes",
    "predict_proba",
    "set_session",
    "get_session",
    "multi_gpu_model",
)
_OLD_MODULES = (
    "keras.layers.core",
    "keras.layers.convolutional",
    "keras.layers.recurrent",
    "keras.layers.normalization",
    "keras.layers.embeddings",
    "keras.layers.advanced_activations",
    "keras.layers.pooling",
    "keras.layers.merge",
    "keras.utils.np_utils",
    "keras.engine",
    "keras.objectives",
    "tensorflow.python.keras",
    "tensorflow.keras.preprocessing.text",
)


class Versions:
    def __init__(self, project):
        self.project = project
        self._evidence, self._cpu_only = {}, {}
        self._range = None

    def at_least(self, *version):
        """Does the project run on TensorFlow `version` (major, minor) or later?  None when nothing says so.

        `==2.15.1` and the `tensorflow-version` setting say it exactly, `>=2.16` and `<2.12` say it on one side.
        """
        low, high = self.range()
        if low is not None and low >= version:
            return True
        if high is not None and high < version:
            return False
        return None

    def range(self):
        """(lowest, highest) version (major, minor) that the settings or the requirements admit; None where they say nothing."""
        if self._range is None:
            self._range = self._read()
        return self._range

    def _read(self):
        configured = getattr(self.project.settings, "tensorflow_version", None)
        if configured:
            found = parse(configured)
            return (found, found)
        modules = self.project.modules
        common = (
            os.path.commonpath([os.path.dirname(os.path.abspath(m.path)) for m in modules])
            if modules
            else self.project.root
        )
        for folder in self.folders(common) if common else ():
            for text in texts(folder, _FILES, self.project.beside):
                found = requirement(text)
                if found:
                    return found
        return (None, None)

    def texts(self, names):
        """The texts of those files of the project's root that exist."""
        return texts(self.project.root, names, self.project.beside) if self.project.root else ()

    def required(self):
        """The words of the requirements at the project's root, in lower case: names of packages among them."""
        return {
            word.lower()
            for text in self.texts(_FILES)
            for line in text.splitlines()
            for word in _words(line.partition("#")[0])
        }

    def without_gpu(self, m):
        """Do the requirements nearest to a module ask for a TensorFlow that has no GPU code, and for no other?"""
        for folder in self.folders(os.path.dirname(os.path.abspath(m.path))):
            said = self._for_cpu(folder)
            if said is not None:
                return said
        return False

    def _for_cpu(self, folder):
        """Do the requirements in a folder ask for such a TensorFlow?  None when they ask for none; each folder is read once."""
        if folder not in self._cpu_only:
            words = set()
            for text in texts(folder, _FILES, self.project.beside):
                for line in text.splitlines():
                    words.update(_words(line.partition("#")[0]))
            self._cpu_only[folder] = not words & _GPU_PACKAGES if words & (_CPU_PACKAGES | _GPU_PACKAGES) else None
        return self._cpu_only[folder]

    def folders(self, folder):
        """A folder and those around it, innermost first, up to the project's root (itself only, if that lies elsewhere)."""
        root = os.path.abspath(self.project.root) if self.project.root else folder
        if not (folder + os.sep).startswith(root + os.sep):
            return [folder]
        found = [folder]
        while found[-1] != root:
            found.append(os.path.dirname(found[-1]))
        return found

    def evidence(self, m):
        """Canonical TF1-only and TF2-only names that a module calls: (set, set)."""
        found = self._evidence.get(m.index)
        if found is None:
            one, two = set(), set()
            for i in range(len(m.calls)):
                tail = tail_of(m.calls[i][0])
                if tail in _TAILS:
                    names = self.project.apis(m, i)
                    one |= names & _V1_NAMES
                    two |= names & _V2_NAMES
            for scope in range(1, len(m.scopes)):
                if m.scopes[scope][F.S_DECORATORS] and "tf.function" in self.project.infer.decorator_names(m, scope):
                    two.add("tf.function")
            found = self._evidence[m.index] = (one, two)
        return found

    def uses_removed(self, m):
        """Does the module import or call what TensorFlow 2.13 and later no longer have?"""
        for tail in ("KerasClassifier", "KerasRegressor"):
            if any(
                (parts_of(m.calls[i][0]) or ())[-3:-1] == ("wrappers", "scikit_learn")
                for i in m.calls_by_tail().get(tail, ())
            ):
                return True
        for _, dotted, attribute, level in m.imports:
            parts = tuple(dotted.split(".")) + ((attribute,) if attribute else ())
            if not level and any(parts[at : at + len(gone)] == gone for gone in _REMOVED for at in range(2)):
                return True
        return False

    def looks_old(self, m):
        """Does the module use what Keras 3 or TensorFlow 2.16 no longer has: TF1 names, `fit_generator`, optimizers with `lr`, internal modules?"""
        if self.evidence(m)[0] or self.uses_removed(m) or any(tail in m.calls_by_tail() for tail in _OLD_METHODS):
            return True
        if any(dotted.startswith(_OLD_MODULES) and not level for _, dotted, _, level in m.imports):
            return True
        if any(_old_checkpoint(m, i) for i in m.calls_by_tail().get("ModelCheckpoint", ())):
            return True
        return "Adam" in m.calls_by_tail() and any(
            name == "lr" for i in m.calls_by_tail()["Adam"] for name, _ in m.calls[i][2]
        )

    def switches_to_graphs(self, m):
        """Does the module switch eager execution off for its process?"""
        return bool(self.evidence(m)[0] & _GRAPH_SWITCHES)

    def graph_mode(self, m):
        """Does the module build TF1 graphs (sessions, placeholders, eager execution switched off)?"""
        one, two = self.evidence(m)
        if one & _GRAPH_SWITCHES or two <= {"tf.function"} and len(one & _GRAPH_ONLY) > 2:
            return True
        return (
            bool(
                one
                & {
                    "tf.train.get_or_create_global_step",
                    "tf.train.create_global_step",
                    "tf.Session",
                    "tf.InteractiveSession",
                    "tf.placeholder",
                    "tf.train.MonitoredTrainingSession",
                    "tf.global_variables_initializer",
                    "tf.get_variable",
                    "tf.variable_scope",
                    "tf.train.AdamOptimizer",
                    "tf.train.GradientDescentOptimizer",
                    "tf.app.run",
                    "tf.layers.dense",
                }
            )
            and not two
        )


def _old_checkpoint(m, i):
    """Is a checkpoint callback given a file that Keras 3 refuses: it wants `.keras`, or `.weights.h5` for weights alone?"""
    scope = m.calls[i][3]
    for argument in m.arguments(i)[:2]:
        for e in walk(argument, m.calls):
            given = (
                [e]
                if e[0] == "k"
                else [
                    inner for b in m.bindings(scope).get(e[1], ()) if b[0] == "assign" for inner in walk(b[3], m.calls)
                ]
                if e[0] == "n"
                else ()
            )
            if any(
                inner[0] == "k"
                and isinstance(inner[1], str)
                and inner[1].endswith((".h5", ".hdf5"))
                and not inner[1].endswith(".weights.h5")
                for inner in given
            ):
                return True
    return False


_TAILS = frozenset(name.rpartition(".")[2] for name in _V1_NAMES | _V2_NAMES)


def texts(folder, names, beside):
    """The beginnings of those of the named files that stand in a folder; `beside` notes that they were looked for."""
    for name in names:
        try:
            yield beside.beginning(os.path.join(folder, name), _MOST).decode("utf-8", "replace")
        except OSError:
            continue


def _words(line):
    """Names that could be packages in a line of a requirements file, a table or a call."""
    for character in "<>=~!^[](){}:;,'\"":
        line = line.replace(character, " ")
    return line.split()


def parse(text):
    """(major, minor) of a version like "2.15", "2.15.1" or "2"; None when it is none."""
    numbers = text.strip().split(".")
    try:
        return (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 and numbers[1].isdigit() else 0)
    except ValueError:
        return None


def requirement(text):
    """(lowest, highest) TensorFlow that a requirements-like text admits, or None: `==2.15.1`, `>=2.16,<2.18`, `~=2.14`, `^2.15`."""
    for line in text.splitlines():
        line = line.partition("#")[0]
        for package in _PACKAGES:
            at = line.find(package)
            while at >= 0:
                before, rest = line[at - 1 : at] if at else "", line[at + len(package) :].lstrip()
                at = line.find(package, at + 1)
                if before.isalnum() or before in ("-", "_", "."):
                    continue
                if rest.startswith("["):
                    rest = rest.partition("]")[2]
                found = _bounds(rest.lstrip("\"' ").removeprefix("= ").lstrip("\"' ")) or _table_entry(rest)
                if found:
                    return found
    return None


def _table_entry(rest):
    """The bounds in the value of a key in a table: `= "2.2.3"` says it exactly, `= {version = "^2.4", extras = […]}` by its version."""
    if not rest.startswith("="):
        return None
    value = rest[1:].lstrip()
    if value.startswith("{"):
        _, found, value = value.partition("version")
        value = value.lstrip().removeprefix("=").lstrip() if found else ""
    if value[:1] not in ("'", '"'):
        return None
    text = value[1:].partition(value[0])[0]
    version = _leading_version(text) if text[:1].isdigit() else None
    return (version, version) if version else _bounds(text)


def _bounds(text):
    """The bounds of a comma-separated list of version specifiers at the start of a text."""
    low = high = None
    for part in text.replace(";", ",").split(","):
        part = part.strip(" \"')]")
        for operator in ("===", "==", ">=", "<=", "~=", "!=", "^", ">", "<", "="):
            if part.startswith(operator):
                version = _leading_version(part[len(operator) :])
                if version is None:
                    return None
                if operator in ("==", "===", "="):
                    low = high = version
                elif operator in (">=", "~=", "^", ">"):
                    low = version
                elif operator == "<=":
                    high = version
                elif operator == "<":
                    high = (version[0], version[1] - 1) if version[1] else (version[0] - 1, 99)
                break
        else:
            break
    return (low, high) if low or high else None


def _leading_version(text):
    digits = ""
    for character in text.lstrip(" \"'"):
        if not (character.isdigit() or character == "."):
            break
        digits += character
    found = parse(digits) if digits else None
    return found if found and found[0] in (0, 1, 2, 3) else None
