"""Stand-ins for what is no file: what is downloaded, asked from the system, shown on a screen or played."""

from __future__ import annotations

import re

from .action import Action
from .classes import ENVIRONMENT
from .hints import speaks_new

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .hints import Shape


def first_tensorflow() -> Action:
    """TensorFlow 1 programs under TensorFlow 2: its names and its graph mode."""
    return Action(
        "import sys\nimport tensorflow.compat.v1 as _tensorflow\n_tensorflow.disable_v2_behavior()\n"
        "sys.modules['tensorflow'] = _tensorflow\n",
        "TensorFlow 1: tensorflow.compat.v1 of the installed version",
    )


def keras_dataset(name: str) -> Action | None:
    """What `keras.datasets.<name>.load_data()` would download; None for a name that is not known."""
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


def environment_variable(name: str) -> Action:
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


def command_line() -> Action:
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


def opencv(shape: Shape) -> Action:
    """Pictures and cameras that OpenCV does not find (it returns None and False instead of raising), and no windows."""
    size = tuple(shape) if len(shape) == 3 else (64, 64, 3)
    height, width, _ = size
    return Action(_OPENCV % (size,), "OpenCV: pictures and a camera of noise, %d x %d; no windows" % (height, width))


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
cv2.imshow = cv2.namedWindow = cv2.destroyAllWindows = cv2.destroyWindow = cv2.moveWindow = \
lambda *arguments, **options: None
cv2.waitKey = lambda *arguments: -1
"""


def gym_environment(name: str, shape: Shape, text: str) -> Action:
    """`gym.make` gives an environment with random observations, in the protocol (old or new) that the text speaks."""
    code = ENVIRONMENT + "import %s\n%s.make = lambda *arguments, **options: _Environment(%r, %r)\n" % (
        name,
        name,
        tuple(shape),
        speaks_new(text),
    )
    return Action(code, "%s.make: an environment with random observations of shape %r" % (name, tuple(shape)))
