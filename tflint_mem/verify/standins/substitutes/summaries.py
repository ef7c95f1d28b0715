"""The functions of `tf.summary` that TensorBoard brings, from the operation that TensorFlow itself has."""

import tensorflow as _tensorflow


def _written(kind, default):
    def write(name, data=None, step=None, *arguments, **options):
        """Writes the data under the name, as the real function does; what it would show is left to nobody."""
        if _tensorflow.executing_eagerly() or step is not None:
            number = step if step is not None else _tensorflow.summary.experimental.get_step()
            if number is not None and data is not None:
                return _tensorflow.summary.write(name, _tensorflow.cast(data, default), step=number)
        return _tensorflow.constant(False)

    write.__name__ = kind
    return write


for _kind, _default in (("scalar", "float32"), ("histogram", "float32"), ("image", "float32"), ("audio", "float32")):
    setattr(_tensorflow.summary, _kind, _written(_kind, _default))
_tensorflow.summary.text = lambda *arguments, **options: _tensorflow.constant(False)
