"""Values of settings: those that hold by themselves, and how what several places say is put together."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

DEFAULT_EXCLUDE = (
    ".bzr",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".tflint_mem_cache",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "node_modules",
    "site-packages",
    "venv",
)
DEFAULT_INCLUDE = ("*.py", "*.ipynb")
MAX_FILE_SIZE = 5_000_000  # bytes
TIMEOUT_PER_FILE = 30.0  # seconds
MAX_PROJECT_FILES = 5_000
MAX_PROJECT_SIZE = 50_000_000  # bytes


ABOUT_RULES = frozenset(
    (
        "select",
        "ignore",
        "extend_select",
        "severity",
        "per_file_severity",
        "fixable",
        "unfixable",
        "extend_fixable",
        "extend_safe_fixes",
        "extend_unsafe_fixes",
        "per_file_ignores",
        "extend_per_file_ignores",
    )
)
ADDED = frozenset(
    (
        "extend_include",
        "extend_exclude",
        "extend_per_file_ignores",
        "extend_safe_fixes",
        "extend_unsafe_fixes",
        "severity",
        "per_file_severity",
    )
)  # keys whose value does not replace that of a layer before


def together(before: Any, now: Any) -> Any:
    """Both lists, or both tables; of a key that both have, the lists and tables in them in the same way."""
    if isinstance(before, dict) and isinstance(now, dict):
        both = dict(before)
        for key, value in now.items():
            both[key] = together(both[key], value) if isinstance(both.get(key), (dict, list)) else value
        return both
    return [*before, *now] if isinstance(before, list) else now


def as_written(value: object) -> object:
    """The value as a configuration file would have it."""
    if isinstance(value, str) or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, dict):
        return {key: as_written(inner) for key, inner in value.items()}
    try:
        return list(value)  # type: ignore[call-overload]  # what is no sequence is told by whoever checks it
    except TypeError:
        return value
