"""Code for an older Keras under Keras 3: which exceptions say so, and what lets the code go on."""

from __future__ import annotations

import os
import re
import traceback

from tflint_mem.verify.standins.action import Action
from tflint_mem.verify.standins.models import network, weights
from tflint_mem.verify.standins.substitute import substitute

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from .state import State

_SYMPTOMS = re.compile(
    r"Argument\(s\) not recognized|Unrecognized keyword arguments? passed to|unexpected keyword argument '"
    r"(lr|decay|workers|use_multiprocessing|max_queue_size|period|save_format|nb_epoch|weights|input_length|batch_input_shape)'"
    r"|has no attribute '(fit_generator|predict_generator|evaluate_generator|predict_classes|predict_proba)'"
    r"|filename must end in `\.weights\.h5`|filepath provided must end in|Invalid filepath extension for saving"
    r"|File format not supported: filepath=(?P<folder>.+?)\. Keras 3 only supports|not supported in Keras 3"
    r"|A KerasTensor cannot be used as input to a TensorFlow function|A KerasTensor is symbolic|color_mode must be"
    r"|keyword argument 'grayscale'"
)
_ABSENT = (
    r"cannot import name '(?P<name>\w+)' from '(?P<module>[\w.]+)'",
    r"module '(?P<module>[\w.]+)' has no attribute '(?P<name>\w+)'",
)
_MODULES = re.compile(
    r"(keras|tensorflow\.keras|tensorflow\.python\.keras|tensorflow\.compat\.v[12]\.keras|keras\._tf_keras\.keras)(\.|$)"
)
WORDS = "Keras 3 for code of an older Keras: old names and options mean their successors"


def older_keras(error: BaseException, state: State) -> Iterator[Action]:
    """Actions for an exception that an older Keras would not have raised."""
    message = str(error)
    if isinstance(error, ModuleNotFoundError) and error.name and _MODULES.match(error.name):
        yield substitute("old_keras", WORDS)
        return
    for pattern in _ABSENT:
        match = re.search(pattern, message)
        if match and isinstance(error, (ImportError, AttributeError)) and _MODULES.match(match.group("module")):
            yield substitute("old_keras", WORDS)
            yield Action(
                "import sys\nsetattr(sys.modules[%r], %r, sys.modules['_old_keras'].successor(%r))\n"
                % (match.group("module"), match.group("name"), match.group("name")),
                "",
            )
            return
    match = _SYMPTOMS.search(message)
    if (
        match
        and match.group("folder")
        and "load_weights" in {frame.name for frame in traceback.extract_tb(error.__traceback__)}
    ):
        yield weights()
    elif match:
        yield substitute("old_keras", WORDS)
        if match.group("folder") and os.path.isdir(match.group("folder")):
            path = os.path.join(os.path.relpath(match.group("folder")), "model.keras")
            yield Action(
                "import tensorflow as tf\n%s.save(%r)\n" % (network(state.input_shape()), path),
                "%s: a small Keras model for inputs of shape %r" % (path, tuple(state.input_shape())),
            )
            state.models.append(path)
