"""TensorFlow's runtime, looked at without starting it."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def context_module() -> ModuleType | None:
    """The module that holds TensorFlow's eager context, None before it is imported."""
    return sys.modules.get("tensorflow.python.eager.context")


def context_started() -> bool:
    """True when TensorFlow's runtime has started its devices; asking does not start them."""
    context = getattr(context_module(), "_context", None)
    return bool(getattr(context, "_initialized", False) or getattr(context, "_context_handle", None))
