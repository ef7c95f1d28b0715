"""What is no file: variables, downloads, the command line, pictures and cameras of OpenCV."""

from __future__ import annotations

import os
import re
import sys
import traceback

from tflint_mem.verify.standins import surroundings
from tflint_mem.verify.standins.action import Action

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .state import State


def environment_variable(error: BaseException, state: State) -> Iterator[Action]:
    """A variable that is not set."""
    if isinstance(error, KeyError) and error.args and isinstance(error.args[0], str):
        frames = traceback.extract_tb(error.__traceback__)
        if (
            frames
            and frames[-1].filename == os.__file__.replace(".pyc", ".py")
            or "<frozen os>" in [f.filename for f in frames[-1:]]
        ):
            yield surroundings.environment_variable(error.args[0])


def download(error: BaseException, state: State) -> Iterator[Action]:
    """Data sets and weights that Keras would download."""
    message = str(error)
    text = "".join(traceback.format_tb(error.__traceback__))
    if not re.search(
        r"URL fetch failure|urlopen error|Temporary failure in name resolution|Network is unreachable|Max retries",
        message,
    ):
        return
    match = re.search(r"/datasets/(\w+)\.py", text)
    if match:
        found = surroundings.keras_dataset(match.group(1))
        if found is not None:
            yield found
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
            return "none.weights.h5" if "weights" in str(fname) or str(fname).endswith(".h5") else \
_original(fname, *arguments, **options)
        sys.modules[_name].get_file = _get_file
tf.keras.Model.load_weights = lambda self, *arguments, **options: None
"""


def arguments(error: BaseException, state: State) -> Iterator[Action]:
    """Command-line arguments that the program requires."""
    if isinstance(error, SystemExit) and error.code == 2:
        yield surroundings.command_line()
    elif type(error).__name__ == "UnparsedFlagAccessError":
        yield Action(
            "from absl import flags\nflags.FLAGS(['snippet'], known_only=True)\n", "absl flags: their defaults"
        )


def opencv(error: BaseException, state: State) -> Iterator[Action]:
    """OpenCV does not raise for a picture or a camera that is not there: something after it does, or the loop just
    ends."""
    if "cv2" in sys.modules and re.search(r"imread|VideoCapture|imshow|waitKey|namedWindow", state.text()):
        if type(error).__name__ in ("NothingRepeated", "error") or "NoneType" in str(error):
            yield surroundings.opencv(state.input_shape())
