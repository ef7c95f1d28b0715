"""TensorFlow's runtime, looked at without starting it.  Python 3.8 syntax."""

import sys


def module():
    """The module that holds TensorFlow's eager context, None before it is imported."""
    return sys.modules.get("tensorflow.python.eager.context")


def context_started():
    """True when TensorFlow's runtime has started its devices; asking does not start them."""
    context = getattr(module(), "_context", None)
    return bool(getattr(context, "_initialized", False) or getattr(context, "_context_handle", None))
