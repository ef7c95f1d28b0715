"""TFLite: interpreters of models for small devices.

`AREA` is the table.  To add another package that has the interpreter, add its name to the aliases.
"""

from .area import Area

AREA = Area(
    makes={"interpreter": ("tf.lite.Interpreter",)},
    aliases={
        "tf.contrib.lite.Interpreter": "tf.lite.Interpreter",
        "tflite_runtime.interpreter.Interpreter": "tf.lite.Interpreter",
        "tf.lite.python.interpreter.Interpreter": "tf.lite.Interpreter",
    },
)
