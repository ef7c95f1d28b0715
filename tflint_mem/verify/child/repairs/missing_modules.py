"""Modules that are not installed, and parts that the installed ones do not have."""

from __future__ import annotations

import re
import sys
import traceback

from tflint_mem.verify.standins import hints, missing_modules, old_numpy, surroundings
from tflint_mem.verify.standins.substitute import substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint_mem.verify.standins.action import Action

    from .state import State


def module(error: BaseException, state: State) -> Iterator[Action]:
    """A module that is not installed."""
    if isinstance(error, ModuleNotFoundError) and error.name:
        text = state.text()
        yield from missing_modules.stand_in(error.name.split(".")[0], state.input_shape(), text)


def pictures(error: BaseException, state: State) -> Iterator[Action]:
    """Keras reads pictures by way of Pillow."""
    if isinstance(error, ImportError) and "PIL" in str(error) and "PIL" not in sys.modules:
        yield from missing_modules.stand_in("PIL", state.input_shape(), state.text()) + [
            missing_modules.pillow_for_keras()
        ]


def environment_of_gym(error: BaseException, state: State) -> Iterator[Action]:
    """An environment that gym does not have here (a missing simulator, an old version of the game)."""
    names = [frame.name for frame in traceback.extract_tb(error.__traceback__)]
    if "make" in names and re.search(r"\bgym(nasium)?\.make\(", state.text()):
        top = "gymnasium" if re.search(r"import gymnasium", state.text()) else "gym"
        yield surroundings.gym_environment(top, hints.observation_shape(state.text()), state.text())


def first_tensorflow(error: BaseException, state: State) -> Iterator[Action]:
    """A name that TensorFlow 1 had at its top and TensorFlow 2 keeps in `compat.v1`."""
    match = re.search(r"module 'tensorflow' has no attribute '(\w+)'", str(error))
    if isinstance(error, AttributeError) and match:
        first = getattr(getattr(sys.modules.get("tensorflow"), "compat", None), "v1", None)
        if first is not None and hasattr(first, match.group(1)):
            yield surroundings.first_tensorflow()


def first_layers(error: BaseException, state: State) -> Iterator[Action]:
    """`tf.layers` goes with the older Keras, `tf.contrib` with TensorFlow 1."""
    if isinstance(error, AttributeError) and re.search(
        r"is not available with Keras 3|has no attribute '(contrib|layers)'", str(error)
    ):
        yield substitute(
            "first_layers",
            "tf.layers, tf.contrib.layers: the same layers from plain operations, since Keras 3 has none",
        )


def summaries(error: BaseException, state: State) -> Iterator[Action]:
    """Functions of `tf.summary` that come with TensorBoard."""
    if type(error).__name__ == "TBNotInstalledError":
        yield substitute("summaries", "tf.summary: its functions write by TensorFlow's own operation, for TensorBoard")


def gone_from_numpy(error: BaseException, state: State) -> Iterator[Action]:
    """A name that NumPy has given up."""
    yield from old_numpy.again(error)
