"""What does the last name of a call, or the package it is of, say about its effects?

Tables for `side_effects`.  Names are evidence and no proof: `save` of anything is taken for a write, a method that
sounds like one of an array for one of an array.  What no table has is unknown.
"""

from __future__ import annotations

# Functions and methods that write, move or remove files.
SAVERS = frozenset(
    (
        "save",
        "save_model",
        "save_weights",
        "save_checkpoint",
        "export",
        "export_saved_model",
        "export_savedmodel",
        "export_meta_graph",
        "write",
        "write_graph",
        "write_file",
        "write_text",
        "write_bytes",
        "writelines",
        "download",
        "urlretrieve",
        "download_file",
        "get_file",
        "extractall",
        "unpack_archive",
        "copy",
        "copy2",
        "copyfile",
        "copytree",
        "move",
        "rename",
        "renames",
        "replace",
        "remove",
        "unlink",
        "rmtree",
        "delete",
        "touch",
        "symlink",
        "hf_hub_download",
        "snapshot_download",
    )
)
# Callbacks of a training that write files.
CHECKPOINTS = frozenset(("keras.callbacks.ModelCheckpoint", "keras.callbacks.BackupAndRestore"))
# Callbacks that write nothing that a program reads again.
QUIET_CALLBACKS = frozenset(
    "keras.callbacks." + name
    for name in (
        "EarlyStopping",
        "ReduceLROnPlateau",
        "LearningRateScheduler",
        "TerminateOnNaN",
        "History",
        "ProgbarLogger",
        "TensorBoard",
        "CSVLogger",
    )
)
# What waits for time to pass, a person or a message.
WAITS = frozenset(
    ("sleep", "wait", "wait_for", "input", "raw_input", "accept", "recv", "recv_json", "poll", "listen", "select")
)
# What asks about a file.
LOOKS = frozenset(
    ("exists", "isfile", "isdir", "is_file", "is_dir", "getmtime", "getctime", "getsize", "stat", "access", "lexists")
)
# Built-in functions that may do anything.
UNKNOWN_BUILTINS = frozenset(("exec", "eval", "compile", "__import__", "setattr"))
# Functions of `os` and `subprocess` that run another program.
RUNS_PROGRAMS = frozenset(("system", "popen", "Popen", "run", "check_call", "check_output", "call", "spawn"))
# Beginnings of canonical names: TensorFlow's own calls compute.
FRAMEWORK = ("tf.", "keras.", "tensorflow")
# Packages and modules whose functions compute, or do what no program reads again.
CALCULATE = frozenset(
    (
        "numpy",
        "pandas",
        "math",
        "cmath",
        "random",
        "sklearn",
        "scipy",
        "cv2",
        "PIL",
        "matplotlib",
        "seaborn",
        "json",
        "re",
        "time",
        "datetime",
        "collections",
        "itertools",
        "functools",
        "operator",
        "os.path",
        "pathlib",
        "logging",
        "tqdm",
        "string",
        "statistics",
        "struct",
        "copy",
        "librosa",
        "skimage",
        "imageio",
        "gc",
        "psutil",
        "absl",
        "warnings",
        "csv",
        "argparse",
        "typing",
        "dataclasses",
        "enum",
        "contextlib",
        "sys",
        "tensorflow_datasets",
        "textwrap",
        "pprint",
        "uuid",
        "hashlib",
        "base64",
        "builtins",
        "glob",
        "soundfile",
        "nltk",
        "gym",
        "gymnasium",
    )
)
# Methods that change the object they are called on: what holds it differs after a pass of the loop, and code that
# reads it may not move past that.  Lists of the same kind elsewhere answer other questions: whether a value differs
# from pass to pass (`passes.variance`), whether a container grows while a graph is traced (`tracing.frozen`), whether
# an expression may be evaluated once (`codemod.names`), what keeps an object (`stored.ADDERS`).
MUTATORS = frozenset(
    (
        "append",
        "extend",
        "insert",
        "add",
        "update",
        "pop",
        "popleft",
        "appendleft",
        "clear",
        "remove",
        "setdefault",
        "sort",
        "reverse",
        "fill",
        "put",
        "resize",
        "shuffle",
        "push",
        "discard",
    )
)
# Methods of what holds data: they stay inside the object, whatever it is.
DATA_METHODS = frozenset(
    (
        "append extend insert add update pop popleft appendleft clear sort reverse items keys values get setdefault "
        "index count format join split rsplit splitlines strip lstrip rstrip lower upper title startswith endswith "
        "encode decode astype reshape ravel flatten tolist item mean std sum min max argmax argmin transpose squeeze "
        "numpy shape size copy round fill to_numpy iterrows itertuples iloc loc head tail dropna info debug warning "
        "error exception critical log set_description set_postfix isoformat strftime get_json get_data isOpened "
        "total_seconds hex isdigit group groups write writelines writerow writerows flush close seek read readline "
        "readlines replace remove delete touch match search findall sub rotate convert resize crop getbands predict "
        "predict_on_batch predict_proba evaluate summary count_params zfill discard union"
    ).split()
)
# Kinds of things of TensorFlow, and of containers: their methods compute.
KINDS = frozenset(
    (
        "model",
        "layer",
        "optimizer",
        "metric",
        "loss",
        "tape",
        "tensor",
        "tensors",
        "variable",
        "variables",
        "strategy",
        "saved_model",
        "table",
        "dataset",
        "iterator",
        "history",
        "ndarray",
        "session",
        "graph",
        "seq",
        "map",
        "tup",
        "tf",
        "keras",
        "callback",
        "shape",
        "writer",
        "new:model",
        "new:layer",
        "new:callback",
        "interpreter",
        "backend-function",
    )
)
