"""Calls that set up the devices of TensorFlow.

The question: *does this call make TensorFlow initialise its devices?*  Everything that makes a tensor, a variable or
weights does, and some calls that only ask.  Layers and models count when they are seen to make weights at once; what
was not tried out counts as harmless.
"""

from __future__ import annotations

from tflint_mem.facts import CallRef, SequenceDisplay, walk
from tflint_mem.knowledge import INITIALISERS, LOADERS, is_op
from tflint_mem.project.holds.values import CallOrigin, Thing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.project.linking.module import Module
    from tflint_mem.ruleset.context import Context

# Calls that set up the devices although they make no tensor (tried out one by one on TensorFlow 2.21).
_INITIALISE = (
    INITIALISERS
    | LOADERS
    | frozenset(
        (
            "tf.Variable",
            "tf.device",
            "tf.summary.create_file_writer",
            "tf.config.experimental.get_memory_info",
            "tf.random.Generator.from_seed",
            "model.compile",
            "model.fit",
            "model.predict",
            "model.evaluate",
            "model.build",
            "model.predict_on_batch",
            "model.train_on_batch",
            "model.__call__",
            "keras.clone_model",
            "hub.KerasLayer",
            "dataset.__iter__",
            "tf.function.__call__",
            "variable.assign",
            "optimizer.apply_gradients",
        )
    )
)
# These make devices of their own with the default settings: the call after them raises nothing, but the memory is
# taken.
PEEKS = frozenset(("tf.device_lib.list_local_devices", "tf.test.is_gpu_available", "tf.test.gpu_device_name"))
_NO_WEIGHTS = (
    "Input",
    "InputLayer",
    "Flatten",
    "Reshape",
    "Activation",
    "ReLU",
    "LeakyReLU",
    "Softmax",
    "ELU",
    "Concatenate",
    "Add",
    "Multiply",
    "Average",
    "Maximum",
    "Minimum",
    "Subtract",
    "Dot",
    "ZeroPadding",
    "UpSampling",
    "Cropping",
    "Permute",
    "RepeatVector",
    "Lambda",
    "Masking",
    "MaxPool",
    "AveragePooling",
    "AvgPool",
    "GlobalMax",
    "GlobalAverage",
    "Rescaling",
    "Resizing",
    "CenterCrop",
    "ThresholdedReLU",
    "Identity",
)
_SHAPES = frozenset(("input_shape", "input_dim", "batch_input_shape"))
_LAZY_ARGUMENTS = frozenset(("lr", "decay"))
_SCHEDULES = ("Decay", "DecayRestarts", "LearningRateSchedule", "Optimizer")


def initialises(context: Context, m: Module, i: int) -> bool:
    for name in context.project.apis(m, i):
        if name in _INITIALISE:
            return True
        if name == "layer.__call__":
            if _weighted_layer(context, m, i):
                return True
        elif name == "keras.Sequential":
            if _built_sequential(context, m, i):
                return True
        elif name.startswith("tf."):
            if (
                is_op(name)
                or name.startswith("tf.data.")
                and name.rpartition(".")[2] not in ("Options", "Dataset")
                and name.count(".") > 1
            ):
                return not context.project.versions.graph_mode(m)
            if name.startswith("tf.distribute.") and name.endswith("Strategy"):
                return True
        elif name.startswith(("keras.optimizers.", "keras.metrics.", "keras.applications.")):
            tail = name.rpartition(".")[2]
            if (
                tail[:1].isupper()
                and not tail.endswith(_SCHEDULES)
                and not (name.startswith("keras.optimizers.") and _lazy_optimizer(context, m, i))
            ):
                return True
    return False


def _lazy_optimizer(context: Context, m: Module, i: int) -> bool:
    """Is it an optimizer of TensorFlow up to 2.10, which makes its variables in the first step: by version, or by
    arguments that later ones refuse?
    """
    return context.project.versions.at_least(m, 2, 11) is False or any(
        keyword.name in _LAZY_ARGUMENTS for keyword in m.calls[i].keywords
    )


def _weighted_layer(context: Context, m: Module, i: int) -> bool:
    """Is the called layer one with weights?  Calling it on an input makes them."""
    for v in context.infer.callee(m, i):
        if isinstance(v, Thing) and isinstance(v.origin, CallOrigin):
            names = context.project.apis(context.project.module(v.origin.module), v.origin.call)
            if any(n.startswith("keras.layers.") and not n[13:].startswith(_NO_WEIGHTS) for n in names):
                return True
    return False


def _built_sequential(context: Context, m: Module, i: int) -> bool:
    """`Sequential([Input(…), Dense(…)])` and a first layer that is told its input shape make the weights at once."""
    call = m.calls[i]
    if not call.args or not isinstance(call.args[0], SequenceDisplay):
        return False
    shaped = weighted = False
    for e in walk(call.args[0], m.calls):
        if isinstance(e, CallRef):
            names = context.project.apis(m, e.number)
            shaped = (
                shaped
                or "keras.Input" in names
                or "keras.layers.InputLayer" in names
                or any(k.name in _SHAPES for k in m.calls[e.number].keywords)
            )
            weighted = weighted or any(
                n.startswith("keras.layers.") and not n[13:].startswith(_NO_WEIGHTS) for n in names
            )
    return shaped and weighted
