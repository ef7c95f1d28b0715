"""The functions of `tf.summary` that TensorBoard brings, from the operation that TensorFlow itself has."""

import sys

import tensorflow as _tensorflow


def _written(kind):
    def write(name, data=None, step=None, *arguments, **options):
        """Writes the data under the name, as the real function does; nobody shows them."""
        number = step if step is not None else _tensorflow.summary.experimental.get_step()
        if number is None or data is None:
            return _tensorflow.constant(False)
        return _tensorflow.summary.write(name, _tensorflow.cast(data, "float32"), step=number)

    write.__name__ = kind
    return write


_FUNCTIONS = {kind: _written(kind) for kind in ("scalar", "histogram", "image", "audio")}
_FUNCTIONS["text"] = lambda *arguments, **options: _tensorflow.constant(False)
# `tf.summary` is more than one module, and those that are loaded later take their functions from the first of these
_PLACES = [_tensorflow.summary] + [
    module
    for name, module in list(sys.modules.items())
    if name == "tensorflow.python.summary.tb_summary" or name.startswith("tensorflow") and name.endswith(".summary")
]
for _place in _PLACES:
    for _kind, _function in _FUNCTIONS.items():
        if hasattr(_place, _kind) and (hasattr(_place, "create_file_writer") or _place.__name__.endswith("tb_summary")):
            setattr(_place, _kind, _function)
