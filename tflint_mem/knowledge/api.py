"""Knowledge: one table of TensorFlow's and Keras' API, and the one name each of its many spellings resolves to.

`canonical("tensorflow.python.keras.models.load_model")` is `"keras.load_model"`.  Canonical names begin with `tf.` or
`keras.`; every other dotted name (`numpy.zeros`, `sklearn.svm.SVC`) stays as it is.  `RETURNS` says what a call makes,
`METHODS` what a method of such a thing gives.  The sets at the end group names by the question that rules ask.

Facts come from the public API of TensorFlow 1.15 to 2.21 and Keras 2 and 3; what each thing retains was measured.
"""

# -- names --------------------------------------------------------------------------------------------------------

_KERAS_ROOTS = (
    "tensorflow.python.keras",
    "tensorflow.compat.v1.keras",
    "tensorflow.compat.v2.keras",
    "tensorflow.contrib.keras.python.keras",
    "tensorflow.contrib.keras.api.keras",
    "tensorflow.contrib.keras",
    "tensorflow._api.v2.keras",
    "tensorflow.keras",
    "tf_keras.src",
    "tf_keras.api",
    "tf_keras",
    "keras._tf_keras.keras",
    "keras.src",
    "keras.api._v2.keras",
    "keras.api",
    "keras",
)
_TF_ROOTS = ("tensorflow.compat.v1", "tensorflow.compat.v2", "tensorflow._api.v2", "tensorflow_core", "tensorflow")
EXTERNAL_ROOTS = frozenset(
    (
        "tensorflow",
        "keras",
        "tf_keras",
        "tensorflow_hub",
        "tensorflow_datasets",
        "tensorflow_probability",
        "tensorflow_addons",
        "tensorflow_text",
        "tensorflow_core",
        "numpy",
        "sklearn",
        "torch",
        "cv2",
    )
)

# Names whose last part alone says what they are, wherever old and new Keras keep them.
_KERAS_TAILS = {
    name: "keras." + name
    for name in (
        "load_model",
        "model_from_json",
        "model_from_yaml",
        "model_from_config",
        "clone_model",
        "Model",
        "Sequential",
        "Functional",
        "Input",
        "History",
        "TFSMLayer",
    )
}
_KERAS_TAILS["clear_session"] = "keras.clear_session"
_KERAS_TAILS["Layer"] = "keras.layers.Layer"
_KERAS_TAILS["Callback"] = "keras.callbacks.Callback"
_KERAS_TAILS["LambdaCallback"] = "keras.callbacks.LambdaCallback"
_KERAS_SECTIONS = frozenset(
    (
        "layers",
        "optimizers",
        "metrics",
        "losses",
        "applications",
        "callbacks",
        "backend",
        "initializers",
        "regularizers",
        "preprocessing",
        "utils",
        "datasets",
        "activations",
        "wrappers",
        "mixed_precision",
        "ops",
        "saving",
        "random",
        "constraints",
        "experimental",
    )
)

_TF_ALIASES = {
    "tf.python.client.session.Session": "tf.Session",
    "tf.python.client.device_lib.list_local_devices": "tf.device_lib.list_local_devices",
    "tf.python.framework.ops.reset_default_graph": "tf.reset_default_graph",
    "tf.python.eager.def_function.function": "tf.function",
    "tf.python.eager.backprop.GradientTape": "tf.GradientTape",
    "tf.config.experimental.list_physical_devices": "tf.config.list_physical_devices",
    "tf.config.experimental.list_logical_devices": "tf.config.list_logical_devices",
    "tf.config.experimental.get_visible_devices": "tf.config.get_visible_devices",
    "tf.config.experimental.set_visible_devices": "tf.config.set_visible_devices",
    "tf.config.experimental.set_memory_growth": "tf.config.set_memory_growth",
    "tf.config.experimental.set_virtual_device_configuration": "tf.config.set_logical_device_configuration",
    "tf.config.experimental.VirtualDeviceConfiguration": "tf.config.LogicalDeviceConfiguration",
    "tf.config.experimental_run_functions_eagerly": "tf.config.run_functions_eagerly",
    "tf.config.experimental.experimental_run_functions_eagerly": "tf.config.run_functions_eagerly",
    "tf.saved_model.loader.load": "tf.saved_model.loader.load",
    "tf.saved_model.load_v2": "tf.saved_model.load",
    "tf.contrib.eager.defun": "tf.function",
    "tf.contrib.eager.function": "tf.function",
    "tf.contrib.lite.Interpreter": "tf.lite.Interpreter",
    "tf.global_variables_initializer": "tf.global_variables_initializer",
    "tf.initialize_all_variables": "tf.global_variables_initializer",
    "tf.summary.FileWriter": "tf.summary.FileWriter",
    "tf.train.SummaryWriter": "tf.summary.FileWriter",
    "tf.python_io.TFRecordWriter": "tf.io.TFRecordWriter",
    "tf.lookup.experimental.DenseHashTable": "tf.lookup.DenseHashTable",
    "tf.contrib.lookup.HashTable": "tf.lookup.StaticHashTable",
    "tf.distribute.experimental.MultiWorkerMirroredStrategy": "tf.distribute.MultiWorkerMirroredStrategy",
    "tf.ConfigProto": "tf.ConfigProto",
    "tflite_runtime.interpreter.Interpreter": "tf.lite.Interpreter",
    "tf.lite.python.interpreter.Interpreter": "tf.lite.Interpreter",
    "tensorflow_hub.load": "hub.load",
    "tensorflow_hub.KerasLayer": "hub.KerasLayer",
    "tensorflow_hub.Module": "hub.Module",
}

_cache = {}


def canonical(dotted):
    """The one name of a dotted name, whatever spelling or internal module it was reached through."""
    found = _cache.get(dotted)
    if found is None:
        found = _cache[dotted] = _canonical(dotted)
    return found


def _canonical(dotted):
    for root in _KERAS_ROOTS:
        if dotted.startswith(root) and (len(dotted) == len(root) or dotted[len(root)] == "."):
            return _keras("keras" + dotted[len(root) :])
    for root in _TF_ROOTS:
        if dotted.startswith(root) and (len(dotted) == len(root) or dotted[len(root)] == "."):
            rest = "tf" + dotted[len(root) :]
            if rest.startswith("tf.initialize_all"):
                return "tf.global_variables_initializer"
            return _TF_ALIASES.get(rest, rest)
    if dotted.startswith(("transformers.", "keras_hub.", "keras_nlp.", "keras_cv.")):
        return _library(dotted) or dotted
    return _TF_ALIASES.get(dotted, dotted)


def _library(dotted):
    """The one name of a loader of Hugging Face or of KerasHub (KerasNLP, KerasCV), whatever class it is asked of; None for all else."""
    head, _, method = dotted.rpartition(".")
    owner = head.rpartition(".")[2]
    if dotted.startswith("transformers."):
        if method == "pipeline":
            return "transformers.pipeline"
        if method in ("from_pretrained", "from_config") and owner.startswith("TF"):
            return "transformers.TFModel." + method
        return (
            "transformers.TFModel"
            if method.startswith("TF") and method[2:3].isupper() and "Output" not in method
            else None
        )
    if method == "from_preset" and not owner.endswith(_NO_MODELS):
        return "keras_hub.from_preset"
    return None


_NO_MODELS = ("Tokenizer", "Preprocessor", "PreprocessorLayer", "Converter", "Packer", "Layer")


def _keras(name):
    parts = name.split(".")
    if len(parts) == 1:
        return name
    tail = parts[-1]
    if tail in _KERAS_TAILS and len(parts) <= 6:
        return _KERAS_TAILS[tail]
    if (
        len(parts) > 2 and parts[-2][:1].isupper() and parts[-2] in _KERAS_TAILS
    ):  # keras.engine.training.Model.from_config
        return f"{_KERAS_TAILS[parts[-2]]}.{tail}"
    section = parts[1]
    if section == "legacy" and len(parts) > 2:
        section = parts[2]
    if section in _KERAS_SECTIONS and len(parts) > 2:
        if section == "backend" and parts[2] == "tensorflow_backend":
            return "keras.backend." + tail if len(parts) > 3 else "keras.backend"
        if section in ("layers", "optimizers", "metrics", "losses", "callbacks") and tail[:1].isupper():
            return f"keras.{section}.{tail}"  # keras.layers.core.Dense, keras.optimizers.legacy.Adam
        if section == "applications" and tail[:1].isupper():
            return "keras.applications." + tail
    return name


# -- what calls make ----------------------------------------------------------------------------------------------
# Kinds: model, saved_model, layer, optimizer, metric, loss, history, dataset, iterator, tensor, variable, tf.function, session,
# graph, tape, writer, table, interpreter, strategy, devices (list), device, saver, operation, ndarray, callback, pool, backend-function.

_ROWS = """
model        keras.load_model keras.Model keras.Sequential keras.Functional keras.clone_model keras.model_from_json keras.model_from_yaml keras.model_from_config
model        keras.Model.from_config keras.Sequential.from_config keras.models.load keras.utils.multi_gpu_model keras.saving.deserialize_keras_object
model        transformers.TFModel transformers.TFModel.from_pretrained transformers.TFModel.from_config keras_hub.from_preset
saved_model  tf.saved_model.load hub.load
layer        hub.KerasLayer hub.Module keras.TFSMLayer tf.Module keras.layers.deserialize keras.layers.layer_from_config keras.utils.layer_from_config
optimizer    keras.optimizers.get keras.optimizers.deserialize
tensor       keras.Input keras.layers.Input tf.placeholder tf.keras.Input
tf.function  tf.function tf.contrib.eager.defun
session      tf.Session tf.InteractiveSession tf.train.MonitoredTrainingSession tf.train.MonitoredSession keras.backend.get_session tf.get_default_session
graph        tf.Graph tf.get_default_graph
tape         tf.GradientTape
variables    tf.trainable_variables tf.global_variables tf.local_variables tf.model_variables tf.all_variables
variable     tf.Variable tf.get_variable keras.backend.variable keras.Variable
dataset      tf.data.Dataset tf.data.Dataset.from_tensor_slices tf.data.Dataset.from_tensors tf.data.Dataset.from_generator tf.data.Dataset.range
dataset      tf.data.Dataset.zip tf.data.Dataset.list_files tf.data.TFRecordDataset tf.data.TextLineDataset tf.data.experimental.make_csv_dataset
dataset      keras.utils.image_dataset_from_directory keras.preprocessing.image_dataset_from_directory keras.utils.text_dataset_from_directory
dataset      keras.utils.timeseries_dataset_from_array tensorflow_datasets.load tf.data.experimental.CsvDataset tf.data.Dataset.load
dataset      tf.data.Dataset.random tf.data.Dataset.counter tf.data.experimental.Counter tf.data.experimental.RandomDataset
iterator     tf.data.make_one_shot_iterator tf.data.make_initializable_iterator
writer       tf.summary.FileWriter tf.summary.create_file_writer tf.io.TFRecordWriter tf.contrib.summary.create_file_writer
table        tf.lookup.StaticHashTable tf.lookup.StaticVocabularyTable tf.lookup.DenseHashTable tf.lookup.experimental.MutableHashTable tf.contrib.lookup.index_table_from_tensor tf.contrib.lookup.index_table_from_file
interpreter  tf.lite.Interpreter
strategy     tf.distribute.MirroredStrategy tf.distribute.OneDeviceStrategy tf.distribute.MultiWorkerMirroredStrategy tf.distribute.TPUStrategy tf.distribute.get_strategy tf.distribute.experimental.TPUStrategy
devices      tf.config.list_physical_devices tf.config.get_visible_devices tf.config.list_logical_devices
saver        tf.train.Saver
operation    tf.global_variables_initializer tf.local_variables_initializer tf.variables_initializer tf.tables_initializer tf.group tf.no_op tf.assign tf.assign_add tf.assign_sub
backend-function  keras.backend.function
history      keras.History keras.callbacks.History
ndarray      keras.utils.to_categorical keras.utils.img_to_array keras.preprocessing.image.img_to_array keras.utils.pad_sequences keras.preprocessing.sequence.pad_sequences
"""

RETURNS = {name: row.split()[0] for row in _ROWS.strip().splitlines() for name in row.split()[1:]}

# What a method of a thing gives: (kind, method) -> kind.  A missing row means "nothing we follow".
METHODS = {}


def _methods(kind, result, names):
    for name in names.split():
        METHODS[kind, name] = result


_methods("model", "history", "fit fit_generator")
_methods("model", "ndarray", "predict predict_on_batch predict_generator predict_classes predict_proba")
_methods("model", "tensor", "call __call__")
_methods("model", "layer", "get_layer")
_methods("layer", "tensor", "call __call__")
_methods("saved_model", "tensor", "call __call__")
_methods(
    "dataset",
    "dataset",
    "map batch shuffle repeat prefetch take skip filter cache unbatch padded_batch interleave flat_map shard concatenate "
    "enumerate window with_options apply zip ragged_batch rebatch snapshot random scan",
)
_methods("dataset", "iterator", "make_one_shot_iterator make_initializable_iterator as_numpy_iterator __iter__")
_methods("iterator", "tensor", "get_next next")
_methods("tape", "tensor", "gradient jacobian batch_jacobian")
_methods("tf.function", "tensor", "__call__")
_methods("tf.function", "concrete", "get_concrete_function")
_methods("variable", "tensor", "read_value value assign assign_add assign_sub")
_methods("tensor", "ndarray", "numpy eval")
_methods("variable", "ndarray", "numpy eval")
_methods("session", "ndarray", "run")
_methods("optimizer", "operation", "minimize apply_gradients")
_methods("optimizer", "tensor", "compute_gradients")
_methods("metric", "tensor", "result __call__")
_methods("loss", "tensor", "__call__")
_methods("strategy", "tensor", "run experimental_run_v2 reduce")
_methods("strategy", "dataset", "experimental_distribute_dataset distribute_datasets_from_function")
_methods("table", "tensor", "lookup")
_methods("backend-function", "ndarray", "__call__")

# What an attribute of a thing is.
ATTRIBUTES = {
    ("model", "output"): "tensor",
    ("model", "input"): "tensor",
    ("model", "outputs"): "tensors",
    ("model", "inputs"): "tensors",
    ("model", "optimizer"): "optimizer",
    ("model", "history"): "history",
    ("history", "model"): "model",
    ("layer", "output"): "tensor",
    ("layer", "input"): "tensor",
    ("session", "graph"): "graph",
    ("tensor", "shape"): "shape",
    ("tensor", "T"): "tensor",
    ("model", "layers"): "layers",
    ("model", "trainable_variables"): "variables",
    ("model", "trainable_weights"): "variables",
    ("callback", "model"): "model",
    ("model", "variables"): "variables",
    ("model", "weights"): "variables",
    ("saved_model", "signatures"): "signatures",
}
# Kinds that are lists of another kind.
ELEMENTS = {
    "parts": "tensor",
    "signatures": "saved_model",
    "devices": "device",
    "tensors": "tensor",
    "layers": "layer",
    "variables": "variable",
    "dataset": "tensor",
    "iterator": "tensor",
    "tensor": "tensor",
    "ndarray": "ndarray",
}

# Third-party packages that make Keras models under names of their own: constructors return a model.
MODEL_FACTORIES = frozenset(
    (
        "segmentation_models.Unet",
        "segmentation_models.FPN",
        "segmentation_models.Linknet",
        "segmentation_models.PSPNet",
        "efficientnet.keras",
        "efficientnet.tfkeras",
        "classification_models.keras",
        "keras_cv.models",
        "keras_hub.models",
        "keras_nlp.models",
    )
)

_NOT_OPS = frozenset(
    (
        "function",
        "device",
        "init_scope",
        "name_scope",
        "variable_scope",
        "control_dependencies",
        "is_tensor",
        "executing_eagerly",
        "enable_eager_execution",
        "disable_eager_execution",
        "enable_v2_behavior",
        "disable_v2_behavior",
        "get_default_graph",
        "app",
        "flags",
        "get_logger",
        "import_graph_def",
        "reset_default_graph",
        "custom_gradient",
        "set_random_seed",
        "trainable_variables",
        "global_variables",
        "get_collection",
        "add_to_collection",
        "local_variables",
        "get_variable_scope",
        "TensorShape",
        "TensorSpec",
        "get_default_session",
        "no_gradient",
        "load_op_library",
        "load_library",
        "test",
        "compat",
        "executing_eagerly_outside_functions",
        "get_static_value",
        "op_scope",
        "make_template",
        "no_regularizer",
        "disable_resource_variables",
        "enable_resource_variables",
        "disable_control_flow_v2",
        "enable_control_flow_v2",
        "disable_tensor_equality",
        "enable_tensor_equality",
        "constant_initializer",
        "random_normal_initializer",
        "random_uniform_initializer",
        "truncated_normal_initializer",
        "zeros_initializer",
        "ones_initializer",
        "contains",
        "type_spec_from_value",
        "inside_function",
        "get_global_step",
        "as_dtype",
        "model_variables",
        "moving_average_variables",
        "is_symbolic_tensor",
        "all_variables",
    )
)
_OP_SECTIONS = frozenset(
    (
        "math",
        "nn",
        "linalg",
        "image",
        "random",
        "strings",
        "signal",
        "sparse",
        "bitwise",
        "sets",
        "audio",
        "ragged",
        "io",
        "quantization",
        "losses",
        "layers",
        "metrics",
        "clip_by_value",
        "raw_ops",
        "dtypes",
        "debugging",
        "contrib",
        "train",
        "summary",
    )
)
_SECTION_NON_OPS = frozenset(
    (
        "train.Saver",
        "train.Checkpoint",
        "train.CheckpointManager",
        "train.Coordinator",
        "train.Example",
        "train.Feature",
        "train.Features",
        "train.latest_checkpoint",
        "train.get_checkpoint_state",
        "train.list_variables",
        "train.load_checkpoint",
        "train.write_graph",
        "train.Server",
        "train.ClusterSpec",
        "train.BytesList",
        "train.FloatList",
        "train.Int64List",
        "train.start_queue_runners",
        "train.get_global_step",
        "train.SequenceExample",
        "train.FeatureList",
        "train.FeatureLists",
        "train.checkpoint_exists",
        "train.export_meta_graph",
        "train.summary_iterator",
        "train.get_or_create_global_step",
        "train.NewCheckpointReader",
        "train.global_step",
        "train.Int64List",
        "summary.create_file_writer",
        "summary.FileWriter",
        "summary.Summary",
        "summary.should_record_summaries",
        "summary.trace_on",
        "summary.trace_off",
        "summary.trace_export",
        "summary.record_if",
        "summary.flush",
        "summary.SummaryDescription",
        "random.set_seed",
        "random.Generator",
        "random.get_global_generator",
        "random.create_rng_state",
        "random.set_random_seed",
        "io.gfile",
        "io.TFRecordWriter",
        "io.write_graph",
        "io.FixedLenFeature",
        "io.VarLenFeature",
        "io.TFRecordOptions",
        "io.tf_record_iterator",
        "nn.RNNCellDropoutWrapper",
        "losses.Reduction",
        "losses.get_regularization_losses",
        "losses.get_losses",
        "losses.add_loss",
        "debugging.set_log_device_placement",
        "debugging.experimental",
        "debugging.enable_check_numerics",
        "dtypes.as_dtype",
        "ragged.RaggedTensorSpec",
    )
)


def is_op(name):
    """Does calling this canonical name make a tensor (eagerly) or graph nodes (in graph code)?"""
    if not name.startswith("tf."):
        return False
    parts = name.split(".")
    tail = parts[-1]
    if len(parts) == 2:
        return (
            tail[:1].islower()
            and tail not in _NOT_OPS
            and not tail.startswith("register_")
            and name not in RETURNS
            or tail in ("Variable",)
        )
    section = parts[1]
    if any(part[:1].isupper() for part in parts[2:-1]):
        return False  # tf.summary.FileWriterCache.get(folder): what a class gives
    if (
        section not in _OP_SECTIONS
        or f"{section}.{parts[2]}" in _SECTION_NON_OPS
        or name == "tf.contrib.crf.viterbi_decode"
    ):  # that one is NumPy's
        return False
    if section == "train":
        return tail.endswith("Optimizer") or tail.endswith("_decay") or tail in ("batch", "shuffle_batch")
    return tail[:1].islower()


# Operations that give a list, a tuple or a dictionary of tensors: taking one out of it is no operation.
_SEVERAL = frozenset(
    (
        "split",
        "unstack",
        "meshgrid",
        "dynamic_partition",
        "parse_example",
        "parse_single_example",
        "parse_sequence_example",
        "parse_single_sequence_example",
        "decode_csv",
        "top_k",
        "moments",
        "unique",
        "unique_with_counts",
        "svd",
        "qr",
        "eigh",
        "eig",
        "clip_by_global_norm",
        "non_max_suppression_with_scores",
        "combined_non_max_suppression",
    )
)


# Operations that give lists of tensors, or lists and states in each other: an item of what is taken apart is no tensor for sure.
_NESTED = frozenset(
    (
        "model_with_buckets",
        "static_rnn",
        "static_bidirectional_rnn",
        "stack_bidirectional_rnn",
        "bidirectional_dynamic_rnn",
        "ctc_greedy_decoder",
        "ctc_beam_search_decoder",
        "basic_rnn_seq2seq",
        "tied_rnn_seq2seq",
        "embedding_rnn_seq2seq",
        "embedding_attention_seq2seq",
        "attention_decoder",
        "embedding_attention_decoder",
        "rnn_decoder",
        "dynamic_decode",
        "raw_rnn",
    )
)


def result_of(name):
    """The kind of thing that a call of this canonical name returns, or None."""
    kind = RETURNS.get(name)
    if kind:
        return kind
    if name.startswith("keras."):
        parts = name.split(".")
        tail, section = parts[-1], parts[1]
        if tail[:1].isupper():
            if section == "applications":
                return "model"
            if section in ("layers", "optimizers", "metrics", "losses", "callbacks"):
                return section[:-1] if section != "losses" else "loss"
            if section == "estimator":
                return "estimator"
        elif section in ("losses", "metrics", "activations", "ops", "backend", "random"):
            return (
                "tensor"
                if tail
                not in (
                    "get",
                    "serialize",
                    "deserialize",
                    "clear_session",
                    "set_session",
                    "floatx",
                    "epsilon",
                    "learning_phase",
                    "image_data_format",
                    "set_image_data_format",
                    "set_floatx",
                    "get_value",
                    "set_value",
                    "batch_set_value",
                    "batch_get_value",
                    "get_uid",
                    "set_learning_phase",
                    "int_shape",
                    "is_keras_tensor",
                    "backend",
                )
                else None
            )
        return None
    if name.startswith("tf."):
        if name.startswith("tf.train.") and name.endswith("Optimizer") or name.startswith("tf.optimizers."):
            return "optimizer"
        if name.startswith(("tf.layers.", "tf.nn.rnn_cell.")) and name.rpartition(".")[2][:1].isupper():
            return "layer"
        if name.rpartition(".")[2] in _SEVERAL:
            return "parts"
        if name.rpartition(".")[2] in _NESTED:
            return None
        return "tensor" if is_op(name) else None
    if name.startswith("numpy."):
        return "ndarray"
    if name.startswith("cv2."):
        return "ndarray"
    head = name.rpartition(".")[0]
    if name in MODEL_FACTORIES or head in MODEL_FACTORIES and name.rpartition(".")[2][:1].isupper():
        return "model"
    return None


# -- groups that rules ask for --------------------------------------------------------------------------------------

LOADERS = frozenset(
    (
        "keras.load_model",
        "keras.model_from_json",
        "keras.model_from_yaml",
        "keras.model_from_config",
        "tf.saved_model.load",
        "hub.load",
        "keras.saving.deserialize_keras_object",
        "keras.TFSMLayer",
        "tf.saved_model.loader.load",
        "transformers.TFModel.from_pretrained",
        "transformers.pipeline",
        "keras_hub.from_preset",
    )
)
BUILDERS = frozenset(
    (
        "keras.Model",
        "keras.Sequential",
        "keras.Functional",
        "keras.clone_model",
        "keras.Model.from_config",
        "keras.Sequential.from_config",
        "hub.KerasLayer",
        "transformers.TFModel",
        "transformers.TFModel.from_config",
    )
)
RELEASES = frozenset(("keras.clear_session", "gc.collect"))
GRAPH_RELEASES = frozenset(("tf.reset_default_graph",))
TRAINING_METHODS = frozenset(("fit", "fit_generator", "train_on_batch"))
MODEL_METHODS = frozenset(
    (
        "compile",
        "fit",
        "fit_generator",
        "train_on_batch",
        "evaluate",
        "evaluate_generator",
        "test_on_batch",
        "predict",
        "predict_on_batch",
        "predict_generator",
        "predict_classes",
        "predict_proba",
        "summary",
        "save",
        "save_weights",
        "load_weights",
        "get_weights",
        "set_weights",
        "to_json",
        "export",
        "reset_states",
        "make_predict_function",
        "_make_predict_function",
        "count_params",
    )
)
INITIALISERS = frozenset(
    (
        "tf.config.list_logical_devices",
        "tf.device_lib.list_local_devices",
        "tf.test.is_gpu_available",
        "tf.test.gpu_device_name",
    )
)

# Names whose presence in a module makes it worth a look; the tails of everything that rules ask for.
SESSION_TYPES = frozenset(("tf.Session", "tf.InteractiveSession"))
