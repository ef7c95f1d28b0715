"""`--show-files` and `--show-settings`: what a check would go by, without a check."""

from __future__ import annotations

import os

from tflint_mem.hardening import safe
from tflint_mem.hardening.errors import UsageError
from tflint_mem.settings import discovery

from .check import FAILED, OK, Options, settings_for

TYPE_CHECKING = False
if TYPE_CHECKING:
    from tflint_mem.settings.settings import Settings


def files(options: Options) -> int:
    """Print the absolute paths of the files that would be checked, one a row; returns the exit code."""
    try:
        if "-" in options.paths:
            raise UsageError("--show-files: standard input is no file")
        found = discovery.discover(options.paths, settings_for(options, options.paths))
    except UsageError as error:
        return _refused(error)
    for path in found.files:
        print(safe.row(safe.field(os.path.abspath(path))))
    for path, reason in found.errors:
        _tell(f"{path}: {reason}")
    return FAILED if found.errors else OK


def settings(options: Options) -> int:
    """Print the settings that would hold, in the form of a configuration file; returns the exit code."""
    paths = [options.stdin_filename or "-"] if "-" in options.paths else options.paths
    try:
        chosen = settings_for(options, paths)
    except UsageError as error:
        return _refused(error)
    print(safe.block(as_toml(chosen)), end="")
    return OK


def as_toml(settings: Settings) -> str:
    """The settings as the text of a `tflint-mem.toml`; what cannot be said there is in comments."""
    from tflint_mem.settings.tables import KEYS

    codes = sorted(settings.enabled | settings.of_files)
    comments = [
        f"configuration: {settings.config_path or 'none'}",
        f"project root: {settings.project_root}",
        f"rules that run: {', '.join(codes)}",
    ]
    rows = [f"# {' '.join(comment.split())}" for comment in comments]
    tables: list[str] = []
    for key in KEYS:
        value = getattr(settings, key.replace("-", "_"), None)
        if value is None:
            rows.append(f"# {key} is not set")
        elif isinstance(value, dict):
            tables += _table(key, value)
        else:
            rows.append(f"{key} = {_toml(value)}")
    return "\n".join([*rows, *tables]) + "\n"


def _table(name: str, table: dict[str, object]) -> list[str]:
    """A table with its rows, and those in it."""
    inner = {key: value for key, value in table.items() if isinstance(value, dict)}
    rows = ["", f"[{name}]"]
    rows += [f"{_toml(key)} = {_toml(value)}" for key, value in table.items() if key not in inner]
    for key, value in inner.items():
        rows += _table(f"{name}.{_toml(key)}", value)
    return rows


def _toml(value: object) -> str:
    """A value in TOML, which has JSON's words for strings, numbers, truth and lists, and wants one character more
    escaped.
    """
    import json

    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _refused(error: UsageError) -> int:
    _tell(str(error))
    return FAILED


def _tell(text: str) -> None:
    import sys

    print(f"tflint-mem: {safe.field(text)}", file=sys.stderr)
