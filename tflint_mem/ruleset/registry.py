"""The table of rules: what the command line, the selection and the reports need without importing any rule.

`RULES` ask about a project and have a module each; `OF_FILES` ask about a file as text (see `of_files`); `LISTED` are
all that can be selected and explained.

One row a rule.  `triggers` are identifiers of which at least one must occur in the project for the rule to be imported;
`rank` decides which of several rules speaks when they fit the same place (the higher one: it is more specific).
A test compares every row with the rule's module.
"""

from __future__ import annotations

from tflint_mem.finding import SYNTAX_ERROR, UNUSED_SUPPRESSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal, Protocol

    from tflint_mem.ruleset.context import Context
    from tflint_mem.ruleset.draft import Draft

    class RuleModule(Protocol):
        """The module of a rule."""

        CODE: str

        def find(self, context: Context) -> Iterator[Draft]: ...


class Rule:
    """One row of the table.

    code, name   "TFM101", "load-model-in-loop"
    group        of the finding: "leak", "speed", "config", "tf1"; of rules about files "syntax" and "comment"
    fixable      how often its findings have a fix
    fix_safety   of the safest fix that it offers; "" where it has none
    rank         the higher one speaks where several rules fit one place
    since, until   the first and the last minor version of TensorFlow on which its `leaky.py` shows what the rule is
                 about, as measured; "" for the oldest, or the newest, that was
    triggers     identifiers of which one must occur in the project for the rule to be imported
    summary      one line for tables
    module       name of its module in `rules`
    """

    __slots__ = (
        "code",
        "fix_safety",
        "fixable",
        "group",
        "module",
        "name",
        "rank",
        "severity",
        "since",
        "summary",
        "triggers",
        "until",
    )

    def __init__(
        self,
        *,
        code: str,
        name: str,
        group: str,
        severity: str,
        fixable: Literal["always", "sometimes", "never"],
        fix_safety: Literal["safe", "unsafe", ""],
        rank: int,
        triggers: str,
        summary: str,
        since: str = "",
        until: str = "",
    ) -> None:
        self.code = code
        self.name = name
        self.group = group
        self.severity: str = severity
        self.fixable = fixable
        self.fix_safety = fix_safety
        self.rank = rank
        self.triggers = tuple(triggers.split())
        self.summary = summary
        self.since, self.until = since, until
        self.module = code.lower() + "_" + name.replace("-", "_")


_LOAD = (
    "load_model model_from_json model_from_yaml model_from_config load load_from_saved_model deserialize_keras_object"
    " TFSMLayer KerasLayer from_pretrained pipeline from_preset"
)

RULES = (
    Rule(
        code="TFM101",
        name="load-model-in-loop",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="safe",
        rank=10,
        triggers=_LOAD,
        summary="a saved model is loaded again in each repeat and nothing releases the old one",
    ),
    Rule(
        code="TFM102",
        name="model-built-in-loop",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="Model Sequential clone_model from_config applications Functional KerasLayer keras",
        summary="a Keras model is built again in each repeat",
    ),
    Rule(
        code="TFM103",
        name="load-model-per-request",
        group="leak",
        severity="error",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=20,
        triggers=_LOAD + " Model Sequential applications keras",
        summary="a model is loaded or built for each request, task or event",
    ),
    Rule(
        code="TFM104",
        name="submodel-per-call",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=15,
        triggers="Model Sequential Functional",
        summary="a model is wrapped into a new model each time it is used",
    ),
    Rule(
        code="TFM105",
        name="history-object-kept",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="safe",
        rank=20,
        triggers="fit fit_generator",
        summary="the History objects of new models are kept, and with them the models",
    ),
    Rule(
        code="TFM106",
        name="compile-in-loop",
        group="leak",
        severity="error",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=12,
        triggers="compile",
        summary="one model is compiled again before each training",
    ),
    Rule(
        code="TFM107",
        name="metric-or-optimizer-in-loop",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="optimizers metrics Adam SGD RMSprop Mean",
        summary="an optimizer or a metric object is made again in each repeat",
    ),
    Rule(
        code="TFM108",
        name="clear-session-misuse",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="clear_session",
        summary="the Keras session is cleared under a model that is still used",
    ),
    Rule(
        code="TFM109",
        name="numpy-captured-in-graph",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=5,
        triggers="function defun map filter flat_map interleave",
        summary="a big NumPy array becomes a constant of a traced graph",
    ),
    Rule(
        code="TFM110",
        name="models-kept",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=30,
        triggers="Model Sequential applications load_model clone_model KerasLayer",
        summary="the models of all repeats are kept, though at most one of them is used",
    ),
    Rule(
        code="TFM201",
        name="predict-in-loop",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="predict predict_classes predict_proba",
        summary="a Keras model's predict is called for one sample, frame or step at a time",
    ),
    Rule(
        code="TFM202",
        name="eager-inference-in-loop",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="keras matmul einsum tensordot conv2d",
        summary="a model or a chain of operations runs eagerly in a hot loop",
    ),
    Rule(
        code="TFM203",
        name="eager-train-step-not-compiled",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="GradientTape",
        summary="a GradientTape step runs op by op for each batch",
    ),
    Rule(
        code="TFM204",
        name="tensors-accumulated",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="append add appendleft insert extend load_model hub Model Sequential",
        summary="output tensors are kept for each pass of a long loop",
    ),
    Rule(
        code="TFM205",
        name="persistent-tape-kept",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=10,
        triggers="GradientTape",
        summary="the gradient tape of each repeat is kept",
    ),
    Rule(
        code="TFM206",
        name="tape-over-long-loop",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=15,
        triggers="GradientTape",
        summary="one gradient tape is open around a whole loop over data",
    ),
    Rule(
        code="TFM207",
        name="fit-on-generator-in-loop",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=12,
        triggers="fit evaluate predict fit_generator evaluate_generator predict_generator",
        summary="one model is fed by a Python generator again and again",
    ),
    Rule(
        code="TFM301",
        name="tf-function-in-loop",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="safe",
        rank=10,
        triggers="function defun",
        summary="a tf.function is made again in each repeat",
    ),
    Rule(
        code="TFM302",
        name="retrace-python-arg",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="safe",
        rank=15,
        triggers="function defun",
        summary="a Python value that changes is passed to a tf.function, which traces a graph for each",
    ),
    Rule(
        code="TFM303",
        name="retrace-varying-shape",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=14,
        triggers="function defun",
        summary="arrays of ever new shapes are passed to a tf.function, which traces a graph for each",
    ),
    Rule(
        code="TFM304",
        name="variable-in-loop",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=5,
        triggers="Variable",
        summary="a variable gets a new name, or is kept, in each repeat",
        since="2.15",
    ),
    Rule(
        code="TFM305",
        name="jit-varying-shape",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=16,
        triggers="jit_compile experimental_compile function",
        summary="arrays of ever new shapes are passed to a function that XLA compiles",
    ),
    Rule(
        code="TFM306",
        name="python-list-in-traced-loop",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=10,
        triggers="append range",
        summary="a Python list grows in a traced loop of ever new length",
    ),
    Rule(
        code="TFM307",
        name="eager-py-function",
        group="leak",
        severity="warning",
        fixable="never",
        fix_safety="",
        rank=20,
        triggers="py_function",
        summary="tf.py_function is called eagerly in each repeat, and each call leaves a kernel behind",
        since="2.10",
    ),
    Rule(
        code="TFM401",
        name="iter-dataset-in-loop",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="next get_next",
        summary="a data set is opened anew for each batch that is taken from it",
    ),
    Rule(
        code="TFM402",
        name="dataset-built-in-loop",
        group="speed",
        severity="hint",
        fixable="sometimes",
        fix_safety="safe",
        rank=10,
        triggers="Dataset TFRecordDataset data from_tensor_slices from_generator tensorflow_datasets",
        summary="a data set is chained onto itself, or built again from the same data, in each repeat",
    ),
    Rule(
        code="TFM403",
        name="data-cache-misuse",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="cache cycle",
        summary="a data set without end is cached",
    ),
    Rule(
        code="TFM501",
        name="reset-default-graph-in-tf2",
        group="tf1",
        severity="warning",
        fixable="sometimes",
        fix_safety="safe",
        rank=10,
        triggers="reset_default_graph",
        summary="reset_default_graph() does nothing in eager code and fails in traced code",
    ),
    Rule(
        code="TFM502",
        name="session-not-closed",
        group="tf1",
        severity="error",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="Session InteractiveSession",
        summary="sessions pile up because nothing closes them",
    ),
    Rule(
        code="TFM503",
        name="graph-op-in-session-loop",
        group="tf1",
        severity="warning",
        fixable="sometimes",
        fix_safety="safe",
        rank=10,
        triggers="Session InteractiveSession MonitoredTrainingSession MonitoredSession get_session get_default_session",
        summary="operations are added to a TF1 graph where a session runs again and again",
    ),
    Rule(
        code="TFM504",
        name="keras-backend-function-in-loop",
        group="tf1",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=15,
        triggers="backend function gradients",
        summary="a Keras backend function or its gradients are made again in each repeat",
    ),
    Rule(
        code="TFM505",
        name="set-session-in-tf2",
        group="tf1",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="set_session",
        summary="a session is set for Keras in eager TensorFlow 2, which never uses it",
    ),
    Rule(
        code="TFM601",
        name="memory-growth-missing",
        group="config",
        severity="hint",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=5,
        triggers="tensorflow keras tf_keras",
        summary="a program computes with TensorFlow and configures no GPU memory",
    ),
    Rule(
        code="TFM602",
        name="memory-growth-partial",
        group="config",
        severity="error",
        fixable="sometimes",
        fix_safety="safe",
        rank=10,
        triggers="set_memory_growth",
        summary="memory growth is switched on for some of the GPUs only",
    ),
    Rule(
        code="TFM603",
        name="memory-growth-too-late",
        group="config",
        severity="error",
        fixable="sometimes",
        fix_safety="safe",
        rank=12,
        triggers="set_memory_growth set_logical_device_configuration set_virtual_device_configuration",
        summary="the GPU is configured after TensorFlow has set up its devices",
    ),
    Rule(
        code="TFM604",
        name="memory-growth-conflict",
        group="config",
        severity="error",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=15,
        triggers="set_memory_growth",
        summary="a device is given both a memory limit and memory growth",
    ),
    Rule(
        code="TFM701",
        name="file-writer-not-closed",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="FileWriter create_file_writer TFRecordWriter SummaryWriter",
        summary="a writer of each repeat is kept open",
    ),
    Rule(
        code="TFM702",
        name="multiprocessing-fork",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="Pool Process ProcessPoolExecutor",
        summary="workers that use TensorFlow are forked from a process that has already run it",
    ),
    Rule(
        code="TFM703",
        name="resource-in-loop",
        group="leak",
        severity="error",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="StaticHashTable StaticVocabularyTable DenseHashTable MutableHashTable StringLookup IntegerLookup "
        "TextVectorization",
        summary="a lookup table is made again in each repeat, and nothing frees it",
    ),
    Rule(
        code="TFM704",
        name="tflite-tensor-view-kept",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="tensor",
        summary="a view into a TFLite interpreter is kept, and with it the interpreter",
    ),
    Rule(
        code="TFM705",
        name="figure-not-closed",
        group="leak",
        severity="warning",
        fixable="sometimes",
        fix_safety="unsafe",
        rank=10,
        triggers="figure subplots",
        summary="a figure is drawn in each pass of a training and never closed",
    ),
)

OF_FILES = (
    Rule(
        code=SYNTAX_ERROR,
        name="syntax-error",
        group="syntax",
        severity="error",
        fixable="never",
        fix_safety="",
        rank=0,
        triggers="",
        summary="the file cannot be read as Python code",
    ),
    Rule(
        code=UNUSED_SUPPRESSION,
        name="unused-suppression",
        group="comment",
        severity="hint",
        fixable="always",
        fix_safety="safe",
        rank=0,
        triggers="",
        summary="a comment to this program silences nothing, or names no rule",
    ),
)
LISTED = (*OF_FILES, *RULES)

BY_CODE = {rule.code: rule for rule in LISTED}
BY_NAME = {rule.name: rule for rule in LISTED}


def find(word: str) -> Rule | None:
    """The rule with this code or name, or None."""
    return BY_CODE.get(word.upper()) or BY_NAME.get(word.lower())


def module_of(rule: Rule) -> RuleModule:
    """The module of one of `RULES` (imports it)."""
    from importlib import import_module

    module: RuleModule = import_module("tflint_mem.rules." + rule.module)
    return module


def explain(rule: Rule) -> str:
    """The rule's documentation: the docstring of its module, where it has one."""
    if rule in OF_FILES:
        from .of_files import EXPLANATIONS

        return EXPLANATIONS[rule.code].strip()
    return (module_of(rule).__doc__ or "").strip()
