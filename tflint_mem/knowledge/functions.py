"""Functions that are traced, and gradient tapes.

`AREA` is the table.  To add another name of `tf.function`, add it to the aliases; `makes` has canonical names only.
"""

from .area import Area

AREA = Area(
    makes={
        "tf.function": ("tf.function",),
        "tape": ("tf.GradientTape",),
        "backend-function": ("keras.backend.function",),
    },
    methods={
        "tf.function": {"tensor": ("__call__",), "concrete": ("get_concrete_function",)},
        "tape": {"tensor": ("gradient", "jacobian", "batch_jacobian")},
        "backend-function": {"ndarray": ("__call__",)},
    },
    aliases={
        "tf.python.eager.def_function.function": "tf.function",
        "tf.python.eager.backprop.GradientTape": "tf.GradientTape",
        "tf.contrib.eager.defun": "tf.function",
        "tf.contrib.eager.function": "tf.function",
        "tf.config.experimental_run_functions_eagerly": "tf.config.run_functions_eagerly",
        "tf.config.experimental.experimental_run_functions_eagerly": "tf.config.run_functions_eagerly",
    },
)
