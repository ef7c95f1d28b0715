"""Names by the versions that have them: by these a program tells what it was written for.

To add a module that is gone, enter in `GONE` the first TensorFlow without it.  The sets are evidence of one kind each
and say how their names are written: canonical (see `names`), or as code spells them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    Version = tuple[int, int]  # major, minor

# module -> the first TensorFlow that has it no longer
GONE: dict[str, Version] = {
    "keras.wrappers.scikit_learn": (2, 13),
    "tensorflow.contrib": (2, 0),
}

# -- TensorFlow 1 and 2: canonical names ------------------------------------------------------------------------------

FIRST_NAMES = frozenset(
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
SECOND_NAMES = frozenset(
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
# What switches eager execution off for the process.
GRAPH_SWITCHES = frozenset(("tf.disable_v2_behavior", "tf.disable_eager_execution"))
# What does nothing useful outside of a graph; a `tf.function` beside several of these is a part of one.
GRAPH_ONLY = frozenset(
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
# What a module that has nothing of TensorFlow 2 builds graphs with.
GRAPH_BUILDERS = frozenset(
    (
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
    )
)

# -- TensorFlow 1: paths --------------------------------------------------------------------------------------------

# What `tensorflow` itself has no longer since 2.0 (`tensorflow.compat.v1` has), by the path behind it.
FIRST_PATHS = frozenset(
    (
        "Session",
        "InteractiveSession",
        "placeholder",
        "get_variable",
        "variable_scope",
        "global_variables_initializer",
        "initialize_all_variables",
        "ConfigProto",
        "GPUOptions",
        "set_random_seed",
        "get_default_graph",
        "reset_default_graph",
        "get_collection",
        "to_float",
        "random_normal",
        "truncated_normal",
        "train.AdamOptimizer",
        "train.GradientDescentOptimizer",
        "train.RMSPropOptimizer",
        "train.Saver",
        "summary.FileWriter",
        "summary.merge_all",
        "layers.dense",
        "layers.conv2d",
        "app.run",
    )
)

# -- Keras before 2.4, which is TensorFlow's own ----------------------------------------------------------------------

OLD_LAYERS = frozenset(("CuDNNLSTM", "CuDNNGRU"))  # of `keras.layers`
OLD_KEYWORDS = frozenset(  # of layers and models
    ("nb_epoch", "samples_per_epoch", "nb_val_samples", "border_mode", "dim_ordering", "nb_filter")
)
OLD_MODEL_KEYWORDS = frozenset(("input", "output"))  # of `Model`

# -- Keras 2: what Keras 3 or TensorFlow 2.16 no longer has -----------------------------------------------------------

OLD_METHODS = (
    "fit_generator",
    "predict_generator",
    "evaluate_generator",
    "predict_classes",
    "predict_proba",
    "set_session",
    "get_session",
    "multi_gpu_model",
)
OLD_MODULES = (
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
