"""`tflint-mem clean`: caches that this program has made are deleted, and nothing else."""

from __future__ import annotations

import os
import shutil
import sys

from tflint_mem.hardening import safe
from tflint_mem.storage.folder import FOLDER, is_ours

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


def clean(cache_dir: str | None, quiet: bool) -> int:
    """Delete the caches in the current folder and below it, that of the configuration and `cache_dir`; returns the exit
    code.

    A folder counts as a cache when it holds the ignore file that a run of ours writes.  Links are not followed.
    """
    failed = False
    for folder in dict.fromkeys(_candidates(cache_dir)):
        if not is_ours(folder):
            continue
        try:
            shutil.rmtree(folder)
        except OSError as error:
            failed = True
            _tell(f"{folder}: not deleted: {error.strerror or error}")
        else:
            if not quiet:
                _tell(f"deleted {folder}")
    return 2 if failed else 0


def _candidates(cache_dir: str | None) -> Iterator[str]:
    from tflint_mem.hardening.errors import UsageError
    from tflint_mem.settings import config

    if cache_dir:
        yield os.path.abspath(cache_dir)
    try:
        settings = config.load(["."])
        yield os.path.join(settings.tree, settings.cache_dir or FOLDER)
    except UsageError as error:  # a broken configuration is no reason to keep a cache
        _tell(str(error))
    for folder, names, _ in os.walk(os.getcwd()):
        if FOLDER in names:
            yield os.path.join(folder, FOLDER)
        names[:] = [name for name in names if name not in (".git", ".hg", FOLDER)]


def _tell(text: str) -> None:
    print(f"tflint-mem: {safe.field(text)}", file=sys.stderr)
