"""The table of rules: what the command line, the selection and the reports need without importing any rule.

One row a rule.  `triggers` are identifiers of which at least one must occur in the project for the rule to be imported;
`rank` decides which of several rules speaks when they fit the same place (the higher one: it is more specific).
A test compares every row with the rule's module.
"""


class Rule:
    """code, name, group, severity, summary, fixable ("always"|"sometimes"|"never"), fix_safety ("safe"|"unsafe"|""), triggers, rank, module"""

    __slots__ = ("code", "name", "group", "severity", "summary", "fixable", "fix_safety", "triggers", "rank", "module")

    def __init__(self, code, name, group, severity, fixable, fix_safety, rank, triggers, summary):
        self.code, self.name, self.group, self.severity, self.summary = code, name, group, severity, summary
        self.fixable, self.fix_safety, self.rank, self.triggers = fixable, fix_safety, rank, tuple(triggers.split())
        self.module = code.lower() + "_" + name.replace("-", "_")


_LOAD = "load_model model_from_json model_from_yaml model_from_config load load_from_saved_model deserialize_keras_object TFSMLayer from_pretrained pipeline from_preset"

RULES = (
    Rule("TFM101", "load-model-in-loop", "leak", "warning", "sometimes", "safe", 10, _LOAD,
         "a saved model is loaded again in each repeat and nothing releases the old one"),
    Rule("TFM102", "model-built-in-loop", "leak", "warning", "sometimes", "unsafe", 10, "Model Sequential clone_model from_config applications Functional KerasLayer keras",
         "a Keras model is built again in each repeat"),
    Rule("TFM103", "load-model-per-request", "leak", "error", "sometimes", "unsafe", 20, _LOAD + " Model Sequential applications keras",
         "a model is loaded or built for each request, task or event"),
    Rule("TFM104", "submodel-per-call", "speed", "hint", "sometimes", "unsafe", 15, "Model Sequential Functional",
         "a model is wrapped into a new model each time it is used"),
    Rule("TFM105", "history-object-kept", "leak", "warning", "sometimes", "safe", 20, "fit fit_generator",
         "the History objects of new models are kept, and with them the models"),
    Rule("TFM106", "compile-in-loop", "leak", "error", "sometimes", "unsafe", 12, "compile",
         "one model is compiled again before each training"),
    Rule("TFM107", "metric-or-optimizer-in-loop", "speed", "hint", "sometimes", "unsafe", 10, "optimizers metrics Adam SGD RMSprop Mean",
         "an optimizer or a metric object is made again in each repeat"),
    Rule("TFM108", "clear-session-misuse", "leak", "warning", "sometimes", "unsafe", 10, "clear_session",
         "the Keras session is cleared under a model that is still used"),
    Rule("TFM109", "numpy-captured-in-graph", "leak", "warning", "sometimes", "unsafe", 5, "function defun map filter flat_map interleave",
         "a big NumPy array becomes a constant of a traced graph"),
    Rule("TFM110", "models-kept", "leak", "warning", "never", "", 30, "Model Sequential applications load_model clone_model KerasLayer",
         "the models of all repeats are kept, though at most one of them is used"),
    Rule("TFM201", "predict-in-loop", "speed", "hint", "sometimes", "unsafe", 10, "predict predict_classes predict_proba",
         "a Keras model's predict is called for one sample, frame or step at a time"),
    Rule("TFM202", "eager-inference-in-loop", "speed", "hint", "sometimes", "unsafe", 10, "keras matmul einsum tensordot conv2d",
         "a model or a chain of operations runs eagerly in a hot loop"),
    Rule("TFM203", "eager-train-step-not-compiled", "speed", "hint", "sometimes", "unsafe", 10, "GradientTape",
         "a GradientTape step runs op by op for each batch"),
    Rule("TFM204", "tensors-accumulated", "leak", "warning", "sometimes", "unsafe", 10, "append add appendleft insert extend load_model hub Model Sequential",
         "output tensors are kept for each pass of a long loop"),
    Rule("TFM205", "persistent-tape-kept", "leak", "warning", "never", "", 10, "GradientTape",
         "the gradient tape of each repeat is kept"),
    Rule("TFM206", "tape-over-long-loop", "leak", "warning", "never", "", 15, "GradientTape",
         "one gradient tape is open around a whole loop over data"),
    Rule("TFM207", "fit-on-generator-in-loop", "leak", "warning", "never", "", 12, "fit evaluate predict fit_generator evaluate_generator predict_generator",
         "one model is fed by a Python generator again and again"),
    Rule("TFM301", "tf-function-in-loop", "speed", "hint", "sometimes", "safe", 10, "function defun",
         "a tf.function is made again in each repeat"),
    Rule("TFM302", "retrace-python-arg", "leak", "warning", "sometimes", "safe", 15, "function defun",
         "a Python value that changes is passed to a tf.function, which traces a graph for each"),
    Rule("TFM303", "retrace-varying-shape", "leak", "warning", "sometimes", "unsafe", 14, "function defun",
         "arrays of ever new shapes are passed to a tf.function, which traces a graph for each"),
    Rule("TFM304", "variable-in-loop", "leak", "warning", "sometimes", "unsafe", 5, "Variable",
         "a variable gets a new name, or is kept, in each repeat"),
    Rule("TFM305", "jit-varying-shape", "leak", "warning", "never", "", 16, "jit_compile experimental_compile function",
         "arrays of ever new shapes are passed to a function that XLA compiles"),
    Rule("TFM306", "python-list-in-traced-loop", "leak", "warning", "never", "", 10, "append range",
         "a Python list grows in a traced loop of ever new length"),
    Rule("TFM307", "eager-py-function", "leak", "warning", "never", "", 20, "py_function",
         "tf.py_function is called eagerly in each repeat, and each call leaves a kernel behind"),
    Rule("TFM401", "iter-dataset-in-loop", "speed", "hint", "sometimes", "unsafe", 10, "next get_next",
         "a data set is opened anew for each batch that is taken from it"),
    Rule("TFM402", "dataset-built-in-loop", "speed", "hint", "sometimes", "safe", 10, "Dataset TFRecordDataset data from_tensor_slices from_generator tensorflow_datasets",
         "a data set is chained onto itself, or built again from the same data, in each repeat"),
    Rule("TFM403", "data-cache-misuse", "leak", "warning", "sometimes", "unsafe", 10, "cache cycle",
         "a data set without end is cached"),
    Rule("TFM501", "reset-default-graph-in-tf2", "tf1", "warning", "sometimes", "safe", 10, "reset_default_graph",
         "reset_default_graph() does nothing in eager code and fails in traced code"),
    Rule("TFM502", "session-not-closed", "tf1", "error", "sometimes", "unsafe", 10, "Session InteractiveSession",
         "sessions pile up because nothing closes them"),
    Rule("TFM503", "graph-op-in-session-loop", "tf1", "warning", "sometimes", "safe", 10, "Session InteractiveSession MonitoredTrainingSession MonitoredSession get_session get_default_session",
         "operations are added to a TF1 graph where a session runs again and again"),
    Rule("TFM504", "keras-backend-function-in-loop", "tf1", "warning", "sometimes", "unsafe", 15, "backend function gradients",
         "a Keras backend function or its gradients are made again in each repeat"),
    Rule("TFM505", "set-session-in-tf2", "tf1", "warning", "sometimes", "unsafe", 10, "set_session",
         "a session is set for Keras in eager TensorFlow 2, which never uses it"),
    Rule("TFM601", "memory-growth-missing", "config", "hint", "sometimes", "unsafe", 5, "tensorflow keras tf_keras",
         "a program computes with TensorFlow and configures no GPU memory"),
    Rule("TFM602", "memory-growth-partial", "config", "error", "sometimes", "safe", 10, "set_memory_growth",
         "memory growth is switched on for some of the GPUs only"),
    Rule("TFM603", "memory-growth-too-late", "config", "error", "sometimes", "safe", 12, "set_memory_growth set_logical_device_configuration set_virtual_device_configuration",
         "the GPU is configured after TensorFlow has set up its devices"),
    Rule("TFM604", "memory-growth-conflict", "config", "error", "sometimes", "unsafe", 15, "set_memory_growth",
         "a device is given both a memory limit and memory growth"),
    Rule("TFM701", "file-writer-not-closed", "leak", "warning", "sometimes", "unsafe", 10, "FileWriter create_file_writer TFRecordWriter SummaryWriter",
         "a writer of each repeat is kept open"),
    Rule("TFM702", "multiprocessing-fork", "leak", "warning", "sometimes", "unsafe", 10, "Pool Process ProcessPoolExecutor",
         "workers that use TensorFlow are forked from a process that has already run it"),
    Rule("TFM703", "resource-in-loop", "leak", "error", "sometimes", "unsafe", 10,
         "StaticHashTable StaticVocabularyTable DenseHashTable MutableHashTable StringLookup IntegerLookup TextVectorization",
         "a lookup table is made again in each repeat, and nothing frees it"),
    Rule("TFM704", "tflite-tensor-view-kept", "leak", "warning", "sometimes", "unsafe", 10, "tensor",
         "a view into a TFLite interpreter is kept, and with it the interpreter"),
)

BY_CODE = {rule.code: rule for rule in RULES}
BY_NAME = {rule.name: rule for rule in RULES}


def find(word):
    """The rule with this code or name, or None."""
    return BY_CODE.get(word.upper()) or BY_NAME.get(word.lower())


def module_of(rule):
    """The rule's module (imports it)."""
    from importlib import import_module

    return import_module("tflint_mem.rules." + rule.module)


def explain(rule):
    """The rule's documentation: the docstring of its module."""
    return module_of(rule).__doc__.strip()
