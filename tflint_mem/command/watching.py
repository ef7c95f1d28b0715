"""`--watch`: check again whenever a file of the check changes."""

from __future__ import annotations

import os
import sys

from tflint_mem.settings.discovery import FILE_NAMES
from tflint_mem.storage.folder import FOLDER

from .check import FAILED, INTERRUPTED, Options, run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
_READ = (".py", ".ipynb", ".txt", ".lock", ".toml", ".cfg", ".json", ".gitignore", ".in", ".yml", ".yaml")


def watch(options: Options) -> int:
    """Check, and check again after each change, until Ctrl-C; returns the exit code.

    Needs watchfiles, which is in the extra `watch`.
    """
    try:
        from watchfiles import watch as changes
    except ImportError:
        return _refused("--watch needs watchfiles: pip install 'tflint-mem[watch]'")
    if "-" in options.paths:
        return _refused("--watch: standard input does not change")
    missing = [path for path in options.paths if not os.path.exists(path)]
    if missing:
        return _refused(f"--watch: {missing[0]}: no such file or folder")
    given = [options.output_file, *(file for _, file in options.outputs)]
    written = {os.path.realpath(path) for path in given if path}
    try:
        _check(options, None)
        for found in changes(
            *_folders(options.paths),
            watch_filter=lambda _, path: _matters(path) and os.path.realpath(path) not in written,
            raise_interrupt=True,
        ):
            _check(options, sorted({path for _, path in found}))
    except KeyboardInterrupt:
        return INTERRUPTED
    except OSError as error:  # no more watches, or a folder that is gone
        return _refused(f"--watch: {error.strerror or error}")
    return INTERRUPTED


def _check(options: Options, changed: list[str] | None) -> None:
    """One check, on a clean screen where there is one."""
    if sys.stdout.isatty():
        sys.stdout.write(_CLEAR)
    if changed is not None and not options.silent:
        from tflint_mem.hardening import safe

        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        print(f"tflint-mem: {safe.field(os.path.relpath(changed[0]))}{more} changed", file=sys.stderr)
    run(options)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()


def _folders(paths: Iterable[str]) -> list[str]:
    """What is watched: folders as they are, of files the folder, since editors put a new file in the place of the old
    one.
    """
    return sorted({path if os.path.isdir(path) else os.path.dirname(os.path.abspath(path)) for path in paths})


def _matters(path: str) -> bool:
    """May the file change what a check says?  Not what the cache writes."""
    name = os.path.basename(path)
    folders = path.split(os.sep)
    if any(folder in (".git", "__pycache__", FOLDER) for folder in folders):
        return False
    return name in FILE_NAMES or name.endswith(_READ)


def _refused(text: str) -> int:
    from tflint_mem.hardening import safe

    print(f"tflint-mem: {safe.field(text)}", file=sys.stderr)
    return FAILED
