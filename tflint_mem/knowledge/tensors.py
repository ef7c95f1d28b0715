"""Tensors and variables, and lists of them.

`AREA` is the table.  To add what makes a variable, add its canonical name to "variable".  Operations are told by their
place and stand in no table: see `operations`.
"""

from .area import Area

AREA = Area(
    makes={
        "tensor": ("keras.Input", "keras.layers.Input", "tf.placeholder", "tf.keras.Input"),
        "variable": ("tf.Variable", "tf.get_variable", "keras.backend.variable", "keras.Variable"),
        "variables": (
            "tf.trainable_variables",
            "tf.global_variables",
            "tf.local_variables",
            "tf.model_variables",
            "tf.all_variables",
        ),
    },
    methods={
        "variable": {
            "tensor": ("read_value", "value", "assign", "assign_add", "assign_sub"),
            "ndarray": ("numpy", "eval"),
        },
        "tensor": {"ndarray": ("numpy", "eval")},
    },
    attributes={"tensor": {"shape": "shape", "T": "tensor"}},
    elements={"parts": "tensor", "tensors": "tensor", "variables": "variable", "tensor": "tensor"},
)
