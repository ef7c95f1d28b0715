"""tflint-mem: the memory linter for TensorFlow.  It finds code that leaks, fixes it, and proves it."""

__version__ = "0.1.0"
