"""Operations: what makes a tensor where it runs eagerly, and graph nodes where a graph is built.

They are hundreds, so they are told by their place: what stands right in `tf` or in one of `_SECTIONS` is one, unless
it is a class or listed in `_NOT_OPS` or `_NOT_IN_SECTIONS`.  To add a name that is no operation, list it there; to add
an operation, only its section may be missing.  One that gives several tensors goes to `SEVERAL`, one that gives lists
in each other to `NESTED`.
"""

from __future__ import annotations

from .tables import RETURNS

# Operations that give a list, a tuple or a dictionary of tensors: taking one out of it is no operation.
SEVERAL = frozenset(
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

# Operations that give lists of tensors, or lists and states in each other: an item of what is taken apart is no tensor
# for sure.
NESTED = frozenset(
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
_SECTIONS = frozenset(
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
_NOT_IN_SECTIONS = frozenset(
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


def is_op(name: str) -> bool:
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
        section not in _SECTIONS
        or f"{section}.{parts[2]}" in _NOT_IN_SECTIONS
        or name == "tf.contrib.crf.viterbi_decode"
    ):  # that one is NumPy's
        return False
    if section == "train":
        return tail.endswith(("Optimizer", "_decay")) or tail in ("batch", "shuffle_batch")
    return tail[:1].islower()
