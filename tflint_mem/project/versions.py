"""Which TensorFlow a project runs on, and whether a file is TF1 code.

Evidence, strongest first: the `tensorflow-version` setting, pinned requirements of the project, the API that the file uses.
"""

import os

from .. import facts as F
from .module import tail_of

_FILES = ("requirements.txt", "setup.py", "setup.cfg", "pyproject.toml", "environment.yml", "environment.yaml", "Pipfile", "requirements-gpu.txt",
          "requirements_gpu.txt", "requirements/base.txt", "requirements/requirements.txt", "conda.yml", "conda.yaml")
_PACKAGES = ("tensorflow", "tensorflow-gpu", "tensorflow-cpu", "tensorflow_gpu", "tensorflow-macos", "tf-nightly")

_V1_NAMES = frozenset((
    "tf.Session", "tf.InteractiveSession", "tf.placeholder", "tf.global_variables_initializer", "tf.get_variable", "tf.variable_scope",
    "tf.disable_v2_behavior", "tf.disable_eager_execution", "tf.train.Saver", "tf.get_default_graph", "tf.ConfigProto", "tf.app.run",
    "tf.train.AdamOptimizer", "tf.train.GradientDescentOptimizer", "tf.layers.dense", "tf.layers.conv2d", "tf.set_random_seed", "tf.assign",
    "tf.train.MonitoredTrainingSession", "tf.summary.FileWriter", "tf.flags.DEFINE_string", "tf.GPUOptions", "tf.train.RMSPropOptimizer",
    "keras.backend.get_session", "keras.backend.set_session", "tf.summary.merge_all", "tf.trainable_variables", "tf.get_collection",
))
_GRAPH_SWITCHES = frozenset(("tf.disable_v2_behavior", "tf.disable_eager_execution"))
_V2_NAMES = frozenset((
    "tf.function", "tf.GradientTape", "tf.config.list_physical_devices", "tf.config.set_memory_growth", "tf.random.set_seed", "tf.distribute.MirroredStrategy",
    "tf.data.Dataset.from_tensor_slices_v2", "tf.summary.create_file_writer", "tf.saved_model.load", "tf.train.Checkpoint", "tf.config.list_logical_devices",
))


class Versions:
    def __init__(self, project):
        self.project = project
        self._evidence = {}
        self._pinned = None

    def pinned(self):
        """(major, minor) that the settings or an exact pin of the project say, else None.

        `tensorflow==2.15.1` and `tensorflow>=2.16` both say what is at least installed; an upper bound alone says nothing.
        """
        if self._pinned is None:
            self._pinned = (self._read(),)
        return self._pinned[0]

    def _read(self):
        configured = getattr(self.project.settings, "tensorflow_version", None)
        if configured:
            return parse(configured)
        root = self.project.root
        if not root:
            return None
        for name in _FILES:
            path = os.path.join(root, name)
            try:
                with open(path, "rb") as file:
                    text = file.read(200_000)
            except OSError:
                continue
            found = requirement(text.decode("utf-8", "replace"))
            if found:
                return found
        return None

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
                    if names & {"model.predict", "model.fit"}:
                        two |= set()
            for scope in range(1, len(m.scopes)):
                if m.scopes[scope][F.S_DECORATORS] and "tf.function" in self.project.infer.decorator_names(m, scope):
                    two.add("tf.function")
            found = self._evidence[m.index] = (one, two)
        return found

    def graph_mode(self, m):
        """Does the module build TF1 graphs (sessions, placeholders, eager execution switched off)?"""
        one, two = self.evidence(m)
        if one & _GRAPH_SWITCHES:
            return True
        return bool(one & {"tf.Session", "tf.InteractiveSession", "tf.placeholder", "tf.train.MonitoredTrainingSession", "tf.global_variables_initializer",
                           "tf.get_variable", "tf.train.AdamOptimizer", "tf.train.GradientDescentOptimizer", "tf.app.run", "tf.layers.dense"}) and not two


_TAILS = frozenset(name.rpartition(".")[2] for name in _V1_NAMES | _V2_NAMES)


def parse(text):
    """(major, minor) of a version like "2.15", "2.15.1" or "2"; None when it is none."""
    numbers = text.strip().split(".")
    try:
        return (int(numbers[0]), int(numbers[1]) if len(numbers) > 1 and numbers[1].isdigit() else 0)
    except ValueError:
        return None


def requirement(text):
    """The lowest TensorFlow that a requirements-like text admits: `==2.15.1`, `>=2.16`, `~=2.14`, `^2.15`."""
    for line in text.splitlines():
        line = line.split("#")[0]
        for package in _PACKAGES:
            at = line.find(package)
            while at >= 0:
                before, rest = line[at - 1: at] if at else "", line[at + len(package):]
                if not (before.isalnum() or before in ("-", "_", ".")):
                    rest = rest.lstrip()
                    if rest.startswith("["):
                        rest = rest.partition("]")[2].lstrip()
                    rest = rest.lstrip("\"' =") if rest[:1] in ("\"", "'") or rest.startswith((" =", "= \"", "=\"")) else rest
                    for operator in ("==", ">=", "~=", "^", "="):
                        if rest.startswith(operator):
                            version = ""
                            for character in rest[len(operator):].lstrip(" \"'"):
                                if character.isdigit() or character == ".":
                                    version += character
                                else:
                                    break
                            found = parse(version) if version else None
                            if found and found[0] in (1, 2):
                                return found
                at = line.find(package, at + 1)
    return None
