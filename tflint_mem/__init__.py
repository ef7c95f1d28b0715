"""tflint-mem: the memory linter for TensorFlow.  It finds code that leaks, fixes it, and proves it.

As a library: `check_paths`, `check_source` and `apply_fixes`, see `tflint_mem.api`.  What is below is imported when it
is asked for: the process that measures imports this package, too, by the interpreter of the checked project (Python 3.8
and later).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .api import Edit as Edit
    from .api import FileChange as FileChange
    from .api import Finding as Finding
    from .api import Fix as Fix
    from .api import Fixes as Fixes
    from .api import Notice as Notice
    from .api import Refusal as Refusal
    from .api import Report as Report
    from .api import Settings as Settings
    from .api import Step as Step
    from .api import UsageError as UsageError
    from .api import apply_fixes as apply_fixes
    from .api import check_paths as check_paths
    from .api import check_source as check_source
    from .api import settings_for as settings_for
else:

    def __getattr__(name):
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from . import api

        return getattr(api, name)

    def __dir__():
        return sorted({*globals(), *__all__})


__version__ = "0.1.0"
__all__ = (
    "Edit",
    "FileChange",
    "Finding",
    "Fix",
    "Fixes",
    "Notice",
    "Refusal",
    "Report",
    "Settings",
    "Step",
    "UsageError",
    "__version__",
    "apply_fixes",
    "check_paths",
    "check_source",
    "settings_for",
)
